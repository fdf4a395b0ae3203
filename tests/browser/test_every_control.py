"""Every button, link, tab and choice of every page is pressed, in the states that students are in."""

import os
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest
from playwright.sync_api import Browser, Page

from core.runs.executors.processes import process_handle
from core.runs.records import Run, Status
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.supervisor import _LOCK
from tests.browser.conftest import Console
from tests.browser.pressing import Presser
from tests.browser.server import Server, open_page
from tests.pages import runs

pytestmark = pytest.mark.browser

STATES: tuple[Status | str, ...] = (
    "queued",
    "running",
    "stopping",
    "stopped",
    "finished",
    "diverged",
    "failed",
    "interrupted",
    "deleted",
)
GONE_PICTURE = r"404 \(Not Found\) \(.*/media/"  # who presses at once leaves before the browser has asked for it
PAGES = ("", "convolution", "feature-maps", "architecture", "augmentation", "training", "compare", "classify")


@pytest.fixture(scope="module")
def still_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose queue nobody serves, so that a run stays in the state that a test has put it in."""
    lab = Server(tmp_path_factory.mktemp("still-home"))
    store = Store(lab.home / STORE_NAME)
    with filelock.FileLock(lab.home / _LOCK):
        Queue(store).appear(process_handle(os.getpid()))
        try:
            yield lab.start()
        finally:
            lab.clear_away()
            store.close()


def prepared(home: Path, state: str, owner: str) -> Run:
    """Put one run into this state, and no other run into the store."""
    store = Store(home / STORE_NAME)
    with store.database.writing() as connection:
        connection.execute("DELETE FROM runs")
    if state == "queued":
        return runs.queued(home, owner=owner)
    if state in ("running", "stopping"):
        run = runs.at_work(home, owner=owner)[0]
        return store.request_stop(run.id) if state == "stopping" else run
    if state in ("finished", "deleted"):
        run = runs.finished(home, owner=owner)
        if state == "deleted":
            store.delete(run.id)
        return run
    return runs.ended(home, state, reason="asked", log="the last line", owner=owner)


def nothing_broke(page: Page, server: Server, said_before: int) -> None:
    """Fail where the page shows an exception, or the server has logged one since ``said_before`` (bytes of its log)."""
    boxes = [box.inner_text() for box in page.get_by_test_id("stException").all()]
    log = server.log.read_text(errors="replace")[said_before:]
    assert (boxes, "Traceback" in log) == ([], False), log


@pytest.mark.parametrize("nickname", ["", "Ada"])
@pytest.mark.parametrize("address", PAGES)
def test_everything_on_a_page_can_be_pressed(
    page: Page, console: Console, still_server: Server, address: str, nickname: str
) -> None:
    console.expect(GONE_PICTURE)
    prepared(still_server.home, "finished", nickname or "you")
    query = f"?owner={nickname}" if nickname else ""
    before = still_server.log.stat().st_size

    def again() -> None:
        open_page(page, still_server, address, query)

    def check(name: str) -> None:
        nothing_broke(page, still_server, before)

    Presser(page, again, check, inside="[data-testid=stMain]").press_everything()


@pytest.mark.parametrize(("whose", "nickname"), [("own", ""), ("own", "Ada"), ("Grace's", "Ada")])
@pytest.mark.parametrize("state", STATES)
def test_everything_about_a_run_can_be_pressed(
    page: Page, console: Console, still_server: Server, state: str, whose: str, nickname: str
) -> None:
    console.expect(GONE_PICTURE)
    owner = (nickname or "you") if whose == "own" else "Grace"
    before = still_server.log.stat().st_size

    def again() -> None:
        run = prepared(still_server.home, state, owner)
        query = f"?run={run.id}" + (f"&owner={nickname}" if nickname else "")
        open_page(page, still_server, "training", query)

    def check(name: str) -> None:
        nothing_broke(page, still_server, before)

    Presser(page, again, check, inside="[role=tabpanel]").press_everything()
