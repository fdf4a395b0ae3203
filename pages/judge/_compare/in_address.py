"""What Compare keeps in its address beside the networks: whose mistakes, cell of the matrix, curve, data set, and which
of the two is right alone on the images shown."""

from pages._ui import address
from pages._ui.choose.shown import refused

OF, CELL, CURVE, ONLY, RIGHT = "of", "cell", "curve", "only", "right"


def cell(classes: int) -> tuple[int, int] | None:
    """Return the cell (row, column) of a matrix of so many ``classes`` that the address names, None for none."""
    text = address.read(CELL)
    row, _, column = (text or "").partition(",")
    if all(part.isascii() and part.isdecimal() and len(part) < 5 and int(part) < classes for part in (row, column)):
        return int(row), int(column)
    if text is not None:
        refused(CELL, text)
    return None


def write_cell(place: tuple[int, int] | None) -> None:
    """Write the chosen cell into the address."""
    address.write(CELL, None if place is None else f"{place[0]},{place[1]}")
