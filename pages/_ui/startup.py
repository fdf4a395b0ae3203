"""What the server does once, when it starts."""

import asyncio
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from streamlit import runtime
from streamlit.errors import StreamlitAPIException

from core.compute import allocator
from pages._ui.server.arrivals import note_uploads
from pages._ui.server.failed_downloads import say_why
from pages._ui.server.housekeeping import keep_house, seconds_away
from pages._ui.server.one_by_one import OneByOne
from pages._ui.server.redrawn_downloads import keep_redrawn
from pages._ui.server.secret_cookie import SecretCookie
from pages._ui.server.served_pictures import linger
from pages._ui.server.upload_quota import UploadQuota, hold_in_memory

if TYPE_CHECKING:
    from core.runs import Store

MIDDLEWARE = (Middleware(SecretCookie), Middleware(UploadQuota), Middleware(OneByOne))

_PATIENCE = 180.0  # seconds; after that a page imports for itself and shows what goes wrong
_BREATH = 5.0  # seconds in which the first page has the processor to itself
_SWITCH = 0.001  # seconds before a thread that computes lets the next one in; Python's own 0.005 make a class wait
_torch, _torch_wanted = threading.Event(), threading.Event()  # has been imported; a page waits for it
_torch.set()  # nothing is being imported until the server says so
_LOOK_EVERY = 1.0  # seconds between two looks at the supervisor
_looked = -_LOOK_EVERY
_frozen = 0  # modules that were imported when the collector was last told to leave them alone


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Prepare the server before its first visitor.

    Streamlit takes a folder named ``pages`` for its old way of having pages until `st.navigation` is called for the
    first time; the first visitor of a deep link would be told "Page not found". So it is called once here, where there
    is no visitor, and with no pages, which it refuses after taking note. Torch takes seconds to import: that begins
    now, rather than on somebody's page.
    """
    allocator.keep_little()
    sys.setswitchinterval(_SWITCH)
    hold_in_memory()
    say_why()
    note_uploads()
    with suppress(StreamlitAPIException):
        st.navigation([])
    _torch.clear()
    threading.Thread(target=_import_in_turn, name="warm-up", daemon=True).start()
    threading.Thread(target=_serve_what_waits, name="queue", daemon=True).start()
    house = asyncio.create_task(_keep_house())
    try:
        yield {}
    finally:
        house.cancel()


async def _keep_house() -> None:
    if not runtime.exists():  # in a test of this module
        return
    server, late = runtime.get_instance(), None
    with suppress(AttributeError):  # another Streamlit may store its files otherwise
        late = linger(server.media_file_mgr._storage)
        keep_redrawn(server.media_file_mgr)
    await keep_house(server, late, away=seconds_away())


def _import_in_turn() -> None:
    """Torch as soon as a page has shown what it can without, the rest while the student reads."""
    try:
        _torch_wanted.wait(_BREATH)
        from pages._ui import cached

        cached.import_torch()
        exempt_modules_from_collection()
    finally:
        _torch.set()
    time.sleep(_BREATH)
    cached.import_the_rest()
    exempt_modules_from_collection()


def exempt_modules_from_collection() -> None:
    """Have the garbage collector pass over what has been imported so far; call it where a page ends.

    Streamlit collects in full after every rerun, a fragment's too. With torch imported that took 254 ms of processor
    time for a one-line page, and 20 ms with what a page imports later (the first chart brings pandas); with both frozen
    it takes 0.2 ms. Only new modules are a reason to freeze again, so little else is ever kept that way.
    """
    global _frozen
    if len(sys.modules) > _frozen:
        gc.collect()
        gc.freeze()
        _frozen = len(sys.modules)


def _serve_what_waits() -> None:
    """After an update or a power cut trainings go on at once, and not when somebody opens the page of one."""
    from core.runs.summons import serve_what_waits

    _with_the_store(serve_what_waits)


def keep_queue_served() -> None:
    """Start the queue's supervisor again where it died; call it where a page ends, of which one a second looks."""
    from core.runs.summons import revive_supervisor

    global _looked
    if time.monotonic() - _looked >= _LOOK_EVERY:
        _looked = time.monotonic()
        _with_the_store(revive_supervisor)


def _with_the_store(act: "Callable[[Store], None]") -> None:
    """A home without a store has no queue; a store that cannot be opened is said on the pages that need it."""
    from core.errors import LabError
    from core.home import home
    from core.runs.store.store import STORE_NAME, open_store

    with suppress(LabError):
        if (home() / STORE_NAME).exists():
            act(open_store())


def wait_for_torch(after: float = 0.0) -> None:
    """Hold what follows on a page back while the server is still importing torch.

    The import holds Python up: a page that has pictures to send before asks for it ``after`` so many seconds.
    """
    if not _torch.is_set():
        time.sleep(after)
        _torch_wanted.set()
        with st.spinner("The lab is starting: PyTorch is being loaded …", show_time=True):
            _torch.wait(_PATIENCE)
