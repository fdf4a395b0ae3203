"""Sets that others have made for everybody, on the same wall: to be looked at, with what is odd about them."""

import math

import numpy as np
import streamlit as st

from core.data import DatasetSpec, LabelledImages
from core.data.own.suspicions import Suspicion, suspicions
from core.data.own.twins import groups_of, looks_of
from core.names import counted
from pages._ui import cached
from pages._ui.choose.datasets import dataset_or_fetch
from pages._ui.choose.whole_fields import choose_page
from pages._ui.draw.palette import page_colour
from pages._ui.draw.pictures import contact_sheet, jpeg, show
from pages._ui.frame import choice, plain, section
from pages.train._pictures.judging import COLUMNS, list_suspicions

_ROWS, _TILE = 5, 104
_LOOKED_AT = 2_000  # pictures in which something odd is looked for: a second


def built_in(spec: DatasetSpec) -> None:
    """Show a page of a class of one of the lab's data sets, its split, and what is odd in it."""
    data = dataset_or_fetch(spec.name)
    if data is None:
        return
    names = spec.classes
    label = st.segmented_control(
        "Class",
        range(len(names)),
        format_func=lambda one: choice(plain(names[one])),
        default=0,
        required=True,
        key=f"look_{spec.name}",
    )
    places = np.flatnonzero(data.labels == label)
    pages = max(1, math.ceil(len(places) / (_ROWS * COLUMNS)))
    page = choose_page(pages, key=f"look_{spec.name}_{label}")
    st.caption(f"{counted(len(places), 'picture')} of {plain(names[label or 0])}, {len(data.labels):,} in all.")
    shown = places[(page - 1) * _ROWS * COLUMNS :][: _ROWS * COLUMNS]
    show(
        _sheet(data, shown.tolist()),
        alt=f"{counted(len(shown), 'picture')} of {names[label or 0]}, page {page}",
        width="content",
        at_least=1,
    )
    section("Who judges", "Pictures that a network has not learned from say how good it is.")
    st.markdown(plain(cached.split(spec.name).description))
    section("Worth a look", "Sets that everybody learns from have oddities too.")
    if st.toggle(f"Look for what is odd in {min(_LOOKED_AT, len(data.labels)):,} of them", key=f"odd_{spec.name}"):
        _odd(spec, data)


def _odd(spec: DatasetSpec, data: LabelledImages) -> None:
    looked_at = np.linspace(0, len(data.labels) - 1, min(_LOOKED_AT, len(data.labels))).astype(np.int64)
    with st.spinner("Comparing the pictures with each other …"):
        found = _found(data.fingerprint, spec.name, data, looked_at)
    if not found:
        st.markdown("Nothing odd was found.")

    def drawn(places: list[int]) -> tuple[bytes, list[str]]:
        there = looked_at[places].tolist()
        return _sheet(data, there), [spec.classes[data.labels[place]] for place in there]

    list_suspicions(found, drawn)


@st.cache_resource(max_entries=8, show_spinner=False)
def _found(fingerprint: str, name: str, _data: LabelledImages, _looked_at: np.ndarray) -> tuple[Suspicion, ...]:
    looks = looks_of(np.asarray(_data.images[_looked_at]))
    photos = _data.spec.ink is None and _data.spec.hub_id is not None  # what is drawn alike is no copy
    twins = groups_of(looks, [None] * len(looks)) if photos else np.arange(len(looks))
    labels, classes = _data.labels[_looked_at], _data.spec.classes
    return suspicions(looks, labels, classes=classes, twins=twins, can_change=False)


def _sheet(data: LabelledImages, places: list[int]) -> bytes:
    return _drawn(data.fingerprint, data.size, tuple(places), page_colour(), data)


@st.cache_resource(max_entries=24, show_spinner=False)
def _drawn(
    fingerprint: str, size: int, places: tuple[int, ...], colour: tuple[int, int, int], _data: LabelledImages
) -> bytes:
    pictures = [np.asarray(_data.images[place]) for place in places]
    return jpeg(contact_sheet(pictures, columns=COLUMNS, tile=_TILE))
