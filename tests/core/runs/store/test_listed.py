"""All runs at once: as `Store.list` tells of them, and a good deal quicker."""

from itertools import pairwise
from pathlib import Path

import pytest

from core.rights import OPERATOR
from core.runs.store.lease import Lease
from core.runs.store.listed import last_change, listed
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from tests.pages import runs


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home / STORE_NAME)


def test_a_listed_run_says_what_the_run_says(home: Path, store: Store) -> None:
    runs.finished(home, name="done")
    runs.at_work(home, name="at work")
    runs.queued(home, name="waits", owner="Ada")
    whole = store.list()
    for short, run in zip(listed(store), whole, strict=True):
        names = ("id", "owner", "owner_name", "name", "note", "status", "position", "epochs_done", "best_validation")
        assert [getattr(short, name) for name in names] == [getattr(run, name) for name in names]
        config = run.config
        assert (short.dataset, short.model, short.recipe, short.epochs) == (
            config.dataset,
            config.model,
            config.recipe,
            config.epochs,
        )
        assert short.config == config.to_json()
        assert (str(short.network) if short.network else None) == run.checkpoint
        assert short.training_seconds == run.training_seconds
    assert [run.name for run in listed(store, at_work=True)] == ["at work"]


def test_a_row_that_cannot_be_read_hides_no_other(home: Path, store: Store) -> None:
    bad, good = runs.queued(home, name="bad"), runs.queued(home, name="good")
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET config = '[]' WHERE id = ?", (bad.id,))
    assert [run.id for run in listed(store)] == [good.id]


def test_a_list_is_out_of_date_once_a_run_has_come_changed_or_gone(home: Path, store: Store) -> None:
    seen = [last_change(store)]
    run = runs.queued(home)
    seen.append(last_change(store))
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    seen.append(last_change(store))
    Lease(store, run.id, claim.fence).beat()
    assert last_change(store) == seen[-1], "a training that goes on changes no list"
    Lease(store, run.id, claim.fence).end("stopped", reason="asked")
    seen.append(last_change(store))
    store.delete(run.id, by=OPERATOR)
    seen.append(last_change(store))
    assert all(before != after for before, after in pairwise(seen))
