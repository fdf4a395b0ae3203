"""The sections of the Feature maps page: what comes in, a layer's maps, one map, its kernel, the numbers."""

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from core.explain.drawing.colours import colour_bar
from core.explain.drawing.mosaic import full_colour, upscale
from core.explain.inside.feature_maps import LayerStatistics, histogram, kernels, statistics
from core.intervals import percent_number
from core.judging.certainty import probability_words
from core.judging.classification import Guess, rank
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import address, cached
from pages._ui.choose.photo import offer_image_of
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram as draw_histogram
from pages._ui.frame import look_for, plain
from pages._ui.glossary import term
from pages._ui.received import in_words
from pages.learn._feature_maps import words
from pages.learn._feature_maps.in_address import MAP
from pages.learn._feature_maps.layer_choice import LayerView, layers_of
from pages.learn._feature_maps.mosaic import clickable_mosaic
from pages.learn._feature_maps.networks import Network

MOST_KERNEL_PLANES = 64
_ZEROS = "A map of zeros alone is silent. 0.1 is also what lies under it, and 99.9 what lies over it."
_RECEIVED = 112  # pixels on the screen


def received_row(network: Network, photo: Photo, given: Received) -> None:
    """Show in one row what the network is given of the photo, how it was made, and what it answers in the end."""
    size, colour = network.format.size, "grey" if network.format.channels == 1 else "colour"
    first = next(iter(layers_of(network)), None)
    resized = ""
    if first is not None and first.kind == "Resize" and first.shape[1] != size:
        resized = f". Its first layer makes it {first.shape[1]}×{first.shape[2]}"
    with st.container(horizontal=True, vertical_alignment="center"):
        pictures.show(
            denormalise(given.batch, network.format)[0].numpy(),
            alt="The photo as the network receives it",
            at_least=_RECEIVED,
            width=_RECEIVED,
            photo=True,
        )
        with st.container(width="stretch", gap="small"):
            st.markdown(f"**{plain(network.title)}** {_answer(network, photo, given)}", help=term("softmax"))
            st.caption(f"What comes in: {size}×{size} px, {colour}{resized}. {in_words(given)}")
            offer_image_of(network.dataset, network.classes)


def _answer(network: Network, photo: Photo, given: Received) -> str:
    """Return what a network makes of the photo in the end, if it is a trained one."""
    if network.checkpoint is None:
        return "has learned nothing yet, so its answer is a guess."
    guess = _guess(network.identity, photo.sha256, given.notes, network.checkpoint, given)
    return f"answers **{plain(guess.label)}**, {probability_words(guess.probability)}."


@st.cache_data(max_entries=64, show_spinner=False)
def _guess(identity: str, sha256: str, notes: tuple[str, ...], _checkpoint: Checkpoint, _given: Received) -> Guess:
    ((first,),) = rank(_checkpoint, [_given], model=cached.model(_checkpoint), top=1)
    return first


def mosaic_section(view: LayerView) -> None:
    """Show all maps of the layer in one sheet."""
    count, height, width = view.maps.shape
    clickable_mosaic(
        view,
        view.maps,
        max_side=720,
        alt=f"{count} maps of {height}×{width} of layer {view.layer.name}",
        key="maps_mosaic",
        on_choose=lambda index: address.write(MAP, str(index)),
    )
    look_for(words.what_the_tiles_are(view.layer, view.maps, scale=view.scale, limit=view.limit))


def one_map_section(view: LayerView) -> None:
    """Enlarge one map, with its colour bar and its numbers."""
    one = view.maps[view.chosen]
    limit = view.limit if view.limit is not None else full_colour([one])
    pictures.show(
        upscale(one, signed=view.signed, limit=limit or None),
        alt=f"Map {view.chosen} of layer {view.layer.name}, enlarged",
    )
    scale_bar(signed=view.signed, limit=limit)
    numbers = statistics(view.maps).filters[view.chosen]
    st.markdown(words.in_words(numbers))


def scale_bar(*, signed: bool, limit: float) -> None:
    """Show what the colours of a map stand for."""
    low = f"−{limit:.3g}" if signed else "0"
    st.image(
        colour_bar(signed=signed, width=320, height=12),
        width="stretch",
        output_format="PNG",
        alt=f"Colour scale from {low} to {limit:.3g}",
        caption=f"{low} … 0 … {limit:.3g}" if signed else f"0 … {limit:.3g}",
    )


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
            "zeros": np.array([percent_number(one.zeros, 1) for one in whole.filters]),
        },
        hide_index=True,
        height=250,
        alt="Mean, spread, smallest and largest value and share of zeros of every map",
        column_config={
            "mean": decimals,
            "spread": decimals,
            "smallest": decimals,
            "largest": decimals,
            "zeros": st.column_config.NumberColumn("zeros (%)", format="%.1f", help=_ZEROS),
        },
    )
