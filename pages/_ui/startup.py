"""What the server does once, when it starts."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

_PATIENCE = 180.0  # seconds; after that a page imports for itself and shows what goes wrong
_imported = threading.Event()
_imported.set()  # nothing is being imported until the server says so


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Prepare the server before its first visitor.

    Streamlit takes a folder named ``pages`` for its old way of having pages until `st.navigation` is called for the
    first time; the first visitor of a deep link would be told "Page not found". So it is called once here, where there
    is no visitor, and with no pages, which it refuses after taking note. Torch takes seconds to import: that begins
    now, rather than on somebody's page.
    """
    with suppress(StreamlitAPIException):
        st.navigation([])
    _imported.clear()
    threading.Thread(target=_import_what_is_heavy, name="warm-up", daemon=True).start()
    yield {}


def _import_what_is_heavy() -> None:
    try:
        from pages._ui import cached

        cached.import_what_is_heavy()
    finally:
        _imported.set()


def wait_for_imports() -> None:
    """Hold a page back while the server is still importing.

    Two threads that import torchvision at the same time can each find it half done ("partially initialized module").
    """
    if not _imported.is_set():
        with st.spinner("The lab is starting: PyTorch is being loaded …", show_time=True):
            _imported.wait(_PATIENCE)
