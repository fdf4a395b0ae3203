"""Disks that are full, fill at once, or turn read-only, under a training."""

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.endurance.house import House, digits, house, pause
from benchmarks.endurance.trial import Row, Tell, promised
from core.disk import free_space

SIZE = 700  # MB; runs pause below 500 MB free
EPOCHS = 200
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
    chosen, words, backs, silent, corrupt = random.Random(0), [], [], 0, 0
    with _disk(home) as disk:
        if disk is None:
            return Row(name=name, what=what, promise=PROMISE, measured="no disk can be mounted here", right=None)
        with house(disk / "home") as lab:
            reference = lab.submit(digits(epochs=EPOCHS), owner="reference")
            lab.wait(lambda: not lab.store.get(reference.id).live)
            run = lab.submit(digits(epochs=EPOCHS))
            for number in range(1, times + 1):
                if lab.store.get(run.id).status == "finished":
                    run = lab.submit(digits(epochs=EPOCHS))
                lab.wait(lambda: lab.worker(run) and lab.store.get(run.id).saved_step)
                pause(chosen, 2.0)
                spoil(disk)
                try:
                    words.append(lab.wait(lambda: _says(lab, run.id), seconds=60))
                except TimeoutError:
                    silent += 1
                corrupt += lab.corrupt(run)
                pause(chosen, 3.0)
                mend(disk)
                backs.append(lab.wait(lambda: lab.worker(run) or lab.store.get(run.id).status == "finished"))
                tell(f"{number} of {times}: said within {max(words, default=60):.1f} s, on within {backs[-1]:.1f} s")
            lab.wait(lambda: lab.store.get(run.id).status == "finished")
            equal = lab.weights(run) == lab.weights(reference)
    measured = (
        f"{times} times: {silent} without a word, else said within {max(words, default=0):.1f} s; {corrupt} corrupt "
        f"states; on again within {max(backs):.1f} s; {'equal' if equal else 'OTHER'} weights"
    )
    right = not silent and not corrupt and equal
    return Row(
        name=name, what=what, promise=PROMISE, measured=measured, right=right, in_time=max(words, default=0) <= 10
    )


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
