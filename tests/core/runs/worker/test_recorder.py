"""The thread beside a training: what it takes, it writes twice a second, and the first of it at once."""

import errno
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from core.events import EpochDone, StepDone
from core.runs.store.lease import Lease
from core.runs.worker import recorder
from core.runs.worker.recorder import Recorder
from tests.core.runs.conftest import epoch

PATIENCE = 10.0  # seconds


class Notebook:
    """A lease that writes down what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[int] = []
        self.said: list[tuple[str, float]] = []

    def orders(self) -> SimpleNamespace:
        return SimpleNamespace(superseded=False, stop=False, make_room=False)

    def beat(self) -> None: ...

    def say(self, message: str, share: float) -> None:
        self.said.append((message, share))

    def record(
        self,
        steps: Sequence[StepDone],
        epochs: Sequence[tuple[int, EpochDone]],
        *,
        pace: float | None,
        turn_every: float | None,
        durable: bool,
    ) -> None:
        self.written += [step.step for step in steps]


def step(number: int) -> StepDone:
    return StepDone(epoch=1, step=number, loss=1.0, learning_rate=0.1, images=8, seconds=0.01)


def comes_true(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


def test_words_taken_back_are_not_written(tmp_path: Path) -> None:
    lease = Notebook(tmp_path)
    taken = Recorder(cast(Lease, lease))
    taken.say("Looking", 0.5)
    taken.take_back_words()
    assert not taken.flush()
    taken.say("Judging", 0.5)
    assert taken.flush()
    assert lease.said == [("Judging", 0.5)]


def test_the_first_step_is_written_at_once_and_the_next_ones_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(recorder, "WRITE_SECONDS", 60.0)
    lease = Notebook(tmp_path)
    with Recorder(cast(Lease, lease)) as taken:
        time.sleep(0.1)  # nothing to write is no reason to wait longer
        taken.step(step(1))
        assert comes_true(lambda: lease.written == [1])
        taken.step(step(2))
        taken.step(step(3))
        time.sleep(0.1)
        assert lease.written == [1]
    assert lease.written == [1, 2, 3]


def test_a_disk_that_cannot_be_looked_at_does_not_end_the_thread_that_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> str:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(recorder, "DISK_SECONDS", 0.0)
    monkeypatch.setattr("core.runs.folders.trouble", refuse)
    taken = Recorder(cast(Lease, Notebook(tmp_path)))
    taken.attend()
    assert taken.leave is None
    monkeypatch.setattr(recorder, "STORE_LOST_SECONDS", -1.0)
    taken.attend()
    assert taken.leave == "store_lost"


def test_the_pace_is_that_of_all_late_steps_and_leaves_out_the_pauses_for_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic=lambda: now[0]))
    taken = Recorder(cast(Lease, Notebook(tmp_path)))
    for epoch_number in (1, 2):
        for place in range(4):
            now[0] += 2.0
            taken.step(step(4 * epoch_number + place))
        taken.epoch(epoch(epoch_number), step=4 * epoch_number)
        now[0] += 60.0  # validation
    now[0] -= 60.0
    images = step(1).images
    assert taken._images_per_second() == pytest.approx(images / 2.0)
    now[0] += 1.0
    taken.step(step(12))
    now[0] += 8.0  # one slow step does not quarter it
    taken.step(step(13))
    assert taken._images_per_second() == pytest.approx(4 * images / 14.0)


def test_the_pace_of_images_that_grow_is_that_of_their_present_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic=lambda: now[0]))
    taken = Recorder(cast(Lease, Notebook(tmp_path)))
    number, images = 0, step(1).images
    for epoch_number, side in enumerate((64, 64, 80, 80, 80, 96), start=1):
        for _step in range(4):
            now[0] += 1e-4 * side**2
            number += 1
            taken.step(step(number), side=side)
            if number > 1:
                assert taken._images_per_second() == pytest.approx(images / (1e-4 * side**2))
        taken.epoch(epoch(epoch_number), step=number)
        now[0] += 60.0  # validation
