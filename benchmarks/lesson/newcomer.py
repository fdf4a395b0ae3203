"""Somebody who has never seen the lab: reads all that comes into view, looks for each control, watches what happens.

The paces are those of people: 238 words a minute, the mean of adults who read for themselves (Brysbaert, 2019), and the
operators of the keystroke-level model (Card, Moran and Newell, 1980), with twice its time to think.
"""

import re
import time
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.server import settled
from tests.browser.widgets import quiet

A_WORD = 60 / 238  # seconds
THINK = 2 * 1.35  # to find a control, or to decide
POINT = 1.1  # to move the pointer there
CLICK = 0.2
KEY = 0.5  # of somebody who does not touch-type
HANDS = 0.4  # from the mouse to the keys
LOOK = 3.0  # at a picture that has changed

# Every piece of text that is seen in the window, of components too; not the menu, charts, and icons, which are words.
_IN_VIEW = """() => {
    const said = [], passedOver = "style, script, svg, [role=img], [role=tooltip], [data-testid=stSidebar]"
    const look = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (node.shadowRoot) look(node.shadowRoot)
            if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim()) continue
            const parent = node.parentElement
            if (!parent || parent.closest(passedOver)) continue
            if (getComputedStyle(parent).fontFamily.includes("Material")) continue
            if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
            const range = document.createRange()
            range.selectNodeContents(node)
            const box = range.getBoundingClientRect()
            const above = (root.elementFromPoint ?? (() => null)).call(root, box.x + box.width / 2, box.y + 6)
            if (above && (above.contains(parent) || parent.contains(above))) said.push(node.textContent.trim())
        }
    }
    look(document)
    return said
}"""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a step took: ``own`` seconds of reading (``words``), looking and doing, and those ``waited`` for the lab."""

    own: float
    waited: float
    words: int

    @property
    def seconds(self) -> float:
        """What it takes in all."""
        return self.own + self.waited


class Newcomer:
    """Drives ``page`` at a person's pace times ``pace``."""

    def __init__(self, page: Page, *, pace: float) -> None:
        self.page, self.pace = page, pace
        self._read: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Start the clock of a step."""
        self._began, self._own, self._words = time.monotonic(), 0.0, 0

    def spent(self) -> Spent:
        """Return what has been spent since `begin`."""
        waited = time.monotonic() - self._began - self._own * self.pace
        return Spent(own=self._own, waited=waited, words=self._words)

    def take(self, seconds: float) -> None:
        """Let time pass that is one's own."""
        self._own += seconds
        self.page.wait_for_timeout(1000 * seconds * self.pace)

    def read(self) -> None:
        """Read the sentences in view that have not been read yet; those that differ in numbers alone are looked at."""
        for _look in range(3):
            sentences = [part for text in self.page.evaluate(_IN_VIEW) for part in re.split(r"[.:;?!]\s", text)]
            new = {" ".join(re.findall(r"[^\W\d_]+", sentence)) for sentence in sentences} - self._read
            words = sum(len(text.split()) for text in new)
            self._read |= new
            if not words:
                return
            self._words += words
            self.take(words * A_WORD)

    def arrive(self, words: str) -> None:
        """Wait for the page that says so, and read it."""
        self.wait_for(words)
        self.rest()
        self.read()

    def wait_for(self, words: str) -> None:
        """Wait until ``words`` are there to be seen."""
        self.page.get_by_text(words).filter(visible=True).first.wait_for()

    def rest(self) -> None:
        """Wait until the page has come to rest."""
        quiet(self.page)

    def button(self, name: str) -> Locator:
        """Find a button of the page by its words."""
        return self.page.get_by_role("button", name=name, exact=True).filter(visible=True).first

    def link(self, name: str) -> Locator:
        """Find a link of the page by its words."""
        return self.page.get_by_test_id("stMain").get_by_role("link", name=name).first

    def find(self, control: Locator) -> None:
        """Look for a control, scrolling to it and reading what comes into view, and move the pointer there."""
        self.take(THINK)
        control.scroll_into_view_if_needed()
        self.read()
        self.take(POINT)

    def press(self, control: Locator) -> None:
        """Find a control, click it and look at what happens."""
        self.find(control)
        self.take(CLICK)
        control.click()
        self.rest()

    def write(self, field: Locator, text: str) -> None:
        """Find a field, write into it and press Enter."""
        self.find(field)
        field.click()
        self.take(CLICK + HANDS + KEY * (len(text) + 2))
        field.fill(text)
        field.press("Enter")
        self.rest()

    def choose(self, label: str, option: str) -> None:
        """Open a list and choose from it."""
        box = self.page.get_by_test_id("stMain").get_by_role("combobox", name=label, exact=True)
        self.press(box)
        entry = self.page.get_by_role("option").filter(has_text=option).first
        self.press(entry)

    def look(self, times: int = 1) -> None:
        """Look at what has changed, and read what is new below it."""
        self.take(times * LOOK)
        self.read()

    def sees_it_done(self) -> None:
        """Look up at the lesson's line, which has ticked itself."""
        line = self.page.locator(".st-key-lesson")
        expect(line).to_contain_text("done")
        line.scroll_into_view_if_needed()
        self.take(THINK)
        settled(self.page)
        self.read()
