"""The layers as a list that people edit, each with what comes out of it or why it does not fit."""

from typing import Any

import streamlit as st

from core.errors import ConfigError
from core.models.sequential.layers import KINDS, MOST_LAYERS, Convolution, Dense, Layer, settings_of_kind
from core.models.sequential.sizes import Sizes, Step
from pages._ui.component import beside, sent
from pages._ui.glossary import TERMS
from pages.learn._architecture.build import chain
from pages.learn._architecture.sections import short_count

_KEY, _EDIT = "arch_chain_list", "arch_own_edit"
_list = st.components.v2.component("cnn_lab_chain_list", **beside(__file__))
_TERMS = {
    "conv": "convolution",
    "max": "pooling",
    "avg": "pooling",
    "batchnorm": "BatchNorm",
    "relu": "ReLU",
    "dropout": "dropout",
    "flatten": "flatten",
    "dense": "linear layer",
}
_ONE_A_CLASS: tuple[tuple[str, Layer], ...] = (
    ("Dense, one number a class", Dense(units=0)),
    ("Convolution, one filter a class", Convolution(filters=0)),
)


def chain_list(sizes: Sizes, *, classes: int) -> None:
    """Show the chain of this session with the sizes of its layers; an edit becomes the chain."""
    _list(
        key=_KEY,
        data={
            "rows": [_row(step) for step in sizes.steps],
            "kinds": {name: _kind(name, kind) for name, kind in KINDS.items()},
            "offers": [
                *({"title": kind.title, "layer": _layer(kind())} for kind in KINDS.values()),
                *({"title": title, "layer": _layer(layer)} for title, layer in _ONE_A_CLASS),
            ],
            "classes": classes,
            "most": MOST_LAYERS,
            "missing": sizes.missing,
            "revision": chain.revision(),
            "edit": st.session_state.get(_EDIT, 0),
        },
        on_chain_change=_edited,
    )


def _row(step: Step) -> dict[str, Any]:
    return {
        "layer": _layer(step.layer),
        "name": step.name,
        "shape": "" if step.shape is None else " × ".join(f"{side:,}" for side in step.shape),
        "parameters": f"{step.parameters:,}",
        "work": short_count(step.multiply_adds),
        "sees": "all" if step.receptive_field is None else f"{step.receptive_field} px",
        "problem": step.problem,
    }


def _layer(layer: Layer) -> dict[str, Any]:
    values = {setting.name: getattr(layer, setting.name) for setting in settings_of_kind(type(layer))}
    return {"kind": layer.kind, "values": values}


def _kind(name: str, kind: type[Layer]) -> dict[str, Any]:
    return {
        "title": kind.title,
        "tip": TERMS[_TERMS[name]],
        "fields": [
            {
                "name": setting.name,
                "low": 1 if setting.name in ("filters", "units") else setting.low,
                "high": setting.high,
                "step": setting.step or 1,
                "whole": isinstance(setting.default, int),
                "tip": setting.help,
            }
            for setting in settings_of_kind(kind)
        ],
    }


def _edited() -> None:
    given = sent(_KEY, "chain")
    if isinstance(given, dict) and (layers := taken(given.get("layers"))) is not None:
        chain.put(layers, from_the_list=True)
        edit = given.get("edit")
        st.session_state[_EDIT] = int(edit) if isinstance(edit, int | float) and abs(edit) < 1e9 else 0


def taken(given: Any) -> tuple[Layer, ...] | None:
    """Return what the browser sent as layers, or None where it is none; the list itself says what it does not take."""
    if not isinstance(given, list) or len(given) > MOST_LAYERS:
        return None
    try:
        return tuple(_made(one) for one in given)
    except (ConfigError, KeyError, TypeError, AttributeError):
        return None


def _made(one: Any) -> Layer:
    kind = KINDS[one["kind"]]
    values = {}
    for setting in settings_of_kind(kind):
        value = one["values"][setting.name]
        whole = isinstance(setting.default, int) and isinstance(value, float) and value.is_integer()
        values[setting.name] = int(value) if whole else value
    return kind(**values)
