"""What Compare keeps in its address beside the networks: whose mistakes, cell of the matrix, curve, data set, and which
of the two is right alone on the images shown."""

from pages._ui import address, state
from pages._ui.choose.shown import refused

OF, CELL, CURVE, ONLY, RIGHT = "of", "cell", "curve", "only", "right"

EXPERIMENT, NEW = state.EXPERIMENT, state.NEW_EXPERIMENT  # where there is none, the page shows networks


def experiment() -> str | None:
    """Return the experiment that the address names, `NEW` for one that is being set up, None for none.

    A link to networks alone shows those, whatever was looked at before.
    """
    if address.brings(state.COMPARED) and not address.brings(EXPERIMENT):
        address.write(EXPERIMENT, None)
    return address.read(EXPERIMENT)


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
