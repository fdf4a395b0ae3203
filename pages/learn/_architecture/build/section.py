"""Build your own: a chain of layers for the images of a data set, to look at, to train, and to take away as code."""

import streamlit as st

from core.data import datasets
from core.errors import ConfigError
from core.models.sequential.code import module_code
from core.models.sequential.layers import read
from core.models.sequential.sizes import Sizes
from core.models.sequential.starts import starts
from pages._ui import state
from pages._ui.choose.datasets import choose_dataset
from pages._ui.choose.setting_widgets import setting_widget
from pages._ui.frame import PAGES, plain, think, try_this
from pages._ui.glossary import term
from pages.learn._architecture.build import chain
from pages.learn._architecture.build.chain_list import chain_list
from pages.learn._architecture.chosen import ones_own
from pages.learn._architecture.sections import diagram_section, figures_section

_RECIPE = "modern"


def build_section() -> None:
    """Show the chain as a list to edit, its figures, its drawing, and the ways out."""
    st.markdown(
        "Put layers one after the other. What comes out of each stands beside it; what does not fit says why.",
        help=f"{term('parameters')} {term('multiply-adds')} {term('receptive field')}",
    )
    _images()
    sizes = chain.sizes()
    if sizes is None:
        return
    classes = len(datasets[chain.dataset()].classes)
    _begin_with()
    chain_list(sizes, classes=classes)
    _complete(sizes)
    _ways_out(sizes, classes)
    drawn = ones_own()
    if drawn is not None:
        figures_section(drawn)
        diagram_section(drawn)
    try_this(
        "Take out the second pool of the LeNet-style chain: which layer grows? Then add pools until one no longer fits."
    )
    think(
        "Why does nearly every chain end in Flatten and a dense layer?",
        "Each class needs one score for the whole image, and a map has one number for each place. Flatten lays them in "
        "a row and a dense layer weighs them all. A convolution that leaves maps of 1×1, one for each class, does the "
        "same: choose “Stride 2 throughout” and see.",
    )


def _images() -> None:
    left, right = st.columns([2, 1])
    with left:
        choose_dataset(
            key=chain.DATASET,
            label="For the images of",
            default=chain.first_dataset(),
            on_change=_own_size,
        )
    with right:
        try:
            setting_widget(chain.IMAGE_SIZE, datasets[chain.dataset()].size, key=chain.SIZE)
        except ConfigError as error:
            st.caption(f":red[{plain(str(error))}]")


def _own_size() -> None:
    """Another data set's images begin at their own side."""
    st.session_state[chain.SIZE] = str(datasets[chain.dataset()].size)


def _begin_with() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Begin with", width="content")
        for name, line in starts(chain.image_size() or chain.IMAGE_SIZE.default).items():
            st.button(name, key=f"arch_begin_{name}", on_click=chain.begin_with, args=(read(line),), type="tertiary")
        if chain.can_undo():
            st.button("Undo", key="arch_undo", icon=":material/undo:", on_click=chain.undo, type="tertiary")


def _complete(sizes: Sizes) -> None:
    """Offer to add what is missing at the end."""
    if sizes.rest:
        names = " and ".join(layer.title for layer in sizes.rest)
        st.button(
            f"Add {names}",
            key="arch_add_rest",
            icon=":material/playlist_add:",
            on_click=chain.put,
            args=((*chain.layers(), *sizes.rest),),
        )


def _ways_out(sizes: Sizes, classes: int) -> None:
    """Offer the training of this network, and its code."""
    spec, fits = datasets[chain.dataset()], not sizes.problem
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train it", type="primary", icon=":material/model_training:", disabled=not fits, key="arch_train"):
            _train()
        if not fits:
            st.caption("As soon as every layer fits, it can be trained.")
            return
        code = module_code(
            chain.layers(), channels=spec.channels, image_size=chain.image_size() or spec.size, classes=classes
        )
        st.download_button(
            "Download network.py",
            code,
            file_name="network.py",
            mime="text/x-python",
            icon=":material/download:",
            on_click="ignore",
            key="arch_download",
        )
    with st.expander("Code: the same network without the lab", icon=":material/code:"):
        st.code(code, language="python")
        st.caption(
            "The names of its weights are those of a checkpoint of this lab: `load_state_dict(load_file(…))` with "
            "`safetensors.torch.load_file` and the file `model.safetensors` fills it."
        )


def _train() -> None:
    """Open the Training page with this chain for these images."""
    size = chain.image_size()
    state.propose_training(chain.dataset(), "sequential", _RECIPE)
    form = state.training_form(chain.dataset(), "sequential", _RECIPE)
    st.session_state[f"{form}.network.layers"] = chain.line()
    st.session_state[f"{form}.image_size"] = str(size)
    st.switch_page(PAGES["training"])
