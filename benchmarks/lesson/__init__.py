"""The lesson of ten minutes by the clock: somebody who has never seen the lab does every step, in Chromium.

Nobody of flesh and blood: `newcomer` says at what pace one reads, looks for a control, moves and types.
"""

from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from benchmarks.lesson.newcomer import Newcomer, Spent
from benchmarks.lesson.steps import STEPS
from benchmarks.screen.clock import Tell
from benchmarks.screen.opened import new_page, server_on_an_empty_home
from tests.browser.chromium import ARGUMENTS, chromium_path
from tests.browser.server import open_page

PATIENCE = 60.0  # seconds


def take_lesson(*, pace: float, tell: Tell) -> list[tuple[str, Spent]]:
    """Return what each step took, the lesson begun on Start and ended on the last step's page.

    ``pace`` 1 is that of the newcomer; with 0 the time to read and to think is added up and not waited for. Raises
    playwright's Error where a step cannot be done, and AssertionError where one is done and not ticked.
    """
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with server_on_an_empty_home() as server, new_page(browser) as page:
            page.set_default_timeout(1000 * PATIENCE)
            open_page(page, server)
            page.get_by_text("Glossary", exact=True).wait_for()
            somebody = Newcomer(page, pace=pace)
            rows = []
            for title, spent in _steps(somebody):
                tell(f"{title}: {spent.seconds:.0f} s, {spent.words} words")
                rows.append((title, spent))
        browser.close()
    return rows


def _steps(somebody: Newcomer) -> Iterator[tuple[str, Spent]]:
    somebody.press(somebody.link("Begin the lesson"))
    for number, (title, do) in enumerate(STEPS.items(), start=1):
        somebody.begin()
        somebody.arrive(f"Step {number} of {len(STEPS)} – {title}")
        do(somebody)
        somebody.sees_it_done()
        if number < len(STEPS):
            somebody.press(somebody.link("Next step"))
        else:
            somebody.press(somebody.button("End the lesson"))
            somebody.wait_for("The lesson has ended.")
        yield title, somebody.spent()


def table(rows: list[tuple[str, Spent]]) -> str:
    """Return the steps as a Markdown table, with what all of them took."""
    whole = Spent(
        own=sum(spent.own for _, spent in rows),
        waited=sum(spent.waited for _, spent in rows),
        words=sum(spent.words for _, spent in rows),
    )
    lines = ["| step | seconds | words read | of it the lab's seconds |", "|---|---|---|---|"]
    for title, spent in [*rows, ("all", whole)]:
        lines.append(f"| {title} | {spent.seconds:.0f} | {spent.words} | {spent.waited:.0f} |")
    return "\n".join(lines)
