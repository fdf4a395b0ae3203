"""Filters switched off: what the network then answers for the photo, and how many test images it still gets right."""

import streamlit as st

from core.explain.filters.surgery import SAMPLE, Answer, Sample, answer, cut_after, logits_without, sample_of
from core.intervals import percent
from core.judging.certainty import probability_words
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import address
from pages._ui.choose.test_images import TestImages, link_where_missing, test_images_or_offer
from pages._ui.draw import pictures
from pages._ui.frame import changed_figure, look_for, plain, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages.learn._feature_maps import in_address
from pages.learn._feature_maps.in_address import MAP, OFF
from pages.learn._feature_maps.layer_choice import LayerView
from pages.learn._feature_maps.mosaic import clickable_mosaic
from pages.learn._feature_maps.networks import Network
from pages.learn._feature_maps.surgery.ranking import ranking_section

_FILTERS = "maps_off"
_SHOWN_CLASSES = 5
_KEPT = 2_000  # answers that the server remembers
_SAID = 20  # filters that a sentence names


def surgery_section(network: Network, photo: Photo, given: Received, view: LayerView) -> None:
    """Let filters of the layer be switched off, and show what that does."""
    st.markdown(
        "Switch filters off: what follows them gets zeros instead of their maps. Which ones does the answer hang on?",
        help=term("filter"),
    )
    layer = cut_after(view.stage)
    if layer is None:
        st.caption("This layer has no filters: step to a convolution.")
        return
    off = _choose_filters(layer.shape[0])
    sheet, result = st.columns([3, 2], gap="medium")
    with sheet:
        _maps(network, view, given, off, layer.name)
    with result:
        _bars(network, given, off, layer.name)
        images = _images(network)
        if isinstance(images, str):
            st.caption(f":material/info: {plain(images)}")
            if network.checkpoint is not None:
                link_where_missing(network.checkpoint)
        else:
            sample = _sample(network.identity, network, images)
            _accuracy(network, sample, off, layer.name)
    if not isinstance(images, str):
        ranking_section(network, sample, layer.name, off, count=layer.shape[0], mirrored=mirrored(network))
    try_this("Switch off the maps of the strongest colour one by one. How many does it take until the answer changes?")
    think(
        "Why does hardly anything change when one of many filters is off?",
        "Several filters find much the same, and the next layer adds up many maps: each alone counts little. Networks "
        "can be made smaller for that reason; it is called pruning.",
    )


def mirrored(network: Network) -> bool:
    """Whether the network answers with the mirror image's opinion as well."""
    return network.checkpoint is not None and network.checkpoint.card.config.mirror_at_test


def write_off(off: tuple[int, ...]) -> None:
    """Write into the address which filters are off."""
    address.write(OFF, in_address.written(sorted(set(off))))


def _choose_filters(count: int) -> tuple[int, ...]:
    text = address.read(OFF)
    wanted = in_address.numbers(text)
    off = tuple(one for one in dict.fromkeys(wanted or ()) if one < count)
    if text and (wanted is None or len(off) < len(set(wanted))):
        in_address.refused(OFF, f"Some filters of this address are not here: they count from 0 to {count - 1}.")
    st.session_state[_FILTERS] = list(off)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            "Filters that are off",
            range(count),
            key=_FILTERS,
            on_change=lambda: write_off(tuple(st.session_state[_FILTERS])),
            placeholder="None: all filters are on",
            help=f"Their numbers, counted from 0 to {count - 1}.",
        )
        st.button("All on", key="maps_all_on", disabled=not off, on_click=write_off, args=((),))
    return off


def _maps(network: Network, view: LayerView, given: Received, off: tuple[int, ...], layer: str) -> None:
    maps = view.maps.clone()
    if maps.shape[0] > max(off, default=-1):
        maps[list(off)] = 0

    def switch(index: int) -> None:
        write_off(tuple(set(off) ^ {index}))

    clickable_mosaic(
        view,
        maps,
        max_side=560,
        alt=f"{len(maps)} maps of layer {view.layer.name}, {len(off)} switched off",
        key="maps_surgery",
        on_choose=lambda index: address.write(MAP, str(index)),
        on_switch=switch,
    )
    named = ", ".join(map(str, off[:_SAID])) + (", …" if len(off) > _SAID else "")
    look_for(f"Click a map to switch it off or on. Off: {named or 'none'}; what is off is drawn as 0.")


def _bars(network: Network, given: Received, off: tuple[int, ...], layer: str) -> None:
    def probabilities(these: tuple[int, ...]) -> list[float]:
        logits = logits_without(network.model, given.batch, layer=layer, off=these, mirrored=mirrored(network))
        return [float(value) for value in logits.softmax(1)[0]]

    whole, cut = probabilities(()), probabilities(off) if off else probabilities(())
    first = max(range(len(cut)), key=cut.__getitem__)
    before = max(range(len(whole)), key=whole.__getitem__)
    order = sorted(range(len(cut)), key=lambda place: -max(cut[place], whole[place]))[:_SHOWN_CLASSES]
    order = list(dict.fromkeys([first, before, *order]))[:_SHOWN_CLASSES]
    st.markdown("**The photo's classes**", help=term("softmax"))
    pictures.bars(
        [(f"{network.classes[place]} (all on: {probability_words(whole[place])})", cut[place]) for place in order],
        alt=f"Probabilities with {len(off)} filters off: "
        + ", ".join(f"{network.classes[place]} {probability_words(cut[place])}" for place in order),
        largest=1.0,
        highlight=0,
    )
    if first != before:
        progress.done("filters")
        st.caption(f"The answer has changed from {plain(network.classes[before])} to {plain(network.classes[first])}.")


def _images(network: Network) -> TestImages | str:
    if network.checkpoint is None:
        return "How many test images it gets right is shown for trained networks: this one only guesses."
    return test_images_or_offer(network.checkpoint, key=network.identity)


@st.cache_resource(max_entries=3, show_spinner=False)
def _sample(identity: str, _network: Network, _images: TestImages) -> Sample:
    return sample_of(_images.data, _images.indices, _network.format)


@st.cache_resource(show_spinner=False)
def _answers() -> dict[tuple[str, str, tuple[int, ...]], Answer]:
    return {}


def _answered(network: Network, sample: Sample, off: tuple[int, ...], layer: str) -> Answer:
    kept = _answers()
    key = (network.identity, layer if off else "", tuple(sorted(off)))
    if key not in kept:
        bar = st.progress(0.0, text=f"{len(sample.labels)} test images are answered …")
        kept[key] = answer(network.model, sample, layer=layer, off=off, mirrored=mirrored(network), tell=bar.progress)
        bar.empty()
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)), None)
    return kept[key]


def _accuracy(network: Network, sample: Sample, off: tuple[int, ...], layer: str) -> None:
    whole = _answered(network, sample, (), layer)
    cut = _answered(network, sample, off, layer)
    low, high = cut.ci95
    change = cut.right - whole.right
    label, share = f"Accuracy on {cut.n} test images", percent(cut.accuracy, 1)
    tip = f"A sample of {cut.n} of the test split, at most {SAMPLE}, the same each time. {term('interval')}"
    if off:
        changed_figure(label, share, change, " images", tip=tip)
    else:
        st.metric(label, share, help=tip, border=True)
    st.caption(
        f"95 % interval {percent(low, 1)} to {percent(high, 1)}; with all filters on {whole.right} of {whole.n} are "
        f"right. Mean loss {cut.loss:.2f} nats (all on: {whole.loss:.2f})."
    )
