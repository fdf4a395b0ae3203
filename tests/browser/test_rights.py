"""Browsers on one server: each knows its own runs again, can change no other's, and is shown no other's photo."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.class_load.strangers import meet
from core.rights import owner_of
from pages._ui.server.secret_cookie import COOKIE
from tests.browser.server import Server, open_page, store_of
from tests.browser.widgets import quiet
from tests.pages import runs

pytestmark = pytest.mark.browser


@pytest.fixture
def neighbour(page: Page) -> Iterator[Page]:
    """A page in another browser."""
    assert page.context.browser is not None
    context = page.context.browser.new_context()
    yield context.new_page()
    context.close()


def secret(context: BrowserContext) -> str:
    (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    return cookie["value"]


def stop_buttons(page: Page, server: Server, query: str) -> int:
    open_page(page, server, "training", query)
    expect(page.get_by_role("tabpanel", name="Watch").get_by_role("heading", name="My first run")).to_be_visible()
    return page.get_by_role("button", name="Stop", exact=True).count()


def test_a_run_is_its_browsers_through_a_reload_and_nobody_elses_by_a_link(
    still_server: Server, page: Page, neighbour: Page
) -> None:
    open_page(page, still_server, "training")
    open_page(neighbour, still_server, "training")
    mine = secret(page.context)
    assert mine != secret(neighbour.context)
    assert COOKIE not in page.evaluate("document.cookie")
    page.get_by_role("button", name="you").click()
    page.get_by_label("Your nickname", exact=True).fill("Berta")
    page.keyboard.press("Enter")
    quiet(page)
    assert "Berta" not in page.url

    run = runs.queued(still_server.home, owner=owner_of(mine))
    query = f"?run={run.id}"
    assert stop_buttons(page, still_server, query) == 1
    page.reload()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    assert secret(page.context) == mine
    assert stop_buttons(neighbour, still_server, f"{query}&owner=Berta") == 0
    assert "owner" not in neighbour.url
    expect(neighbour.get_by_text("Berta's run")).to_be_visible()
    with store_of(still_server) as store:
        assert store.get(run.id).owner_name == "Berta"


def test_at_the_same_moment_nobody_sees_the_photo_of_another(still_server: Server) -> None:
    tabs, pages = 5, ("convolution", "feature-maps", "classify")  # thirty: python -m benchmarks strangers
    with ThreadPoolExecutor(1) as beside:  # Chromium's driver keeps this thread's event loop
        complaints, looked_at = beside.submit(asyncio.run, meet(still_server.port, tabs=tabs, pages=pages)).result()
    assert complaints == []
    assert looked_at >= tabs * (len(pages) + 1)  # each page, and the one on which it was chosen
