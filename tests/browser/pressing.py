"""Presses every control of a page as it is found: what a press brings to light is pressed as well."""

from collections.abc import Callable
from typing import TypedDict
from urllib.parse import urlparse

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TookTooLong

from tests.browser.server import settled

AT_MOST = 150  # presses a page; more means that the names of its controls never repeat
_STEPS_BACK = 2
_POPOVER = "[data-testid=stPopoverBody]"
# Finds what can be pressed now, marks each with a number, and tells what it is called, what it does, and for a tab
# which row it is in; the same name twice counts twice. Of the buttons of a component, and of the choices in a row, the
# first few: a confusion matrix has a hundred. While something pops up, only what it holds.
_FIND = """([inside, popover]) => {
    const showing = "[data-testid=stExpander] summary, [role=radio]"
    const opening = "[role=tab]"
    const popping = "[data-testid=stPopoverButton]"
    const acting = "[data-testid^=stBaseButton-]:not([data-testid$=elementToolbar]), [data-testid=stPageLink-NavLink]"
    const rows = [...document.querySelectorAll("[role=tablist]")]
    const seen = {}, found = []
    const unmark = one => one.removeAttribute("data-press")
    const take = (one, drawn) => {
        if (one.disabled || one.ariaDisabled === "true" || !one.checkVisibility()) return
        if (one.matches("[role=radio]") && [...one.parentElement.children].indexOf(one) > 3) return
        const words = one.querySelector("[data-testid=stMarkdownContainer]") || one  // without the icon's name
        const name = (one.ariaLabel || words.innerText).replace(/\\s+/g, " ").trim()
        seen[name] = (seen[name] || 0) + 1
        one.dataset.press = found.length
        const chosen = one.matches("[aria-selected=true], [aria-checked=true], details[open] > summary")
        const does = chosen ? "chosen" : one.matches(popping) ? "pops up" : one.matches(opening) ? "opens"
            : one.matches(showing) ? "shows" : "acts"
        const row = rows.indexOf(one.closest("[role=tablist]"))
        found.push([seen[name] > 1 ? `${name} (${seen[name]})` : name, {does, row, drawn}])
    }
    const up = [...document.querySelectorAll(popover)].filter(one => one.checkVisibility())
    document.querySelectorAll("[data-press]").forEach(unmark)
    for (const box of up.length ? up : document.querySelectorAll(inside)) {
        box.querySelectorAll([showing, opening, popping, acting].join()).forEach(one => take(one, false))
        for (const one of box.querySelectorAll("*"))
            if (one.shadowRoot) {
                const shown = [...one.shadowRoot.querySelectorAll("button:not([hidden])")]
                one.shadowRoot.querySelectorAll("[data-press]").forEach(unmark)
                shown.slice(0, 3).forEach(one => take(one, true))
            }
    }
    return found
}"""


class _Control(TypedDict):
    """What a control does: one of `_ORDER`, or "chosen" where it has been; for a tab which row it is in, or -1.

    ``drawn``: it is a button of one of the lab's own components.
    """

    does: str
    row: int
    drawn: bool


_ORDER = ("acts", "shows", "pops up", "opens")  # "opens": in the place of something else


class Presser:
    """Presses every button, link, tab and choice of a page, each once.

    ``open_page`` shows the page as at first. ``check`` is called after each press with its name, and fails where
    something broke. ``inside`` names the part of the page by a selector; what pops up belongs to it. Buttons of the
    lab's own components whose names are ``known`` are left out; what is pressed of them is added.
    """

    def __init__(
        self,
        page: Page,
        open_page: Callable[[], None],
        check: Callable[[str], None],
        *,
        inside: str,
        known: set[str] | None = None,
    ) -> None:
        self.pressed: list[str] = []
        self._known = set() if known is None else known
        self._page, self._open, self._check, self._inside = page, open_page, check, inside
        self._home = ""

    def press_everything(self) -> list[str]:
        """Open the page and press all there is; returns the names in the order in which they were pressed."""
        self._open()
        self._home = urlparse(self._page.url).path
        self._press_what_is_new(())
        return self.pressed

    def _press_what_is_new(self, path: tuple[str, ...]) -> None:
        """Press what can be seen after ``path`` was opened, and leave this view for another only when that is done.

        First what acts, then what shows more of the same view, what pops up, and the tabs: those of the last row on
        the page first, as one row lies within what a tab of the row before shows.
        """
        while new := self._new() or self._new(after=500):  # ms: what a component draws comes after the script has ended
            name = min(new, key=lambda name: (_ORDER.index(new[name]["does"]), -new[name]["row"], name))
            self.pressed.append(name)
            if new[name]["drawn"]:
                self._known.add(name)
            if len(self.pressed) > AT_MOST:
                raise AssertionError(f"no end of controls: {self.pressed}")
            self._press(name)
            self._check(name)
            if new[name]["does"] == "opens":
                found = self._found()
                path = (*(before for before in path if self._is_open(before, found)), name)
            elif new[name]["does"] == "pops up":
                self._press_what_is_new((*path, name))
                self._page.keyboard.press("Escape")
                self._settle()
            self._restore(path)

    def _new(self, *, after: float = 0) -> dict[str, _Control]:
        self._page.wait_for_timeout(after)
        settled(self._page)
        found = self._found().items()
        done = {*self.pressed, *(name for name, one in found if one["drawn"] and name in self._known)}
        return {name: one for name, one in found if one["does"] != "chosen" and name not in done}

    @staticmethod
    def _is_open(name: str, found: dict[str, _Control]) -> bool:
        return name in found and found[name]["does"] == "chosen"

    def _restore(self, path: tuple[str, ...]) -> None:
        """Come back to where ``path`` is open, if the last press has led away from there.

        A page that is shown as it was left writes that into its address, a step of its own, which a browser's own Back
        passes over.
        """
        for _step in range(_STEPS_BACK):
            if urlparse(self._page.url).path == self._home:
                break
            self._page.go_back()
            self._settle()
        self._page.wait_for_url(lambda url: urlparse(url).path == self._home)
        if not path or self._page.locator(_POPOVER).last.is_visible():
            return
        if path[0] not in self._found():
            self._open()
        for name in path:
            if not self._is_open(name, self._found()):
                self._press(name)

    def _found(self) -> dict[str, _Control]:
        """What can be pressed now, by name."""
        return dict(self._page.evaluate(_FIND, [self._inside, _POPOVER]))

    def _press(self, name: str) -> None:
        for last in (False, False, True):
            names = list(self._found())
            if name not in names:
                return
            try:
                self._page.locator(f"[data-press='{names.index(name)}']").first.click(timeout=10_000)
                self._settle()
                return
            except TookTooLong:  # the page was drawn anew between the look and the click
                if last:
                    raise

    def _settle(self) -> None:
        self._page.wait_for_timeout(150)  # for the click to reach the server
        settled(self._page)
