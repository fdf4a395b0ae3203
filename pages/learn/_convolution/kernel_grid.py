"""The kernel as a grid of numbers that people edit."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages._ui import state
from pages._ui.component import beside, sent

Kernel = tuple[tuple[float, ...], ...]

LARGEST = 999.0
DIGITS = 4  # after the point: what the grid shows is what is used
_KEY = "kernel_grid"
_grid = st.components.v2.component("cnn_lab_kernel_grid", **beside(__file__))


def kernel_grid(*, on_edit: Callable[[], None]) -> Kernel:
    """Show the kernel of this session as a grid, and return it; ``on_edit`` is called after a cell was changed."""
    kernel: Kernel = st.session_state[state.KERNEL]
    _grid(
        key=_KEY,
        data={
            "values": [list(row) for row in kernel],
            "revision": st.session_state.get(state.KERNEL_REVISION, 0),
            "largest": LARGEST,
            "digits": DIGITS,
        },
        on_values_change=lambda: _edited(on_edit),
    )
    return kernel


def set_kernel(kernel: Sequence[Sequence[float]]) -> None:
    """Put another kernel into the grid."""
    st.session_state[state.KERNEL] = tuple(tuple(float(value) for value in row) for row in kernel)
    st.session_state[state.KERNEL_REVISION] = st.session_state.get(state.KERNEL_REVISION, 0) + 1


def _edited(on_edit: Callable[[], None]) -> None:
    current: Kernel = st.session_state[state.KERNEL]
    values = checked(sent(_KEY, "values"), len(current))
    if values is not None:
        st.session_state[state.KERNEL] = values
        on_edit()


def checked(values: Any, size: int) -> Kernel | None:
    """Return what the browser sent as a ``size``×``size`` kernel, or None where it is none or a weight is out of range.

    The grid itself says what it does not take; nothing is cut to fit here.
    """
    try:
        rows = tuple(tuple(round(float(value), DIGITS) for value in row) for row in values)
    except (TypeError, ValueError, OverflowError):
        return None
    if len(rows) != size or any(len(row) != size for row in rows):
        return None
    return rows if all(math.isfinite(value) and abs(value) <= LARGEST for value in sum(rows, ())) else None
