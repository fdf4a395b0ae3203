"""Whose turn it is: among trainings of one process, and among processes; without torch."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from core.runs.worker import turnstile
from core.runs.worker.rota import Key, Rota
from core.runs.worker.turnstile import Turnstile


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
    count = Counter(serve(rota, 1100, seconds={"long": 1.0, "short": 0.1}))
    assert count["short"] == pytest.approx(10 * count["long"], rel=0.05)


def test_who_comes_later_neither_waits_nor_catches_up() -> None:
    rota = rota_of(("a", "ada"), ("b", "bob"))
    serve(rota, 1000)
    rota.join(key("c"), "cid")
    assert Counter(serve(rota, 300)) == pytest.approx({"a": 100, "b": 100, "c": 100}, abs=2)


def test_who_has_left_is_forgotten() -> None:
    rota = rota_of(("a", "ada"), ("b", "bob"))
    rota.leave(key("a"))
    assert (set(serve(rota, 5)), rota.owners) == ({"b"}, 1)


def pass_through(home: Path, log: list[str], name: str, until: threading.Event, *, weight: int = 1) -> None:
    with Turnstile(home, in_a_hurry=until.is_set, places=1) as way:
        way.weight = weight
        while not until.is_set():
            log.append(name)
            time.sleep(0.002)
            way.pass_on()


def test_processes_take_turns_and_none_computes_beside_another(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "TURN_SECONDS", 0.02)
    log: list[str] = []
    until = threading.Event()
    threads = [
        threading.Thread(target=pass_through, args=(home, log, name, until), kwargs={"weight": weight})
        for name, weight in (("class", 3), ("large", 1))
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.6)
    until.set()
    for thread in threads:
        thread.join()
    turns = [name for name, before in zip(log[1:], log, strict=False) if name != before]
    assert len(turns) > 6
    assert log.count("class") > 1.5 * log.count("large") > 0


def test_who_has_to_leave_does_not_wait(home: Path) -> None:
    with Turnstile(home, in_a_hurry=lambda: False, places=1):
        began = time.monotonic()
        with Turnstile(home, in_a_hurry=lambda: True, places=1):
            assert time.monotonic() - began < 1.0


def test_nobody_waits_for_ever_for_one_that_is_stuck(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "PATIENCE", 0.05)
    with Turnstile(home, in_a_hurry=lambda: False, places=1), Turnstile(home, in_a_hurry=lambda: False, places=1):
        pass
