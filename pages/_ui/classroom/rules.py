"""What the teacher has pinned, closed or taken off, for whoever looks at a page. The teacher has everything."""

import streamlit as st

from core.config import TrainingConfig
from core.errors import LabError
from core.rights import operators_key
from core.runs import open_store
from core.runs.classroom import Classroom, Rules
from pages._ui.classroom.now import the_class, there_is_a_store
from pages._ui.frame import PAGES, empty_state
from pages._ui.visitor import visitor, visitors_id
from pages._ui.worksheet.now import current

TAKEN_OFF = "Your teacher has taken this off for now."
_NEVER_CLOSED = ("", "join", "worksheet", "console", "projector")


def teaches() -> bool:
    """Whether the visitor has entered the key of this lab."""
    return operators_key() is not None and visitor().runs_the_lab


def rules() -> Rules:
    """Return what the visitor is held to, by the class and by the worksheet that they do."""
    if not there_is_a_store() or teaches():
        return Rules()
    return Classroom(open_store()).rules_of(visitors_id())


def hides(control: str) -> bool:
    """Whether a control (of `CONTROLS`) is not there for the visitor."""
    return control in rules().controls


def can_be_closed() -> list[str]:
    """Return the addresses of the pages that a teacher can close."""
    return [page for page in PAGES if page not in _NEVER_CLOSED]


def closed_pages() -> set[str]:
    """Return the addresses of the pages that are closed for the visitor."""
    closed, sheet = set(rules().pages), current()
    if sheet is not None and sheet.open and sheet.sheet.only_its_pages and not teaches():
        closed |= set(can_be_closed()).difference(part.page for part in sheet.sheet.parts)
    return closed.intersection(can_be_closed())


def say_closed(title: str) -> None:
    """Say in place of a page that it is closed."""
    st.title(title, anchor=False)
    empty_state("Your teacher has closed this page for now.", page="", label="To the start page")


def has_to_join() -> bool:
    """Whether a class goes on that the visitor could join, and has to before they train."""
    state = the_class()
    if not state.on or state.code is None or not state.rules.members_only or teaches():
        return False
    return not Classroom(open_store()).is_member(visitors_id())


def class_refuses(config: TrainingConfig) -> str | None:
    """Why the class does not let the visitor train so; None where it does."""
    if the_class().on:
        try:
            Classroom(open_store()).check(visitors_id(), config)
        except LabError as error:
            return str(error)
    return None
