"""All maps of a layer in one picture, in which a click or the arrow keys choose one."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core.explain.drawing.mosaic import mosaic, mosaic_grid
from pages._ui.component import beside, sent
from pages._ui.draw.palette import page_colour
from pages._ui.draw.pictures import as_image, png
from pages._ui.worksheet.shown import note_picture
from pages.learn._feature_maps.layer_choice import LayerView

if TYPE_CHECKING:
    from torch import Tensor

_view = st.components.v2.component("cnn_lab_mosaic", **beside(__file__))


def clickable_mosaic(
    view: LayerView,
    maps: "Tensor",
    *,
    max_side: int,
    alt: str,
    key: str,
    on_choose: Callable[[int], None],
    on_switch: Callable[[int], None] | None = None,
) -> None:
    """Show ``maps`` (K, H, W) in the view's colours, at most ``max_side`` px a side; a single map takes half of that.

    ``on_choose`` is called with the index of a map.

    With ``on_switch``, which is called with an index too, a click, Enter or the space bar switches a map.
    """
    count, height, width = maps.shape
    side = max_side if count > 1 else max_side // 2
    grid = mosaic_grid(count, height, width, max_side=side)
    pixels = mosaic(
        maps,
        signed=view.signed,
        scale="map" if view.limit is None else view.limit,
        max_side=side,
        chosen=view.chosen,
        filler=page_colour(),
        steps=view.steps,
    )

    def take(what: str, give: Callable[[int], None]) -> None:
        index = sent(key, what)
        if isinstance(index, int | float) and 0 <= index < grid.count:
            give(int(index))

    file = png(as_image(pixels))
    note_picture(file, alt)
    how = "Click a map or use the arrow keys to choose one."
    if on_switch is not None:
        how = "Click a map to switch it off or on, or choose one with the arrow keys and press Enter."
    _view(
        key=key,
        data={
            "png": base64.b64encode(file).decode(),
            "alt": f"{alt}. {how} Map {view.chosen} is chosen.",
            "switches": on_switch is not None,
            "width": pixels.shape[1],
            "columns": grid.columns,
            "rows": grid.rows,
            "count": grid.count,
            "chosen": view.chosen,
        },
        on_index_change=lambda: take("index", on_choose),
        on_switched_change=lambda: take("switched", on_switch or on_choose),
    )
