"""What a visitor's own browser keeps of what they did, as cookies: no identity, and nothing that gives rights."""

from contextlib import suppress

import streamlit as st

_WRITTEN = "cookies_written"  # name → what the browser is told to keep of it, as a line of JavaScript takes it
_SECONDS = 30 * 86_400


def kept(name: str) -> str:
    """Return what the browser has brought under ``name``, "" where it has nothing."""
    with suppress(RuntimeError):  # tests run pages without a server
        return str(st.context.cookies.to_dict().get(name, ""))
    return ""


def keep(name: str, value: str) -> None:
    """Let the browser keep ``value`` (letters, digits, and ``. ~ - _``), or forget it (""), once the page is drawn."""
    seconds = _SECONDS if value else 0
    written = st.session_state.setdefault(_WRITTEN, {})
    written[name] = f"{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax"


def write_cookies() -> None:
    """Tell the browser; at the end of a page, for what comes after it on the page would be drawn anew."""
    for cookie in st.session_state.get(_WRITTEN, {}).values():
        st.html(f"<script>document.cookie = '{cookie}'</script>", unsafe_allow_javascript=True)
