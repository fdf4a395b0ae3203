"""What a student waits for, measured through a real Chromium against a server on an empty home.

The clock is the browser's: it starts with the click or key and stops at the first frame that shows the answer.
"""

import contextlib
import functools
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Browser, Error, Page, Response, WebSocket, sync_playwright

from benchmarks.cores import confined, halves
from benchmarks.machine import ROOT
from benchmarks.rows import Seen, median
from core.rights import OPERATOR
from core.runs.records import Run
from tests.browser.chromium import ARGUMENTS, chromium_path
from tests.browser.server import Server, go_to, open_page, settled, store_of
from tests.browser.widgets import choose, quiet

VIEWPORT = (1280, 900)
STARTS = 3  # servers that are started to measure the first page
CLICKS = 3  # first steps on the chart, besides the one that starts the queue's process
PATIENCE = 180.0  # seconds
SETTING_UP = 15.0  # seconds that a student takes over the form, at the least
WATCHED_EPOCHS = 500  # more than a turn sees
KIB = 1024
VIEWS = (
    *(("convolution", f"?{view}") for view in ("tab=pooling", "tab=softmax", "view=learn", "view=puzzle")),
    *(("architecture", f"?part={part}") for part in ("build", "sees", "sizes", "dummy")),
    *(("augmentation", f"?look={view}") for view in ("received", "test", "labels", "curve", "arms", "seen", "code")),
)

Tell = Callable[[str], None]
Measured = list[Seen]

# Streamlit's components live in shadow trees, which querySelector does not look into.
_CLOCK = """([event, done, patience]) => {
    const everything = (root, selector) => {
        const found = [...root.querySelectorAll(selector)]
        for (const element of root.querySelectorAll("*"))
            if (element.shadowRoot) found.push(...everything(element.shadowRoot, selector))
        return found
    }
    const atRest = () => document.querySelector("[data-test-script-state=notRunning]") !== null
    const condition = new Function("everything", "atRest", "return " + done)
    window.labSeen = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`not seen after ${event} in ${patience} s: ${done}`)), 1000 * patience)
        window.addEventListener(event, () => {
            const started = performance.now()
            const look = () => {
                if (condition(everything, atRest)) resolve((performance.now() - started) / 1000)
                else requestAnimationFrame(look)
            }
            requestAnimationFrame(look)
        }, { capture: true, once: true })
    })
}"""


def seconds_until(page: Page, event: str, done: str, act: Callable[[], None]) -> float:
    """Return the seconds from the next ``event`` that ``act`` causes to the first frame in which ``done`` holds.

    ``done`` is an expression of JavaScript; it may use ``everything(document, selector)``, which finds elements in
    shadow trees too, and ``atRest()``, which says that the page's script has ended. Raises playwright's Error where it
    never holds.
    """
    page.evaluate(_CLOCK, [event, done, PATIENCE])
    act()
    return float(page.evaluate("() => window.labSeen"))


def picture_changed(alt: str, before: str) -> str:
    """Return the expression for: the picture whose alternative text begins with ``alt`` is another one than before."""
    return (
        f"everything(document, 'img').some(image => image.alt.startsWith({alt!r}) && image.complete "
        f"&& image.naturalWidth > 0 && image.src + image.alt !== {before!r})"
    )


def picture_now(page: Page, alt: str) -> str:
    """Return what `picture_changed` compares: a picture's source and its alternative text."""
    picture = page.locator(f"img[alt^='{alt}']").first
    picture.wait_for()
    return str(picture.evaluate("image => image.src + image.alt"))


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


def convolution(page: Page, server: Server, times: int) -> Measured:
    """From a new weight, and from a key on a slider, to the new picture."""
    alt = "The map that the kernel makes of the photo"
    open_page(page, server, "convolution")
    quiet(page)
    cell = page.get_by_role("textbox", name="Weight in row 2, column 2")
    slider = page.get_by_role("slider", name="Bias")
    kernels, biases = [], []
    for number in range(times + 1):
        before = picture_now(page, alt)
        cell.fill(str(number % 7 + 2))
        kernels.append(seconds_until(page, "keydown", picture_changed(alt, before), lambda: cell.press("Enter")))
        quiet(page)
    for number in range(times + 1):
        before = picture_now(page, alt)
        slider.focus()
        key = ("ArrowRight", "ArrowLeft")[number % 2]  # to and fro: a slider ends somewhere
        biases.append(
            seconds_until(page, "keydown", picture_changed(alt, before), functools.partial(slider.press, key))
        )
        quiet(page)
    return [
        Seen(
            name="kernel",
            title="Kernel to picture",
            unit="s",
            values=tuple(kernels[1:]),
            target=0.2,
            statistic="p95",
        ),
        Seen(
            name="slider",
            title="Slider to picture",
            unit="s",
            values=tuple(biases[1:]),
            target=0.2,
            statistic="p95",
        ),
    ]


def feature_maps(page: Page, server: Server, times: int) -> Measured:
    """From a new photo, and from another layer, to the maps of a small network."""
    layers: list[float] = []
    photos: list[float] = []
    for number in range(times + 1):
        open_page(page, server, "feature-maps", "?checkpoint=mnist-strided_cnn")
        before = picture_now(page, "8 maps")
        photos.append(upload(page, number, picture_changed("8 maps", before) + " && " + row_shows(number)))
    box = page.get_by_role("combobox", name="Layer", exact=True)
    for number in range(times + 1):
        quiet(page)
        mosaic = page.locator("img[alt*='Click a map']").first
        before = str(mosaic.evaluate("image => image.src + image.alt"))
        box.click()
        entry = page.get_by_role("option").nth(1 + number % 2)
        done = (
            "everything(document, 'img').some(image => image.alt.includes('Click a map') && image.complete "
            f"&& image.src + image.alt !== {before!r})"
        )
        layers.append(seconds_until(page, "pointerdown", done, entry.click))
    return [
        Seen(
            name="maps-photo",
            title="Feature maps of a small network for a new photo",
            unit="s",
            values=tuple(photos[1:]),
            target=0.3,
            note="From the choice of the file: upload, checks and scaling included.",
        ),
        Seen(name="maps-layer", title="Maps of another layer", unit="s", values=tuple(layers[1:]), target=0.3),
    ]


def classify(page: Page, server: Server, times: int) -> Measured:
    """From a new photo to ResNet-18's answer and its heat map."""
    values = []
    for number in range(times + 1):
        open_page(page, server, "classify", "?checkpoint=cats_vs_dogs-resnet18")
        page.locator("img[alt^='Heat map for']").first.wait_for()
        name = photo_name(number)
        done = (
            f"everything(document, '[role=img]').some(bars => bars.ariaLabel?.startsWith({name + ':'!r})) && "
            "everything(document, 'img').some(image => image.alt.startsWith('Heat map for') "
            f"&& image.alt.endsWith({name!r}) && image.complete && image.naturalWidth > 0)"
        )
        values.append(upload(page, number, done))
    return [
        Seen(
            name="classify",
            title="A photo classified with ResNet-18, with its heat map",
            unit="s",
            values=tuple(values[1:]),
            target=0.5,
            note="From the choice of the file: upload, checks and scaling included.",
        )
    ]


def photo_name(number: int) -> str:
    """Return the name of the photo `upload` makes of ``number``."""
    return f"photo-{number}.jpg"


def row_shows(number: int) -> str:
    """Return the expression for: the row of the chosen photo shows photo ``number``."""
    return f"everything(document, 'img').some(image => image.alt.endsWith({photo_name(number)!r}))"


def upload(page: Page, number: int, done: str) -> float:
    """Upload a photo that the server has not seen yet and return the seconds until ``done``."""
    page.get_by_role("button", name="Change photo").click()
    page.get_by_role("radio", name="Upload").click()
    field = page.get_by_test_id("stFileUploader").filter(has_text="Your photo").locator("input[type=file]")
    field.wait_for(state="attached")
    file = {"name": photo_name(number), "mimeType": "image/jpeg", "buffer": photo(time.time_ns() % 2**32)}
    return seconds_until(page, "change", done, lambda: field.set_input_files(file))  # type: ignore[arg-type]


def photo(seed: int) -> bytes:
    """Return a JPEG of 1600×1200 pixels that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def first_step(page: Page, server: Server, times: int) -> Measured:
    """From the click on Train to the first step on the chart: the first run of a server, and later ones."""
    done = "everything(document, 'svg[role=img]').some(c => /Smoothed training loss went/.test(c.ariaLabel))"
    values = []
    for click in range(1 + min(times, CLICKS)):
        open_page(page, server, "training")
        if click:
            page.wait_for_timeout(SETTING_UP * 1000)
        choose(page, "Data set", "Digits")
        choose(page, "Network", "LeNet")
        button = page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)
        values.append(seconds_until(page, "pointerdown", done, button.click))
        stop_runs(server)
    title = "First step on the chart after the click"
    note = f"The page had been open for {SETTING_UP:.0f} s, as it is for a student who sets a training up."
    return [
        Seen(name="first-step", title=title, unit="s", values=tuple(values[1:]), target=1, note=note),
        Seen(name="first-step-cold", title=f"{title}, at once on a new server", unit="s", values=tuple(values[:1])),
    ]


def kernels_found(page: Page, server: Server, times: int) -> Measured:
    """From a key in the kernel puzzle to the new score, and from a new seed to the film of how its kernel was found."""
    open_page(page, server, "convolution", "?view=puzzle")
    quiet(page)
    weight = page.get_by_role("textbox", name="Kernel, row 2, column 2")
    scores = []
    for number in range(times + 1):
        weight.fill("0.")
        before = page.locator("#score").inner_text()
        changed = f"everything(document, '#score')[0].textContent !== {before!r}"
        scores.append(seconds_until(page, "keydown", changed, functools.partial(weight.press, "36"[number % 2])))
    open_page(page, server, "convolution", "?view=learn")
    quiet(page)
    seed = page.get_by_label("Seed", exact=True)
    weights = "everything(document, '[data-film]')[0].dataset.film"
    films = []
    for number in range(times + 1):
        before = str(page.locator(".view[data-film]").get_attribute("data-film"))
        seed.fill(str(2 + number))
        films.append(
            seconds_until(page, "keydown", f"{weights} !== {before!r}", functools.partial(seed.press, "Enter"))
        )
        quiet(page)
    return [
        Seen(
            name="puzzle",
            title="Weight to score of the kernel puzzle",
            unit="s",
            values=tuple(scores[1:]),
            target=0.2,
            statistic="p95",
        ),
        Seen(
            name="learn-kernel",
            title="A secret 3×3 kernel found, from its seed to the first frame",
            unit="s",
            values=tuple(films[1:]),
            target=2,
            statistic="p95",
            note="2,000 steps over the sample photograph at 96 px, to 0.01.",
        ),
    ]


def bytes_sent(page: Page, server: Server, times: int) -> Measured:
    """What the server sends for a page that is opened by the menu: messages and pictures, not the app's own files."""
    amount = 0

    def frame(payload: str | bytes) -> None:
        nonlocal amount
        amount += len(payload)

    def socket(opened: WebSocket) -> None:
        opened.on("framereceived", frame)

    def response(answer: Response) -> None:
        nonlocal amount
        if "/media/" in answer.url and "/static/" not in answer.url:  # the app's own fonts lie there
            amount += int(answer.headers.get("content-length", 0))

    page.on("websocket", socket)
    page.on("response", response)
    open_page(page, server)
    sent: dict[str, int] = {}
    for title in page_titles(page):
        quiet(page)
        amount = 0
        go_to(page, title)
        quiet(page)
        page.wait_for_timeout(1500)  # pictures are asked for after the script has ended
        sent[title] = amount
    for view in VIEWS:
        amount = 0
        open_page(page, server, *view)
        quiet(page)
        page.wait_for_timeout(1500)
        sent["".join(view)] = amount
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


def watchers(launch: Callable[[], Browser], *, pairs: int, seconds: float, count: int) -> Measured:
    """The pace of a training without and with ``count`` browsers that watch it, in turns.

    Server and training share one half of the cores in both turns, the browsers have the other half.
    """
    parts = halves()
    if parts is None:
        note = "the browsers compute on the same cores"
        with launch() as browser, server_on_an_empty_home() as server:
            return _watchers(browser, server, pairs=pairs, seconds=seconds, count=count, note=note)
    ours, theirs = parts
    own = psutil.Process()
    note = f"server and training on {_cores(ours)}, the browsers on {_cores(theirs)}"
    with (
        confined(theirs, *own.children()),  # Playwright's own process, which starts the browser
        launch() as browser,
        confined(ours, own),
        server_on_an_empty_home() as server,
    ):
        return _watchers(browser, server, pairs=pairs, seconds=seconds, count=count, note=note)


def _cores(cores: Sequence[int]) -> str:
    return "one core" if len(cores) == 1 else f"{len(cores)} cores"


def _watchers(browser: Browser, server: Server, *, pairs: int, seconds: float, count: int, note: str) -> Measured:
    pace(browser, server, seconds=seconds, count=count)  # a server and a page that are new are still importing
    alone, watched = [], []
    for _pair in range(pairs):
        alone.append(pace(browser, server, seconds=seconds, count=0))
        watched.append(pace(browser, server, seconds=seconds, count=count))
    rates = [[turn.images_a_second for turn in turns] for turns in (watched, alone)]
    busy = [median([turn.server_busy for turn in turns]) or 0.0 for turns in (watched, alone)]
    slowdown = 1 - (median(rates[0]) or 0.0) / (median(rates[1]) or 1.0)
    return [
        Seen(
            name="watchers",
            title=f"A run watched from {count} browsers is slower by",
            unit="img/s",
            values=tuple(rates[0]),
            without=tuple(rates[1]),
            target=0.05,
            statistic="slowdown",
            slowdown=slowdown,
            note=f"{median(rates[0]) or 0:,.0f} img/s with {count} browsers, {median(rates[1]) or 0:,.0f} with none "
            f"({min(rates[1]):,.0f} to {max(rates[1]):,.0f} from turn to turn); {note}. Of a second, the server "
            f"computed {1000 * busy[0]:.0f} ms with {count} browsers and {1000 * busy[1]:.0f} ms with none.",
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A while of training: its pace by the trainer's own clock, and the web server's processor seconds a second."""

    images_a_second: float
    server_busy: float


def pace(browser: Browser, server: Server, *, seconds: float, count: int) -> Turn:
    """Train a run of its own, while ``count`` pages watch it."""
    run = submit(server)
    try:
        run = wait_for(server, run.id, lambda run: run.epochs_done >= 2)
        with contextlib.ExitStack() as stack:
            for _watcher in range(count):
                page = stack.enter_context(new_page(browser))
                page.goto(f"{server.url}/training?run={run.id}")
                page.get_by_role("img", name=re.compile("Smoothed training loss went")).first.wait_for()
            with store_of(server) as store:
                first = store.get(run.id).epochs_done
                started, before = time.monotonic(), server.processor_seconds()
                deadline = started + PATIENCE
                time.sleep(seconds)
                while not (epochs := store.epochs(run.id, after=first)) and time.monotonic() < deadline:
                    time.sleep(0.5)
                busy = (server.processor_seconds() - before) / (time.monotonic() - started)
        an_epoch = run.steps_total // run.config.epochs * run.config.batch_size
        pace = an_epoch * len(epochs) / sum(epoch.seconds for epoch in epochs)
        return Turn(images_a_second=pace, server_busy=busy)
    finally:
        stop_runs(server)


def submit(server: Server) -> Run:
    """Queue a training of small steps on the shapes, as a student's command line would."""
    call = [sys.executable, "-m", "core", "runs", "submit", "--dataset", "shapes", "--model", "lenet"]
    options = ["--recipe", "notebook", "--epochs", str(WATCHED_EPOCHS), "--owner", "benchmark"]
    environment = os.environ | {"CNN_LAB_HOME": str(server.home)}
    subprocess.run(call + options, cwd=ROOT, env=environment, check=True, capture_output=True)
    with store_of(server) as store:
        return store.list()[0]


def wait_for(server: Server, run_id: str, done: Callable[[Run], bool]) -> Run:
    """Return the run as soon as ``done`` holds; raises RuntimeError where that takes too long."""
    deadline = time.monotonic() + PATIENCE
    with store_of(server) as store:
        while not done(run := store.get(run_id)):
            if time.monotonic() > deadline or not (run.live or done(run)):
                raise RuntimeError(f"run {run_id} is {run.status} after {run.epochs_done} epochs: {run.message}")
            time.sleep(0.2)
    return run


def stop_runs(server: Server) -> None:
    """Stop every run of the server and wait until its process has left it."""
    with store_of(server) as store:
        live = [run.id for run in store.list() if run.live]
        for run_id in live:
            store.request_stop(run_id, by=OPERATOR)
    for run_id in live:
        wait_for(server, run_id, lambda run: not run.live)


@contextlib.contextmanager
def server_on_an_empty_home() -> Iterator[Server]:
    """Start a server, and clear away what it has started with it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home").start()
        try:
            yield server
        finally:
            server.clear_away()


@contextlib.contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """Open a page in a browser context of its own, as another student would."""
    width, height = VIEWPORT
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()


# The first of these finds a new server, whose queue has not been served yet.
ON_A_PAGE: dict[str, Callable[[Page, Server, int], Measured]] = {
    "first-step": first_step,
    "page-switch": page_switch,
    "convolution": convolution,
    "kernels-found": kernels_found,
    "feature-maps": feature_maps,
    "classify": classify,
    "bytes": bytes_sent,
}
MEASURES = ("first-page", *ON_A_PAGE, "watchers")


def looked(
    look: Callable[[Page, Server, int], Measured], name: str, page: Page, server: Server, times: int
) -> Measured:
    """Return what ``look`` measures, or a row that says why it did not: hours of others are not lost with it."""
    try:
        return look(page, server, times)
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
                rows += first_page(browser, times)
            with server_on_an_empty_home() as server:
                for name, look in ON_A_PAGE.items():
                    if name in names:
                        tell(f"{name} …")
                        with new_page(browser) as page:
                            rows += looked(look, name, page, server, times)
        if "watchers" in names:
            tell("watchers …")
            rows += watchers(launch, pairs=pairs, seconds=seconds, count=watched_by)
    return rows
