"""A photo or a drawing of handwriting, made as the data set that a network learned from: cut, scaled and centred.

A network of handwriting knows bright ink on black, of one size and in one place. Of MNIST's test digits the course's
strided CNN reads 98 %, of the same ones inverted 13 %, moved by four pixels 49 %. So the ink is found, on a ground that
may be light and unevenly lit, cut out, drawn in strokes of a usual width, scaled and centred.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.photos.ink_frame import InkFrame

Plane = npt.NDArray[np.float64]

_WORKING_SIDE = 512  # pixels: enough for a digit that fills a twentieth of the photo
_BORDER = 0.03  # of the shorter side, in which the ground is looked for
_FAINTEST = 16  # grey values between ground and ink; what differs less is an empty sheet
_FULL = 95  # percentile of the darker half of the ink, which is full ink
_INK, _TRACE = 0.3, 0.1  # of the full ink: what counts as written, and what is cut out with it
_SPECK = 0.05  # of the largest piece of ink: what is smaller is dirt
_FINER = 4  # strokes are redrawn at so many times the frame's resolution
_THINNEST = 0.6  # pixels of a frame, half of what is left of the thinnest part of a stroke that is thinned


@dataclass(frozen=True, kw_only=True)
class Handwriting:
    """``image`` is a grey picture of a frame's size, ``notes`` say in a few words each what was done to the photo."""

    image: Image.Image
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InkPlace:
    """Where the ink of a square picture lies, in pixels of a frame.

    ``inverted`` says that the ground is lighter than the ink, ``right`` and ``down`` how far its middle, as the frame
    has it, lies from that of the square, ``length`` is its longer side.
    """

    inverted: bool
    right: float
    down: float
    length: float


def place_of_ink(picture: Image.Image, frame: InkFrame) -> InkPlace | None:
    """Return where the ink of a square picture lies, or None where there is none to be found."""
    ink, inverted = _ink(picture)
    ink = _without_specks(ink)
    piece = _cut(ink)
    if piece is None:
        return None
    scale = frame.side / max(ink.shape)
    down, right = ((at - length / 2) * scale for at, length in zip(_middle(ink, frame), ink.shape, strict=True))
    return InkPlace(inverted=inverted, right=right, down=down, length=max(piece.shape) * scale)


def framed(photo: Image.Image, frame: InkFrame) -> Handwriting | None:
    """Return ``photo`` as an image of the data set that ``frame`` describes, or None where there is no ink to be found.

    One that is bright on black already, with its ink as large as it should be and where it belongs, comes back as it
    is, without a note.
    """
    ink, inverted = _ink(photo)
    piece = _cut(_without_specks(ink))
    if piece is None:
        return None
    if not inverted and _in_place(ink, piece, frame):
        return Handwriting(image=photo.convert("L"))
    notes = ["inverted, to bright on black"] if inverted else []
    if piece.shape != ink.shape:
        height, width = (round(length * photo.width / ink.shape[1]) for length in piece.shape)
        notes.append(f"cut to the ink, {width} of {photo.width} px wide and {height} of {photo.height} px high")
    if frame.stroke is not None:
        piece, width, drawn = _redrawn(piece, frame.box, *frame.stroke)
        if width != drawn:
            change = "thinned" if drawn < width else "thickened"
            notes.append(f"strokes {change} from {width:.1f} to {drawn:.1f} px")
    small = _scaled(piece, frame.box)
    placed = {"mass": "with its centre of mass in", "box": "placed in"}[frame.centre]
    height, width = small.shape
    notes.append(f"scaled to {width} px wide and {height} px high, {placed} the middle of {frame.side}×{frame.side}")
    return Handwriting(image=_placed(small, frame), notes=tuple(notes))


def _ink(photo: Image.Image) -> tuple[Plane, bool]:
    """Return how much ink there is at each place, (H, W) in [0, 1], and whether the ground is lighter than the ink."""
    grey = photo.convert("L")
    grey.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.float64)
    ground, noise = _ground(values)
    light = float(np.median(ground)) > (values.min() + values.max()) / 2
    ink = ground - values if light else values - ground
    most = float(ink.max())
    if most < _FAINTEST:
        return np.zeros_like(ink), light
    full = float(np.percentile(ink[ink > most / 2], _FULL))
    floor = min(3 * noise, _INK * full)
    return np.clip((ink - floor) / (full - floor), 0, 1), light


def _ground(values: Plane) -> tuple[Plane, float]:
    """Return the ground (H, W) below the ink, and by how much it varies (as a standard deviation).

    It is a plane, since paper is rarely lit evenly, through what most of the border is; looked for twice, the second
    time without what is far from the first: ink that reaches the border.
    """
    height, width = values.shape
    inner = max(1, round(_BORDER * min(height, width)))
    border = np.ones(values.shape, dtype=bool)
    border[inner:-inner, inner:-inner] = False
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    places = np.stack([np.ones(np.count_nonzero(border)), rows[border], columns[border]], axis=1)
    found, span = values[border], max(float(np.ptp(values)), 1.0)
    plane = np.array([np.median(found), 0.0, 0.0])
    for near in (0.25, 0.12):
        ground = np.abs(found - places @ plane) <= near * span
        if np.count_nonzero(ground) > len(plane):
            plane = np.linalg.lstsq(places[ground], found[ground])[0]
    off = np.abs(found - places @ plane)
    noise = 1.4826 * float(np.median(off[off <= 0.12 * span])) if (off <= 0.12 * span).any() else 0.0
    return plane[0] + plane[1] * rows + plane[2] * columns, noise


def _without_specks(ink: Plane) -> Plane:
    """Return the ink without small pieces that lie by themselves."""
    from scipy import ndimage  # type: ignore[import-untyped]

    touching = np.ones((3, 3))
    pieces, count = ndimage.label(ink > _INK, touching)
    if not count:
        return np.zeros_like(ink)
    sizes = np.bincount(pieces.ravel())[1:]
    kept = np.isin(pieces, 1 + np.flatnonzero(sizes >= _SPECK * sizes.max()))
    soft_edge = max(1, round(max(ink.shape) / 28))
    return np.where(ndimage.binary_dilation(kept, touching, iterations=soft_edge), ink, 0)


def _cut(ink: Plane) -> Plane | None:
    """Return the smallest rectangle that holds all ink, or None where there is none."""
    rows, columns = _extent(ink, axis=1), _extent(ink, axis=0)
    return ink[slice(*rows), slice(*columns)] if rows[1] else None


def _extent(ink: Plane, *, axis: int) -> tuple[int, int]:
    """Return the first line with ink and the one after the last: rows for axis 1, columns for axis 0."""
    lines = np.flatnonzero((ink > _TRACE).any(axis))
    return (int(lines[0]), int(lines[-1]) + 1) if len(lines) else (0, 0)


def _in_place(ink: Plane, piece: Plane, frame: InkFrame) -> bool:
    """Say whether the ink of a square picture has the frame's size and place, within a twentieth of the square."""
    side = max(ink.shape)
    near = side / 20
    if ink.shape != (side, side) or abs(max(piece.shape) - frame.box / frame.side * side) > near:
        return False
    return all(abs(at - side / 2) <= near for at in _middle(ink, frame))


def _redrawn(piece: Plane, box: int, thin: float, thick: float) -> tuple[Plane, float, float]:
    """Return the ink with strokes no thinner than ``thin`` and no thicker than ``thick``, their width, and the new one.

    Widths are in pixels once the longer side of ``piece`` has ``box`` of them. Strokes within these bounds are left as
    they are. Along a stroke that is thinned a ridge is left, so that none breaks.
    """
    from scipy import ndimage

    fine = np.pad(_scaled(piece, box * _FINER), 3 * _FINER)
    mask = fine > 0.5
    inside = ndimage.distance_transform_edt(mask)  # to the nearest place without ink
    width = (4 * float(inside[mask].mean()) - 1) / _FINER if mask.any() else 0.0  # half of a half on average
    drawn = min(max(width, thin), thick)
    if drawn == width:
        return piece, width, width
    if drawn < width:
        ridge = ndimage.maximum_filter(inside, size=round(width * _FINER) | 1)
        less = np.minimum((width - drawn) / 2 * _FINER, np.maximum(ridge - _THINNEST * _FINER, 0))
        fine = np.where(mask, np.clip(inside - less + 0.5, 0, 1), 0)
    else:
        outside = ndimage.distance_transform_edt(~mask)
        fine = np.clip((drawn - width) / 2 * _FINER - outside + 1.5, 0, 1)
    redrawn = _cut(fine)
    return (piece, width, width) if redrawn is None else (redrawn, width, drawn)


def _scaled(piece: Plane, side: int) -> Plane:
    """Return ``piece`` with its longer side at ``side`` pixels."""
    height, width = (max(1, round(length * side / max(piece.shape))) for length in piece.shape)
    if (height, width) == piece.shape:
        return piece
    picture = Image.fromarray(piece.astype(np.float32))
    return np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64), 0, 1)


def _placed(small: Plane, frame: InkFrame) -> Image.Image:
    """Return the grey picture of a frame with the ink in its place; nothing is pushed out of the picture."""
    whole = np.zeros((frame.side, frame.side))
    height, width = small.shape
    middle = _middle(small, frame)
    top, left = (
        min(max(round(frame.side / 2 - at), 0), frame.side - length)
        for at, length in zip(middle, (height, width), strict=True)
    )
    whole[top : top + height, left : left + width] = small
    return Image.fromarray((whole * 255).round().astype(np.uint8))


def _middle(ink: Plane, frame: InkFrame) -> tuple[float, float]:
    """Return the row and the column that belong into the middle of the frame (``side / 2``)."""
    if frame.centre == "box":
        return sum(_extent(ink, axis=1)) / 2, sum(_extent(ink, axis=0)) / 2
    rows, columns = np.indices(ink.shape)
    total = ink.sum()
    return float((ink * rows).sum() / total), float((ink * columns).sum() / total)
