"""The sections of the Feature maps page: what comes in, a layer's maps, one map, its kernel, the numbers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.explain.drawing.colours import colour_bar
from core.explain.drawing.mosaic import full_colour, is_signed, mosaic, mosaic_grid, upscale
from core.explain.inside.feature_maps import (
    LayerStatistics,
    feature_maps,
    histogram,
    kernels,
    layers,
    statistics,
)
from core.explain.inside.layers import Layer
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui.choose.photo import offer_image_of
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram as draw_histogram
from pages._ui.draw.palette import page_colour
from pages._ui.frame import choice, look_for
from pages._ui.glossary import term
from pages._ui.received import in_words
from pages.learn._feature_maps import words
from pages.learn._feature_maps.mosaic import clickable_mosaic
from pages.learn._feature_maps.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

_SCALES = {"map": "Each map", "layer": "Layer", "network": "Network"}
_CHOSEN = "maps_chosen"
MOST_KERNEL_PLANES = 64


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


@st.cache_resource(max_entries=8, show_spinner=False)
def _all_maps(
    identity: str, sha256: str, notes: tuple[str, ...], _network: Network, _given: Received
) -> "dict[str, Tensor]":
    """Return every layer's maps (1, K, H, W): one pass for the whole page. ``notes`` tell what was made of a photo."""
    return feature_maps(_network.model, _given.batch)


def choose_layer(network: Network, photo: Photo, given: Received) -> LayerView | None:
    """Offer the layers that have maps and how to colour them; None where the network has none."""
    known = {layer.name: layer for layer in _layers(network.identity, network)}
    if not known:
        return None
    maps = _all_maps(network.identity, photo.sha256, given.notes, network, given)
    left, right = st.columns([3, 2])
    name = left.selectbox(
        "Layer",
        list(known),
        format_func=lambda layer: known[layer].title,
        key=f"maps_layer_{network.identity}",
        help="In the order in which the picture passes them. Deeper layers usually have more and smaller maps.",
        persist_state="session",
    )
    scale = right.segmented_control(
        "Colour scale for",
        list(_SCALES),
        format_func=lambda scale: choice(_SCALES[scale]),
        default="layer",
        required=True,
        key="maps_scale",
        help="Each map by itself shows patterns, and noise as strongly; one scale for all shows which filters answer "
        "strongly. The full colour stands at the 99th percentile of the numbers' sizes.",
        persist_state="session",
    )
    own = maps[name][0]
    limit = None if scale == "map" else full_colour([own] if scale == "layer" else maps.values())
    chosen = min(int(st.session_state.get(_CHOSEN, 0)), len(own) - 1)
    return LayerView(layer=known[name], maps=own, scale=str(scale), limit=limit, chosen=chosen)


@st.cache_resource(max_entries=16, show_spinner=False)
def _layers(identity: str, _network: Network) -> tuple[Layer, ...]:
    return layers(_network.model, channels=_network.format.channels, image_size=_network.format.size)


def input_picture(network: Network, given: Received) -> None:
    """Show what the network is given of the photo, at the network's size and in its colours, and how it was made."""
    size, colour = network.format.size, "grey" if network.format.channels == 1 else "colour"
    first = next(iter(_layers(network.identity, network)), None)
    resized = ""
    if first is not None and first.kind == "Resize" and first.shape[1] != size:
        resized = f". Its first layer makes it {first.shape[1]}×{first.shape[2]}"
    pictures.show(
        denormalise(given.batch, network.format)[0].numpy(),
        alt="The photo as the network receives it",
        caption=f"What comes in: {size}×{size} px, {colour}{resized}. {in_words(given)}",
        at_least=200,
        width=148,
    )
    offer_image_of(network.dataset, network.classes)


def mosaic_section(view: LayerView) -> None:
    """Show all maps of the layer in one sheet."""
    count, height, width = view.maps.shape
    side = 720 if count > 1 else 360
    pixels = mosaic(
        view.maps,
        signed=view.signed,
        scale="map" if view.limit is None else view.limit,
        max_side=side,
        chosen=view.chosen,
        filler=page_colour(),
    )
    grid = mosaic_grid(count, height, width, max_side=side)
    clickable_mosaic(
        pixels,
        grid,
        chosen=view.chosen,
        alt=f"{count} maps of {height}×{width} of layer {view.layer.name}",
        key="maps_mosaic",
        on_choose=_choose,
    )
    look_for(words.what_the_tiles_are(view.layer, view.maps, scale=view.scale, limit=view.limit))


def _choose(index: int) -> None:
    st.session_state[_CHOSEN] = index


def one_map_section(view: LayerView) -> None:
    """Enlarge one map, with its colour bar and its numbers."""
    count = len(view.maps)
    st.session_state[_CHOSEN] = view.chosen
    st.number_input(
        f"Map (0 to {count - 1})",
        0,
        count - 1,
        key=_CHOSEN,
        help="The number of the filter that made it, counted from 0 as PyTorch does.",
    )
    one = view.maps[view.chosen]
    limit = view.limit if view.limit is not None else full_colour([one])
    pictures.show(
        upscale(one, signed=view.signed, limit=limit or None),
        alt=f"Map {view.chosen} of layer {view.layer.name}, enlarged",
    )
    low = f"−{limit:.3g}" if view.signed else "0"
    st.image(
        colour_bar(signed=view.signed, width=320, height=12),
        width="stretch",
        output_format="PNG",
        alt=f"Colour scale from {low} to {limit:.3g}",
        caption=f"{low} … 0 … {limit:.3g}" if view.signed else f"0 … {limit:.3g}",
    )
    numbers = statistics(view.maps).filters[view.chosen]
    st.markdown(words.in_words(numbers))


def kernel_section(network: Network, view: LayerView) -> None:
    """Show the kernel behind the chosen map: one plane of weights for each input channel."""
    if not view.layer.has_kernels:
        changed = "the picture itself" if view.layer.kind == "Resize" else "the maps of the layer before it"
        st.caption(f"{view.layer.kind} has no kernel: it changes {changed}.")
        return
    own = kernels(network.model, view.layer.name)[view.chosen]
    weight = network.model.get_parameter(f"{view.layer.name}.weight")
    planes = own[:MOST_KERNEL_PLANES]
    limit = float(own.abs().max()) or None
    columns = min(len(planes), 3 if len(planes) == 3 else 8)
    tiles = [upscale(plane, side=84, signed=True, limit=limit) for plane in planes]
    pictures.show(
        pictures.contact_sheet(tiles, columns=columns, tile=84, gap=10),
        alt=f"Kernel {view.chosen} of layer {view.layer.name}, one square for each input channel",
        caption=f"Kernel {view.chosen}: {len(own)} × {own.shape[1]} × {own.shape[2]} weights"
        + (f", the first {MOST_KERNEL_PLANES} planes shown" if len(own) > MOST_KERNEL_PLANES else ""),
        at_least=84,
        width="content",
        look_for=words.what_the_kernel_is(own, frozen=network.trained and not weight.requires_grad, limit=limit or 0.0),
    )


def numbers_section(view: LayerView) -> None:
    """Show the layer's statistics in a sentence, a histogram and a table."""
    whole: LayerStatistics = statistics(view.maps)
    st.markdown(whole.sentence.replace(" -", " −"), help=term("feature map"))
    left, right = st.columns(2)
    with left:
        found = histogram(view.maps)
        draw_histogram(
            found.counts, low=found.edges[0], high=found.edges[-1], alt=f"Histogram of all values of {view.layer.name}"
        )
        look_for(words.what_the_values_are(view.layer, view.maps))
    with right:
        _table(whole)


def _table(whole: LayerStatistics) -> None:
    decimals = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        {
            "map": [one.index for one in whole.filters],
            "mean": np.array([one.mean for one in whole.filters]),
            "spread": np.array([one.spread for one in whole.filters]),
            "smallest": np.array([one.low for one in whole.filters]),
            "largest": np.array([one.high for one in whole.filters]),
            "zeros": np.array([one.zeros * 100 for one in whole.filters]),
            "silent": [one.dead for one in whole.filters],
        },
        hide_index=True,
        height=250,
        alt="Mean, spread, smallest and largest value and share of zeros of every map",
        column_config={
            "mean": decimals,
            "spread": decimals,
            "smallest": decimals,
            "largest": decimals,
            "zeros": st.column_config.NumberColumn("zeros (%)", format="%.0f"),
            "silent": st.column_config.CheckboxColumn(help="Zero everywhere on this picture."),
        },
    )
