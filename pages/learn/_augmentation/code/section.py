"""The chain as code and as JSON: what to write in a notebook, and a program that makes the very images shown."""

import io

import streamlit as st
from PIL import Image

from core.data import datasets
from core.errors import LabError
from core.explain.augmentation.draws import Asked, Draws
from core.export.draws_code import program
from core.transforms import chain_code
from pages._ui import state
from pages._ui.draw import pictures
from pages._ui.frame import choice, plain, think, try_this
from pages._ui.glossary import term
from pages.learn._augmentation.chain.draws_section import COUNT, draws_of_session
from pages.learn._augmentation.chain.editor import set_chain
from pages.learn._augmentation.chain.format import SEEDS, choose_format, say_the_chain, seed_of_session
from pages.learn._augmentation.keys import DATASET

_JSON, _JSON_PROBLEM = "chain_json_text", "chain_json_problem"
_KINDS = {"notebook": "For a notebook", "draws": "These very images"}
BEFORE = "before.png"


def code_section(photo: Image.Image) -> None:
    """Show the chain as torchvision code, as a program without the lab, and as JSON; take JSON back."""
    st.markdown(
        "The same chain outside the lab: as torchvision writes it, or as a program that draws these very images from "
        "their seed. The JSON takes chain, data set and seed to a classmate.",
        help=term("seed"),
    )
    dataset, format = choose_format()
    steps = say_the_chain()
    draws = draws_of_session(photo, steps, format)
    kind = st.segmented_control(
        "Code",
        list(_KINDS),
        format_func=lambda kind: choice(_KINDS[kind]),
        default="notebook",
        required=True,
        key="chain_code_kind",
        persist_state="session",
    )
    if kind == "draws":
        source = program(
            steps,
            size=format.size,
            channels=format.channels,
            mean=format.mean,
            std=format.std,
            count=COUNT,
            seed=seed_of_session(),
            picture=BEFORE,
        )
        _these_images(draws, source)
    else:
        source = chain_code(steps, size=format.size, channels=format.channels, mean=format.mean, std=format.std)
        st.markdown("`v2.Compose` applies its parts from top to bottom. It takes random numbers of its own.")
    st.code(source, language="python", height=420)
    _json(Asked(steps=steps, dataset=dataset, seed=seed_of_session(), draws=COUNT))
    try_this(f"Save “These very images” beside {BEFORE}, run it, and compare its pictures with the draws.")
    think(
        "Why does the code for a notebook draw other images from the same seed?",
        "A seed fixes the row of random numbers, not what is done with them. torchvision draws image by image and one "
        "step after the other, the lab for a whole batch at once: the chances are the same, the numbers are not.",
    )


def _these_images(draws: Draws, source: str) -> None:
    pictures.show(
        pictures.contact_sheet([draws.picture(index) for index in range(COUNT)], columns=COUNT, tile=96),
        alt=f"The {COUNT} draws that this program saves",
        caption=f"It saves these as draw-1.png to draw-{COUNT}.png. It needs torch and Pillow, and nothing of the lab.",
        at_least=600,
        photo=True,
    )
    picture = io.BytesIO()
    Image.fromarray(draws.picture()).save(picture, "PNG")
    with st.container(horizontal=True):
        st.download_button(
            "Program", source, "draws.py", "text/x-python", icon=":material/download:", on_click="ignore"
        )
        st.download_button(
            f"The image before ({BEFORE})",
            picture.getvalue(),
            BEFORE,
            "image/png",
            icon=":material/image:",
            on_click="ignore",
        )


def _json(asked: Asked) -> None:
    text = asked.to_json()
    with st.expander("The chain as JSON", icon=":material/data_object:"):
        st.code(text, language="json", height=220)
        st.download_button(
            "Download", text, "augmentation.json", "application/json", icon=":material/download:", on_click="ignore"
        )
        st.text_area("Paste a chain", key=_JSON, help="JSON as shown above, from a classmate or from another day.")
        st.button("Use it", key="chain_json_use", icon=":material/input:", on_click=_take_json)
        if said := st.session_state.get(_JSON_PROBLEM):
            st.error(plain(said), icon=":material/error:")


def _take_json() -> None:
    st.session_state.pop(_JSON_PROBLEM, None)
    try:
        asked = Asked.from_json(st.session_state.get(_JSON, ""))
        if asked.seed is not None:
            st.session_state[state.CHAIN_SEED] = str(SEEDS.check(asked.seed))
        if asked.dataset:
            datasets[asked.dataset]  # raises ConfigError where this lab has none of that name
            st.session_state[DATASET] = asked.dataset
        set_chain(asked.steps)
    except LabError as error:
        st.session_state[_JSON_PROBLEM] = str(error)
