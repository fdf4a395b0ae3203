"""Teach · Projector: a race of the class's runs, or an experiment, large and without the menu; the code to join."""

import streamlit as st

from pages._ui.frame import PAGES, header
from pages.teach._projector.experiment import choose_what_is_shown, experiment_on_the_wall, experiment_stage
from pages.teach._projector.stage import alone, stage

experiment = experiment_on_the_wall()
question = "Which network recognises most of the images that it has not learned from?"
if experiment is not None:
    question = "One thing is varied, everything else is alike: what does it change?"
header("The class, live", question, icon="cast")
alone()
if experiment is None:
    stage()
else:
    experiment_stage(experiment)
choose_what_is_shown(experiment)
st.page_link(PAGES[""], label="Back to the lab", icon=":material/arrow_back:")
