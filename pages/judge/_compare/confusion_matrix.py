"""A confusion matrix whose cells can be chosen; Plotly's heatmap returns nothing when it is clicked (issue 8760)."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages._ui.component import beside, sent

_mount = st.components.v2.component("cnn_lab_confusion", **beside(__file__, html='<div class="confusion"></div>\n'))


def confusion_matrix(
    counts: npt.NDArray[np.int64],
    classes: Sequence[str],
    *,
    chosen: tuple[int, int] | None,
    on_choose: Callable[[tuple[int, int] | None], None],
    key: str,
    alt: str,
) -> None:
    """Draw ``counts`` (K, K), the true class in rows; ``on_choose`` is called with a cell (row, column), or None."""
    data = {"counts": counts.tolist(), "classes": list(classes), "chosen": chosen, "alt": alt}
    _mount(
        key=key,
        data=data,
        height="content",
        on_cell_change=lambda: on_choose(_cell(sent(key, "cell"), len(classes))),
    )


def _cell(value: object, classes: int) -> tuple[int, int] | None:
    """What the browser sent, if it is a cell at all."""
    match value:
        case [int(row), int(column)] if 0 <= row < classes and 0 <= column < classes:
            return row, column
    return None
