"""Every page opens inside the frame, by link and by menu."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.server import Server, go_to, open_page, settled

pytestmark = pytest.mark.browser

PAGES = {
    "": "Start",
    "guide": "Guide",
    "convolution": "Convolution",
    "feature-maps": "Feature maps",
    "architecture": "Architecture",
    "augmentation": "Augmentation",
    "training": "Training",
    "compare": "Compare",
    "classify": "Classify",
}


@pytest.mark.parametrize("address", PAGES)
def test_a_deep_link_on_a_fresh_server_opens_inside_the_frame(fresh_server: Server, page: Page, address: str) -> None:
    open_page(page, fresh_server, address)
    menu = page.get_by_test_id("stSidebarNav")
    for title in PAGES.values():
        expect(menu.get_by_role("link", name=title)).to_be_visible()
    if address:
        expect(page.get_by_role("heading", level=1, name=PAGES[address])).to_be_visible()


def test_the_menu_leads_to_every_page_and_back(page: Page, server: Server) -> None:
    open_page(page, server)
    for title in list(PAGES.values())[1:]:
        go_to(page, title)
        settled(page)  # who leaves sooner leaves pictures behind that are gone when the browser asks for them
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start").click()
    expect(page).to_have_url(f"{server.url}/")


def test_an_unknown_address_is_a_sentence_inside_the_frame(page: Page, server: Server, console: Console) -> None:
    console.expect("does not seem to exist")
    page.goto(f"{server.url}/no-such-page")
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()


@pytest.mark.parametrize("address", PAGES)
def test_no_page_scrolls_sideways_on_a_laptop_or_a_phone(page: Page, server: Server, address: str) -> None:
    open_page(page, server, address)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(500)  # the layout follows the window after a moment
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{too_wide} px too wide at {width} px"


def test_compare_is_printed_whole_on_a4(page: Page, server: Server) -> None:
    open_page(page, server, "compare")
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    for cell in page.get_by_test_id("stTable").first.get_by_role("columnheader").all():
        box = cell.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= 794
