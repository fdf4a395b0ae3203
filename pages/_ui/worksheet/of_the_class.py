"""What a class has to do: whoever is in it finds the open worksheets, those that were handed out later as well."""

from contextlib import suppress

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.classroom import Classroom
from core.runs.worksheets import Worksheets
from pages._ui import state
from pages._ui.classroom.now import the_class
from pages._ui.frame import PAGES, plain
from pages._ui.visitor import visitors_id


def offer_those_of_the_class() -> None:
    """Link to every open worksheet, for somebody who is in the class that goes on; draw nothing for anybody else."""
    with suppress(LabError):  # is said where the store is used
        if not the_class().on or not Classroom(open_store()).is_member(visitors_id()):
            return
        for given in Worksheets(open_store()).all(only_open=True):
            st.page_link(
                PAGES["worksheet"],
                label=f"Worksheet: {plain(given.sheet.title)}",
                icon=":material/assignment:",
                query_params={state.WORKSHEET: given.id},
            )
