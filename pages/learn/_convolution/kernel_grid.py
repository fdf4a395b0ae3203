"""The kernel as a grid of numbers that people edit."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages._ui import state
from pages._ui.component import beside

Kernel = tuple[tuple[float, ...], ...]

LARGEST = 999.0
_KEY = "kernel_grid"
_grid = st.components.v2.component("cnn_lab_kernel_grid", **beside(__file__))


def kernel_grid(*, on_edit: Callable[[], None]) -> Kernel:
    """Show the kernel of this session as a grid, and return it; ``on_edit`` is called after a cell was changed."""
    kernel: Kernel = st.session_state[state.KERNEL]
    _grid(
        key=_KEY,
        data={"values": [list(row) for row in kernel], "revision": st.session_state.get(state.KERNEL_REVISION, 0)},
        on_values_change=lambda: _edited(on_edit),
    )
    return kernel


def set_kernel(kernel: Sequence[Sequence[float]]) -> None:
    """Put another kernel into the grid."""
    st.session_state[state.KERNEL] = tuple(tuple(float(value) for value in row) for row in kernel)
    st.session_state[state.KERNEL_REVISION] = st.session_state.get(state.KERNEL_REVISION, 0) + 1


def _edited(on_edit: Callable[[], None]) -> None:
    current: Kernel = st.session_state[state.KERNEL]
    values = checked(st.session_state[_KEY].get("values"), len(current))
    if values is not None:
        st.session_state[state.KERNEL] = values
        on_edit()


def checked(values: Any, size: int) -> Kernel | None:
    """Return what the browser sent as a ``size``×``size`` kernel with entries within ±999, or None if it is not one."""
    try:
        rows = tuple(tuple(float(value) for value in row) for row in values)
    except (TypeError, ValueError):
        return None
    if len(rows) != size or any(len(row) != size for row in rows) or not all(map(math.isfinite, sum(rows, ()))):
        return None
    return tuple(tuple(min(LARGEST, max(-LARGEST, value)) for value in row) for row in rows)
