"""Whose turn it is: among trainings of one process, and among processes; without torch."""

import itertools
import threading
import time
from collections import Counter

import pytest

from core.runs.records import StoreError
from core.runs.store.store import Store
from core.runs.worker import turnstile
from core.runs.worker.rota import Key, Rota
from core.runs.worker.turnstile import Turnstile

STEP = 0.002  # seconds


def serve(rota: Rota, turns: int, *, seconds: dict[str, float] | None = None) -> list[str]:
    """Give so many turns, a second each unless a run takes longer; returns whose they were."""
    served = []
    for _turn in range(turns):
        key = rota.next()
        served.append(key[0])
        rota.took(key, (seconds or {}).get(key[0], 1.0))
    return served


def rota_of(*runs: tuple[str, str]) -> Rota:
    rota = Rota()
    for name, owner in runs:
        rota.join((name, 1), owner)
    return rota


def key(name: str) -> Key:
    return name, 1


def test_everybody_has_a_first_step_before_anybody_has_a_second() -> None:
    rota = rota_of(("a", "ada"), ("b", "bob"), ("c", "cid"))
    assert serve(rota, 2) == ["a", "b"]
    rota.join(key("d"), "dan")
    assert serve(rota, 2) == ["c", "d"]


def test_owners_share_alike_however_many_runs_they_have() -> None:
    rota = rota_of(("a1", "ada"), ("a2", "ada"), ("b", "bob"))
    assert Counter(serve(rota, 400)) == pytest.approx({"a1": 100, "a2": 100, "b": 200}, abs=2)
    assert rota.owners == 2


def test_what_counts_is_time_so_that_short_steps_are_not_starved_by_long_ones() -> None:
    rota = rota_of(("long", "ada"), ("short", "bob"))
    count = Counter(serve(rota, 1100, seconds={"long": 0.5, "short": 0.05}))
    assert count["short"] == pytest.approx(10 * count["long"], rel=0.05)


def class_of(rota: Rota, seconds: float, *, step: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Give turns for so many seconds, of a twentieth of a second or of one step, whichever is longer; returns the time
    that everybody had, and the longest time that each stood still."""
    now, had, last, still = 0.0, Counter[str](), dict.fromkeys(step, 0.0), dict.fromkeys(step, 0.0)
    while now < seconds:
        key = rota.next()
        name, took = key[0], max(0.05, step[key[0]])
        still[name] = max(still[name], now - last[name])
        now += took
        last[name] = now
        had[name] += took
        rota.took(key, took)
    return dict(had), still


def test_no_curve_of_a_class_stands_still_because_its_steps_are_longer_than_a_turn() -> None:
    step = {f"small {n}": 0.005 for n in range(23)} | {f"mnist {n}": 0.1 for n in range(7)}
    had, still = class_of(rota_of(*((name, name) for name in step)), 300.0, step=step)
    assert max(still.values()) < 2.0, "one round; by time alone it is every second one, and 4 s"
    assert max(had.values()) < 2.1 * min(had.values())


@pytest.mark.parametrize("others", [1, 29])
def test_steps_of_seconds_get_at_most_three_times_what_the_others_have(others: int) -> None:
    step = {f"small {n}": 0.005 for n in range(others)} | {"long": 1.5}
    had, _still = class_of(rota_of(*((name, name) for name in step)), 600.0, step=step)
    assert had["long"] < 3.2 * min(had.values())
    alike = [seconds for name, seconds in had.items() if name != "long"]
    assert max(alike) < 1.1 * min(alike)


def test_where_all_steps_are_long_all_have_the_same() -> None:
    step = {f"run {n}": 0.4 for n in range(30)}
    had, _still = class_of(rota_of(*((name, name) for name in step)), 600.0, step=step)
    assert max(had.values()) - min(had.values()) < 0.5


def test_who_comes_later_neither_waits_nor_catches_up() -> None:
    rota = rota_of(("a", "ada"), ("b", "bob"))
    serve(rota, 1000)
    rota.join(key("c"), "cid")
    assert Counter(serve(rota, 300)) == pytest.approx({"a": 100, "b": 100, "c": 100}, abs=2)


def test_who_has_left_is_forgotten() -> None:
    rota = rota_of(("a", "ada"), ("b", "bob"))
    rota.leave(key("a"))
    assert (set(serve(rota, 5)), rota.owners) == ({"b"}, 1)


def pass_through(store: Store, log: list[str], name: str, until: threading.Event, *, weight: int = 1) -> None:
    with Turnstile(store, in_a_hurry=until.is_set, places=1) as way:
        way.weight = weight
        while not until.is_set():
            log.append(name)
            time.sleep(STEP)
            way.pass_on()


def passed_through(store: Store, *, turns: int, **weights: int) -> list[str]:
    """Let processes of these weights pass until they have had so many turns in all, a minute at most; returns who
    computed, step by step."""
    log: list[str] = []
    until = threading.Event()
    threads = [
        threading.Thread(target=pass_through, args=(store, log, name, until), kwargs={"weight": weight})
        for name, weight in weights.items()
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(lengths(log)) <= turns and time.monotonic() < deadline:
        time.sleep(0.02)
    until.set()
    for thread in threads:
        thread.join()
    return log


def lengths(log: list[str]) -> list[int]:
    """Of how many steps each turn was."""
    return [len(list(turn)) for _name, turn in itertools.groupby(list(log))]


def test_processes_take_turns_and_none_computes_beside_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "TURN_SECONDS", 0.02)
    log = passed_through(store, turns=6, shared=3, large=1)
    assert len(lengths(log)) > 6
    assert log.count("shared") > 1.5 * log.count("large") > 0


def test_where_many_train_turns_are_shorter_so_that_nobody_waits_longer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "ROUND_SECONDS", 0.2)
    monkeypatch.setattr(store, "count", lambda **_which: 30)
    log = passed_through(store, turns=6, shared=27, large=1)
    assert len(lengths(log)) > 6
    rounds = [one + other for one, other in itertools.pairwise(lengths(log)[:-1])]  # the last turn was cut off
    assert min(rounds) < 0.25 / STEP, "otherwise a round takes more than two seconds"
    assert log.count("shared") > 3 * log.count("large") > 0


def test_a_store_that_refuses_keeps_nobody_from_computing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_which: object) -> int:
        raise StoreError("no")

    monkeypatch.setattr(store, "count", refuse)
    assert set(passed_through(store, turns=2, one=1, other=1)) == {"one", "other"}


def test_who_has_to_leave_does_not_wait(store: Store) -> None:
    with Turnstile(store, in_a_hurry=lambda: False, places=1):
        began = time.monotonic()
        with Turnstile(store, in_a_hurry=lambda: True, places=1):
            assert time.monotonic() - began < turnstile.PATIENCE


def test_nobody_waits_for_ever_for_one_that_is_stuck(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "PATIENCE", 0.05)
    with Turnstile(store, in_a_hurry=lambda: False, places=1), Turnstile(store, in_a_hurry=lambda: False, places=1):
        pass
