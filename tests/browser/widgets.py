"""Streamlit's widgets as a reader of the page knows them: by label."""

import re

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong

from tests.browser.server import settled

TRAINED = 300_000  # milliseconds for a training, or data; seconds on an idle machine, more where tests share two cores


def quiet(page: Page) -> None:
    """Give the click time to reach the server, then wait until what it started has come to rest."""
    page.wait_for_timeout(400)
    settled(page)


def choose(page: Page, label: str, option: str, *, typed: bool = False) -> None:
    """Open the select box ``label`` and choose the first entry that contains ``option``, ``typed`` before: a long list
    draws only what is in sight.

    A page that still moves closes an open list, as scrolling does; so come to rest first, and open it again if need be.
    """
    box = page.get_by_test_id("stMain").get_by_role("combobox", name=label, exact=True)
    entry = page.get_by_role("option").filter(has_text=option).first
    for _ in range(4):
        box.scroll_into_view_if_needed()
        quiet(page)
        box.click()
        if typed:
            box.fill(option)
        try:
            entry.click(timeout=3_000)
        except TookTooLong:
            page.keyboard.press("Escape")
            continue
        quiet(page)
        return
    raise AssertionError(f"'{label}' does not offer '{option}'")


def write(page: Page, label: str, text: str) -> None:
    """Write into the text or number field ``label`` and leave it, as Tab does; again where a rerun replaced it."""
    field = page.get_by_test_id("stMain").get_by_label(label, exact=True)
    for _ in range(4):
        expect(field).to_have_count(1)
        field.fill(text)
        page.keyboard.press("Tab")
        quiet(page)
        if field.count() == 1 and field.input_value() == text:
            return
    raise AssertionError(f"'{label}' does not keep '{text}'")


def press(page: Page, name: str) -> None:
    """Press the button ``name``; what it brings is for the test to wait for."""
    page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True).click()


def open_tab(page: Page, name: str) -> None:
    """Bring the tab ``name`` to the front."""
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    quiet(page)


def picture_size(picture: Locator) -> tuple[int, int]:
    """Return width and height of a picture in its own pixels, once it has been loaded."""
    picture.evaluate("image => image.decode()")
    width, height = picture.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    return int(width), int(height)


def colour_at(picture: Locator, x: float, y: float) -> tuple[int, int, int]:
    """Return the colour at a place of a picture, ``x`` and ``y`` in [0, 1] from its upper left."""
    red, green, blue = picture.evaluate(
        """async (image, [x, y]) => {
            await image.decode()
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
            const pen = canvas.getContext("2d")
            pen.drawImage(image, 0, 0)
            const place = [Math.floor(x * (image.naturalWidth - 1)), Math.floor(y * (image.naturalHeight - 1))]
            return Array.from(pen.getImageData(...place, 1, 1).data.slice(0, 3))
        }""",
        [x, y],
    )
    return int(red), int(green), int(blue)


def chart(page: Page, says: str) -> Locator:
    """The first chart that says of itself what a pattern matches."""
    return page.get_by_role("application", name=re.compile(says)).first
