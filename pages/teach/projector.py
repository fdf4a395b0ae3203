"""Teach · Projector: the class's runs as a live race, large, without the menu; the code to join, for the teacher."""

import streamlit as st

from pages._ui.frame import PAGES, header
from pages.teach._projector.stage import alone, stage

header("The class, live", "Which network recognises most of the images that it has not learned from?", icon="cast")
alone()
stage()
st.page_link(PAGES[""], label="Back to the lab", icon=":material/arrow_back:")
