"""What a measurement opens: a server on an empty home, and a page as another student would open it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.screen.clock import PATIENCE
from tests.browser.server import Server

VIEWPORT = (1280, 900)


@contextlib.contextmanager
def server_on_an_empty_home() -> Iterator[Server]:
    """Start a server, and clear away what it has started with it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home").start()
        try:
            yield server
        finally:
            server.clear_away()


@contextlib.contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """Open a page in a browser context of its own, as another student would."""
    width, height = VIEWPORT
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()
