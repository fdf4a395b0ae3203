"""The server's clock: it closes sessions that were left, and gives memory back that nobody needs any more."""

import asyncio
import gc
import logging
import time

import streamlit as st
from streamlit.runtime import Runtime

from core.compute import allocator
from core.compute.library_pages import LibraryPages
from pages._ui.server.served_pictures import LateFiles
from pages._ui.server.sessions import SESSIONS, close_left

log = logging.getLogger(__name__)

_LIBRARIES = LibraryPages()

TICK = 15.0  # seconds
TIDY_EVERY = 30.0  # seconds, while students are here
EARLY = 2 * TICK  # seconds by which a session is closed before Streamlit would forget it unclosed


def seconds_away() -> float:
    """Return how long a session without a browser is kept."""
    return max(TICK, float(st.get_option("server.disconnectedSessionTTL")) - EARLY)


async def keep_house(runtime: Runtime, late: LateFiles | None, *, away: float) -> None:
    """Look after the server until it stops, on its event loop; ``away``: seconds that a browser may be gone."""
    tidied, somebody = time.monotonic(), False
    while True:
        await asyncio.sleep(TICK)
        try:
            close_left(runtime, away=away)
            runtime.media_file_mgr.remove_orphaned_files()  # Streamlit does where a page is done; nobody may be here
            if late is not None:
                late.sweep()
            was, somebody = somebody, len(SESSIONS) > 0
            if was and not somebody:
                await asyncio.to_thread(let_go_of_everything)
            elif somebody and time.monotonic() - tidied >= TIDY_EVERY:
                tidied = time.monotonic()
                await asyncio.to_thread(tidy_up)
        except Exception:
            log.exception("a tick of the server's clock failed; the next one comes")


def tidy_up() -> None:
    """Collect garbage, which Streamlit is told not to do after each rerun, and return free pages to the system."""
    gc.collect()
    _give_back()


def let_go_of_everything() -> None:
    """Empty every cache: the last student has left, and whoever comes next waits a moment longer for a network."""
    st.cache_data.clear()
    st.cache_resource.clear()
    gc.unfreeze()  # what was alive when modules were exempted from collection, and is dead now
    gc.collect()
    gc.freeze()
    _give_back()


def _give_back() -> None:
    allocator.give_back()
    _LIBRARIES.let_go()
