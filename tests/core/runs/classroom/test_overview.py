"""How a class gets on: every run with a curve of few points, and who is stuck."""

import contextlib
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.rights import OPERATOR
from core.runs.classroom import Classroom
from core.runs.classroom.overview import LONG_WAIT, POINTS, STILL, RunInClass, Standing, runs_in_class, stuck
from core.runs.records import Run
from core.runs.store.database import MIGRATIONS
from core.runs.store.lease import Lease
from core.runs.store.store import STORE_NAME, Store
from tests.core.runs.conftest import step
from tests.pages import runs

BY_CLOCK = {"before": 100.0, "away": 250.0, "stopped": 350.0}


def test_runs_at_work_come_first_then_those_that_wait_then_those_that_have_ended(home: Path, store: Store) -> None:
    ended = runs.ended(home, "finished", reason="completed")
    working, _lease = runs.at_work(home, owner="Ben")
    waiting = runs.queued(home, owner="Cem")
    found = runs_in_class(store)
    assert [run.id for run in found] == [working.id, waiting.id, ended.id]
    assert [run.position for run in found] == [None, 1, None]
    assert found[0].best == pytest.approx(0.6)
    assert (found[0].owner_name, found[0].dataset, found[0].epochs, found[0].epochs_done) == ("Ben", "digits", 4, 2)


def test_a_long_curve_is_read_at_few_steps_the_last_among_them(home: Path, store: Store) -> None:
    run, lease = runs.at_work(home, epochs=0)
    lease.record([step(number, loss=1 / number) for number in range(1, 1001)], [], pace=None)
    (found,) = runs_in_class(store)
    assert found.id == run.id
    assert len(found.losses) == POINTS
    assert found.losses[-1] == (1000, pytest.approx(0.001))
    assert found.best is None


def test_what_was_put_away_and_what_is_of_before_the_class_is_not_shown(home: Path, store: Store) -> None:
    runs.ended(home, "finished", reason="completed", owner="Ben")
    classroom = Classroom(store)
    classroom.begin(by=OPERATOR)
    assert runs_in_class(store) == []
    ended = runs.ended(home, "finished", reason="completed", owner="Ben")
    assert [run.id for run in runs_in_class(store)] == [ended.id]
    classroom.clear(by=OPERATOR)
    assert runs_in_class(store) == []
    classroom.bring_back(by=OPERATOR)
    assert [run.id for run in runs_in_class(store)] == [ended.id]


def test_a_clock_that_jumps_back_hides_nothing_and_changes_no_order(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom = Classroom(store)
    runs.ended(home, "finished", reason="completed", owner="of before")
    classroom.begin(by=OPERATOR)
    runs.ended(home, "finished", reason="completed", owner="put away")
    classroom.clear(by=OPERATOR)
    day_before = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: day_before)
    first, second = (runs.ended(home, "finished", reason="completed", owner=owner) for owner in ("a", "b"))
    assert [run.id for run in runs_in_class(store)] == [second.id, first.id]
    assert classroom.next_class(by=OPERATOR, delete_runs=True).on
    assert [run.owner for run in store.list()] == ["of before"]


def test_a_run_that_was_put_away_and_goes_on_is_there_again_when_it_ends(home: Path, store: Store) -> None:
    run = runs.ended(home, "failed", reason="error", message="No space.")
    Classroom(store).clear(by=OPERATOR)
    store.resume(run.id, by=OPERATOR)
    store.request_stop(run.id, by=OPERATOR)
    assert [each.status for each in runs_in_class(store)] == ["stopped"]


def test_a_class_of_an_earlier_build_goes_on_with_what_was_put_away_and_stopped_together(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as old:
        old.executescript("".join(MIGRATIONS[:10]))
        old.executescript("CREATE TABLE schema (version INTEGER NOT NULL); INSERT INTO schema VALUES (10)")
        old.executemany(
            "INSERT INTO runs (id, owner, name, config, created, ticket, status, ended)"
            " VALUES (?, 'a', 'a run', ?, ?, 1, 'stopped', ?)",
            [(f"{name:_<10}", runs.digits().to_json(), at, at) for name, at in BY_CLOCK.items()],
        )
        old.execute("INSERT INTO classroom VALUES (1, 1, 200.0, 'BKMTXZ', 300.0, ?, '{}')", ('["stopped___"]',))
        old.commit()
    store = Store(tmp_path / STORE_NAME)
    assert [run.id for run in runs_in_class(store)] == ["stopped___"]
    assert Classroom(store).stopped_together() == ["stopped___"]
    Classroom(store).bring_back(by=OPERATOR)
    assert [run.id for run in runs_in_class(store)] == ["stopped___", "away______"]
    store.close()


@pytest.fixture
def at_work(home: Path) -> tuple[RunInClass, Lease]:
    _run, lease = runs.at_work(home)
    return runs_in_class(Store(home / STORE_NAME))[0], lease


def test_a_run_that_gets_no_further_is_told_from_one_that_does(at_work: tuple[RunInClass, Lease]) -> None:
    run, _lease = at_work
    standing = Standing()
    assert standing.look([run], 100.0) == {run.id: 0.0}
    assert standing.look([run], 100.0 + STILL) == {run.id: STILL}
    for further in ({"step": run.step + 1}, {"message": "Judging"}, {"message_share": 0.5}, {"epochs_done": 3}):
        run = replace(run, **further)  # type: ignore[arg-type]
        assert standing.look([run], 200.0) == {run.id: 0.0}


def test_who_is_stuck_is_said_with_the_reason(at_work: tuple[RunInClass, Lease]) -> None:
    run, _lease = at_work
    now = run.changed + 10
    assert stuck(run, 0.0, now) == ""
    assert stuck(run, STILL, now) == "It has got no further for 30 s."
    waiting = replace(run, status="queued", position=7)
    assert stuck(waiting, 0.0, now) == ""
    assert stuck(waiting, 0.0, run.changed + LONG_WAIT) == "It has waited for 2 min, at place 7."
    assert stuck(replace(run, status="failed", message="No space."), 0.0, now) == "No space."
    assert "no longer a number" in stuck(replace(run, status="diverged", message=""), 0.0, now)
    assert stuck(replace(run, status="finished"), 1e6, now + 1e6) == ""


def test_a_row_that_cannot_be_read_hides_no_other(home: Path, store: Store) -> None:
    first: Run = runs.queued(home)
    second = runs.queued(home)
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET config = '{' WHERE id = ?", (first.id,))
    assert [run.id for run in runs_in_class(store)] == [second.id]
