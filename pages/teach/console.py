"""Teach · Class: who is here, whose run stands still, and what everybody is held to; for whoever has the key."""

import streamlit as st

from core.rights import operators_key
from pages._ui.classroom.key import ask_for_key, say_problem
from pages._ui.classroom.rules import teaches
from pages._ui.frame import header, section
from pages.teach._console.joining import joining
from pages.teach._console.next_class import next_class
from pages.teach._console.overview import overview
from pages.teach._console.rules_form import rules_form
from pages.teach._console.worksheets.section import worksheets

header("Class", "Who is here, whose run stands still, and what everybody is held to.", icon="co_present")
say_problem()
if operators_key() is None:
    st.info(
        "This page is for whoever runs the lab. Start it with a key of at least 12 characters in the environment "
        "variable `CNN_LAB_KEY`, and enter that key here (Guide, “In a classroom”).",
        icon=":material/key:",
    )
elif not teaches():
    ask_for_key()
else:
    joining()
    section("How they get on", "Who is stuck comes first.")
    overview()
    section("Worksheets", "Parts and questions in a link; what students write is handed in here.")
    worksheets()
    section("What everybody is held to", "It holds at once, for all but you.")
    rules_form()
    section("The next class")
    next_class()
