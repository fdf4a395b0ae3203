"""The worksheet that the visitor does, and the part of it that the page is at."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.worksheets import Given, StudentsWork, Work, Worksheets
from core.runs.worksheets.form import RUNS
from pages._ui.classroom.now import there_is_a_store
from pages._ui.guidance.steps import STEPS
from pages._ui.visitor import visitor, visitors_id

_AT = "worksheet_at"  # the part that the page which is drawn is at


@dataclass(frozen=True, kw_only=True)
class _At:
    sheet: str
    number: int
    waits_for: str
    ticked: bool


def current() -> Given | None:
    """Return the worksheet that the visitor does, None where there is none."""
    with suppress(LabError):  # is said where the store is used
        if there_is_a_store():
            return Worksheets(open_store()).now(visitors_id())
    return None


def work_of_mine(given: Given, *, bytes_of: Sequence[int] = ()) -> Work | None:
    """Return what the visitor has written into a worksheet, with the bytes of the pictures of these parts; None where
    they have not begun it."""
    return StudentsWork(open_store()).of(given.id, by=visitor(), bytes_of=bytes_of)


def done_parts(given: Given, work: Work) -> frozenset[int]:
    """Return the numbers of the parts that are done, from 1."""
    return given.sheet.done_parts(work.answers, work.ticked)


def done_when(given: Given, number: int, work: Work) -> str:
    """Return what part ``number`` still waits for, as a sentence; "" where it is done or waits for what never comes."""
    tick, answer = given.sheet.waits_for(number, work.answers, work.ticked)
    step = given.sheet.parts[number - 1].step
    if tick and step and step not in STEPS:  # one that this version of the lab does not have
        return ""
    waits = [STEPS[step].act if step else "you have been there"] if tick else []
    if answer:
        waits.append("every question is answered")
    return f"Done when {' and '.join(waits)}." if waits else ""


def part_name(number: int) -> str:
    """Return what a part is called in the address of its page."""
    return f"p{number}"


def where(given: Given, number: int) -> dict[str, str]:
    """Return the parameters of the address at which a part stands on its page."""
    view = given.sheet.parts[number - 1].view
    return {**(_with_runs(given, view) if RUNS in "".join(view.values()) else view), "step": part_name(number)}


def _with_runs(given: Given, view: Mapping[str, str]) -> dict[str, str]:
    """The parameters with the visitor's latest runs that have a network, two at most, the older one first.

    Without two such runs, those parameters are left out: the page shows what it shows at first.
    """
    work = work_of_mine(given)
    runs = open_store().list(
        visitors_id(), trained=True, which=lambda run: work is not None and run.id in work.runs, at_most=2
    )
    both = ",".join(run.id for run in reversed(runs))
    return {name: value.replace(RUNS, both) for name, value in view.items() if len(runs) == 2 or RUNS not in value}


def page_is_at(given: Given, number: int, work: Work) -> None:
    """Note which part the page that is being drawn is at, for `happened`; a part that asks for nothing is ticked."""
    part = given.sheet.parts[number - 1]
    st.session_state[_AT] = _At(
        sheet=given.id, number=number, waits_for=part.step if given.open else "", ticked=number in work.ticked
    )
    if given.open and not part.step and not part.questions:
        happened("")


def page_is_at_none() -> None:
    """Note that the page that is being drawn is at no part."""
    st.session_state.pop(_AT, None)


def happened(step: str) -> bool:
    """Tick the part that the page is at, where it waits for ``step``; whether it was not ticked before."""
    at: _At | None = st.session_state.get(_AT)
    if at is None or at.ticked or at.waits_for != step:
        return False
    try:
        StudentsWork(open_store()).tick(at.sheet, at.number, by=visitor())
    except LabError:  # closed or deleted meanwhile: the line says so when the page is next drawn
        return False
    st.session_state[_AT] = _At(sheet=at.sheet, number=at.number, waits_for=at.waits_for, ticked=True)
    return True
