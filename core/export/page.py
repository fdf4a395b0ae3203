"""One HTML file that needs nothing from anywhere: it prints, follows the system's light or dark, and runs no script.

Everything that people have typed goes through `text`, and every picture is inside the file.
"""

import base64
import html
import io
import math
from collections.abc import Iterable, Sequence

from PIL import Image

from core.intervals import minus, percent

_JOINERS = "\n\u200c\u200d"  # scripts and emoji need the last two
_NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --soft: #5b6472; --line: #d5d9e0; --page: #ffffff;
  --c0: #0072b2; --c1: #b34700; --c2: #007f5f; --c3: #a8508a; --c4: #8a6200; --c5: #2f7fb5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a7afbd; --line: #3d4452; --page: #14171f;
  --c0: #5cb3ea; --c1: #ff9a5c; --c2: #4fc9a4; --c3: #e08cc4; --c4: #e0b040; --c5: #8cc4f0; } }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --c0: #0072b2; --c1: #b34700;
  --c2: #007f5f; --c3: #a8508a; --c4: #8a6200; --c5: #2f7fb5; } section, figure, tr { break-inside: avoid; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } p.soft, figcaption { color: var(--soft); }
table { border-collapse: collapse; overflow-wrap: normal; } tbody th { min-width: 3rem; overflow-wrap: anywhere; }
 th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  font-weight: normal; } thead th { font-weight: 600; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } figure { margin: 1rem 0; overflow-x: auto; }
svg { width: 100%; min-width: 34rem; height: auto; } svg text { fill: var(--ink);
  font-size: 12px; } .pictures { display: flex; flex-wrap: wrap; gap: 1rem; } .pictures figure { width: 13rem; }
img { max-width: 100%; image-rendering: auto; }
"""


def text(words: str) -> str:
    """Return words so that HTML shows them as they are; a sign stands for what would turn the reading order."""
    kept = "".join(sign if sign.isprintable() or sign in _JOINERS else "\ufffd" for sign in words)
    return html.escape(kept.encode("utf-8", "replace").decode(), quote=True)


def page(title: str, body: Iterable[str]) -> bytes:
    """Return a whole document; ``title`` is plain text, ``body`` parts of HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_FROM_OUTSIDE}">'
        f"<title>{text(title)}</title><style>{_STYLE}</style></head><body>\n<h1>{text(title)}</h1>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    ).encode()


def section(title: str, *parts: str) -> str:
    """Return a section with its heading; ``title`` is plain text, ``parts`` are HTML."""
    return f"<section><h2>{text(title)}</h2>\n" + "\n".join(parts) + "</section>"


def paragraph(words: str, *, soft: bool = False) -> str:
    """Return plain text as a paragraph."""
    return f"<p{' class=soft' if soft else ''}>{text(words)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain text; a number stands to the right, the first cell of a row is its heading."""
    top = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{text(str(row[0]))}</th>' + "".join(map(_cell, row[1:])) + "</tr>\n" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def picture(image: Image.Image, alt: str, *, width: int = 200) -> str:
    """Return a picture, inside the file, ``width`` pixels wide."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return picture_file(stream.getvalue(), "png", alt, width=width)


def picture_file(data: bytes, kind: str, alt: str, *, width: int) -> str:
    """Return the picture of a file of this ``kind`` (png, jpeg), inside the page, ``width`` pixels wide."""
    inside = base64.b64encode(data).decode()
    return f'<img alt="{text(alt)}" width="{width}" src="data:image/{kind};base64,{inside}">'


def figure(drawing: str, caption: str) -> str:
    """Return a drawing or a picture with its caption, plain text."""
    return f"<figure>{drawing}<figcaption>{text(caption)}</figcaption></figure>"


def line_chart(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]],
    *,
    alt: str,
    shares: bool = False,
    x_name: str = "epoch",
) -> str:
    """Return curves, each a name with its x and y, as SVG; what is not finite is left out."""
    points = [
        [(x, y) for x, y in zip(xs, ys, strict=True) if abs(y) < float("inf") and y == y] for _name, xs, ys in lines
    ]
    everything = [point for each in points for point in each] or [(0.0, 0.0)]
    left, right = min(x for x, _y in everything), max(x for x, _y in everything)
    marks = round_marks(min(y for _x, y in everything), max(y for _x, y in everything), shares=shares)
    low, right = marks[0], (right if right > left else left + 1)
    across, up = 600 / (right - left), 200 / (marks[-1] - low)
    parts = []
    for value in marks:
        y = 220 - (value - low) * up
        parts.append(f'<line x1="60" x2="660" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        parts.append(f'<text x="54" y="{y + 4:.1f}" text-anchor="end">{_mark(value, shares)}</text>')
    for place, ((name, _xs, _ys), each) in enumerate(zip(lines, points, strict=True)):
        at = " ".join(f"{60 + (x - left) * across:.1f},{220 - (y - low) * up:.1f}" for x, y in each)
        colour, dashes = f"var(--c{place % 6})", ("", "6 4", "2 3")[place // 2 % 3]
        stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{at}" fill="none" {stroke}/>')
        dots = "".join(f'<circle cx="{dot.split(",")[0]}" cy="{dot.split(",")[1]}" r="2.5"/>' for dot in at.split())
        parts.append(f'<g fill="{colour}">{dots}</g>')
        y = 262 + 18 * place
        parts.append(f'<line x1="60" x2="90" y1="{y - 4}" y2="{y - 4}" {stroke}/>')
        parts.append(f'<text x="98" y="{y}">{text(name)}</text>')
    for x, words in ((left, f"{left:g}"), (right, f"{right:g}")):
        parts.append(f'<text x="{60 + (x - left) * across:.0f}" y="240" text-anchor="middle">{words}</text>')
    parts.append(f'<text x="360" y="240" text-anchor="middle">{text(x_name)}</text>')
    return _svg(parts, alt, height=270 + 18 * len(lines))


def intervals(rows: Sequence[tuple[str, float, tuple[float, float]]], *, alt: str) -> str:
    """Return accuracies, each a name with its figure and interval in [0, 1], as dots with bars."""
    marks = round_marks(
        min(ends[0] for _name, _figure, ends in rows), max(ends[1] for _name, _figure, ends in rows), shares=True
    )
    low = marks[0]
    across = 560 / (marks[-1] - low)
    parts = []
    for place, (name, accuracy, ends) in enumerate(rows):
        y = 36 + 48 * place
        begin, middle, end = (60 + (value - low) * across for value in (ends[0], accuracy, ends[1]))
        figures = f"{percent(accuracy, 2)} ({percent(ends[0], 2)} to {percent(ends[1], 2)})"
        parts.append(f'<text x="60" y="{y - 12}">{text(name)}: {figures}</text>')
        parts.append(f'<line x1="{begin:.1f}" x2="{end:.1f}" y1="{y}" y2="{y}" stroke="var(--c0)" stroke-width="3"/>')
        parts.append(f'<circle cx="{middle:.1f}" cy="{y}" r="6" fill="var(--c0)"/>')
    bottom = 36 + 48 * len(rows)
    parts += [
        f'<text x="{60 + (value - low) * across:.1f}" y="{bottom}" text-anchor="middle">{_mark(value, True)}</text>'
        for value in marks
    ]
    return _svg(parts, alt, height=bottom + 10)


def round_marks(low: float, high: float, *, shares: bool = False) -> Sequence[float]:
    """Return three to six marks of an axis at round numbers, from ``low`` or below to ``high`` or above; of ``shares``
    none outside [0, 1]."""
    if high - low <= 1e-9 * max(1.0, abs(high)):  # all alike
        low, high = (max(0.0, low - 0.05), min(1.0, high + 0.05)) if shares else (low - 0.5, high + 0.5)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def _mark(value: float, share: bool) -> str:
    return minus(f"{value * 100:.6g} %" if share else f"{value:.6g}")


def _svg(parts: Sequence[str], alt: str, *, height: int) -> str:
    inside = "".join(parts)
    return f'<svg viewBox="0 0 680 {height}" role="img" aria-label="{text(alt)}">{inside}</svg>'


def _cell(value: object) -> str:
    return f"<td{' class=number' if isinstance(value, int | float) else ''}>{text(str(value))}</td>"
