"""The entrypoint: the list of pages and the frame around them, nothing else.

``streamlit run streamlit_app.py`` imports this file once for ``app``, and runs it again for every visitor's click.
"""

from pathlib import Path

import streamlit as st

from pages._ui import address
from pages._ui.classroom.rules import closed_pages, say_closed, teaches
from pages._ui.frame import described, in_words
from pages._ui.glossary import words_of_the_page
from pages._ui.guidance import progress
from pages._ui.server.arrivals import offer_none
from pages._ui.server.sessions import note_session, note_visit
from pages._ui.startup import MIDDLEWARE, exempt_modules_from_collection, keep_queue_served, lifespan, wait_for_torch
from pages._ui.visitor import visitors_id
from pages._ui.worksheet.now import current

UI = Path(__file__).parent / "pages" / "_ui"

if __name__ != "__main__":
    app = st.App(__file__, lifespan=lifespan, middleware=MIDDLEWARE)


def page(path: str, title: str, icon: str, tip: str, *, in_menu: bool = True) -> st.Page:
    """Describe one page; the start page has the empty path."""
    return described(path, title, icon, tip, hidden=not in_menu or path in closed)


if __name__ == "__main__":
    note_session()
    offer_none()
    st.set_page_config(page_title="CNN Lab", page_icon=UI / "icon.png", layout="wide")
    st.logo(UI / "logo.svg", size="large")
    address.forget_owners()
    closed = closed_pages()
    chosen = st.navigation(
        {
            "Start": [
                page("", "Start", "home", "First result, the ten-minute lesson, the glossary."),
                page("guide", "Guide", "menu_book", "For teachers; how things were measured, are set and called."),
                page(
                    "worksheet",
                    "Your worksheet",
                    "assignment",
                    "What your teacher asks, and what you have written.",
                    in_menu=current() is not None,
                ),
            ],
            "Learn": [
                page("convolution", "Convolution", "grid_on", "Slide a kernel over your own photo."),
                page("feature-maps", "Feature maps", "layers", "Look into any layer of a trained network."),
                page("architecture", "Architecture", "account_tree", "Layers, sizes, parameters, and why 16·5·5."),
                page("augmentation", "Augmentation", "auto_awesome_motion", "Change training images on the fly."),
            ],
            "Train": [
                page("pictures", "Your pictures", "photo_library", "What the class photographs, from thirty phones."),
                page("join", "Add pictures", "add_a_photo", "For phones, by a code.", in_menu=False),
                page("training", "Training", "model_training", "Train a network and watch it learn."),
            ],
            "Judge": [page("compare", "Compare", "balance", "Which network is better on unseen images?")],
            "Use": [page("classify", "Classify", "image_search", "Ask a network what is on your photo.")],
            "Teach": [
                page("console", "Class", "co_present", "Who is here, and how they get on.", in_menu=teaches()),
                page("projector", "Projector", "cast", "The class's runs, large.", in_menu=teaches()),
            ],
        }
    )
    address.arrive(chosen.url_path)
    note_visit(visitors_id(), chosen.url_path)
    if chosen.url_path not in (
        "",
        "guide",
        "worksheet",
        "pictures",
        "join",
        "console",
        "projector",
    ):  # which show what they can without
        wait_for_torch()
    with in_words():
        if chosen.url_path in closed:
            say_closed(chosen.title)
        else:
            chosen.run()
        words_of_the_page()
    address.settle()
    keep_queue_served()
    exempt_modules_from_collection()
    progress.settle()
