"""A field for a whole number that the page keeps as text: a browser's own field for numbers makes 25 of "2,5"."""

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import streamlit as st

from core.errors import ConfigError
from core.registry import Setting
from pages._ui.choose.setting_widgets import whole_number_of
from pages._ui.frame import plain
from pages._ui.glossary import linked, mention

EPOCHS = Setting(name="epochs", title="Epochs", low=1, high=500, help=linked("epoch"))
LIMIT = Setting(
    name="limit",
    title="Training images (empty: all)",
    low=2,
    high=10_000_000,
    help="Fewer images make an epoch shorter, and the network worse.",
)
_WIDTH = 160  # px


def whole_field(
    setting: Setting, *, key: str, width: int | Literal["stretch"] = _WIDTH, empty: str | None = None
) -> None:
    """Show the field; what it holds is `whole_value`'s to say, so that what stands below can be drawn in any case.

    ``empty`` is what it means, in a few words, where nothing stands in it: then nothing does at first.
    """
    mention(setting.help)
    first = str(setting.default) if empty is None else ""
    st.text_input(
        setting.title, first, key=key, placeholder=empty, help=setting.help or None, width=width,
        persist_state="session",
    )  # fmt: skip


def whole_value(setting: Setting, *, key: str) -> int:
    """Return the number that the field ``key`` holds.

    Raises ConfigError, with the range, for what is no whole number and for one out of bounds.
    """
    return whole_number_of(str(st.session_state.get(key, setting.default)), setting)


def optional_value(setting: Setting, *, key: str) -> int | None:
    """Return the number that the field ``key`` holds, None where it is empty; raises ConfigError as `whole_value`."""
    text = str(st.session_state.get(key, ""))
    return whole_number_of(text, setting) if text.strip() else None


def turned_field(setting: Setting, *, key: str) -> None:
    """Show the field, a button for the number before and one for the next; each goes as far as the bounds."""
    whole_field(setting, key=key, width=120)  # so that all three stand beside each other on a phone
    now: int | None = None
    with suppress(ConfigError):
        now = whole_value(setting, key=key)
    for label, icon, by, end in (
        ("Previous", "arrow_back", -1, setting.low),
        ("Next", "arrow_forward", 1, setting.high),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"{key}_{label}",
            disabled=now is None or now == end,
            on_click=_turn,
            args=(key, now, by),
        )


def choose_page(pages: int, *, key: str) -> int:
    """Let one of ``pages`` be chosen and return it, from 1; where the field names none, say so and return the first.

    Where there are fewer than there were, the last one takes the place of those that are gone.
    """
    setting = Setting(name="page", title=f"Page (of {pages:,})", default=1, low=1, high=pages)
    before = st.session_state.get(f"{key}_of", pages)
    st.session_state[f"{key}_of"] = pages
    with suppress(ConfigError):
        if pages < before and whole_value(replace(setting, high=before), key=key) > pages:
            st.session_state[key] = str(pages)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        turned_field(setting, key=key)
    try:
        return whole_value(setting, key=key)
    except ConfigError as error:
        st.error(plain(f"{error} The first page is shown."), icon=":material/error:")
        return 1


def _turn(key: str, now: int, by: int) -> None:
    st.session_state[key] = str(now + by)
