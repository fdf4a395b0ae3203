"""Kernels and maps over the epochs of a run, from the pages that its worker kept."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.explain.drawing.colours import Pixels, colour_map
from core.explain.filters.time_lapse import FILTERS, SIDE, TimeLapse, read_time_lapse
from core.home import home
from pages._ui import address
from pages._ui.draw.pictures import as_image, contact_sheet, png, show
from pages._ui.frame import choice, empty_state, look_for, think, try_this
from pages._ui.glossary import term
from pages.learn._feature_maps.epochs.film import film
from pages.learn._feature_maps.in_address import LAYER, MAP, OFF, PLACE
from pages.learn._feature_maps.layer_choice import LayerView
from pages.learn._feature_maps.networks import Network

MOST_SENT = 16  # pages that a browser gets: some 6 KB each
_GAP = 1
_STEPS = 32
_LAYER = "maps_filmed"


def epochs_section(network: Network, view: LayerView) -> None:
    """Show the time-lapse of the run that made the network, or say why there is none."""
    lapse = _read(network)
    kept = "up to three layers" if lapse is None else f"{len(lapse.layers)} layer{'s' * (len(lapse.layers) != 1)}"
    st.markdown(
        f"While a run trains, its worker keeps the first filters of {kept} and their maps of two images.",
        help=term("epoch"),
    )
    if lapse is None:
        empty_state(
            "This network has no time-lapse: it ships with the lab, is untrained or frozen but for its head, or its "
            "run is older than this view. A run that is trained from now on has one.",
            page="training",
            label="Train a network",
        )
        return
    layer = _choose(lapse, view)
    pages = _sent(sorted(lapse.pages))
    film(
        [(epoch, png(as_image(_sheet(lapse, layer, epoch)))) for epoch in pages],
        of=f"{network.identity} {layer}",
        alt=f"Kernels (top row) and maps of two images (the rows below) of {layer}",
        key="maps_film",
    )
    some = f" {len(pages)} of {len(lapse.pages)} kept epochs are shown." if len(pages) < len(lapse.pages) else ""
    count = len(lapse.pages[pages[0]][layer].kernels)
    look_for(
        f"Top: the kernels of the first {count} filters (the mean over their channels). Below: what they make of the "
        f"two images. One scale for all epochs: colours that deepen are weights that grow.{some}"
    )
    show(
        contact_sheet(list(lapse.probes), columns=2, tile=72),
        alt="The two validation images that the maps are of",
        caption="The two validation images",
        width="content",
        at_least=72,
    )
    try_this("Play it, then scrub to the first epochs: when do the kernels stop changing?")
    think(
        "Why do the kernels change most at the beginning?",
        "The loss is steep there, so that the gradients are large. Later steps only polish what has been found, and a "
        "schedule makes them smaller.",
    )


def _read(network: Network) -> TimeLapse | None:
    """Return what the run of this network kept; None for one that is no run's."""
    if network.checkpoint is None:
        return None
    training = network.checkpoint.folder.parent  # <home>/runs/<run>/final
    return read_time_lapse(training) if training.parent == home() / "runs" else None


def _choose(lapse: TimeLapse, view: LayerView) -> str:
    own = view.convolution.name if view.convolution is not None else ""
    layer = own if own in lapse.layers else lapse.layers[0]
    st.session_state[_LAYER] = layer
    st.segmented_control(
        "Layer of the time-lapse",
        list(lapse.layers),
        format_func=choice,
        required=True,
        key=_LAYER,
        on_change=lambda: address.write_together({LAYER: st.session_state[_LAYER], PLACE: None, OFF: None, MAP: None}),
    )
    return layer


def _sent(epochs: list[int]) -> list[int]:
    """Return the epochs that are sent: all, or `MOST_SENT` evenly spread ones with the first and the last."""
    if len(epochs) <= MOST_SENT:
        return epochs
    return [epochs[round(place)] for place in np.linspace(0, len(epochs) - 1, MOST_SENT)]


def _sheet(lapse: TimeLapse, layer: str, epoch: int) -> Pixels:
    """Return one epoch as a picture: a row of kernels, and a row of maps for each probe image."""
    every = [page[layer] for page in lapse.pages.values()]
    kernels = max(float(np.abs(one.kernels).max()) for one in every) or 1.0
    maps = max(float(np.quantile(np.abs(one.maps), 0.99)) for one in every) or 1.0
    page = lapse.pages[epoch][layer]
    rows = [(page.kernels, kernels), *((one, maps) for one in page.maps)]
    cell = SIDE + _GAP
    sheet = np.full((len(rows) * cell + _GAP, min(FILTERS, len(page.kernels)) * cell + _GAP, 3), 128, dtype=np.uint8)
    for row, (tiles, limit) in enumerate(rows):
        for column, tile in enumerate(tiles[:FILTERS]):
            top, left = row * cell + _GAP, column * cell + _GAP
            sheet[top : top + SIDE, left : left + SIDE] = _fitted(tile, limit)
    return sheet


def _fitted(tile: npt.NDArray[np.float32], limit: float) -> Pixels:
    """Return a kernel or a map as a square of `SIDE` pixels, each number a rectangle of its own."""
    height, width = tile.shape
    rows, columns = (np.arange(SIDE) * side // SIDE for side in (height, width))
    coarse = np.rint(np.clip(tile / limit, -1, 1) * _STEPS) / _STEPS
    return colour_map(coarse[np.ix_(rows, columns)], signed=True, limit=1.0)
