"""Pages: how soon the first one is there, how soon another, and what is sent for each."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, seconds_until
from benchmarks.screen.opened import new_page
from tests.browser.server import Sent, Server, go_to, open_page, settled
from tests.browser.widgets import quiet

STARTS = 3  # servers that are started to measure the first page
KIB = 1024

VIEWS = (
    *(("convolution", f"?{view}") for view in ("tab=pooling", "tab=softmax", "view=learn", "view=puzzle")),
    *(("feature-maps", f"?look={view}") for view in ("place", "kernel", "off", "nine")),
    *(("architecture", f"?part={part}") for part in ("build", "sees", "sizes", "dummy")),
    *(("augmentation", f"?look={view}") for view in ("received", "test", "labels", "curve", "arms", "seen", "code")),
)
COMPARED = "?networks=cats_vs_dogs-strided_cnn,cats_vs_dogs-efficientnet_lite0"
_SO_FAR = "performance.now() / 1000"  # seconds since the address was asked for
_DRAWN = "document.querySelectorAll('[data-testid=stVegaLiteChart]:has(.role-mark path)').length"
_ALL_DRAWN = (
    f"{_DRAWN} > 3 && {_DRAWN} === document.querySelectorAll('[data-testid=stVegaLiteChart]').length"
    " && document.querySelector('[data-test-script-state=notRunning]') !== null"
)


def first_page(browser: Browser, times: int) -> Measured:
    """From ``streamlit run`` to the start page's words, and to all its pictures, each time on a new home."""
    words, picture = [], []
    for _start in range(min(times, STARTS)):
        with tempfile.TemporaryDirectory() as folder, new_page(browser) as page:
            lab = Server(Path(folder) / "home")
            started = time.perf_counter()
            try:
                lab.start()
                page.goto(lab.url)
                page.get_by_text("Glossary", exact=True).wait_for()  # the last of what does not wait for torch
                words.append(time.perf_counter() - started)
                page.get_by_role("img", name="The photo's upright edges").wait_for()
                page.wait_for_function("() => [...document.images].every(one => one.complete && one.naturalWidth)")
                picture.append(time.perf_counter() - started)
            finally:
                lab.clear_away()
    title = "First page after `streamlit run`"
    return [
        Seen(name="first-page", title=f"{title}, to read", unit="s", values=tuple(words), target=3),
        Seen(
            name="first-result",
            title=f"{title}, with its first result",
            unit="s",
            values=tuple(picture),
            target=3,
        ),
    ]


def page_switch(page: Page, server: Server, times: int) -> Measured:
    """From a click in the menu to the new page at rest; the first visit of each page is not counted."""
    open_page(page, server)
    titles = page_titles(page)
    values = []
    for turn in range(max(2, 1 + times // len(titles))):
        for title in titles:
            link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=title)
            done = f"everything(document, 'h1').some(head => head.innerText.includes({title!r})) && atRest()"
            seconds = seconds_until(page, "pointerdown", done, link.click)
            settled(page)
            if turn:
                values.append(seconds)
    return [Seen(name="page-switch", title="Another page", unit="s", values=tuple(values), target=0.5)]


def page_titles(page: Page) -> list[str]:
    """Return the menu's titles but the first, whose page has a heading of its own."""
    links = page.get_by_test_id("stSidebarNav").get_by_role("link").all()
    return [link.inner_text().splitlines()[-1].strip() for link in links][1:]


def compare_by_link(page: Page, server: Server, times: int) -> Measured:
    """From an address to Compare's first chart, and to all of them, each time in a browser that has nothing of the lab.

    The page has been opened once on the server before.
    """
    browser = page.context.browser
    assert browser is not None
    open_page(page, server, "compare", COMPARED)
    quiet(page)
    first, whole = [], []
    for _time in range(times):
        with new_page(browser) as other:
            other.goto(f"{server.url}/compare{COMPARED}", wait_until="commit")
            first.append(float(other.wait_for_function(f"() => {_DRAWN} > 0 && {_SO_FAR}").json_value()))
            whole.append(float(other.wait_for_function(f"() => {_ALL_DRAWN} && {_SO_FAR}").json_value()))
    title = "Compare on 4,682 images, by its address in a new browser"
    return [
        Seen(name="compare", title=f"{title}, with its first chart", unit="s", values=tuple(first), target=2),
        Seen(name="compare-whole", title=f"{title}, with all its charts", unit="s", values=tuple(whole), target=2),
    ]


def bytes_sent(page: Page, server: Server, times: int) -> Measured:
    """What the server sends for a page that is opened by the menu: messages and pictures, not the app's own files."""
    server_sent = Sent(page)
    open_page(page, server)
    sent: dict[str, int] = {}
    for title in page_titles(page):
        quiet(page)
        server_sent.bytes = 0
        go_to(page, title)
        quiet(page)
        page.wait_for_timeout(1500)  # pictures are asked for after the script has ended
        sent[title] = server_sent.bytes
    for view in VIEWS:
        server_sent.bytes = 0
        open_page(page, server, *view)
        quiet(page)
        page.wait_for_timeout(1500)
        sent["".join(view)] = server_sent.bytes
    each = ", ".join(f"{title} {amount / KIB:.0f}" for title, amount in sent.items())
    return [
        Seen(
            name="bytes",
            title="Sent for a page",
            unit="KiB",
            values=tuple(amount / KIB for amount in sent.values()),
            target=150,
            statistic="p95",
            note=f"Messages and pictures, in KiB: {each}. The app's own scripts, which a browser keeps, are left out.",
        )
    ]
