"""Which layer and which of its maps are looked at: a convolution by its number, what follows it, and the colours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ConfigError
from core.explain.drawing.mosaic import full_colour, is_signed
from core.explain.inside.feature_maps import feature_maps, layers
from core.explain.inside.layers import Layer
from core.explain.inside.stages import Stage, first_to_show, stages
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import address
from pages._ui.choose.setting_widgets import whole_number
from pages._ui.choose.shown import from_address
from pages._ui.frame import choice, plain
from pages._ui.guidance import progress
from pages._ui.guidance.predict import Question, predict_first
from pages.learn._feature_maps import in_address
from pages.learn._feature_maps.in_address import LAYER, MAP, OFF, PLACE, SCALE
from pages.learn._feature_maps.networks import Network
from pages.learn._feature_maps.predictions import layer_question

if TYPE_CHECKING:
    from torch import Tensor

_PART, _NUMBER, _REFUSED, _SCALE = "maps_part", "maps_number", "maps_refused", "maps_scale"
_MANY, _VERY_MANY = 50_000, 100_000  # numbers in all maps of a layer
_SCALES = {"map": "Each map", "layer": "Layer", "network": "Network"}


@dataclass(frozen=True, kw_only=True)
class LayerView:
    """A layer and the maps (K, H, W) that it makes of the photo.

    ``stage`` is the convolution it belongs to. ``scale`` says whose numbers the colours follow (a key of `_SCALES`);
    ``limit`` is the value with the full colour, None where each map has its own.
    """

    layer: Layer
    stage: Stage
    maps: "Tensor"
    scale: str
    limit: float | None
    chosen: int

    @property
    def signed(self) -> bool:
        """Whether the maps hold negative numbers."""
        return is_signed(self.maps)

    @property
    def steps(self) -> int | None:
        """In how many steps of colour a sheet of all maps is drawn, so that not more than 150 KiB are sent."""
        if self.maps.numel() > _VERY_MANY:
            return 16
        return 24 if self.maps.numel() > _MANY else None

    @property
    def convolution(self) -> Layer | None:
        """The convolution of the stage, None before the first one."""
        first = next(iter(self.stage.parts.values()))
        return first if first.has_kernels else None


def layers_of(network: Network) -> tuple[Layer, ...]:
    """Return the layers of a network that have maps."""
    return _layers(network.identity, network)


@st.cache_resource(max_entries=16, show_spinner=False)
def _layers(identity: str, _network: Network) -> tuple[Layer, ...]:
    return layers(_network.model, channels=_network.format.channels, image_size=_network.format.size)


@st.cache_resource(max_entries=24, show_spinner=False)  # up to 5 MB each; all layers of one network are up to 27 MB
def _maps(
    identity: str, sha256: str, notes: tuple[str, ...], names: tuple[str, ...], _network: Network, _given: Received
) -> "dict[str, Tensor]":
    """Return the maps (1, K, H, W) of a stage's layers. ``notes`` tell what was made of a photo."""
    return feature_maps(_network.model, _given.batch, names)


@st.cache_data(max_entries=64, show_spinner=False)
def _networks_full_colour(
    identity: str, sha256: str, notes: tuple[str, ...], _network: Network, _given: Received
) -> float:
    """Return the value that has the full colour where all layers of the network share a scale."""
    return full_colour(feature_maps(_network.model, _given.batch).values())


def choose_layer(network: Network, photo: Photo, given: Received, *, questions: DeltaGenerator) -> LayerView | None:
    """Offer the layers that have maps, their maps and how to colour them; None where the network has none.

    What can be predicted of the next layer is asked in ``questions``.
    """
    found = stages(layers_of(network))
    if not found:
        return None
    place, part = _shown(found)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        stage = _choose_stage(found, place, part, key=f"maps_stage_{network.identity}")
        settings = st.popover("Settings", icon=":material/tune:", width="content")
        layer = _choose_part(stage, part)
        with settings:
            chosen = _choose_map(layer)
            scale = _choose_scale()
            st.caption(f"In the code: {plain(layer.title)}")
    if place > first_to_show(found) and address.read(MAP):
        progress.done("maps")
    refusal = st.session_state.pop(_REFUSED, None)
    if refusal:
        st.caption(f":red[{refusal}]")
    following = found[place + 1 if place + 1 < len(found) else first_to_show(found)]
    if following is not stage:
        with questions:
            predict_first(lambda turn: _next_layer(layer, following, part, turn), key="maps_predict")
    known = network.identity, photo.sha256, given.notes
    own = _maps(*known, tuple(each.name for each in stage.parts.values()), network, given)[layer.name][0]
    if scale == "network":
        limit = _networks_full_colour(*known, network, given)
    else:
        limit = full_colour([own]) if scale == "layer" else None
    return LayerView(layer=layer, stage=stage, maps=own, scale=scale, limit=limit, chosen=chosen)


def _shown(found: tuple[Stage, ...]) -> tuple[int, str]:
    """Return the stage and its part that the address names, or the first convolution that was learned."""
    wanted = address.read(LAYER)
    for place, stage in enumerate(found):
        for part, layer in stage.parts.items():
            if layer.name == wanted:
                return place, part
    place = first_to_show(found)
    if wanted is not None:
        in_address.refused(
            LAYER,
            f"This network has no layer '{plain(wanted[:40])}' with maps. {found[place].title} is shown: choose "
            "another one below.",
        )
    return place, next(iter(found[place].parts))


def _open(stage: Stage, part: str, *, same_stage: bool = False) -> None:
    """Write into the address that a part of a stage is shown, and what is kept of the choice before."""
    layer = stage.parts.get(part) or next(iter(stage.parts.values()))
    kept = in_address.numbers(address.read(MAP)) or (0,)
    changes: dict[str, str | None] = {LAYER: layer.name, PLACE: None}
    changes[MAP] = str(min(kept[0], layer.shape[0] - 1)) if address.read(MAP) else None
    address.write_together(changes if same_stage else {**changes, OFF: None})


def _next_layer(layer: Layer, following: Stage, part: str, turn: int) -> Question:
    name = part if part in following.parts else next(iter(following.parts))
    after = following.parts[name]
    title = following.title if after.has_kernels else f"{name} of {following.title}"
    return layer_question(layer, after, title, turn, lambda: _open(following, part))


def _choose_stage(found: tuple[Stage, ...], place: int, part: str, *, key: str) -> Stage:
    st.session_state[key] = place
    st.selectbox(
        "Layer",
        range(len(found)),
        format_func=lambda place: found[place].title,
        key=key,
        on_change=lambda: _open(found[st.session_state[key]], part),  # its ReLU, where this one's was shown
        help="In the order in which the picture passes them. Deeper layers usually have more and smaller maps.",
        width=260,
    )
    _step("Previous", "arrow_back", found, place - 1, part)
    _step("Next", "arrow_forward", found, place + 1, part)
    return found[place]


def _choose_scale() -> str:
    write = from_address(SCALE, list(_SCALES), key=_SCALE, first="layer")
    return str(
        st.segmented_control(
            "Colour scale for",
            list(_SCALES),
            format_func=lambda scale: choice(_SCALES[scale]),
            required=True,
            key=_SCALE,
            on_change=write,
            help="Each map by itself shows patterns, and noise as strongly; one scale for all shows which filters "
            "answer strongly. The full colour stands at the 99th percentile of what is not 0.",
        )
    )


def _step(label: str, icon: str, found: tuple[Stage, ...], to: int, part: str) -> None:
    st.button(
        label,
        key=f"maps_{label}",
        icon=f":material/{icon}:",
        disabled=not 0 <= to < len(found),
        on_click=lambda: _open(found[to], part),
    )


def _choose_part(stage: Stage, part: str) -> Layer:
    if len(stage.parts) > 1:
        st.session_state[_PART] = part
        st.segmented_control(
            "Maps after",
            list(stage.parts),
            format_func=choice,
            required=True,
            key=_PART,
            on_change=lambda: _open(stage, st.session_state[_PART], same_stage=True),
            help="What a convolution makes passes these before the next one.",
        )
    return stage.parts[part]


def _choose_map(layer: Layer) -> int:
    """Offer a layer's maps by their numbers; one that is not there is said, and the field shows the one that is."""
    count = layer.shape[0]
    wanted = in_address.numbers(address.read(MAP))
    chosen = min(wanted[0], count - 1) if wanted else 0
    if wanted is None or wanted[1:] or (wanted[:1] != (chosen,) and wanted):
        in_address.refused(MAP, f"This layer has no such map: they count from 0 to {count - 1}. Map {chosen} is shown.")
    st.session_state[_NUMBER] = str(chosen)
    st.text_input(
        f"Map (0 to {count - 1})",
        key=_NUMBER,
        on_change=lambda: _take_number(count, chosen),
        help="The number of the filter that made it, counted from 0 as PyTorch does.",
        width=150,
    )
    return chosen


def _take_number(count: int, shown: int) -> None:
    typed = st.session_state[_NUMBER]
    try:
        number = whole_number(typed, of="map")
    except ConfigError:
        number = count
    if 0 <= number < count:
        address.write(MAP, str(number))
    else:
        st.session_state[_REFUSED] = (
            f"There is no map {plain(typed[:20])}: they count from 0 to {count - 1}. Map {shown} stays."
        )
