"""Disks that are full, fill at once, or turn read-only, under a training."""

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.endurance.house import House, house, pause, small_class
from benchmarks.endurance.trial import Row, Tell, promised
from core.disk import free_space
from core.runs.records import Run

SIZE = 700  # MB; runs pause below 500 MB free
EPOCHS = 80
PROMISE = "a sentence within 10 s, the earlier state loads, goes on by itself, equal weights"


@promised("full-disk", times=20)
def full(home: Path, times: int, tell: Tell) -> Row:
    """Take every byte of the disk in one call, faster than any guard looks, at a moment that nobody chose."""
    return _interrupted("full-disk", "a disk that is full at once", home, times, tell, _fill, _empty)


@promised("read-only-disk", times=20)
def read_only(home: Path, times: int, tell: Tell) -> Row:
    """Mount the home read-only over itself: what is opened from now on cannot be written."""
    return _interrupted("read-only-disk", "a disk that turns read-only", home, times, tell, _close, _open)


def _interrupted(
    name: str,
    what: str,
    home: Path,
    times: int,
    tell: Tell,
    spoil: Callable[[Path], None],
    mend: Callable[[Path], None],
) -> Row:
    chosen, words, rests, backs, silent, corrupt = random.Random(0), [], [], [], 0, 0
    with _disk(home) as disk:
        if disk is None:
            return Row(name=name, what=what, promise=PROMISE, measured="no disk can be mounted here", right=None)
        with house(disk / "home") as lab:
            references = [lab.undisturbed(config) for config in small_class(epochs=EPOCHS)]
            runs, equal = _class(lab), True
            for number in range(1, times + 1):
                if _finished(lab, runs):
                    equal &= [lab.weights(run) for run in runs] == references
                    runs = _class(lab)
                lab.wait(lambda: _on(lab, runs))
                lab.wait(lambda: all(lab.store.get(run.id).saved_step for run in runs))
                pause(chosen, 2.0)
                spoil(disk)
                spoilt = time.monotonic()
                try:
                    words.append(lab.wait(lambda: all(_says(lab, run.id) for run in runs), seconds=60))
                except TimeoutError:
                    silent += 1
                lab.wait(lambda: not any(lab.worker(run) for run in runs))
                rests.append(time.monotonic() - spoilt)
                corrupt += sum(lab.corrupt(run) for run in runs)
                pause(chosen, 3.0)
                mend(disk)
                backs.append(lab.wait(lambda: _on(lab, runs)))
                tell(f"{number} of {times}: said within {max(words, default=60):.1f} s, on within {backs[-1]:.1f} s")
            lab.wait(lambda: _finished(lab, runs))
            equal &= [lab.weights(run) for run in runs] == references
    measured = (
        f"{times} times, {len(runs)} runs in one process: {silent} without a word, else said within "
        f"{max(words, default=0):.1f} s, none at work within {max(rests):.1f} s; {corrupt} corrupt states; "
        f"on again within {max(backs):.1f} s; {'equal' if equal else 'OTHER'} weights"
    )
    right = not silent and not corrupt and equal
    return Row(
        name=name, what=what, promise=PROMISE, measured=measured, right=right, in_time=max(words, default=0) <= 10
    )


def _class(lab: House) -> list[Run]:
    return [lab.submit(config, f"student {number}") for number, config in enumerate(small_class(epochs=EPOCHS))]


def _on(lab: House, runs: Sequence[Run]) -> bool:
    return all(lab.worker(run) or lab.store.get(run.id).status == "finished" for run in runs)


def _finished(lab: House, runs: Sequence[Run]) -> bool:
    return all(lab.store.get(run.id).status == "finished" for run in runs)


def _says(lab: House, run_id: str) -> bool:
    run = lab.store.get(run_id)
    return run.status == "finished" or "The disk" in run.message or "cannot be written" in run.message


@contextlib.contextmanager
def _disk(home: Path) -> Iterator[Path | None]:
    """A disk of its own, where this machine lets us mount one."""
    disk = home / "disk"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb") as file:
        while size := free_space(disk):
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
            except OSError:  # somebody else was quicker
                with contextlib.suppress(OSError):
                    file.write(bytes(4096))
                    file.flush()


def _empty(disk: Path) -> None:
    (disk / "filler").unlink()


def _close(disk: Path) -> None:
    subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)


def _open(disk: Path) -> None:
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
