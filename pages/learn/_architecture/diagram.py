"""A network drawn from left to right: a box for each resize, convolution, pool and dense layer, heights to scale."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.models import LayerRow
from pages.learn._architecture.drawing import drawing

_POOLS = ("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d")
_COLOURS = {"Resize": "#8d6bb8", "Conv2d": "#2a86c8", "Linear": "#c7661a", **dict.fromkeys(_POOLS, "#2f9e77")}
_OPENS_A_BLOCK = tuple(_COLOURS)
_MIDDLE, _TALLEST, _TOP = 96, 150, 21
_LOWEST = 3  # pixels of the screen: the height of a map that would be too low to see
_GAP = 20
_SLOT = 80


@dataclass(frozen=True, kw_only=True)
class _Block:
    kind: str
    lines: tuple[str, ...]
    shape: tuple[int, ...]
    parameters: int = 0
    frozen: int = 0


def architecture_diagram(rows: Sequence[LayerRow], *, channels: int, image_size: int, key: str) -> None:
    """Draw the layers of `core.models.architecture.table`; a long network scrolls sideways, and is printed in rows."""
    first = _Block(kind="input", lines=("input",), shape=(channels, image_size, image_size))
    blocks = [first, *_blocks(rows)]
    largest = max(block.shape[1] for block in blocks if len(block.shape) == 3)
    height = _MIDDLE + _TALLEST // 2 + _TOP + 15 * max(len(_labels(block)) for block in blocks)
    parts = []
    for block in blocks:
        slot = math.ceil(max(_extent(block, largest)[0], _SLOT))
        arrow = "" if block is blocks[-1] else _arrow(slot + 4, slot + _GAP - 6)
        parts.append(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{slot + _GAP}" height="{height}">'
            f"{_draw(block, slot / 2, largest)}{arrow}</svg>"
        )
    names = ", ".join(block.lines[0] for block in blocks)
    drawing(
        f'<div xmlns="http://www.w3.org/1999/xhtml" class="row">{"".join(parts)}</div>',
        alt=f"The network from left to right: {names}. The table below has the same in numbers.",
        key=key,
    )


def what_is_drawn(rows: Sequence[LayerRow]) -> str:
    """Return the sentence that explains the drawing of just these layers."""
    kinds = {row.kind for row in rows}
    named = {"purple resizes": {"Resize"}, "blue convolves": {"Conv2d"}, "green pools": set(_POOLS),
             "orange is dense": {"Linear"}}  # fmt: skip
    words = [text for text, of in named.items() if kinds & of]
    if any(row.parameters > row.trainable for row in rows):
        words.append("dashed is frozen")
    dense = " A dense layer has numbers in a row: its box grows with their logarithm." if "Linear" in kinds else ""
    return (
        f"Heights are to scale: half the height is half the side of the map ({_LOWEST} px of the screen at least). "
        f"Widths grow with the logarithm of the number of channels.{dense} Colours: {', '.join(words)}."
    )


def _blocks(rows: Sequence[LayerRow]) -> list[_Block]:
    """Put what follows a convolution, a pool or a dense layer (BatchNorm, ReLU, dropout) into the same box."""
    blocks: list[_Block] = []
    for row in rows:
        if "downsample" in row.name:
            continue
        frozen = row.parameters - row.trainable
        if row.kind in _OPENS_A_BLOCK:
            lines = (row.kind, row.detail.split(", stride")[0])
            blocks.append(
                _Block(kind=row.kind, lines=lines, shape=row.output_shape, parameters=row.parameters, frozen=frozen)
            )
        elif blocks:
            last = blocks[-1]
            blocks[-1] = _Block(
                kind=last.kind,
                lines=last.lines if row.kind == "Flatten" else (*last.lines, f"+ {row.kind}"),
                shape=last.shape if row.kind == "Flatten" else row.output_shape,
                parameters=last.parameters + row.parameters,
                frozen=last.frozen + frozen,
            )
    return blocks


def _extent(block: _Block, largest: int) -> tuple[float, float]:
    """Return a box's width and height on the screen; ``largest`` is the side of the network's largest map."""
    if len(block.shape) == 1:
        return 14, min(_TALLEST, 22 + 10 * math.log2(max(2, block.shape[0])))
    channels, side = block.shape[0], block.shape[1]
    return 10 + 7 * math.log2(channels + 1), max(_LOWEST, _TALLEST * side / largest)


def _labels(block: _Block) -> list[str]:
    """Return the lines below a box: the output's shape, then what made it."""
    whole = block.frozen == block.parameters
    frozen = ("frozen" if whole else f"{block.frozen:,} of {block.parameters:,} frozen",) if block.frozen else ()
    return ["×".join(map(str, block.shape)), *block.lines, *frozen]


def _draw(block: _Block, centre: float, largest: int) -> str:
    width, height = _extent(block, largest)
    x, y = centre - width / 2, _MIDDLE - height / 2
    colour = _COLOURS.get(block.kind, "#8a97a6")
    pattern = ' stroke-dasharray="4 3" fill-opacity="0.35"' if block.frozen else ""
    lines = _labels(block)
    text = "".join(
        f'<text x="{centre:.1f}" y="{_MIDDLE + _TALLEST / 2 + _TOP + 15 * index:.1f}" text-anchor="middle" '
        f'font-size="{12 if index == 0 else 11}" {"font-weight=" + chr(34) + "700" + chr(34) if index == 0 else ""} '
        f'class="{"" if index == 0 else "faint"}">{html.escape(line)}</text>'
        for index, line in enumerate(lines)
    )
    box = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3" fill="{colour}" '
        f'stroke="{colour}"{pattern}/>'
    )
    return box + text


def _arrow(start: float, end: float) -> str:
    return (
        f'<path d="M{start:.1f} {_MIDDLE} H{end - 5:.1f}" stroke="#8a97a6" stroke-width="1.5"/>'
        f'<path d="M{end:.1f} {_MIDDLE} l-7 -4 v8 z" fill="#8a97a6"/>'
    )
