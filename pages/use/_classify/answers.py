"""Photos and what a network says of them: the one that follows the student, and as many more as are uploaded here."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.typing import UploadedFile

from core.checkpoints import Checkpoint
from core.errors import PhotoError
from core.judging.classification import classify
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.choose.photo import UPLOAD_TYPES, open_upload
from pages._ui.draw.pictures import bars, show
from pages._ui.frame import plain

AT_MOST = 20  # uploads at a time
_THUMBNAIL = 320


@dataclass(frozen=True, kw_only=True)
class Classified:
    """One photo's answer: every class with its probability, the likeliest first, or a sentence why there is none."""

    name: str
    notes: tuple[str, ...] = ()
    thumbnail: Image.Image | None = None
    ranking: tuple[tuple[str, float], ...] = ()
    error: str = ""


def more_photos() -> list[UploadedFile]:
    """Offer the upload of many photos and return at most `AT_MOST` of them."""
    files = st.file_uploader(
        "More photos, as many as you like",
        type=UPLOAD_TYPES,
        accept_multiple_files=True,
        key="classify_uploads",
        help=f"At most 10 MB each, {AT_MOST} at a time. Orientation is read from the photo; the files are not kept.",
    )
    st.caption(
        ":material/lock: Your photos stay on the machine that runs the lab, in memory and only while this page is open."
    )
    if len(files) > AT_MOST:
        st.warning(f"The first {AT_MOST} of {len(files)} photos are classified; take some out to see the others.")
    return files[:AT_MOST]


def classify_photo(checkpoint: Checkpoint, photo: Photo) -> Classified:
    """Return what the network says of a photo that is open already."""
    return replace(_answer(checkpoint.card.sha256, photo.sha256, checkpoint, photo), name=photo.name)


def classify_uploads(checkpoint: Checkpoint, files: Sequence[UploadedFile]) -> list[Classified]:
    """Return an answer for each file, in order: one that is no photo gets its sentence, and the others go on."""
    return [_of_upload(checkpoint.card.sha256, file.file_id, checkpoint, file) for file in files]


@st.cache_data(max_entries=256, show_spinner=False)
def _answer(sha256: str, photo_sha256: str, _checkpoint: Checkpoint, _photo: Photo) -> Classified:
    thumbnail = _photo.image.copy()
    thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL))
    classes = len(_checkpoint.card.classes)
    guesses = classify(_checkpoint, _photo, model=cached.model(_checkpoint), top=classes)
    ranking = tuple((guess.label, guess.probability) for guess in guesses)
    return Classified(name=_photo.name, notes=_photo.notes, thumbnail=thumbnail, ranking=ranking)


@st.cache_data(max_entries=256, show_spinner="Looking at the photos …")
def _of_upload(sha256: str, file_id: str, _checkpoint: Checkpoint, _file: UploadedFile) -> Classified:
    try:
        photo = open_upload(_file)
    except PhotoError as error:
        return Classified(name=_file.name, error=str(error))
    return replace(_answer(sha256, photo.sha256, _checkpoint, photo), name=photo.name)


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
        if answer.thumbnail is None:
            st.error(plain(answer.error), icon=":material/broken_image:")
            return
        show(answer.thumbnail, alt=f"The photo {answer.name}", at_least=200, width="content", photo=True)
        if answer.notes:
            st.caption(plain(", ".join(answer.notes)))


def _bars(answer: Classified, place: DeltaGenerator, top: int) -> None:
    if answer.ranking:
        label, probability = answer.ranking[0]
        with place:
            bars(answer.ranking[:top], largest=1.0, alt=f"{answer.name}: {label} {probability:.1%}")


def as_csv(answers: Sequence[Classified], *, top: int) -> bytes:
    """Return a table for a spreadsheet: a row a photo, then class and probability in pairs, the likeliest first."""
    text = io.StringIO()
    writer = csv.writer(text)
    pairs = [part for place in range(1, top + 1) for part in (f"class {place}", f"probability {place}")]
    writer.writerow(["photo", "error", *pairs])
    for answer in answers:
        found = [part for label, value in answer.ranking[:top] for part in (_cell(label), f"{value:.6f}")]
        writer.writerow([_cell(answer.name), _cell(answer.error), *found])
    return text.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe makes it text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
