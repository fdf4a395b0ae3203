"""The chain of this session: its layers, the images that it is for, and what each layer makes of them."""

import streamlit as st

from core.data import availability, datasets
from core.errors import ConfigError
from core.models import models
from core.models.sequential.layers import Layer, read, write
from core.models.sequential.sizes import Sizes, follow
from core.models.sequential.starts import LENET
from core.registry import Setting
from pages._ui.choose.setting_widgets import whole_number

DATASET, SIZE = "arch_own_dataset", "arch_own_size"
IMAGE_SIZE = Setting(
    name="The side", title="Image side", default=32, low=8, high=224, unit="px", help="Images are decoded to this side."
)
_LINE, _REVISION, _BEFORE = "arch_own_layers", "arch_own_revision", "arch_own_before"


def line() -> str:
    """Return the chain in one line of text."""
    return str(st.session_state.get(_LINE, LENET))


def layers() -> tuple[Layer, ...]:
    """Return the layers; there may be none."""
    return read(line())


def put(chain: tuple[Layer, ...], *, from_the_list: bool = False) -> None:
    """Take another chain; the list on the page is told, unless it comes from there. The same one changes nothing."""
    if write(chain) == line():
        return
    st.session_state.pop(_BEFORE, None)
    st.session_state[_LINE] = write(chain)
    if not from_the_list:
        st.session_state[_REVISION] = revision() + 1


def begin_with(chain: tuple[Layer, ...]) -> None:
    """Take another chain; `undo` brings the one before back until the next change."""
    before = line()
    put(chain)
    if line() != before:
        st.session_state[_BEFORE] = before


def can_undo() -> bool:
    """Return whether a chain has just been replaced."""
    return _BEFORE in st.session_state


def undo() -> None:
    """Bring back the chain that was replaced."""
    put(read(st.session_state[_BEFORE]))


def revision() -> int:
    """Return how often the chain was replaced from elsewhere than the list."""
    return int(st.session_state.get(_REVISION, 0))


def first_dataset() -> str:
    """Return the data set that a chain begins with: CIFAR-10 where it is here, else one of the same size that is."""
    return "shapes" if availability("cifar10") == "hub" else "cifar10"


def dataset() -> str:
    """Return the data set that the chain is for."""
    chosen = st.session_state.get(DATASET)
    return chosen if chosen in datasets else first_dataset()


def image_size() -> int | None:
    """Return the side of an image in pixels; None where something else stands in the field."""
    try:
        return int(IMAGE_SIZE.check(whole_number(str(st.session_state.get(SIZE, datasets[dataset()].size)), of="size")))
    except ConfigError:
        return None


def sizes() -> Sizes | None:
    """Return what each layer makes of an image; None where the image has no side."""
    side, spec = image_size(), datasets[dataset()]
    if side is None:
        return None
    channels = models["sequential"].channels(spec.channels)
    return follow(layers(), channels=channels, image_size=side, classes=len(spec.classes))
