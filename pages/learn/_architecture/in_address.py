"""What the Architecture page keeps in its address: the view, the network, one's own layers, and the numbers of "why".

A trained network has its own parameter, as on every page; no other name is one of another page's. Nothing here says who
somebody is.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.data import datasets
from core.errors import ConfigError, LabError
from core.models import models
from core.models.sequential.layers import read
from core.models.sequential.starts import LENET
from core.registry import check_values
from core.strict_json import NotStrictJsonError, parse_object
from pages._ui import address, state
from pages._ui.choose import shown
from pages._ui.choose.setting_widgets import held
from pages._ui.choose.shown import Shown, Typed, by_name, not_taken
from pages.learn._architecture import chosen, linear_size_section
from pages.learn._architecture.build import chain
from pages.learn._architecture.sees import section as sees

VIEWS = {
    "network": "A network",
    "build": "Build your own",
    "sees": "What a place sees",
    "sizes": "Why 16·5·5?",
    "dummy": "A dummy tensor",
}
VIEW = "arch_view"
_KEPT = "arch_in_address"
_NETWORK, _WITH, _LAYERS, _DATA, _SIZE = "network", "with", "layers", "data", "size"
_FIRST_DATA = "cifar10"  # of layers without a data set
_LONGEST = 2_000  # characters of the settings of a network

_SHOWN = {
    "part": Shown(key=VIEW, first=VIEWS["network"], options=VIEWS),
    "over": Shown(key=sees.OVER, first=sees.NOISE, options=by_name(sees.OVERS)),
    **{
        f"why_{name}": Shown(key=f"why_{name}", first=first, low=low, high=high)
        for name, (low, high, first) in linear_size_section.SLIDERS.items()
    },
    "in_features": Typed(
        key=linear_size_section.NUMBER,
        first=linear_size_section.IN_FEATURES.default,
        low=linear_size_section.IN_FEATURES.low or 1,
        high=linear_size_section.IN_FEATURES.high or 1,
    ),
    "dummy": Shown(key="dummy_size", first=28, options=by_name(linear_size_section.DUMMY_SIZES)),
}
_NAMES = (_NETWORK, _WITH, _LAYERS, _DATA, _SIZE, sees.IN_ADDRESS, *_SHOWN)


def take() -> None:
    """Set the page to what a link, Back or Forward brings, or to what it was before another page was visited.

    What cannot be is said, and what the page begins with is shown instead.
    """
    shown.take((*_NAMES, state.CHECKPOINT), kept=_KEPT, put=_set, written=_written)


def keep() -> None:
    """Write into the address what is shown now."""
    if _source() != chosen.TRAINED and state.CHECKPOINT in st.query_params:
        del st.query_params[state.CHECKPOINT]  # which one it was is still known when it is asked for
    shown.keep(_written(), kept=_KEPT)


def _written() -> dict[str, str | None]:
    values = shown.written(_SHOWN)
    values |= _network_written(_source()) | _chain_written(shown_here=values["part"] == "build")
    values[sees.IN_ADDRESS] = st.session_state.get(sees.LAYER) if values["part"] == "sees" else None
    return values


def _source() -> str:
    return str(st.session_state.get(chosen.SOURCE, chosen.LAB))


def _set(given: Mapping[str, str]) -> list[str]:
    """Set everything by the texts of the address, and return a sentence for each that it cannot be set to."""
    refused = shown.put_all(_SHOWN, given)
    for name, put in ((_NETWORK, _put_network), (_DATA, _put_data), (_SIZE, _put_size), (_LAYERS, _put_layers)):
        try:
            put(given)
        except LabError as error:
            put({})
            refused.append(not_taken(name, given.get(name, ""), str(error).removesuffix(".")))
    try:
        _put_settings(given.get(_WITH))
    except (LabError, NotStrictJsonError) as error:
        _put_settings(None)
        refused.append(not_taken(_WITH, given[_WITH], str(error).removesuffix(".")))
    st.session_state[sees.LAYER] = given.get(sees.IN_ADDRESS)  # the section itself knows the layers
    return refused


def _put_network(given: Mapping[str, str]) -> None:
    text = given.get(_NETWORK)
    if state.CHECKPOINT in given and not address.brings(_NETWORK):  # a link's network wins over what was there
        text = None
    if text in (chosen.TRAINED, chosen.OWN):
        st.session_state[chosen.SOURCE] = text
        return
    st.session_state[chosen.SOURCE] = chosen.TRAINED if text is None and state.CHECKPOINT in given else chosen.LAB
    model, _, dataset = (text or f"{chosen.FIRST_MODEL}@{chosen.FIRST_DATASET}").partition("@")
    if dataset not in datasets or model not in chosen.architectures(dataset):
        raise ConfigError(
            f"it can be {chosen.OWN}, {chosen.TRAINED}, or a network and a data set that fit, such as lenet@cifar10"
        )
    st.session_state[chosen.DATASET] = dataset
    st.session_state[chosen.model_key(dataset)] = model


def _put_data(given: Mapping[str, str]) -> None:
    first = _FIRST_DATA if _LAYERS in given else chain.first_dataset()  # a link is the same network on any day
    dataset = given.get(_DATA, first)
    if dataset not in datasets:
        raise ConfigError(f"it can be {', '.join(name for name, _spec in datasets.items())}")
    st.session_state[chain.DATASET] = dataset


def _put_size(given: Mapping[str, str]) -> None:
    text = given.get(_SIZE)
    side = datasets[chain.dataset()].size
    if text is not None:
        setting = chain.IMAGE_SIZE
        if not (text.isascii() and text.isdecimal() and len(text) < 4 and setting.low <= int(text) <= setting.high):
            raise ConfigError(f"it must lie between {setting.low} and {setting.high}")
        side = int(text)
    st.session_state[chain.SIZE] = str(side)


def _put_layers(given: Mapping[str, str]) -> None:
    chain.put(read(given.get(_LAYERS, LENET)))


def _put_settings(text: str | None) -> None:
    """Set the fields of the lab's network; raises LabError or NotStrictJsonError for what they do not take."""
    model, dataset = _pair()
    settings, start = chosen.settings_and_start(dataset, model)
    given: dict[str, Any] = {} if text is None else parse_object(text, at_most=_LONGEST)
    checked = check_values(settings, given, of=models[model].title)
    for name, value in start.items():
        st.session_state[chosen.setting_key(dataset, model, name)] = held(checked[name] if name in given else value)


def _pair() -> tuple[str, str]:
    """Return the lab's network and the data set that are chosen."""
    dataset = st.session_state.get(chosen.DATASET, chosen.FIRST_DATASET)
    fitting = chosen.architectures(dataset)
    first = chosen.FIRST_MODEL if chosen.FIRST_MODEL in fitting else fitting[0]
    return st.session_state.get(chosen.model_key(dataset), first), dataset


def _network_written(source: str) -> dict[str, str | None]:
    model, dataset = _pair()
    if source != chosen.LAB:
        return {_NETWORK: source, _WITH: None}
    first = (model, dataset) == (chosen.FIRST_MODEL, chosen.FIRST_DATASET)
    settings, start = chosen.settings_and_start(dataset, model)
    changed = {}
    for setting in settings:
        key = chosen.setting_key(dataset, model, setting.name)
        try:
            value = chosen.meant(setting, st.session_state.get(key, held(start[setting.name])))
        except ConfigError:  # what the field holds is nothing yet, and says so itself
            continue
        if value != start[setting.name]:
            changed[setting.name] = value
    written = json.dumps(changed, separators=(",", ":")) if changed else None
    return {_NETWORK: None if first else f"{model}@{dataset}", _WITH: written}


def _chain_written(*, shown_here: bool) -> dict[str, str | None]:
    """The chain; its data set is left out only where nobody has chosen anything, as what is here changes by the day."""
    dataset, side, line = chain.dataset(), chain.image_size(), chain.line()
    as_at_first = line == LENET and dataset == chain.first_dataset() and not shown_here
    return {
        _LAYERS: None if line == LENET else line,
        _DATA: None if as_at_first else dataset,
        _SIZE: None if side in (None, datasets[dataset].size) else str(side),
    }
