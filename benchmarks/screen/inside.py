"""Inside a network: from a place of a map to what it sees, from a filter to the answer without it."""

import functools

from playwright.sync_api import Page

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, seconds_until, text_now
from tests.browser.server import Server, open_page
from tests.browser.widgets import quiet

NETWORK = "?checkpoint=digits-lenet"
_SEES = "everything(document, '#said')[0].textContent"
_SUM = "everything(document, 'h2').map(one => one.textContent).find(said => said.includes('comes about'))"
_BARS = "everything(document, '[role=img]').map(one => one.ariaLabel).find(said => said?.startsWith('Probabilities'))"


def places(page: Page, server: Server, times: int) -> Measured:
    """From an arrow key on a map to the part of the photo that the place sees, and to the sum of its number."""
    open_page(page, server, "feature-maps", f"{NETWORK}&layer=conv2&look=place&place=4,0")
    picture = page.get_by_role("application", name="Choose a place")
    framed: list[float] = []
    sums: list[float] = []
    for number in range(2 * (times + 1)):
        quiet(page)
        picture.focus()
        measured, said, rest = (framed, _SEES, "") if number % 2 else (sums, _SUM, " && atRest()")
        done = f"{said} !== {text_now(page, said)!r}{rest}"
        key = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft")[number % 4]
        measured.append(seconds_until(page, "keydown", done, functools.partial(picture.press, key)))
    return [
        Seen(
            name="ancestry",
            title="Place of a map to the part of the photo that it sees",
            unit="s",
            values=tuple(framed[1:]),
            target=0.2,
            statistic="p95",
        ),
        Seen(
            name="place-sum",
            title="Place of a map to the sum that makes its number",
            unit="s",
            values=tuple(sums[1:]),
            note="A quarter of a second of it is waited, in case another key follows.",
        ),
    ]


def surgery(page: Page, server: Server, times: int) -> Measured:
    """From a filter that is switched off, or on again, to the answer without it."""
    open_page(page, server, "feature-maps", f"{NETWORK}&layer=conv1&look=off")
    page.get_by_text("Accuracy on 200 test images").wait_for()
    sheet = page.get_by_role("slider", name="switch it off or on")
    answers = []
    for _number in range(times + 1):
        quiet(page)
        sheet.focus()
        done = f"{_BARS} !== {text_now(page, _BARS)!r}"
        answers.append(seconds_until(page, "keydown", done, lambda: sheet.press("Enter")))
    return [
        Seen(
            name="surgery",
            title="Filter switched off or on to the answer",
            unit="s",
            values=tuple(answers[1:]),
            target=0.2,
            statistic="p95",
        )
    ]
