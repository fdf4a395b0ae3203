"""Classify's perturbations: a square is moved over the picture, and a network is fooled."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Server, open_page
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser


def test_a_square_is_moved_by_pointer_and_keys_and_then_the_network_is_fooled(page: Page, server: Server) -> None:
    open_page(page, server, "classify", "?checkpoint=digits-lenet")
    page.get_by_role("button", name="Try every place").press("Enter")
    picture = page.get_by_role("application", name=re.compile("^The picture with a square"))
    said = page.locator("#pair ~ #said")
    expect(said).to_have_text(re.compile(r"^\d (over |under )?[\d.]+ % with this square hidden"))
    picture.press("Home")
    picture.press("PageUp")
    expect(said).to_contain_text(re.compile(r"rows 0 to \d+, columns 0 to \d+\)"))
    picture.press("ArrowRight")
    expect(said).to_contain_text(re.compile(r"rows 0 to \d+, columns [1-9]\d* to \d+\)"))
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": box["width"] - 2, "y": box["height"] - 2})
    expect(said).to_contain_text(re.compile(r"rows \d+ to 31, columns \d+ to 31\)"))
    page.locator("#falls").click(position={"x": 2, "y": 2})
    expect(said).to_contain_text(re.compile(r"rows 0 to \d+, columns 0 to \d+\)"))
    page.get_by_role("button", name="Where it hurts most").press("Enter")
    expect(page.locator("#worst ~ #spoken")).to_have_text(said.inner_text())

    page.get_by_role("radio", name="Fool it").click()
    page.get_by_role("button", name="Fool it").press("Enter")
    expect(page.get_by_text(re.compile(r"Random changes of the same size leave \d at"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile(r"^What is added, at most \d+ of 255"))).to_be_visible()
    assert faults(page) == []
