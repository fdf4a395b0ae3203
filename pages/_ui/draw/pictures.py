"""Pictures as the lab shows them: small maps enlarged sharply, many of them in one sheet, each with a sentence."""

import contextlib
import html
import io
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from core.judging.certainty import probability_words
from pages._ui.draw.palette import page_colour
from pages._ui.draw.plain_text import plain
from pages._ui.frame import look_for as say_what_to_look_for
from pages._ui.worksheet.shown import note_figures, note_picture

Pixels = npt.NDArray[Any]
Picture = Image.Image | Pixels
Width = Literal["stretch", "content"] | int

_PALETTE = 256  # colours that a PNG can name in one byte
_EFFORT = 4  # of 9: half of the time, or less, that Pillow's own takes, and 3 % more bytes


def as_image(pixels: Picture) -> Image.Image:
    """Return pixels as an 8-bit picture: uint8, or floats that are clipped to [0, 1].

    Shapes (H, W), (H, W, 3), (1, H, W) and (3, H, W) are understood; what ends in 3 has its channels last, however few
    its rows.
    """
    if isinstance(pixels, Image.Image):
        return pixels
    array = np.asarray(pixels)
    if array.dtype != np.uint8:
        array = (np.clip(array, 0, 1) * 255).round().astype(np.uint8)
    if array.ndim == 3 and array.shape[2] != 3:
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    return Image.fromarray(np.ascontiguousarray(array))


def enlarge(image: Image.Image, at_least: int) -> Image.Image:
    """Return ``image`` with its longer side at ``at_least`` pixels or more, every pixel a sharp square."""
    factor = math.ceil(at_least / max(image.size))
    if factor <= 1:
        return image
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def on_page(picture: Picture, shape: tuple[int, int]) -> Image.Image:
    """Return the picture at the upper left of a sheet of the page's colour, ``shape`` (rows, columns) pixels large.

    Two pictures on sheets of one size are shown at one scale.
    """
    image = as_image(picture)
    if image.size == shape[::-1]:
        return image
    sheet = Image.new("RGB", shape[::-1], page_colour())
    sheet.paste(image)
    return sheet


def show(
    picture: Picture | bytes,
    *,
    alt: str,
    look_for: str = "",
    caption: str = "",
    badge: str = "",
    width: Width = "stretch",
    at_least: int = 320,
    photo: bool = False,
) -> None:
    """Show a picture with its name for screen readers, a caption, and the sentence that says what to look for.

    ``caption`` and the ``badge`` behind it are plain text.

    Every pixel arrives as it is, unless the picture is a ``photo`` that needs no enlarging: its JPEG has a sixth of the
    bytes. A ``width`` in pixels is that of a container around the picture: Streamlit would draw a wider file anew, with
    its sharp squares blurred, in more time than a network takes for its answer.
    """
    data = picture if isinstance(picture, bytes) else picture_file(picture, at_least=at_least, photo=photo)
    kind: Literal["JPEG", "PNG"] = "JPEG" if data.startswith(b"\xff\xd8") else "PNG"
    with st.container(width=width) if isinstance(width, int) else contextlib.nullcontext():
        inside: Literal["stretch", "content"] = "stretch" if isinstance(width, int) else width
        below = plain(caption) + (f" :orange-badge[{plain(badge)}]" if badge else "")
        st.image(data, caption=below or None, width=inside, output_format=kind, alt=alt)
    note_picture(data, ". ".join(filter(None, (alt, caption, badge))))
    if look_for:
        say_what_to_look_for(look_for)


def picture_file(picture: Picture, *, at_least: int = 320, photo: bool = False) -> bytes:
    """Return the file that `show` sends; a photo's has a twentieth of its pixels' bytes."""
    image = as_image(picture)
    return jpeg(image) if photo and max(image.size) >= at_least else png(enlarge(image, at_least))


def jpeg(image: Image.Image) -> bytes:
    """Return the file of a photo, with the colours as fine as the brightness."""
    buffer = io.BytesIO()
    (image if image.mode == "L" else image.convert("RGB")).save(buffer, "JPEG", quality=82, subsampling=0)
    return buffer.getvalue()


def png(image: Image.Image) -> bytes:
    """Return the file of a picture, pixel by pixel; one of few colours, as maps of numbers are, with a palette."""
    colours = image.getcolors(_PALETTE) if image.mode == "RGB" else None
    if colours is not None:
        image = _with_palette(np.asarray(image), np.array([colour for _count, colour in colours], dtype=np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_EFFORT)
    return buffer.getvalue()


def _with_palette(pixels: Pixels, palette: Pixels) -> Image.Image:
    """Pillow's own `quantize` takes a neighbour of some colours; this takes each colour itself."""
    red, green, blue = 2**16, 2**8, 1
    place = np.zeros(2**24, dtype=np.uint8)
    place[palette @ [red, green, blue]] = np.arange(len(palette))
    image = Image.fromarray(place[pixels @ np.array([red, green, blue], dtype=np.uint32)], mode="P")
    image.putpalette(palette.tobytes())
    return image


def contact_sheet(images: Sequence[Picture], *, columns: int, tile: int = 64, gap: int = 4) -> Image.Image:
    """Return all pictures in one, ``columns`` a row, each drawn into a square of ``tile`` pixels.

    Small pictures are enlarged sharply, large ones reduced; one PNG is sent instead of many. What holds no picture has
    the colour of the page.
    """
    rows = max(1, math.ceil(len(images) / columns))
    size = (columns * (tile + gap) - gap, rows * (tile + gap) - gap)
    sheet = Image.new("RGB", size, page_colour())
    for index, picture in enumerate(images):
        image = as_image(picture).convert("RGB")
        resample = Image.Resampling.NEAREST if max(image.size) <= tile else Image.Resampling.BILINEAR
        scale = tile / max(image.size)
        fitted = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), resample)
        left, top = (index % columns) * (tile + gap), (index // columns) * (tile + gap)
        sheet.paste(fitted, (left + (tile - fitted.width) // 2, top + (tile - fitted.height) // 2))
    return sheet


def bars(
    rows: Sequence[tuple[str, float]],
    *,
    alt: str,
    largest: float | None = None,
    highlight: int | None = 0,
) -> None:
    """Draw named probabilities as horizontal bars; ``highlight`` is the row drawn in the accent colour.

    ``largest`` is the value of a full bar (default: the largest of the rows).
    """
    note_figures([(label, probability_words(value)) for label, value in rows], alt)
    full = largest or max((value for _label, value in rows), default=1.0) or 1.0
    lines = [
        _bar(label, probability_words(value), max(0.0, min(1.0, value / full)), index == highlight)
        for index, (label, value) in enumerate(rows)
    ]
    st.html(
        f'<div role="img" aria-label="{html.escape(alt, quote=True)}" style="display:grid;gap:6px;'
        f'grid-template-columns:minmax(72px,max-content) 1fr max-content;align-items:center">{"".join(lines)}</div>'
    )


def _bar(label: str, value: str, part: float, accent: bool) -> str:
    colour = "#2a86c8" if accent else "#8a97a6"
    return (
        f'<span style="overflow-wrap:anywhere">{html.escape(label)}</span>'
        f'<span style="background:rgba(128,134,142,.22);border-radius:4px;height:16px;display:block">'
        f'<span style="display:block;height:16px;border-radius:4px;width:{part * 100:.1f}%;background:{colour}"></span>'
        f'</span><span style="font-variant-numeric:tabular-nums;text-align:right">{html.escape(value)}</span>'
    )
