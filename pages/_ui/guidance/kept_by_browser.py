"""What a visitor's own browser keeps of what they did, as cookies: no identity, and nothing that gives rights.

A server sees a cookie as it was when a tab was opened, and tabs of one browser would overwrite each other's: while it
runs it knows what each browser was last told to keep, so that all tabs go on from there.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages._ui.visitor import browsers_id

_SECONDS = 30 * 86_400
_MOST = 10_000  # browsers that are known at a time
_LOCK = threading.Lock()


def kept(name: str) -> str:
    """Return what the browser keeps under ``name``, "" where it has nothing."""
    return _told().get(browsers_id(), {}).get(name, _brought(name))


def change(name: str, become: Callable[[str], str]) -> None:
    """Let the browser keep what ``become`` makes of what it keeps, once the page is drawn; no other tab is between.

    Values are letters, digits, and ``. ~ - _``; "" is forgotten.
    """
    told, browser = _told(), browsers_id()
    with _LOCK:
        now = told.get(browser, {})
        told[browser] = {**now, name: become(now.get(name, _brought(name)))}
        told.move_to_end(browser)
        while len(told) > _MOST:
            told.popitem(last=False)


def write_cookies() -> None:
    """Tell the browser; at the end of a page, for what comes after it on the page would be drawn anew."""
    for name, value in _told().get(browsers_id(), {}).items():
        cookie = f"{name}={value}; Path=/; Max-Age={_SECONDS if value else 0}; SameSite=Lax"
        st.html(f"<script>document.cookie = '{cookie}'</script>", unsafe_allow_javascript=True)


@st.cache_resource(show_spinner=False)
def _told() -> OrderedDict[str, dict[str, str]]:
    """What each browser was told to keep: browser → name → value, those that were told last at the end."""
    return OrderedDict()


def _brought(name: str) -> str:
    """What the browser brought as the tab was opened."""
    with suppress(RuntimeError):  # tests run pages without a server
        return str(st.context.cookies.to_dict().get(name, ""))
    return ""
