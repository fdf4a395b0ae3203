"""What the server does once, when it starts."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Prepare the server before its first visitor.

    Streamlit takes a folder named ``pages`` for its old way of having pages until `st.navigation` is called for the
    first time; the first visitor of a deep link would be told "Page not found". So it is called once here, where there
    is no visitor, and with no pages, which it refuses after taking note. Torch takes seconds to import: that begins
    now, in the background, rather than on somebody's page.
    """
    with suppress(StreamlitAPIException):
        st.navigation([])
    threading.Thread(target=_import_what_is_heavy, name="warm-up", daemon=True).start()
    yield {}


def _import_what_is_heavy() -> None:
    from pages._ui import cached

    cached.import_what_is_heavy()
