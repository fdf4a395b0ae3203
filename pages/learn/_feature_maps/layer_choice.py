"""Which layer is looked at: a convolution by its number, what follows it, and the scale of the colours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.explain.drawing.mosaic import full_colour, is_signed
from core.explain.inside.feature_maps import feature_maps, layers
from core.explain.inside.layers import Layer
from core.explain.inside.stages import Stage, first_to_show, stages
from core.models.received import Received
from core.photos.door import Photo
from pages._ui.frame import choice, plain
from pages.learn._feature_maps.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

CHOSEN = "maps_chosen"
_PART = "maps_part"
_SCALES = {"map": "Each map", "layer": "Layer", "network": "Network"}


@dataclass(frozen=True, kw_only=True)
class LayerView:
    """A layer and the maps (K, H, W) that it makes of the photo.

    ``scale`` says whose numbers the colours follow (a key of `_SCALES`); ``limit`` is the value with the full colour,
    None where each map has its own.
    """

    layer: Layer
    maps: "Tensor"
    scale: str
    limit: float | None
    chosen: int

    @property
    def signed(self) -> bool:
        """Whether the maps hold negative numbers."""
        return is_signed(self.maps)


def layers_of(network: Network) -> tuple[Layer, ...]:
    """Return the layers of a network that have maps."""
    return _layers(network.identity, network)


@st.cache_resource(max_entries=16, show_spinner=False)
def _layers(identity: str, _network: Network) -> tuple[Layer, ...]:
    return layers(_network.model, channels=_network.format.channels, image_size=_network.format.size)


@st.cache_resource(max_entries=8, show_spinner=False)
def _all_maps(
    identity: str, sha256: str, notes: tuple[str, ...], _network: Network, _given: Received
) -> "dict[str, Tensor]":
    """Return every layer's maps (1, K, H, W): one pass for the whole page. ``notes`` tell what was made of a photo."""
    return feature_maps(_network.model, _given.batch)


def choose_layer(network: Network, photo: Photo, given: Received) -> LayerView | None:
    """Offer the layers that have maps and how to colour them; None where the network has none."""
    found = stages(layers_of(network))
    if not found:
        return None
    stage = _choose_stage(found, key=f"maps_stage_{network.identity}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        layer = _choose_part(stage)
        scale = st.segmented_control(
            "Colour scale for",
            list(_SCALES),
            format_func=lambda scale: choice(_SCALES[scale]),
            default="layer",
            required=True,
            key="maps_scale",
            help="Each map by itself shows patterns, and noise as strongly; one scale for all shows which filters "
            "answer strongly. The full colour stands at the 99th percentile of what is not 0.",
            persist_state="session",
        )
    st.caption(f"In the code: {plain(layer.title)}")
    maps = _all_maps(network.identity, photo.sha256, given.notes, network, given)
    own = maps[layer.name][0]
    limit = None if scale == "map" else full_colour([own] if scale == "layer" else maps.values())
    chosen = min(int(st.session_state.get(CHOSEN, 0)), len(own) - 1)
    return LayerView(layer=layer, maps=own, scale=str(scale), limit=limit, chosen=chosen)


def _choose_stage(found: tuple[Stage, ...], *, key: str) -> Stage:
    place = st.session_state.get(key, first_to_show(found))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _step("Previous", "arrow_back", key, place - 1, there=place > 0)
        place = st.selectbox(
            "Layer",
            range(len(found)),
            index=place,
            format_func=lambda place: found[place].title,
            key=key,
            help="In the order in which the picture passes them. Deeper layers usually have more and smaller maps.",
            persist_state="session",
            width=260,
        )
        _step("Next", "arrow_forward", key, place + 1, there=place + 1 < len(found))
    return found[place]


def _step(label: str, icon: str, key: str, to: int, *, there: bool) -> None:
    st.button(
        label,
        key=f"maps_{label}",
        icon=f":material/{icon}:",
        disabled=not there,
        on_click=st.session_state.__setitem__,
        args=(key, to),
    )


def _choose_part(stage: Stage) -> Layer:
    parts = list(stage.parts)
    if len(parts) > 1:
        before = st.session_state.get(_PART)
        st.session_state[_PART] = before if before in parts else parts[0]  # the next layer's ReLU after this one's
        st.segmented_control(
            "Maps after",
            parts,
            format_func=choice,
            required=True,
            key=_PART,
            help="What a convolution makes passes these before the next one.",
            persist_state="session",
        )
        return stage.parts[st.session_state[_PART]]
    return stage.parts[parts[0]]
