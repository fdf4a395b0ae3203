"""Numbers below zero have a minus sign everywhere, and none has a hyphen."""

import re
from pathlib import Path

import pytest

from core.intervals import percent, percent_number, percent_span, signed, wilson_interval

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


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.973, 0, "97 %"),
        (0.996, 0, "over 99 %"),
        (1.0, 0, "100 %"),
        (0.0004, 0, "under 1 %"),
        (0.0, 0, "0 %"),
        (0.9996, 1, "over 99.9 %"),
        (0.0004, 1, "under 0.1 %"),
        (wilson_interval(7, 7)[1], 2, "100.00 %"),  # 1, but for what floating point leaves of it
    ],
)
def test_only_all_is_a_hundred_percent_and_only_none_is_0(share: float, digits: int, text: str) -> None:
    assert percent(share, digits) == text


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [
        (0, 1, "0.0"),
        (0.0004, 1, "0.1"),
        (0.123, 1, "12.3"),
        (0.9996, 1, "99.9"),
        (1 - 1e-9, 1, "100.0"),
        (1, 1, "100.0"),
        (0.996, 0, "99"),
    ],
)
def test_a_column_of_percentages_follows_the_same_rule(share: float, digits: int, shown: str) -> None:
    assert f"{percent_number(share, digits):.{digits}f}" == shown


def test_an_interval_of_shares_has_one_unit() -> None:
    assert percent_span(0.969, 0.976, 1) == "96.9 to 97.6 %"
    assert percent_span(0.895, 0.9965) == "90 to over 99 %"
    assert percent_span(0.001, 0.004) == "under 1 %"
    assert percent_span(0.996, 0.999) == "over 99 %"
    assert percent_span(0.9726, 0.9734, 1) == "97.3 %"


def test_no_page_rounds_a_percentage_by_itself() -> None:
    by_itself = re.compile(r"\b100\b[^{}]*:[.]\d+f\}+ %|:\d*[.]\d%\}")  # f"{share * 100:.1f} %" and f"{share:6.1%}"
    files = [path for top in ("core", "pages") for path in (ROOT / top).rglob("*.py")]
    assert [path.name for path in files if by_itself.search(path.read_text(encoding="utf-8"))] == []


def test_no_page_writes_a_sign_by_itself() -> None:
    by_itself = re.compile(r"\{[^{}]*:\+[^{}]*\}")  # f"{value:+.2f}" has a hyphen for a minus
    files = [path for top in ("core", "pages") for path in (ROOT / top).rglob("*.py") if path.name != "intervals.py"]
    assert [path.name for path in files if by_itself.search(path.read_text(encoding="utf-8"))] == []
