"""The guide in the browser: from Start to each of its pages, by the back button, by a link, on a phone."""

import pytest
from playwright.sync_api import Page, expect

from pages._ui.guide import GUIDE
from tests.browser.server import Server, open_page, settled

pytestmark = pytest.mark.browser


def shows(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=2, name=heading, exact=True)).to_be_visible()


def test_start_leads_to_a_page_and_back_and_forward_turn_pages(page: Page, server: Server) -> None:
    open_page(page, server)
    page.get_by_test_id("stMain").get_by_role("link", name="Measured").click()
    shows(page, "Measured")
    expect(page).to_have_url(f"{server.url}/guide?page=measured")
    page.get_by_role("radio", name="Speed").click()
    shows(page, "How fast the lab is")
    expect(page.get_by_role("img", name="Ratios as bars")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/guide?page=speed")
    page.go_back()
    shows(page, "Measured")
    page.go_forward()
    shows(page, "How fast the lab is")


def test_a_link_inside_the_text_opens_the_page_that_it_names(page: Page, server: Server) -> None:
    open_page(page, server, "guide", "?page=measured")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="a page of its own").click()
    shows(opened.value, "How fast the lab is")


@pytest.mark.parametrize("name", GUIDE)
def test_no_page_runs_out_of_a_phones_screen(page: Page, server: Server, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_page(page, server, "guide", f"?page={name}")
    page.get_by_role("heading", level=2).first.wait_for()
    settled(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
