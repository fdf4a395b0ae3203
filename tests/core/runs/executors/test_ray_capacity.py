"""What a lab knows of its cluster, from a watch that is a short program here. Nothing needs Ray."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.runs.cluster.watch import fit, share_of
from core.runs.executors.choice import chosen
from core.runs.executors.port import Capacity
from core.runs.executors.ray import RayExecutor
from tests.core.runs.conftest import wait_for

plain = psutil.subprocess.Popen


@pytest.fixture
def executor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayExecutor]:
    monkeypatch.setenv("CNN_LAB_RAY", "10.0.0.5:6379")
    monkeypatch.delenv("CNN_LAB_SLOTS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    found = chosen(home)
    assert isinstance(found, RayExecutor)
    yield found
    found.close()


def says(monkeypatch: pytest.MonkeyPatch, *seen: dict[str, object], then: str = "sys.stdin.read()") -> None:
    """Have the watch be a program that says this, and then that."""
    program = f"import sys; print({chr(10).join(map(json.dumps, seen))!r}, flush=True); {then}"

    def start(_command: list[str], **keywords: object) -> object:
        return plain([sys.executable, "-c", program], **keywords)

    monkeypatch.setattr("core.runs.executors.ray.subprocess.Popen", start)


def until(executor: RayExecutor, capacity: Capacity) -> None:
    wait_for(lambda: executor.capacity() == capacity)


def test_as_many_trainings_as_the_cpus_hold_each_with_its_threads(
    executor: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, {"cpus": [4.0, 4.0, 1.0], "trouble": ""})
    assert executor.capacity().trouble in ("The Ray cluster is being looked at.", "")  # the program may be that quick
    until(executor, Capacity(slots=4, threads=2))
    monkeypatch.setenv("CNN_LAB_SLOTS", "30")
    until(executor, Capacity(slots=30, threads=2))


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        ({"cpus": [], "trouble": "It has no token."}, "It has no token."),
        ({"cpus": [4.0], "trouble": ""}, "The Ray cluster at 10.0.0.5:6379 has gone; start it again."),
    ],
)
def test_a_watch_that_ends_has_said_why_or_the_cluster_is_gone(
    executor: RayExecutor, monkeypatch: pytest.MonkeyPatch, seen: dict[str, object], trouble: str
) -> None:
    says(monkeypatch, seen, then="pass")
    wait_for(lambda: executor.capacity().trouble == trouble)
    executor.capacity()
    assert executor.capacity().trouble == trouble  # until it is looked at again, later


def test_a_cluster_without_a_cpu_is_a_sentence(executor: RayExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, {"cpus": [], "trouble": ""})
    wait_for(lambda: executor.capacity().trouble.endswith("lends a CPU; start one with some."))


@pytest.mark.parametrize(
    ("cpus", "threads", "wanted", "share", "fits"),
    [
        ((1.0, 1.0, 1.0), 1, None, 1.0, 3),
        ((1.0, 1.0, 1.0), 2, None, 1.0, 3),  # a run that began with more threads than any machine lends
        ((8.0, 4.0), 2, None, 2.0, 6),
        ((8.0, 4.0), 1, 30, 0.3333, 36),
        ((2.0,), 1, 5, 0.3333, 6),
        ((), 1, 5, 1.0, 0),
    ],
)
def test_a_worker_asks_for_so_many_cpus_that_as_many_fit_as_are_wanted(
    cpus: tuple[float, ...], threads: int, wanted: int | None, share: float, fits: int
) -> None:
    assert share_of(cpus, threads, wanted) == share
    assert fit(cpus, share) == fits
