"""All maps of a layer in one picture, in which a click or the arrow keys choose one."""

import base64
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.explain.drawing.mosaic import Grid
from pages._ui.component import beside, sent
from pages._ui.draw.pictures import as_image, png

_view = st.components.v2.component("cnn_lab_mosaic", **beside(__file__))


def clickable_mosaic(
    pixels: npt.NDArray[np.uint8],
    grid: Grid,
    *,
    chosen: int,
    alt: str,
    key: str,
    on_choose: Callable[[int], None],
    on_switch: Callable[[int], None] | None = None,
) -> None:
    """Show a mosaic that `core.explain.drawing.mosaic` drew on ``grid``; ``on_choose`` is called with a map's index.

    With ``on_switch``, which is called with an index too, a click, Enter or the space bar switches a map.
    """

    def take(what: str, give: Callable[[int], None]) -> None:
        index = sent(key, what)
        if isinstance(index, int | float) and 0 <= index < grid.count:
            give(int(index))

    how = "Click a map or use the arrow keys to choose one."
    if on_switch is not None:
        how = "Click a map to switch it off or on, or choose one with the arrow keys and press Enter."
    _view(
        key=key,
        data={
            "png": base64.b64encode(png(as_image(pixels))).decode(),
            "alt": f"{alt}. {how} Map {chosen} is chosen.",
            "switches": on_switch is not None,
            "width": pixels.shape[1],
            "columns": grid.columns,
            "rows": grid.rows,
            "count": grid.count,
            "chosen": chosen,
        },
        on_index_change=lambda: take("index", on_choose),
        on_switched_change=lambda: take("switched", on_switch or on_choose),
    )
