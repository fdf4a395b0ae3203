"""What a student waits for, measured through a real Chromium against a server on an empty home.

The clock is the browser's: it starts with the click or key and stops at the first frame that shows the answer.
"""

from collections.abc import Callable, Sequence
from functools import partial

from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, Tell
from benchmarks.screen.inside import places, surgery
from benchmarks.screen.learning import convolution, kernels_found
from benchmarks.screen.lists import runs
from benchmarks.screen.opened import new_page, server_on_an_empty_home
from benchmarks.screen.pages import bytes_sent, compare_by_link, first_page, page_switch
from benchmarks.screen.photos import classify, feature_maps
from benchmarks.screen.training import first_step, watchers
from tests.browser.chromium import ARGUMENTS, chromium_path
from tests.browser.server import Server

# The first of these finds a new server, whose queue has not been served yet; the last leaves it with 3,000 runs.
ON_A_PAGE: dict[str, Callable[[Page, Server, int], Measured]] = {
    "first-step": first_step,
    "page-switch": page_switch,
    "convolution": convolution,
    "kernels-found": kernels_found,
    "feature-maps": feature_maps,
    "places": places,
    "surgery": surgery,
    "classify": classify,
    "bytes": bytes_sent,
    "compare": compare_by_link,
    "runs": runs,
}


MEASURES = ("first-page", *ON_A_PAGE, "watchers")


def looked(name: str, look: Callable[[], Measured]) -> Measured:
    """Return what ``look`` measures, or a row that says why it did not: hours of others are not lost with it."""
    try:
        return look()
    except Error as error:
        return [Seen(name=name, title=name, unit="s", skipped=str(error).strip().splitlines()[0])]


def measure(names: Sequence[str], *, times: int, pairs: int, seconds: float, watched_by: int, tell: Tell) -> Measured:
    """Measure what is named, in the order of `MEASURES`."""
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            sentence = "there is no Chromium: install one, or name it in CHROMIUM"
            return [Seen(name=name, title=name, unit="s", skipped=sentence) for name in MEASURES if name in names]

        def launch() -> Browser:
            return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

        rows: Measured = []
        with launch() as browser:
            if "first-page" in names:
                tell("first-page …")
                rows += looked("first-page", lambda: first_page(browser, times))
            with server_on_an_empty_home() as server:
                for name, look in ON_A_PAGE.items():
                    if name in names:
                        tell(f"{name} …")
                        with new_page(browser) as page:
                            rows += looked(name, partial(look, page, server, times))
        if "watchers" in names:
            tell("watchers …")
            watch = partial(watchers, launch, pairs=pairs, seconds=seconds, count=watched_by)
            rows += looked("watchers", watch)
    return rows
