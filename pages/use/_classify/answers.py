"""Photos and what a network says of them: the one that follows the student, and as many more as are uploaded here."""

import io
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import Checkpoint
from core.errors import PhotoError
from core.export.spreadsheet import csv_file
from core.judging.certainty import probability_words
from core.judging.classification import rank
from core.photos.door import MAX_BYTES, Photo
from core.photos.kept import KeptPhoto
from pages._ui import cached, state
from pages._ui.choose.uploads import UPLOAD_TYPES, Sent, let_go, open_upload, sent
from pages._ui.draw.pictures import Width, bars, picture_file, show
from pages._ui.frame import plain
from pages._ui.received import receive_photo

AT_MOST = 20  # uploads at a time
_THUMBNAIL, _AT_LEAST = 320, 200  # pixels
_MADE = 112  # pixels
_UPLOADS = "classify_uploads"


@dataclass(frozen=True, kw_only=True)
class Classified:
    """One photo's answer: every class with its probability, the likeliest first, or a sentence why there is none.

    ``thumbnail`` is a file; ``notes`` say what was done to the photo; ``made`` is what was made of handwriting.
    """

    name: str
    notes: tuple[str, ...] = ()
    thumbnail: bytes = b""
    made: Image.Image | None = None
    ranking: tuple[tuple[str, float], ...] = ()
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file that is no photo, or was not taken in, with the sentence that says why."""

    name: str
    error: str


def more_photos() -> list[KeptPhoto | Refused]:
    """Offer the upload of many photos and return at most `AT_MOST` of them; each file is read once and let go."""
    st.file_uploader(
        f"More photos, up to {AT_MOST}",
        type=UPLOAD_TYPES,
        accept_multiple_files=True,
        key=_UPLOADS,
        help=f"At most {MAX_BYTES // 2**20} MB each, {AT_MOST} at a time. "
        "Orientation is read from the photo; the files are not kept.",
    )
    st.caption(
        ":material/lock: Your photos stay on the machine that runs the lab, in memory and only while this page is open."
    )
    files = sent(_UPLOADS)
    if len(files) > AT_MOST:
        st.warning(f"The first {AT_MOST} of {len(files)} photos are classified; add the others when these are done.")
        for file in files[AT_MOST:]:
            let_go(file)
    before: dict[str, KeptPhoto | Refused] = st.session_state.get(state.CLASSIFIED, {})
    listed = files[:AT_MOST]
    with st.spinner("Looking at the photos …") if any(file.file_id not in before for file in listed) else nullcontext():
        kept = {file.file_id: before.get(file.file_id) or _taken(file) for file in listed}
    st.session_state[state.CLASSIFIED] = kept  # those that were taken out of the list are forgotten
    return list(kept.values())


def _taken(file: Sent) -> KeptPhoto | Refused:
    name = getattr(file, "name", "A photo")
    try:
        return cached.kept_photos().keep(open_upload(file))
    except PhotoError as error:
        return Refused(name=name, error=str(error))


def classify_photo(checkpoint: Checkpoint, photo: Photo, *, made: bool) -> Classified:
    """Return what the network says of a photo that is open already; ``made``: like its own images of handwriting."""
    return replace(_answer(checkpoint.card.sha256, photo.sha256, made, checkpoint, photo), name=photo.name)


def classify_photos(checkpoint: Checkpoint, photos: Sequence[KeptPhoto | Refused], *, made: bool) -> list[Classified]:
    """Return an answer for each, in order: one that is no photo has its sentence, and the others go on."""
    return [_classified(checkpoint, photo, made) for photo in photos]


def _classified(checkpoint: Checkpoint, photo: KeptPhoto | Refused, made: bool) -> Classified:
    if isinstance(photo, Refused):
        return Classified(name=photo.name, error=photo.error)
    try:
        return classify_photo(checkpoint, photo, made=made)
    except PhotoError as error:
        return Classified(name=photo.name, error=str(error))


@st.cache_data(max_entries=256, show_spinner=False)
def _answer(sha256: str, photo_sha256: str, made: bool, _checkpoint: Checkpoint, _photo: Photo) -> Classified:
    thumbnail = _photo.image.copy()
    thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL))
    given = receive_photo(_photo, _checkpoint.format, _checkpoint.card.dataset, made=made)
    (guesses,) = rank(_checkpoint, [given], model=cached.model(_checkpoint), top=len(_checkpoint.card.classes))
    return Classified(
        name=_photo.name,
        notes=(*_photo.notes, *given.notes),
        thumbnail=picture_file(thumbnail, at_least=_AT_LEAST, photo=True),
        made=given.seen if made else None,
        ranking=tuple((guess.label, guess.probability) for guess in guesses),
    )


def gallery(answers: Sequence[Classified], *, top: int) -> None:
    """Show each photo with its likeliest classes, or with the sentence that says why it has none."""
    if len(answers) == 1:
        with st.container(border=True):
            left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
            _photo(answers[0], left)
            _bars(answers[0], right, top)
        return
    with st.grid(3, min_column_width=230) as grid:
        for answer in answers:
            card = grid.cell().container(border=True)
            card.markdown(f"**{plain(answer.name)}**")
            _photo(answer, card)
            _bars(answer, card, top)


def _photo(answer: Classified, place: DeltaGenerator) -> None:
    with place:
        if not answer.thumbnail:
            st.error(plain(answer.error), icon=":material/broken_image:")
            return
        with st.container(horizontal=True):
            width: Width = "content" if answer.made is None else _MADE
            show(answer.thumbnail, alt=f"The photo {answer.name}", width=width)
            if answer.made is not None:
                show(answer.made, alt=f"What was made of {answer.name}", at_least=_MADE, width=_MADE)
        if answer.notes:
            st.caption(plain("; ".join(answer.notes)))


def _bars(answer: Classified, place: DeltaGenerator, top: int) -> None:
    if answer.ranking:
        label, probability = answer.ranking[0]
        with place:
            bars(answer.ranking[:top], largest=1.0, alt=f"{answer.name}: {label} {probability_words(probability)}")


def as_csv(answers: Sequence[Classified], *, top: int) -> bytes:
    """Return a table for a spreadsheet: a row a photo, then class and probability in pairs, the likeliest first."""
    pairs = [part for place in range(1, top + 1) for part in (f"class {place}", f"probability {place}")]
    rows = [
        [
            answer.name,
            answer.error,
            *(part for label, value in answer.ranking[:top] for part in (label, f"{value:.6f}")),
        ]
        for answer in answers
    ]
    return csv_file([["photo", "error", *pairs], *rows])


def as_report(checkpoint: Checkpoint, answers: Sequence[Classified], *, top: int) -> bytes:
    """Return one HTML file with every photo and its answer."""
    from core.export.report import Answered, classification_report

    photos = []
    for answer in answers:
        picture = Image.open(io.BytesIO(answer.thumbnail)) if answer.thumbnail else None
        photos.append(
            Answered(name=answer.name, picture=picture, ranking=answer.ranking, notes=answer.notes, error=answer.error)
        )
    return classification_report(checkpoint.card, photos, top=top)
