"""The sum with the learned weights, as a student adds it up."""

import base64
import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.explain.drawing.colours import colour_map
from core.explain.inside.weighted_sum import ChannelPart, PlaceSum, Step, rounded
from pages._ui.draw.pictures import as_image, png
from pages._ui.frame import number
from pages._ui.glossary import term

MOST_ROWS = 8
DIGITS = 4
_CELL = "padding:2px 8px 2px 0;text-align:right;font-variant-numeric:tabular-nums"


def sum_section(found: PlaceSum) -> None:
    """Show products, bias and all that follows, down to the number of the map."""
    if found.note:
        st.caption(f":material/info: {found.note}")
    if found.convolution is None:
        return
    _channels(found)
    _products(found)
    for step in found.steps:
        st.markdown(in_words(step), help=_tip(step))
    st.caption(
        f":material/check: {number(found.value, 6)} by these steps, {number(found.own, 6)} in the network, which "
        "computes with about seven digits. Every number here is rounded from all its digits."
    )


def table_rows(found: PlaceSum) -> tuple[list[tuple[str, float]], float]:
    """Return what is added up: the largest channels, the rest in one line, the bias; they sum to the second."""
    shown, rest = found.parts[:MOST_ROWS], found.parts[MOST_ROWS:]
    names = [f"channel {part.channel}" for part in shown]
    values = [part.total for part in shown]
    if rest:
        names.append(f"the other {len(rest)} channels" if len(rest) > 1 else f"channel {rest[0].channel}")
        values.append(sum(part.total for part in rest))
    if found.bias:
        names.append("bias")
        values.append(found.bias)
    amounts, total = rounded(values, digits=DIGITS)
    return list(zip(names, amounts, strict=True)), total


def in_words(step: Step) -> str:
    """Return one step as an equation."""
    before, after = (number(value, DIGITS) for value in (step.before, step.after))
    if step.kind == "batch_norm":
        scale, shift = number(step.scale, 6), number(abs(step.shift), 6)
        sign = "−" if step.shift < 0 else "+"
        return f"**Batch norm:** {number(step.before, 6)} · {scale} {sign} {shift} = **{after}**"
    if step.kind == "addition":
        sign = "−" if step.shift < 0 else "+"
        shift = number(abs(step.shift), 6)
        return f"**Shortcut:** {number(step.before, 6)} {sign} {shift} from the block's other path = **{after}**"
    if step.kind == "max_pooling" and step.place is not None:
        row, col = step.place
        return f"**Pooling:** the largest of its window stands in row {row}, column {col}: **{after}**"
    if step.kind == "mean":
        return f"**Mean:** {after}"
    return f"**{step.name}:** {before} becomes **{after}**"


def _tip(step: Step) -> str | None:
    if step.kind == "batch_norm":
        return f"Scale γ / √(σ² + ε) and shift β − mean · scale: both are fixed after the training. {term('BatchNorm')}"
    if step.kind == "activation" and step.name in ("ReLU", "GELU"):
        return term(step.name)
    return term("pooling") if step.kind == "max_pooling" else None


def _channels(found: PlaceSum) -> None:
    row, col = found.place
    first = found.parts[0]
    height, width = first.weights.shape
    st.markdown(
        f"**{found.convolution}**, row {row}, column {col}: {len(found.parts)} × {height} × {width} products, channel "
        "by channel, the largest first.",
        help=term("channel"),
    )
    rows, total = table_rows(found)
    inputs = max(float(np.abs(part.inputs).max()) for part in found.parts) or 1.0
    weights = max(float(np.abs(part.weights).max()) for part in found.parts) or 1.0
    lines = []
    for place, (name, amount) in enumerate(rows):
        pictures = ""
        if place < min(MOST_ROWS, len(found.parts)):
            part = found.parts[place]
            pictures = _tile(part.inputs, inputs, f"its numbers under the window, {height} by {width}") + " × "
            pictures += _tile(part.weights, weights, "its weights")
        lines.append(_row(name, pictures, number(amount, DIGITS)))
    lines.append(_row("sum", "", number(total, DIGITS), strong=True))
    head = "".join(
        f'<th scope="col" style="{_CELL};font-weight:600">{text}</th>' for text in ("part", "numbers × weights", "adds")
    )
    st.html(
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )


def _row(name: str, pictures: str, amount: str, *, strong: bool = False) -> str:
    style = f"{_CELL};border-top:1px solid;font-weight:600" if strong else _CELL
    return (
        f'<tr><th scope="row" style="{style};text-align:left">{html.escape(name)}</th>'
        f'<td style="{style};white-space:nowrap">{pictures}</td><td style="{style}">{amount}</td></tr>'
    )


def _tile(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", limit: float, alt: str) -> str:
    data = base64.b64encode(png(as_image(colour_map(values, signed=True, limit=limit)))).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{alt}" width="34" height="34" '
        'style="image-rendering:pixelated;vertical-align:middle;border:1px solid rgba(128,134,142,.5)">'
    )


def _products(found: PlaceSum) -> None:
    names = {part.channel: part for part in found.parts}
    with st.expander("The products of one channel"):
        channel = st.selectbox(
            "Channel",
            list(names),
            format_func=lambda channel: f"{channel}: adds {number(names[channel].total, DIGITS)}",
            key=f"maps_products_{found.convolution}",
        )
        part = names.get(channel, found.parts[0])
        st.html(product_table(part))
        st.caption("Number × weight = product. The products are rounded so that they add up to the sum below them.")


def product_table(part: ChannelPart) -> str:
    """Return the products of one channel as a table; those that are shown add up to the sum that is shown."""
    amounts, total = rounded(part.products.ravel().tolist(), digits=DIGITS)
    height, width = part.weights.shape
    cells: list[str] = []
    for row in range(height):
        line: Sequence[int] = range(row * width, (row + 1) * width)
        cells.append("<tr>" + "".join(_product(part, place, amounts[place]) for place in line) + "</tr>")
    return (
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;font-size:.8125rem">{"".join(cells)}'
        f'</table></div><p style="margin:6px 0 0">Sum: <b>{number(total, DIGITS)}</b></p>'
    )


def _product(part: ChannelPart, place: int, amount: float) -> str:
    value, weight = part.inputs.ravel()[place], part.weights.ravel()[place]
    return (
        f'<td style="border:1px solid rgba(128,134,142,.5);padding:4px;text-align:right;'
        f'font-variant-numeric:tabular-nums">{number(float(value), 6)}<br>× {number(float(weight), 6)}<br>'
        f"= <b>{number(amount, DIGITS)}</b></td>"
    )
