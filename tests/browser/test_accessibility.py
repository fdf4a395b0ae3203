"""axe-core finds nothing on any page that plain Streamlit has not, light or dark, and no page is wider than a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.server import Server, open_page
from tests.browser.test_frame import PAGES
from tests.pages import runs

pytestmark = pytest.mark.browser

# Streamlit 1.67's own: its menu has groups between a list and its items, its uploader a role that cannot be focused.
OF_STREAMLIT = ("stSidebarNav", "stFileUploaderDropzone")
DARK = "rgb(3, 5, 8)"  # the dark theme's background
OPTIONS = {
    "rules": {"label-content-name-mismatch": {"enabled": True}},
    "resultTypes": ["violations"],  # of what passes one element a rule, not a path to each
    "elementRef": False,
}


def faults(page: Page, **options: Any) -> list[str]:
    """Return what axe finds, a line for each element: the rule, the element, and what is wrong with it.

    ``options`` are axe's own. It looks again where an element has gone meanwhile: the page was being drawn.
    """
    for _look in range(5):
        answer: dict[str, Any] = Axe().run(page, options=OPTIONS | options).response
        if all(_is_there(page, node) for violation in answer["violations"] for node in violation["nodes"]):
            break
        page.wait_for_timeout(500)
    return [
        f"{violation['id']}: {node['html'][:200]} ({_why(node)})"
        for violation in answer["violations"]
        for node in violation["nodes"]
        if not _of_streamlit(page, node)
    ]


def _why(node: dict[str, Any]) -> str:
    checks = node["any"] or node["all"] or node["none"]
    return str(checks[0]["message"])


def _is_there(page: Page, node: dict[str, Any]) -> bool:
    return not isinstance(node["target"][0], str) or page.locator(node["target"][0]).count() > 0


def _of_streamlit(page: Page, node: dict[str, Any]) -> bool:
    """Whether the element lies in one of Streamlit's own that are known for a fault."""
    if not isinstance(node["target"][0], str):  # in the shadow of one of our components
        return False
    element = page.locator(node["target"][0]).first
    inside = "(element, names) => names.some((name) => element.closest(`[data-testid=${name}]`))"
    return bool(element.evaluate(inside, list(OF_STREAMLIT)))


# Views of a page that are not drawn when it opens.
VIEWS = (
    "architecture?part=build&layers=conv-6-5x5_relu_max-2x2_dropout-0.25_dense-10",
    "architecture?part=sees",
    "convolution?tab=pooling",
    "convolution?tab=softmax",
    "convolution?view=learn",
    "convolution?view=puzzle",
    "feature-maps?look=place",
    "feature-maps?look=off&off=0,1",
    "feature-maps?look=nine",
    "compare?experiment=new",
    "augmentation?look=labels",
    "augmentation?look=curve",
    "augmentation?look=arms",
    "augmentation?look=seen",
)


# What a page draws only once something is pressed: what to press, and the name of the table that it brings.
OPENED = {
    "training": ("[role=tab]", "All runs", "All runs"),
    "compare": ("summary", "Choose from a table", "All trained networks"),
}


@pytest.mark.parametrize("address", [*PAGES, *VIEWS])
def test_a_page_is_for_everyone(page: Page, server: Server, address: str) -> None:
    if address == "training":
        runs.many(server.home, 3, owner="Grace", called="Failed")
    page.emulate_media(color_scheme="light")
    open_page(page, server, address)
    page.wait_for_timeout(1_500)  # pictures and components come after the script has ended
    assert page.get_by_text("BidiComponent Error").count() == 0
    assert faults(page) == []
    if address in OPENED:
        what, words, table = OPENED[address]
        page.locator(what).filter(has_text=words).click()
        expect(page.get_by_role("grid", name=table).locator(".row").first).to_be_visible()
        assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK)
    page.wait_for_timeout(500)
    assert faults(page, runOnly=["color-contrast"]) == []  # nothing else depends on colours
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(500)  # the layout follows the window after a moment
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{too_wide} px too wide at {width} px"
