"""Pictures of an own set in one file. Kept for all students and bounded: a picture never changes under its id."""

import io
from collections.abc import Sequence

import streamlit as st
from PIL import Image

from core.data.own import OwnPictures, open_own_sets
from core.errors import LabError
from pages._ui.draw.palette import page_colour
from pages._ui.draw.pictures import contact_sheet, jpeg

CELL = 108  # pixels of the square in whose middle a picture lies
_GAP = 4


def own_sheet(set_id: str, ids: Sequence[str], *, columns: int) -> bytes:
    """Return a JPEG with the pictures of these ids, ``columns`` a row of `CELL` pixels each."""
    return _sheet(set_id, tuple(ids), columns, page_colour())


@st.cache_resource(max_entries=24, show_spinner=False)  # about 150 KB each
def _sheet(set_id: str, ids: tuple[str, ...], columns: int, colour: tuple[int, int, int]) -> bytes:
    tiles = contact_sheet([_small(set_id, one) for one in ids], columns=columns, tile=CELL - _GAP, gap=_GAP)
    framed = Image.new("RGB", (tiles.width + _GAP, tiles.height + _GAP), colour)
    framed.paste(tiles, (_GAP // 2, _GAP // 2))
    return jpeg(framed)


def _small(set_id: str, picture_id: str) -> Image.Image:
    try:
        data = OwnPictures(open_own_sets()).read(set_id, picture_id)
    except LabError:  # deleted a moment ago
        return Image.new("RGB", (CELL, CELL), page_colour())
    image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    image.draft("RGB", (CELL, CELL))
    return image.convert("RGB")
