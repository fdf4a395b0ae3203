"""Start: a first result within seconds, the ten-minute lesson, the glossary, the guide.

On a server that has just been started, all but what is ready is there before PyTorch is.
"""

import streamlit as st

from pages._ui.choose.photo import choose_photo
from pages._ui.frame import header, section
from pages._ui.startup import wait_for_torch
from pages.home._start.first_result import first_result
from pages.home._start.sections import GLOSSARY, asked_for, glossary, guide_links, lesson

header(
    "CNN Lab",
    "See how a convolutional network sees: slide a kernel over your own photo, open a network's layers, train "
    "one, and find "
    "out honestly how good it is.",
    icon="grid_on",
)
asked_for()
first_result(choose_photo())

section(
    "A lesson in ten minutes", "Each step stands on the page where it is done, and ticks itself when you have done it."
)
lesson()

section("What is ready on this machine")
ready = st.container()

fold = st.expander("Glossary", icon=":material/dictionary:", key=GLOSSARY, on_change="rerun")
if fold.open:
    with fold:
        glossary()

section("Guide", "For teachers, and for whoever wants to know how the lab was measured.")
guide_links()

with ready:
    wait_for_torch(after=1.0)
    from pages.home._start.results import what_is_ready

    what_is_ready()
