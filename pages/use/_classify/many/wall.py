"""The class photo wall: photos whose classes people gave are a test set of the real world, beside the test split."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.intervals import Share, percent
from core.judging.real_world import Labelled, RealWorld, in_words, judge_photos
from pages._ui.frame import facts, look_for, plain, problem, section
from pages._ui.glossary import term
from pages.use._classify.answers import Classified
from pages.use._classify.many.sender import added_photos

_NOBODY_SAYS = "I do not say"
_LABELS_OFFERED = "wall_shows"


def class_on_them(checkpoint: Checkpoint) -> str | None:
    """Ask for the class that is on the photos that are added now, and return it; None where nobody says."""
    chosen = st.selectbox(
        "What is on the photos that you add now?",
        [_NOBODY_SAYS, *checkpoint.card.classes],
        key=f"{_LABELS_OFFERED}_{checkpoint.card.identity[:12]}",
        help="Choose a class, add photos of it, then the next class: together they are a test set of your own.",
        width=320,
    )
    return None if chosen == _NOBODY_SAYS else chosen


def wall_section(checkpoint: Checkpoint, answers: Sequence[Classified]) -> None:
    """Judge the network by the photos whose classes were given, where there are any."""
    card = checkpoint.card
    labelled = [answer for answer in answers if answer.shows in card.classes and answer.ranking]
    if not labelled:
        return
    section(
        "A test set of your own",
        "The test split is like the training images: from the same source, chosen by the same people. Are yours?",
    )
    try:
        found = judge_photos([_labelled(answer) for answer in labelled], card.classes)
    except LabError as error:
        problem(error)
        return
    st.markdown(plain(found.sentence(card)))
    tiles = [("Your photos", percent(found.all.accuracy), f"{in_words(found.all)}. {term('interval')}")]
    if card.metrics is not None:
        tiles.insert(0, ("Test split", percent(card.metrics.test_accuracy, 1), f"{card.metrics.test_n:,} images."))
    if found.faultless is not None and found.by_fault:
        tiles.append(("Yours without faults", percent(found.faultless.accuracy), f"{in_words(found.faultless)}."))
    facts(tiles)
    _table(found)
    _correct(card.classes)


def _table(found: RealWorld) -> None:
    rows: list[tuple[str, str, Share]] = [("class", name, share) for name, share in found.by_class.items()]
    rows += [("received", kind, share) for kind, share in found.by_fault.items()]
    lines = ["| | photos | right | 95 % interval |", "|---|---|---|---|"]
    for what, name, share in rows:
        low, high = share.ci95
        title = plain(name) if what == "class" else f"{name}, as received"
        lines.append(f"| {title} | {share.n} | {percent(share.accuracy)} | {percent(low)} to {percent(high)} |")
    st.markdown("\n".join(lines))
    look_for("Which photos does it get wrong: those of one class, or those that reach it squeezed, dark or off-centre?")


def _correct(classes: Sequence[str]) -> None:
    """Let a class that was given be corrected."""
    titles = {at: f"{at + 1}. {one.name}" for at, one in enumerate(added_photos()) if one.photo is not None}
    with st.popover("Correct a class", icon=":material/edit:"):
        place = st.selectbox(
            "Photo to correct",
            list(titles),
            format_func=lambda at: titles.get(at, ""),
            key="wall_photo",
        )
        if place is None:
            return
        before = added_photos()[place].shows
        shown = st.selectbox(
            "What is on it",
            [_NOBODY_SAYS, *classes],
            index=0 if before not in classes else 1 + list(classes).index(before),
            key=f"wall_class_{place}",
        )
        st.button("Set its class", key="wall_set", on_click=_set_class, args=(place, shown))


def _set_class(place: int, shown: str) -> None:
    added = added_photos()
    if place < len(added):
        added[place] = replace(added[place], shows=None if shown == _NOBODY_SAYS else shown)


def _labelled(answer: Classified) -> Labelled:
    return Labelled(
        shows=answer.shows or "",
        answer=answer.ranking[0][0],
        faults=tuple(fault.kind for fault in answer.faults),
    )
