"""A Chromium for all browser tests, one server for those that can share it, a page that fails on any error."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from core.runs.executors.processes import process_handle
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.supervisor import _LOCK
from tests.browser.chromium import OF_TESTS, chromium_path
from tests.browser.server import Server
from tests.conftest import NO_DATA, REAL_DATA
from tests.deployed import DeployedServer

KEY = "a key for whoever teaches"  # of the still server
expect.set_options(timeout=30_000)  # the five seconds of Playwright are short where two cores are shared

# On a deep link Streamlit's client first looks for its server below the page's own address, and gets a 404.
STREAMLIT_FINDS_ITS_SERVER = r"404 \(Not Found\) \(.*/_stcore/(health|host-config)\)"


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What starts and drives browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the package; a test opens contexts of its own in it."""
    path = chromium_path(playwright)
    if path is None:
        pytest.skip("there is no Chromium: install one, or name it in CHROMIUM")
    started = playwright.chromium.launch(executable_path=path, args=OF_TESTS)
    yield started
    started.close()


class Console:
    """What the browser complained about while a test ran, but for what the test said to expect."""

    def __init__(self) -> None:
        self._messages: list[str] = []
        self._expected = [STREAMLIT_FINDS_ITS_SERVER]

    def expect(self, pattern: str) -> None:
        """Let messages that match this regular expression pass: the test provokes them."""
        self._expected.append(pattern)

    def listen_to(self, page: Page) -> None:
        """Note from now on what goes wrong on a page."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._messages.append(f"uncaught: {error}"))
        page.on("requestfailed", self._hear_of_failed)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._messages.append(f"{message.text} ({message.location.get('url', '')})")

    def _hear_of_failed(self, request: Request) -> None:
        """The lab promises to work without a network; `OF_TESTS` lets nothing through to another machine."""
        if not re.match(r"https?://127\.0\.0\.1:|data:|blob:", request.url):
            self._messages.append(f"asked another machine: {request.url}")

    def complaints(self) -> list[str]:
        """Return what was not expected."""
        return [text for text in self._messages if not any(re.search(pattern, text) for pattern in self._expected)]


@pytest.fixture
def console() -> Console:
    """The console of this test's page."""
    return Console()


@pytest.fixture(scope="package")
def tabs(browser: Browser) -> Iterator[BrowserContext]:
    """Where each test opens a tab: one for all, as Chromium then fetches and compiles Streamlit's scripts only once.

    Its first tab shows an empty page and stays: the process that has compiled the scripts lives as long as a tab in it.
    It asks for little motion, as people may: two cores draw none for nobody. What a test sees move, it asks for itself.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(30_000)
    first = context.new_page()
    first.route("**/*", lambda route: route.fulfill(body=""))
    first.goto("http://127.0.0.1/")
    yield context
    context.close()


@pytest.fixture
def page(tabs: BrowserContext, console: Console) -> Iterator[Page]:
    """A tab of an unused browser; the test fails on console errors, tracebacks and calls to other machines."""
    opened = tabs.new_page()
    console.listen_to(opened)
    yield opened
    tracebacks = [box.inner_text() for box in opened.get_by_test_id("stException").all()]
    _forget(tabs)
    assert tracebacks == []
    assert console.complaints() == []


def _forget(tabs: BrowserContext) -> None:
    """Close every tab but the first, and forget what pages have stored; only the cache of files stays."""
    first, *opened = tabs.pages
    for tab in opened:
        tab.close()
    session = tabs.new_cdp_session(first)
    session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    session.detach()
    tabs.clear_cookies()
    tabs.clear_permissions()


@pytest.fixture(scope="package")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on built-in data only, as a school runs it, shared by the tests that leave nothing behind but
    trainings."""
    lab = DeployedServer(tmp_path_factory.mktemp("browser-home"))
    try:
        yield lab.start()
    finally:
        lab.clear_away()


@pytest.fixture
def fresh_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has opened a page of."""
    lab = Server(tmp_path / "home")
    try:
        yield lab.start()
    finally:
        lab.clear_away()


@pytest.fixture(scope="package")
def data_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sees the real data sets; mark the test ``data``."""
    if REAL_DATA is None:
        pytest.skip(NO_DATA)
    lab = Server(tmp_path_factory.mktemp("browser-data-home"), data=REAL_DATA)
    try:
        yield lab.start()
    finally:
        lab.clear_away()


@pytest.fixture(scope="package")
def still_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose queue nobody serves, so that a run stays in the state that a test has put it in; it has a key."""
    lab = Server(tmp_path_factory.mktemp("still-home"), CNN_LAB_KEY=KEY)
    store = Store(lab.home / STORE_NAME)
    with filelock.FileLock(lab.home / _LOCK):
        Queue(store).appear(process_handle(os.getpid()))
        try:
            yield lab.start()
        finally:
            lab.clear_away()
            store.close()
