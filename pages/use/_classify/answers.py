"""Photos and what a network says of them: the one that follows the student, and those that were added here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import Checkpoint
from core.data.catalogue import ink_frame
from core.errors import LabError, PhotoError
from core.explain.familiarity.judgement import Judge, world
from core.explain.familiarity.known import Strangeness
from core.explain.familiarity.measuring import Familiarity
from core.judging.certainty import probability_words
from core.judging.classification import rank
from core.models.faults import Fault, faults_of
from core.models.received import Fit
from core.photos.door import Photo
from pages._ui import cached, state
from pages._ui.draw.pictures import Width, bars, picture_file, show
from pages._ui.frame import plain
from pages._ui.received import photo_fit, receive_photo
from pages.use._classify.many.sender import Added, added_photos
from pages.use._classify.world.familiarity import familiarity_of

_THUMBNAIL, _AT_LEAST = 320, 200  # pixels
_MADE = 112  # pixels
_CARDS = 24  # that are drawn at a time
_A_WAIT = 8  # photos that are answered without saying that it takes time


@dataclass(frozen=True, kw_only=True)
class Classified:
    """One photo's answer: every class with its probability, the likeliest first, or a sentence why there is none.

    ``notes`` say what was done to the photo. ``strange`` is how strange the photo is to the network (None: nobody has
    measured what that takes), ``foreign`` says in a few words that it is not of the network's world ("": it is, or
    nobody knows). ``faults`` are what is wrong with what the network received. ``shows`` is the class that is on it, as
    its sender says.
    """

    name: str
    photo: Photo | None = None
    notes: tuple[str, ...] = ()
    ranking: tuple[tuple[str, float], ...] = ()
    strange: Strangeness | None = None
    foreign: str = ""
    faults: tuple[Fault, ...] = ()
    shows: str | None = None
    error: str = ""


def classify_photo(checkpoint: Checkpoint, photo: Photo, *, made: bool) -> Classified:
    """Return what the network says of a photo that is open already; ``made``: like its own images of handwriting.

    Raises PhotoError where the photo is no longer kept.
    """
    found, card = familiarity_of(checkpoint), checkpoint.card
    answer = _answer(card.sha256, photo.sha256, made, photo_fit(), found is not None, checkpoint, photo, found)
    return replace(answer, name=photo.name, photo=photo)


def classify_added(checkpoint: Checkpoint, *, made: bool) -> list[Classified]:
    """Return an answer for each photo that was added, in order; each is asked for once while the network is chosen."""
    added = added_photos()
    known = _answered(checkpoint, made)
    missing = [one for one in added if one.photo is not None and one.photo.sha256 not in known]
    bar = st.progress(0.0, text="Looking at the photos …") if len(missing) > _A_WAIT else None
    for place, one in enumerate(missing):
        if bar is not None:
            bar.progress(place / len(missing), text=f"Looking at photo {place + 1} of {len(missing)} …")
        answer_added(checkpoint, one, made=made)
    if bar is not None:
        bar.empty()
    return [_of(one, known) for one in added]


def answer_added(checkpoint: Checkpoint, one: Added, *, made: bool) -> None:
    """Ask the network about one photo that was added, and remember what it says."""
    if one.photo is None:
        return
    try:
        answer = classify_photo(checkpoint, one.photo, made=made)
    except LabError as error:
        answer = Classified(name=one.name, error=str(error))
    _answered(checkpoint, made)[one.photo.sha256] = answer


def _of(one: Added, known: dict[str, Classified]) -> Classified:
    if one.photo is None:
        return Classified(name=one.name, error=one.error, shows=one.shows)
    return replace(known[one.photo.sha256], name=one.name, shows=one.shows)


def _answered(checkpoint: Checkpoint, made: bool) -> dict[str, Classified]:
    """What this network has said in this session, by photo; what another one said is forgotten."""
    key = (checkpoint.card.sha256, made, photo_fit(), familiarity_of(checkpoint) is not None)
    kept = st.session_state.get(state.ANSWERED)
    if kept is None or kept[0] != key:
        kept = st.session_state[state.ANSWERED] = (key, {})
    found: dict[str, Classified] = kept[1]
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _answer(
    sha256: str,
    photo_sha256: str,
    made: bool,
    fit: Fit,
    known: bool,
    _checkpoint: Checkpoint,
    _photo: Photo,
    _familiarity: Familiarity | None,
) -> Classified:
    given = receive_photo(_photo, _checkpoint.format, _checkpoint.card.dataset, made=made)
    judge = Judge(_checkpoint, cached.model(_checkpoint), _familiarity)
    (guesses,) = rank(_checkpoint, [given], model=judge.network, top=len(_checkpoint.card.classes))
    strange = judge.strangeness()
    judged = world(strange, _familiarity) if strange is not None and _familiarity is not None else None
    return Classified(
        name=_photo.name,
        notes=(*_photo.notes, *given.notes),
        ranking=tuple((guess.label, guess.probability) for guess in guesses),
        strange=strange,
        foreign=judged.sentence if judged is not None and judged.foreign else "",
        faults=faults_of(given, _checkpoint.format, ink_frame(_checkpoint.card.dataset)),
    )


def gallery(checkpoint: Checkpoint, answers: Sequence[Classified], *, made: bool, top: int) -> None:
    """Show each photo with its likeliest classes, some at a time, and name those that could not be read."""
    good = [answer for answer in answers if not answer.error]
    if len(answers) == 1 and good:
        with st.container(border=True):
            left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
            _photo(checkpoint, good[0], left, made)
            _bars(good[0], right, top)
        return
    _summary(checkpoint, good, [answer for answer in answers if answer.error])
    shown = good
    if len(good) > _CARDS:
        pages = -(-len(good) // _CARDS)
        place = st.pagination(pages, key=f"classify_page_of_{pages}")
        shown = good[(place - 1) * _CARDS : place * _CARDS]
    with st.grid(3, min_column_width=230) as grid:
        for answer in shown:
            card = grid.cell().container(border=True)
            card.markdown(f"**{plain(answer.name)}**")
            _photo(checkpoint, answer, card, made)
            _bars(answer, card, top)


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
            thumbnail, redrawn = _pictures(checkpoint.card.sha256, answer.photo.sha256, made, checkpoint, answer.photo)
        except PhotoError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            return
        with st.container(horizontal=True):
            width: Width = "content" if redrawn is None else _MADE
            show(thumbnail, alt=f"The photo {answer.name}", width=width)
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


def thumbnail(photo: Photo) -> bytes:
    """Return the file of a small copy of a photo; raises PhotoError where it is no longer kept."""
    small = photo.image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return picture_file(small, at_least=_AT_LEAST, photo=True)


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
