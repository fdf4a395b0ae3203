"""Many pictures in one file, of which some can be chosen: by touch, by mouse, or with arrow keys and the space bar."""

import base64
from collections.abc import Sequence

import streamlit as st

from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_picture_wall", **beside(__file__))


def picture_wall(
    sheet: bytes, ids: Sequence[str], names: Sequence[str], *, columns: int, key: str, alt: str
) -> tuple[str, ...]:
    """Show a JPEG sheet of pictures, ``columns`` a row, and return the ids of those that are chosen.

    ``names`` are for screen readers, one a picture. What is chosen stays chosen while the page is drawn anew, as long
    as it is on the sheet.
    """
    _view(
        key=key,
        data={
            "sheet": base64.b64encode(sheet).decode(),
            "ids": list(ids),
            "names": list(names),
            "columns": columns,
            "alt": alt,
        },
        default={"chosen": []},
        on_chosen_change=lambda: None,
    )
    return chosen_among(st.session_state[key].get("chosen") if key in st.session_state else None, ids)


def chosen_among(sent: object, ids: Sequence[str]) -> tuple[str, ...]:
    """Return which of the ``ids`` a browser names, in their order, whatever else it sends."""
    named = {one for one in sent if isinstance(one, str)} if isinstance(sent, list) else set()
    return tuple(one for one in ids if one in named)
