"""What a page shows, in the form in which a worksheet keeps it: small files, curves of few points, named figures."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, UnidentifiedImageError

from core.runs.worksheets.form import WorksheetError

MOST_BYTES = 250_000  # of a file
_SIDES = (1_000, 700, 480, 320)  # pixels
_POINTS = 200  # of a curve
_LINES, _ROWS = 8, 40
_NO_PICTURE = "This is no picture that can be put into a worksheet."


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a chart, by its points; ``x`` and ``y`` are of one length, and finite."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Curves:
    """A chart: ``shares`` says that its values are in [0, 1] and read as percent."""

    title: str
    x_name: str
    shares: bool
    lines: tuple[Curve, ...]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Named figures, in words: the bars of an answer, for instance."""

    rows: tuple[tuple[str, str], ...]


def curve(name: str, x: Sequence[float], y: Sequence[float | None]) -> Curve:
    """Return a line of at most `_POINTS` points, evenly taken; what is not finite is left out."""
    points = [(a, b) for a, b in zip(x, y, strict=True) if b is not None and math.isfinite(a) and math.isfinite(b)]
    step = max(1, math.ceil(len(points) / _POINTS))
    taken = points[::step] + ([points[-1]] if points and (len(points) - 1) % step else [])
    return Curve(name=name[:80], x=tuple(float(a) for a, _b in taken), y=tuple(float(f"{b:.5g}") for _a, b in taken))


def curves(title: str, lines: Sequence[Curve], *, x_name: str, shares: bool) -> Curves:
    """Return a chart of its first lines that have points."""
    drawn = tuple(line for line in lines if line.x)[:_LINES]
    return Curves(title=title[:120], x_name=x_name[:40], shares=shares, lines=drawn)


def figures(rows: Sequence[tuple[str, str]]) -> Figures:
    """Return the first of these figures, each a name and words."""
    return Figures(rows=tuple((name[:80], words[:80]) for name, words in rows[:_ROWS]))


def small_file(data: bytes) -> tuple[Literal["png", "jpeg"], bytes]:
    """Return a picture as a file of at most `MOST_BYTES`, made smaller where it has to be.

    Nothing but its pixels is kept. Raises WorksheetError for what is none.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > 50_000_000:
                raise WorksheetError(_NO_PICTURE)
            sharp = opened.format == "PNG"
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise WorksheetError(_NO_PICTURE) from None
    for side in _SIDES:
        image.thumbnail((side, side))
        tries: tuple[Literal["png", "jpeg"], ...] = ("png", "jpeg") if sharp else ("jpeg",)
        for kind in tries:
            file = io.BytesIO()
            image.save(file, kind.upper(), **({"quality": 85} if kind == "jpeg" else {"optimize": True}))
            if file.tell() <= MOST_BYTES:
                return kind, file.getvalue()
    raise WorksheetError(_NO_PICTURE)
