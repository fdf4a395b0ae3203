"""Tables for a spreadsheet. Standard library only."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_file(rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as CSV in UTF-8 with the mark by which a spreadsheet knows it; text is guarded by `safe_cell`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def safe_cell(text: str) -> str:
    """Return what people have typed as a spreadsheet takes it for text.

    It runs what begins like a formula; an apostrophe before it makes that text.
    """
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
