"""The worksheets that ship, a file each; a teacher hands them out as they are, on a data set of the machine."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from core.runs.worksheets.form import Worksheet, read
from core.whole_files import read_file

FOLDER = Path(__file__).parent / "shipped"
_ORDER = ("convolution", "transfer", "own_pictures")


@cache
def shipped_worksheets() -> Mapping[str, Worksheet]:
    """Return the worksheets that ship by the names of their files, in the order of the course.

    Raises WorksheetError where a file is damaged, OSError where one is missing.
    """
    return {name: read(read_file(FOLDER / f"{name}.json", at_most=2**20)) for name in _ORDER}
