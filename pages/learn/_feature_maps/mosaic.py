"""All maps of a layer in one picture, in which a click or the arrow keys choose one."""

import base64
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.explain.drawing.mosaic import Grid
from pages._ui.component import beside
from pages._ui.draw.pictures import as_image, png

_view = st.components.v2.component("cnn_lab_mosaic", **beside(__file__))


def clickable_mosaic(
    pixels: npt.NDArray[np.uint8], grid: Grid, *, chosen: int, alt: str, key: str, on_choose: Callable[[int], None]
) -> None:
    """Show a mosaic that `core.explain.drawing.mosaic` drew on ``grid``; ``on_choose`` is called with a map's index."""

    def take() -> None:
        index = st.session_state[key].get("index")
        if isinstance(index, int | float) and 0 <= index < grid.count:
            on_choose(int(index))

    _view(
        key=key,
        data={
            "png": base64.b64encode(png(as_image(pixels))).decode(),
            "alt": f"{alt}. Click a map or use the arrow keys to choose one; map {chosen} is chosen.",
            "width": pixels.shape[1],
            "columns": grid.columns,
            "rows": grid.rows,
            "count": grid.count,
            "chosen": chosen,
        },
        on_index_change=take,
    )
