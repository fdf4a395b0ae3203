"""The answers as they are shown: a card a photo with its likeliest classes, and all of them as files."""

from collections.abc import Sequence

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import Checkpoint
from core.errors import PhotoError
from core.judging.certainty import probability_words
from core.photos.door import Photo
from pages._ui.choose.take_home import take_home
from pages._ui.draw.pictures import Width, bars, show
from pages._ui.frame import look_for, plain
from pages._ui.received import receive_photo
from pages.use._classify.answers import Classified, thumbnail
from pages.use._classify.take_away import as_csv, as_report

_MADE = 112  # pixels
_CARDS = 24  # that are drawn at a time


@st.fragment
def answers_section(checkpoint: Checkpoint, answers: Sequence[Classified], *, made: bool) -> None:
    """Show the answers, with as many classes as the student likes, and offer them as files; reruns by itself."""
    top = classes = len(checkpoint.card.classes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if classes > 2:
            top = st.slider("Classes shown", 1, min(classes, 10), min(classes, 5), key="classify_top", width=300)
        files = st.container(horizontal=True, vertical_alignment="bottom")
    _gallery(checkpoint, answers, made=made, top=top)
    with files:
        _offer_files(checkpoint, answers, top=top)
    look_for("Is it sure and right, or sure and wrong? A probability says how sure the network is, not how good it is.")


def _offer_files(checkpoint: Checkpoint, answers: Sequence[Classified], *, top: int) -> None:
    """Offer the answers as files, and the network."""
    st.download_button(
        "Answers as CSV",
        lambda: as_csv(answers, top=top),
        "answers.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="One row a photo, for a spreadsheet.",
    )
    st.download_button(
        "Answers as a report",
        lambda: as_report(checkpoint, answers, top=top),
        "answers.html",
        "text/html",
        icon=":material/print:",
        on_click="ignore",
        help="One page with every photo, to print or to hand in.",
    )
    take_home(checkpoint)


def _gallery(checkpoint: Checkpoint, answers: Sequence[Classified], *, made: bool, top: int) -> None:
    """Show each photo with its likeliest classes, some at a time, and name those that could not be read."""
    good = [answer for answer in answers if not answer.error]
    if len(answers) == 1 and good:
        with st.container(border=True):
            left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
            _bars(good[0], right, top)  # the answer first, then the picture
            _photo(checkpoint, good[0], left, made)
        return
    _summary(checkpoint, good, [answer for answer in answers if answer.error])
    shown = good
    if len(good) > _CARDS:
        pages = -(-len(good) // _CARDS)
        place = st.pagination(pages, key=f"classify_page_of_{pages}")
        shown = good[(place - 1) * _CARDS : place * _CARDS]
    with st.grid(3, min_column_width=230) as grid:
        places = [_place(grid.cell(), answer) for answer in shown]
    newest_first = list(zip(shown, places, strict=True))[::-1]
    for answer, (_photo_place, bars_place) in newest_first:  # the answers first, then the pictures
        _bars(answer, bars_place, top)
    for answer, (photo_place, _bars_place) in newest_first:
        _photo(checkpoint, answer, photo_place, made)


def _place(cell: DeltaGenerator, answer: Classified) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A card with the photo's name, and the places for the photo and its bars."""
    card = cell.container(border=True)
    card.markdown(f"**{plain(answer.name)}**")
    return card.container(), card.container()


def _summary(checkpoint: Checkpoint, good: Sequence[Classified], bad: Sequence[Classified]) -> None:
    counts = {label: sum(answer.ranking[0][0] == label for answer in good) for label in checkpoint.card.classes}
    said = ", ".join(f"{count} {plain(label)}" for label, count in counts.items() if count)
    foreign = sum(bool(answer.foreign) for answer in good)
    st.markdown(
        f"{len(good)} {'photo is' if len(good) == 1 else 'photos are'} answered: {said}."
        + (f" {foreign} of them {'is' if foreign == 1 else 'are'} not of its world." if foreign else "")
    )
    if bad:
        lines = "\n".join(f"- {plain(answer.name)}: {plain(answer.error)}" for answer in bad)
        st.warning(f"{len(bad)} could not be read:\n{lines}", icon=":material/broken_image:")


def _photo(checkpoint: Checkpoint, answer: Classified, place: DeltaGenerator, made: bool) -> None:
    if answer.photo is None:
        return
    with place:
        try:
            small, redrawn = _pictures(checkpoint.card.sha256, answer.photo.sha256, made, checkpoint, answer.photo)
        except PhotoError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            return
        with st.container(horizontal=True):
            width: Width = "content" if redrawn is None else _MADE
            show(small, alt=f"The photo {answer.name}", width=width)
            if redrawn is not None:
                show(redrawn, alt=f"What was made of {answer.name}", at_least=_MADE, width=_MADE)
        if answer.notes:
            st.caption(plain("; ".join(answer.notes)))


@st.cache_data(max_entries=256, show_spinner=False)
def _pictures(
    sha256: str, photo_sha256: str, made: bool, _checkpoint: Checkpoint, _photo: Photo
) -> tuple[bytes, Image.Image | None]:
    """A small copy of a photo, as a file, and what was made of its handwriting."""
    redrawn = receive_photo(_photo, _checkpoint.format, _checkpoint.card.dataset, made=made).seen if made else None
    return thumbnail(_photo), redrawn


def _bars(answer: Classified, place: DeltaGenerator, top: int) -> None:
    if answer.ranking:
        label, probability = answer.ranking[0]
        with place:
            bars(answer.ranking[:top], largest=1.0, alt=f"{answer.name}: {label} {probability_words(probability)}")
            if answer.shows in dict(answer.ranking):
                right = answer.shows == label
                icon = ":material/check:" if right else ":material/close:"
                st.caption(f"{icon} {'Right' if right else f'Wrong: it shows {plain(str(answer.shows))}'}.")
            if answer.foreign:
                st.caption(f":material/travel_explore: {answer.foreign[:1].upper()}{answer.foreign[1:]}.")
            for fault in answer.faults:
                st.caption(f":material/report: {plain(fault.sentence)}")
