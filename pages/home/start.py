"""Start: a first result within seconds, the ten-minute lesson, the glossary."""

import streamlit as st

from pages._ui import cached
from pages._ui.frame import header, section
from pages._ui.photo import choose_photo
from pages._ui.start_sections import first_result, glossary, lesson, what_is_ready

header(
    "CNN Lab",
    "See how a convolutional network sees: slide a kernel over your own photo, open a network's layers, train "
    "one, and find "
    "out honestly how good it is.",
    icon="grid_on",
)
photo = choose_photo()
cached.warm_up()
first_result(photo)

section("A lesson in ten minutes", "Eight steps, one after the other; each opens its page and has one thing to try.")
lesson()

section("What is ready on this machine")
what_is_ready()

with st.expander("Glossary", icon=":material/dictionary:"):
    glossary()
