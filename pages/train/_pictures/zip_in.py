"""A zip with a folder for each class, or a set that was saved, into a set that is there or into one of its own."""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

import streamlit as st

from core.data.own import OwnPictures, OwnSet, open_own_sets
from core.data.own.ways_in.archive import class_folders_in, open_zip
from core.data.own.ways_in.bring import bring
from core.data.own.ways_in.found import Found, Skipped
from core.data.own.ways_out.saved_set import saved_source
from core.errors import LabError, PhotoError
from core.names import counted, folded
from core.rights import Person
from core.runs import open_store
from core.runs.carried_sets import open_with_runs
from pages._ui import address, state
from pages._ui.choose.additions import say_what_stalls
from pages._ui.choose.uploads import told_of
from pages._ui.frame import plain
from pages._ui.server.arrivals import Arrived, Field, offers, stalled
from pages._ui.server.goes_on import GoesOn, follow, goes_on
from pages._ui.visitor import visitor

MOST_MEGABYTES = 100
_SAID = 20  # files that were passed over
_BEGINS = "Being unpacked …"
_NEW = "new"  # in place of a set's id
_STOPPED = "You stopped it. The pictures that had been taken in by then are in the set."
_NONE_MADE = "You stopped it, and no set was made of it."
_NOT_LET_IN = "The zip was not taken in: too much came at once, or the connection broke; add it again."


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What became of a zip: how many pictures were added, and how many networks came with them, what was not and why,
    or the sentence why none was. ``made`` is the id of the set that it became, where it became one."""

    made: str = ""
    added: int = 0
    networks: int = 0
    skipped: tuple[Skipped, ...] = ()
    problem: str = ""


def take_zip(own: OwnSet | None, *, in_sight: bool = True) -> None:
    """Offer to send a zip whose pictures are added to a set (None: to a new one); `tell_zip` says what became of it.

    Of two fields that are ``in_sight`` the first one takes what is chosen.
    """
    key = _key(own)
    going: GoesOn[_Told] = goes_on(key)
    take = _Taker(own=own, by=visitor(), going=going)
    if in_sight:
        offers(Field(key=key, kinds=["zip"], single=True, take=take.begin, give_back=going.withdraw))
    st.file_uploader(
        "A zip with a folder for each class" if own else "A set that was saved, or a zip with a folder for each class",
        type=["zip"],
        key=going.field,
        max_upload_size=MOST_MEGABYTES,
        help=f"At most {MOST_MEGABYTES} MB. A folder has the name of its class; one that is not there yet is added.",
    )
    say_what_stalls(key)
    for file, _announced in told_of(going.field):
        take.begin(file)


def tell_zip(own: OwnSet | None, *, away: bool = False) -> None:
    """Wait for a zip that `take_zip` takes, and say what became of it.

    ``away``: the field is not shown now; the page does not wait, and what it says can be put away.
    """
    key, told = _key(own), _told(own.id if own else _NEW)
    going: GoesOn[_Told] = goes_on(key)
    if going.at_work and (away or not going.names):  # a field that came back does not know what is on its way
        follow(key, _BEGINS, stop=f"{key}_stop")
        return
    if going.names:
        became = _together(going.finish(_BEGINS, stop=f"{key}_stop"))
        if became.made:
            address.write(state.OWN_SET, became.made)
        st.session_state[told] = became
        going.clear()
        st.rerun()
    if away and stalled(key):
        say_what_stalls(key)
    if told in st.session_state and not st.session_state[told].made:
        _say(st.session_state[told])
        if away:
            st.button("Seen", key=f"{told}_seen", on_click=st.session_state.pop, args=(told,))


def say_what_came(made: str) -> None:
    """Say what became of the zip that the set ``made`` came of, where that was the last one."""
    told = st.session_state.get(_told(_NEW))
    if told is not None and told.made == made:
        _say(told)


def _together(each: list[_Told]) -> _Told:
    """Of more than one, where another zip was sent while one was taken in."""
    return _Told(
        made=next((one.made for one in reversed(each) if one.made), ""),
        added=sum(one.added for one in each),
        networks=sum(one.networks for one in each),
        skipped=tuple(skipped for one in each for skipped in one.skipped),
        problem=" ".join(one.problem for one in each if one.problem),
    )


def _key(own: OwnSet | None) -> str:
    return f"zip_{own.id if own else _NEW}"


def _told(where: str) -> str:
    return f"zip_{where}_told"


@dataclass(frozen=True, kw_only=True)
class _Taker:
    """Takes a zip into the set ``own``, or makes one of it, and lets its bytes go."""

    own: OwnSet | None
    by: Person
    going: GoesOn[_Told]

    def begin(self, file: Arrived) -> None:
        """Have it taken in by a thread of its own."""
        self.going.begin({file.file_id: partial(self, file, self.going.stopped())})

    def __call__(self, file: Arrived, stopped: threading.Event) -> _Told:
        pictures, tell = OwnPictures(open_own_sets()), partial(self._tell, stopped)
        try:
            if file.data is None:
                raise PhotoError(_NOT_LET_IN)
            data = io.BytesIO(file.data)
            if self.own is not None:
                return self._added(self.own, pictures, data, tell)
            made = open_with_runs(pictures, open_store(), data, file.name, by=self.by, tell=tell)
        except LabError as error:
            return _Told(problem=str(error))
        finally:
            file.let_go()
        return _Told(made=made.own.id, added=made.own.pictures, networks=len(made.runs), skipped=made.skipped)

    def _added(self, own: OwnSet, pictures: OwnPictures, data: BinaryIO, tell: Callable[[str, float], None]) -> _Told:
        with open_zip(data) as archive:
            source = saved_source(archive) or class_folders_in(archive)
            names, count = _names_in(own, source.classes, self.by), max(source.count, 1)
            brought = bring(
                pictures,
                own.id,
                _renamed(source.pictures, names),
                by=self.by,
                tell=lambda done: tell(f"{done} of {source.count} files", done / count),
            )
        return _Told(added=brought.added, skipped=(*source.skipped, *brought.skipped))

    def _tell(self, stopped: threading.Event, text: str, done: float) -> None:
        if stopped.is_set():
            raise LabError(_STOPPED if self.own is not None else _NONE_MADE)
        self.going.said = (min(1.0, done), text)


def _names_in(own: OwnSet, wanted: tuple[str, ...], by: Person) -> dict[str, str]:
    """The set's names of the zip's classes, which are added where the set has none of them in whichever letters."""
    names = {}
    for name in wanted:
        there = {folded(each.name): each.name for each in own.classes}
        if folded(name) not in there:
            own = open_own_sets().add_class(own.id, name, by=by)
            there[folded(name)] = own.classes[-1].name
        names[name] = there[folded(name)]
    return names


def _renamed(pictures: Iterator[Found], names: dict[str, str]) -> Iterator[Found]:
    return (replace(each, class_name=names[each.class_name]) for each in pictures)


def _say(told: _Told) -> None:
    if told.problem:
        st.error(plain(told.problem), icon=":material/error:")
    if told.added:
        st.success(f"{counted(told.added, 'picture')} kept.{_networks(told.networks)}", icon=":material/check_circle:")
    if told.skipped:
        lines = [f"- {plain(each.file)}: {plain(each.error)}" for each in told.skipped[:_SAID]]
        if len(told.skipped) > _SAID:
            lines.append(f"- and {len(told.skipped) - _SAID:,} more")
        st.warning("\n".join(lines), icon=":material/broken_image:")


def _networks(count: int) -> str:
    if not count:
        return ""
    what = "1 network that was" if count == 1 else f"{count:,} networks that were"
    return f" {what} trained on them came along: Training, All runs."
