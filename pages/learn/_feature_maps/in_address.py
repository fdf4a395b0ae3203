"""What the Feature maps page keeps in its address: which layer, map, place, filters and view are shown."""

from collections.abc import Sequence

import streamlit as st

from pages._ui import address

UNTRAINED = "untrained"  # architecture@data set
LAYER, MAP, PLACE, OFF, VIEW, SCALE = "layer", "map", "place", "off", "look", "scale"
OF_A_NETWORK = (LAYER, MAP, PLACE, OFF)  # mean nothing to another one


def refused(name: str, sentence: str) -> None:
    """Say that a link's parameter was not taken; what is only left over from another layer needs no word."""
    if address.brings(name):
        st.warning(sentence, icon=":material/link_off:")


def numbers(text: str | None) -> tuple[int, ...] | None:
    """Return the whole numbers of "3,5", none for no text, and None where something else is written."""
    if not text:
        return ()
    parts = text.split(",")
    if len(text) > 20_000 or not all(part.isascii() and part.isdecimal() and len(part) < 7 for part in parts):
        return None
    return tuple(int(part) for part in parts)


def written(values: Sequence[int]) -> str | None:
    """Return numbers as they stand in the address, None for none."""
    return ",".join(map(str, values)) or None
