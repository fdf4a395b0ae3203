"""The views of the Feature maps page: one is drawn, the one that the address names."""

import streamlit as st

from core.models.received import Received
from core.photos.door import Photo
from pages._ui import address
from pages._ui.frame import plain, think, try_this
from pages._ui.glossary import term
from pages.learn._feature_maps import in_address
from pages.learn._feature_maps.epochs.section import epochs_section
from pages.learn._feature_maps.exciting.section import exciting_section
from pages.learn._feature_maps.in_address import VIEW
from pages.learn._feature_maps.layer_choice import LayerView
from pages.learn._feature_maps.networks import Network
from pages.learn._feature_maps.place.section import place_section
from pages.learn._feature_maps.sections import kernel_section, mosaic_section, numbers_section, one_map_section
from pages.learn._feature_maps.surgery.section import surgery_section

_TABS = "maps_tabs"
_VIEWS = {
    "maps": "All maps",
    "place": "One place",
    "kernel": "Kernel and numbers",
    "off": "Filters off",
    "nine": "What it looks for",
    "epochs": "Over the epochs",
}


def show_view(network: Network, photo: Photo, given: Received, view: LayerView) -> None:
    """Offer the views and draw the chosen one."""
    wanted = address.read(VIEW)
    if wanted is not None and wanted not in _VIEWS:
        in_address.refused(VIEW, f"There is no view '{plain(wanted[:40])}' here. All maps are shown.")
    st.session_state[_TABS] = _VIEWS.get(wanted or "maps", _VIEWS["maps"])
    tabs = st.tabs(list(_VIEWS.values()), key=_TABS, on_change=_choose)
    for (name, title), tab in zip(_VIEWS.items(), tabs, strict=True):
        if title == st.session_state[_TABS]:
            with tab:
                _draw(name, network, photo, given, view)


def _choose() -> None:
    names = {title: name for name, title in _VIEWS.items()}
    address.write(VIEW, names.get(st.session_state[_TABS]))


def _draw(name: str, network: Network, photo: Photo, given: Received, view: LayerView) -> None:
    if name == "maps":
        _maps(view)
    elif name == "place":
        place_section(network, photo, given, view)
    elif name == "off":
        surgery_section(network, photo, given, view)
    elif name == "nine":
        exciting_section(network, view)
    elif name == "epochs":
        epochs_section(network, view)
    else:
        _kernel(network, view)


def _maps(view: LayerView) -> None:
    st.markdown("Each tile is a map, made by one filter; the chosen one is enlarged.", help=term("feature map"))
    maps, one = st.columns([3, 2], gap="medium")
    with maps:
        mosaic_section(view)
    with one:
        one_map_section(view)
    try_this("Find a map that follows outlines, then one that fills areas.")
    think(
        "Why are deeper maps smaller and more numerous?",
        "Strides and pools keep one place in four, so that what is left sees more of the picture. More filters make up "
        "for it: what is lost of *where* is kept as *what*.",
    )


def _kernel(network: Network, view: LayerView) -> None:
    st.markdown(
        "The learned weights behind the chosen map, and the numbers of all maps of the layer.", help=term("kernel")
    )
    kernel_section(network, view)
    numbers_section(view)
    try_this("Sort the table by spread: which filter hardly answers to this picture? Change the photo and look again.")
    think(
        "What would a kernel do whose weights add up to 0?",
        "On a flat area every number is the same, so the sum is 0 times that number: it answers to change only. That "
        "is what an edge detector is.",
    )
