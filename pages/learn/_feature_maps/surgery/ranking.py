"""The filter that a layer cannot do without: each is tried alone, and the ones that are missed most come first."""

import streamlit as st

from core.explain.filters.surgery import Plan, Sample, Tried, plan, ranked, try_each
from pages._ui import address
from pages.learn._feature_maps import in_address
from pages.learn._feature_maps.in_address import OFF
from pages.learn._feature_maps.networks import Network

_RUNNING, _PARTS = "maps_trying", "maps_tried"
_LISTED = 5
_KEPT = 200  # layers whose filters the server remembers


@st.cache_resource(show_spinner=False)
def _found() -> dict[tuple[str, str], tuple[Plan, list[Tried]]]:
    """What has been found of a network's layer, for everybody."""
    return {}


def ranking_section(
    network: Network, sample: Sample, layer: str, off: tuple[int, ...], *, count: int, mirrored: bool
) -> None:
    """Offer to try each filter of the layer, and list those that are missed most."""
    key = (network.identity, layer)
    kept = _found()
    if st.session_state.get(_RUNNING) == key and key not in kept:
        _try(network, sample, layer, key, mirrored=mirrored)
    if key in kept:
        planned, tried = kept[key]
        _list(planned, tried, off, count=count)
        return
    parts = st.session_state.get(_PARTS)
    if parts and parts[0] == key and parts[2]:
        _list(parts[1], parts[2], off, count=count)
    st.button(
        "Find the filter it cannot do without" if not (parts and parts[0] == key) else "Go on trying filters",
        key="maps_find",
        icon=":material/search:",
        on_click=st.session_state.__setitem__,
        args=(_RUNNING, key),
        help=f"Each filter of this layer is switched off alone, for at most {count} tries; you can stop it.",
    )


def _try(network: Network, sample: Sample, layer: str, key: tuple[str, str], *, mirrored: bool) -> None:
    """Try the filters that have not been tried; whatever is pressed meanwhile ends it, and what is known stays."""
    stop = st.empty()
    stop.button("Stop", key="maps_stop", icon=":material/stop:", on_click=st.session_state.pop, args=(_RUNNING, None))
    bar = st.progress(0.0, text="The filters are tried …")
    parts = st.session_state.get(_PARTS)
    if not parts or parts[0] != key:
        parts = (key, plan(network.model, sample, layer=layer, mirrored=mirrored), [])
        st.session_state[_PARTS] = parts
    _key, planned, tried = parts
    known = {one.filter for one in tried}
    left = Plan(filters=tuple(one for one in planned.filters if one not in known), of=planned.of, images=planned.images)
    for one in try_each(network.model, sample, left, layer=layer, mirrored=mirrored):
        tried.append(one)
        done = len(tried) / len(planned.filters)
        bar.progress(min(1.0, done), text=f"{len(tried)} of {len(planned.filters)} filters tried …")
    kept = _found()
    kept[key] = (planned, tried)
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)), None)
    st.session_state.pop(_RUNNING, None)
    st.session_state.pop(_PARTS, None)
    bar.empty()
    stop.empty()


def _list(planned: Plan, tried: list[Tried], off: tuple[int, ...], *, count: int) -> None:
    order = ranked(tried)
    first = order[0]
    part = "" if len(tried) == len(planned.filters) else f" Stopped after {len(tried)} of {len(planned.filters)}."
    st.markdown(
        f"**Missed most: filter {first.filter}.** Without it {first.answer.right} of {first.answer.n} test images are "
        "right."
    )
    st.caption(f"{planned.sentence}{part} First come those that lose most images, then those that raise the loss most.")
    st.dataframe(
        {
            "filter": [one.filter for one in order[:_LISTED]],
            "right without it": [f"{one.answer.right} of {one.answer.n}" for one in order[:_LISTED]],
            "loss (nats)": [round(one.answer.loss, 3) for one in order[:_LISTED]],
        },
        hide_index=True,
        width="content",
        alt="The filters that are missed most, with the images that are right without each",
    )
    if first.filter < count and first.filter not in off:
        st.button(
            f"Switch filter {first.filter} off",
            key="maps_switch_first",
            on_click=address.write,
            args=(OFF, in_address.written(sorted({*off, first.filter}))),
        )
