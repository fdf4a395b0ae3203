"""From Train to the first step on the chart, and what those who watch take of a training."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
from playwright.sync_api import Browser, Page

from benchmarks.cores import confined, halves
from benchmarks.machine import ROOT
from benchmarks.rows import Seen, median
from benchmarks.screen.clock import PATIENCE, Measured, seconds_until
from benchmarks.screen.opened import new_page, server_on_an_empty_home
from core.rights import OPERATOR
from core.runs.records import Run
from tests.browser.server import Server, open_page, store_of
from tests.browser.widgets import chart, choose

CLICKS = 3  # first steps on the chart, besides the one that starts the queue's process
SETTING_UP = 15.0  # seconds that a student takes over the form, at the least
WATCHED_EPOCHS = 500  # more than a turn sees


def first_step(page: Page, server: Server, times: int) -> Measured:
    """From the click on Train to the first step on the chart: the first run of a server, and later ones."""
    done = "everything(document, 'svg[role=application]').some(c => /Smoothed training loss went/.test(c.ariaLabel))"
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
                chart(page, "Smoothed training loss went").wait_for()
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
