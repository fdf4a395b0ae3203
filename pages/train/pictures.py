"""Train · Your pictures: what the class photographs, class by class, and who will judge what is learned from it."""

import streamlit as st

from core.data import DatasetSpec
from core.errors import LabError
from pages._ui.frame import header, problem
from pages._ui.visitor import visitor
from pages.train._pictures.acting import say_problem
from pages.train._pictures.adding import adding
from pages.train._pictures.built_in import built_in
from pages.train._pictures.classes import choose_class
from pages.train._pictures.for_good import put_aside
from pages.train._pictures.joining import follow
from pages.train._pictures.judging import who_judges, worth_a_look
from pages.train._pictures.overview import overview
from pages.train._pictures.sets import choose_set, sets_are_readable
from pages.train._pictures.wall import wall

header(
    "Your pictures",
    "Photograph what a network is to tell apart, and see on whose photos it will be judged.",
    icon="photo_library",
)
say_problem()
own = choose_set() if sets_are_readable() else None
if own is None:
    st.stop()
if isinstance(own, DatasetSpec):
    built_in(own)
    st.stop()
mine = visitor().may_change(own.owner)
if not mine:
    st.caption("Somebody else’s set: look, and train with it; only the browser that made it can change it.")

shown = choose_class(own, mine=mine)
if mine:
    # What was open stays so while pictures come: a camera in it would be shut.
    opened = st.session_state.setdefault(f"adding_{own.id}", not own.pictures or own.code is not None)
    with st.expander("Add pictures", icon=":material/add_a_photo:", expanded=opened):
        adding(own, shown)
if shown is not None:
    wall(own, shown, mine=mine)
if mine:
    put_aside(own)
if own.code is not None:
    follow(own.id, own.revision)
if not own.pictures:
    st.stop()
try:
    known = overview(own)
except LabError as error:
    problem(error)
    st.stop()
worth_a_look(own, known)
who_judges(own, known)
