"""Photos and what a network says of them: the one that follows the student, and those that were added here."""

from dataclasses import dataclass, replace

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.familiarity.judgement import world
from core.explain.familiarity.known import Strangeness
from core.explain.familiarity.measuring import Familiarity
from core.judging.classification import faults, rank
from core.models.faults import Fault
from core.models.received import Fit
from core.photos.door import Photo
from pages._ui import state
from pages._ui.draw.pictures import picture_file
from pages._ui.received import photo_fit, receive_photo
from pages.use._classify.judges import judge_of
from pages.use._classify.many.sender import Added, added_photos
from pages.use._classify.world.familiarity import familiarity_of

_THUMBNAIL, _AT_LEAST = 320, 200  # pixels
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
    answer = _answer(
        identity=card.identity,
        photo_sha256=photo.sha256,
        made=made,
        fit=photo_fit(),
        known=found is not None,
        _checkpoint=checkpoint,
        _photo=photo,
        _familiarity=found,
    )
    return replace(answer, name=photo.name, photo=photo)


def classify_all(checkpoint: Checkpoint, photo: Photo, *, made: bool) -> list[Classified]:
    """Return an answer for each photo, the newest last: those that were added, and the one that follows the student.

    A sample leaves when own photos have come; one that is chosen after them stays until the next, and is named so.
    """
    added = classify_added(checkpoint, made=made)
    place = min(state.photo_place(), len(added))
    sample = not state.photo_is_own() and any(one.photo is not None for one in added)
    if sample and (state.photo_is_to_begin() or place < len(added)):
        return added
    followed = classify_photo(checkpoint, photo, made=made)
    if sample:
        followed = replace(followed, name=f"{followed.name} (a sample)")
    return [*added[:place], followed, *added[place:]]


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
    key = (checkpoint.card.identity, made, photo_fit(), familiarity_of(checkpoint) is not None)
    kept = st.session_state.get(state.ANSWERED)
    if kept is None or kept[0] != key:
        kept = st.session_state[state.ANSWERED] = (key, {})
    found: dict[str, Classified] = kept[1]
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _answer(
    identity: str,
    photo_sha256: str,
    made: bool,
    fit: Fit,
    known: bool,
    _checkpoint: Checkpoint,
    _photo: Photo,
    _familiarity: Familiarity | None,
) -> Classified:
    given = receive_photo(_photo, _checkpoint.format, _checkpoint.card.dataset, made=made)
    with judge_of(_checkpoint, _familiarity) as judge:
        (guesses,) = rank(_checkpoint, [given], model=judge.network, top=len(_checkpoint.card.classes))
        strange = judge.strangeness()
    judged = world(strange, _familiarity) if strange is not None and _familiarity is not None else None
    return Classified(
        name=_photo.name,
        notes=(*_photo.notes, *given.notes),
        ranking=tuple((guess.label, guess.probability) for guess in guesses),
        strange=strange,
        foreign=judged.sentence if judged is not None and judged.foreign else "",
        faults=faults(_checkpoint, given),
    )


def thumbnail(photo: Photo) -> bytes:
    """Return the file of a small copy of a photo; raises PhotoError where it is no longer kept."""
    small = photo.image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return picture_file(small, at_least=_AT_LEAST, photo=True)
