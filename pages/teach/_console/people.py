"""Who is in the class: joined, here, where, and whether somebody should look after them. Pure, no widgets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.runs.classroom import Member
from core.runs.classroom.overview import RunInClass
from core.runs.records import AT_WORK
from pages._ui.run_words import duration
from pages._ui.server.sessions import Visit

IDLE = 300.0  # seconds after joining, without a run, after which that is said


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody as the console shows them: what people read, whether a browser of theirs is there, where they were last
    and when, and what is wrong ("": nothing)."""

    name: str
    here: bool
    where: str
    stuck: str
    joined: bool


def people(
    members: Sequence[Member],
    visits: Sequence[Visit],
    runs: Sequence[RunInClass],
    troubles: Mapping[str, str],
    *,
    titles: Mapping[str, str],
    named: Callable[[str], str],
    now: float,
) -> list[Person]:
    """Return everybody who has joined or looks at the lab now: who is stuck first, then who is here, by name.

    ``troubles`` are sentences by run, ``titles`` those of pages by address, ``named`` says what people read for an
    owner; ``now`` is in seconds since 1970.
    """
    last = {visit.owner: visit for visit in visits}
    joined = {member.owner: member for member in members}
    here = [visit.owner for visit in visits if visit.here]
    found = []
    for owner in dict.fromkeys([*joined, *here]):
        member, visit = joined.get(owner), last.get(owner)
        own = [run for run in runs if run.owner == owner]
        found.append(
            Person(
                name=member.name if member else named(owner),
                here=visit is not None and visit.here,
                where=_where(visit, titles, now),
                stuck=_stuck(member, own, troubles, now),
                joined=member is not None,
            )
        )
    return sorted(found, key=lambda one: (not one.stuck, not one.here, not one.joined, one.name.casefold()))


def _where(visit: Visit | None, titles: Mapping[str, str], now: float) -> str:
    if visit is None:
        return "not seen since the lab was started"
    ago = now - visit.at
    if visit.here:
        return titles.get(visit.page, visit.page) + (f", for {duration(ago)}" if ago >= 60 else "")
    return f"left, last seen {duration(ago)} ago"


def _stuck(member: Member | None, own: Sequence[RunInClass], troubles: Mapping[str, str], now: float) -> str:
    """What is wrong with the newest run; with older ones only while that is not at work."""
    if not own:
        return "no run yet" if member is not None and now - member.joined >= IDLE else ""
    newest = max(own, key=lambda run: run.place)
    if any(run.status in AT_WORK and not troubles.get(run.id) for run in own):
        return ""
    return troubles.get(newest.id, "")
