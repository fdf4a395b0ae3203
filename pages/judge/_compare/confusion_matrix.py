"""A confusion matrix whose cells can be chosen; Plotly's heatmap returns nothing when it is clicked (issue 8760)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages._ui.component import beside

_mount = st.components.v2.component("cnn_lab_confusion", **beside(__file__, html='<div class="confusion"></div>\n'))


def confusion_matrix(
    counts: npt.NDArray[np.int64], classes: Sequence[str], *, key: str, alt: str
) -> tuple[int, int] | None:
    """Draw ``counts`` (K, K), the true class in rows, and return the chosen cell as (row, column), or None."""
    chosen = _cell(st.session_state.get(key, {}).get("cell"), len(classes))
    data = {"counts": counts.tolist(), "classes": list(classes), "chosen": chosen, "alt": alt}
    result = _mount(key=key, data=data, height="content", on_cell_change=_nothing)
    return _cell(result.cell, len(classes))


def _cell(value: object, classes: int) -> tuple[int, int] | None:
    """What the browser sent, if it is a cell at all."""
    match value:
        case [int(row), int(column)] if 0 <= row < classes and 0 <= column < classes:
            return row, column
    return None


def _nothing() -> None:
    """Streamlit returns a component's state only where a callback is named."""
