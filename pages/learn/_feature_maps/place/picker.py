"""A map beside the photo: choosing a place of the map draws on the photo what that place sees."""

import base64
from collections.abc import Callable

import streamlit as st

from core.models.architecture.receptive_field import Field
from pages._ui.component import beside, sent

_view = st.components.v2.component("cnn_lab_place_picker", **beside(__file__))


def pick_place(
    *,
    map_file: bytes,
    map_title: str,
    photo: bytes,
    photo_title: str,
    image_size: int,
    field: Field,
    place: tuple[int, int],
    of: str,
    on_choose: Callable[[int, int], None],
    key: str,
) -> None:
    """Show a map's file beside the photo's, and the receptive field of the place that is chosen.

    ``field`` is that of the map's layer, ``of`` tells this map from others. ``on_choose`` is called with row and
    column.
    """

    def take() -> None:
        chosen = sent(key, "place")
        if isinstance(chosen, list) and len(chosen) == 2 and all(isinstance(one, int | float) for one in chosen):
            row, col = (int(one) for one in chosen)
            if 0 <= row < len(field.first) and 0 <= col < len(field.first):
                on_choose(row, col)

    _view(
        key=key,
        data={
            "map": _source(map_file),
            "mapTitle": map_title,
            "mapAlt": f"{map_title}. Choose a place by a click or with the arrow keys, five further with Shift.",
            "photo": _source(photo),
            "photoTitle": photo_title,
            "side": len(field.first),
            "image": image_size,
            "first": list(field.first),
            "end": list(field.end),
            "begin": field.begin if field.size is not None else None,
            "jump": field.jump,
            "size": field.size,
            "row": place[0],
            "col": place[1],
            "of": of,
        },
        on_place_change=take,
    )


def _source(picture: bytes) -> str:
    kind = "jpeg" if picture.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
