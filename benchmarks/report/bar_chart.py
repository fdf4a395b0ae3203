"""A bar chart as SVG, in a few lines: what docs show of the ratios."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BARS, FIGURES = 400, 90  # pixels: of the longest bar, right of them
LETTER = 6.2  # pixels of a letter at most, on average over a label
BAR, GAP, TOP = 20, 14, 40
INK, SOFT, FILL, MARK = "#17212e", "#5b6675", "#0072b2", "#d55e00"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: a ratio, what it ranged over, and the ratio that was to be reached (None: no such thing)."""

    label: str
    value: float
    low: float
    high: float
    target: float | None


def bar_chart(bars: Sequence[Bar], *, title: str) -> str:
    """Return the bars as SVG. Ratios are drawn on a logarithmic axis that begins at 1, where both sides are as fast."""
    labels = round(20 + LETTER * max((len(bar.label) for bar in bars), default=0))  # pixels left of the bars
    width = labels + BARS + FIGURES
    largest = max([2.0, *(max(bar.high, bar.target or 1.0) for bar in bars)])

    def x(ratio: float) -> float:
        return labels + BARS * max(0.0, math.log(max(ratio, 1.0)) / math.log(largest))

    height = TOP + len(bars) * (BAR + GAP) + 34
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    named = f'role="img" aria-label="{escape(title, quote=True)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {named} font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" fill="{INK}" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for place, bar in enumerate(bars):
        top = TOP + place * (BAR + GAP)
        middle, base = top + BAR / 2, top + BAR / 2 + 4.5
        parts += [
            f'<text x="{labels - 10}" y="{base:g}" fill="{INK}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect x="{labels}" y="{top}" width="{x(bar.value) - labels:.1f}" height="{BAR}" fill="{FILL}"/>',
            f'<path d="M{x(bar.low):.1f} {middle:g}H{x(bar.high):.1f}" stroke="{INK}" stroke-width="2"/>',
            f'<text x="{labels + BARS + 12}" y="{base:g}" fill="{INK}">{bar.value:.1f}×</text>',
        ]
        if bar.target is not None:
            place_of_target = f"M{x(bar.target):.1f} {top - 3}v{BAR + 6}"
            parts.append(f'<path d="{place_of_target}" stroke="{MARK}" stroke-width="3"/>')
    foot = (
        "Blue: ratio of the medians. Black: from smallest to largest. Orange: to be reached. The axis is logarithmic."
    )
    parts += [f'<text x="12" y="{height - 12}" fill="{SOFT}" font-size="12">{foot}</text>', "</svg>"]
    return "\n".join(parts) + "\n"
