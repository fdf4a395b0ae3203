"""A list of 3,000 runs: how soon it is there, and how soon it is sorted by another column."""

import sqlite3

from playwright.sync_api import Page

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, seconds_until, text_now
from core.checkpoints import CARD, Card, shipped
from core.events import EpochDone
from core.names import new_id
from core.runs.folders import run_folder
from core.runs.store.store import Store
from tests.browser.server import Server, open_page, settled, store_of
from tests.browser.widgets import quiet

RUNS = 3_000
STUDENTS = 30
FIRST = 1_700_000_000.0  # when the first one was queued, in seconds since 1970
EVERY = 3  # one run in so many has ended well, with a network; the others failed or were stopped on their way
_ROWS = "everything(document, '[role=grid] [role=row] > [role=gridcell]')"
_COUNT = "everything(document, '[aria-live]').map(one => one.textContent)"
_FIRST = f"{_ROWS}.slice(0, 3).map(one => one.textContent).join()"


def runs(page: Page, server: Server, times: int) -> Measured:
    """From the click on All runs to the table of 3,000, on a new page and on one that has had it, and to another order.

    They stay in the server's home: whatever is measured on it afterwards is measured beside them.
    """
    with store_of(server) as store:
        fill(store)
    new, again, sorted_ = [], [], []
    for _time in range(times):
        open_page(page, server, "training")
        quiet(page)
        new.append(_opened(page))
        for heading in ("Test accuracy", "Name"):
            button = page.get_by_role("columnheader", name=heading).get_by_role("button")
            done = f"{_FIRST} !== {text_now(page, _FIRST)!r}"
            sorted_.append(seconds_until(page, "pointerdown", done, button.click))
        quiet(page)
        page.get_by_role("tab", name="Set up").click()
        quiet(page)
        again.append(_opened(page))
    title = f"A list of {RUNS:,} runs"
    note = f"A third of them with a network and its test accuracy, of {STUDENTS} students."
    return [
        Seen(name="runs", title=f"{title}, on a page just opened", unit="s", values=tuple(new), target=1, note=note),
        Seen(name="runs-again", title=f"{title}, once more on that page", unit="s", values=tuple(again), target=1),
        Seen(name="runs-sorted", title=f"{title} in another order", unit="s", values=tuple(sorted_)),
    ]


def _opened(page: Page) -> float:
    seconds = seconds_until(page, "pointerdown", f"{_ROWS}.length > 0", page.get_by_role("tab", name="All runs").click)
    settled(page)
    return seconds


def fill(store: Store, count: int = RUNS) -> None:
    """Add ``count`` runs as workers leave them, the newest last: trainings of the networks that ship, by many students.

    Of a network its card alone is kept, which is all that a list reads.
    """
    cards = [checkpoint.card for checkpoint in shipped()]
    with store.database.writing() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO owners (owner, served, nickname) VALUES (?, 0, ?)",
            [(f"student-{number}", f"Student {number}") for number in range(STUDENTS)],
        )
        for number in range(count):
            card, ended = cards[number % len(cards)], number % EVERY == 0
            history = card.history if ended else card.history[: number % len(card.history)]
            run = _add(connection, number, card, history, "finished" if ended else ("failed", "stopped")[number % 2])
            if ended:
                _keep(connection, store, run, card)


def _add(connection: sqlite3.Connection, number: int, card: Card, history: tuple[EpochDone, ...], status: str) -> str:
    run, owner, begun = new_id(), f"student-{number % STUDENTS}", FIRST + 600 * number
    note = "A wider first layer, as we said" if number % 10 == 0 else ""
    about = (f"{card.title} {number}", note, card.config.to_json(), begun, number, status, len(history))
    connection.execute(
        "INSERT INTO runs (id, owner, name, note, config, created, ticket, status, epochs_done, split)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (run, owner, *about, card.split_fingerprint),
    )
    connection.executemany(
        "INSERT INTO changes (run, at, status, reason, fence) VALUES (?, ?, ?, '', 1)",
        [(run, begun + 1, "running"), (run, begun + 1 + card.seconds, status)],
    )
    connection.executemany(
        "INSERT INTO epochs (run, epoch, step, val_accuracy, learning_rate, seconds, is_best)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run, e.epoch, e.epoch, e.val_accuracy, e.learning_rate, e.seconds, e.is_best) for e in history],
    )
    return run


def _keep(connection: sqlite3.Connection, store: Store, run: str, card: Card) -> None:
    folder = run_folder(store.home, run) / "final"
    folder.mkdir(parents=True)
    (folder / CARD).write_text(card.to_json(), encoding="utf-8")
    connection.execute(
        "INSERT INTO checkpoints VALUES (?, 'final', 'final', ?, ?, 0, ?)", (run, card.epoch, card.epoch, FIRST)
    )
