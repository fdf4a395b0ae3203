"""Numbers below zero have a minus sign everywhere, and none has a hyphen."""

import re
from pathlib import Path

import pytest

from core.intervals import signed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (-5.284, " points", 2, "−5.28 points"),
        (4, " px", 0, "+4 px"),
        (-0.04, "", 1, "0"),
        (0, " images", 0, "0 images"),
        (-12.5, "°", 1, "−12.5°"),
    ],
)
def test_a_number_is_told_with_its_sign(value: float, unit: str, digits: int, text: str) -> None:
    assert signed(value, unit, digits) == text


def test_no_page_writes_a_sign_by_itself() -> None:
    by_itself = re.compile(r"\{[^{}]*:\+[^{}]*\}")  # f"{value:+.2f}" has a hyphen for a minus
    files = [path for top in ("core", "pages") for path in (ROOT / top).rglob("*.py") if path.name != "intervals.py"]
    assert [path.name for path in files if by_itself.search(path.read_text(encoding="utf-8"))] == []
