"""Thirty students press Train in the same second: when does each see a first step, and when are all through?

Measured side by side, in turns, with another checkout of the lab. Each turn has a home of its own with the data set
decoded already, and a supervisor whose warm parent stands ready, as in the middle of a lesson.
"""

import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.machine import ROOT

Tell = Callable[[str], None]

LOOK_SECONDS = 0.1
MEMORY_SECONDS = 0.5
UP_SECONDS = 180.0  # for the warm parent to stand ready
ENDED = ("finished", "failed", "stopped", "diverged")

JOBS = {
    "digits": ("digits", "lenet", "modern"),
    "mnist": ("mnist", "strided_cnn", "notebook"),
}

# Run in the checkout that is measured: it decodes the data set, and queues one training for each owner.
_SUBMIT = """
import json, sys
from core.data import load
from core.recipes import recipe_config
from core.runs import open_store
dataset, model, recipe, owners, epochs, limit = json.loads(sys.argv[1])
changed = {key: value for key, value in (("epochs", epochs), ("limit", limit)) if value}
configs = [recipe_config(recipe, dataset=dataset, model=model, seed=seed, **changed) for seed in range(owners)]
load(dataset, size=configs[0].image_size)
store = open_store()
for number, config in enumerate(configs):
    print(store.submit(config, f"student {number}", f"{dataset} {number}").id)
"""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One turn of one side: seconds from the press to each first step, in order, and until all were through.

    ``memory`` is the highest sum of the resident memory of all processes of the lab, the web server left out, in MB.
    ``accuracies`` are those on the test images, in the order of the seeds; None: it did not finish.
    """

    side: str
    first_steps: tuple[float, ...]
    all_through: float
    memory: float
    accuracies: tuple[float | None, ...]
    losses: tuple[float | None, ...]


def hold(
    side: str, checkout: Path, *, job: str, owners: int, epochs: int | None, limit: int | None, tell: Tell
) -> Lesson:
    """Let ``owners`` students press Train at once on the lab in ``checkout``."""
    with tempfile.TemporaryDirectory() as folder, _supervisor(checkout, Path(folder)) as home:
        _come_up(checkout, home, tell)
        submitted = time.monotonic()
        ids = _submit(checkout, home, (*JOBS[job], owners, epochs, limit))
        pressed = {run_id: _created(home, run_id) for run_id in ids}
        first: dict[str, float] = {}
        memory, looked = 0.0, 0.0
        while True:
            time.sleep(LOOK_SECONDS)
            rows = _rows(home)
            for run_id in ids:
                if run_id not in first and rows[run_id][1]:
                    first[run_id] = time.time() - pressed[run_id]
            if time.monotonic() - looked > MEMORY_SECONDS:
                looked = time.monotonic()
                memory = max(memory, _resident(home))
            if all(rows[run_id][0] in ENDED for run_id in ids):
                break
        through = time.time() - min(pressed.values())
        tell(f"{side}: {len(first)} began, all through after {through:.0f} s ({time.monotonic() - submitted:.0f} s)")
        judged = [_judged(home, run_id) for run_id in ids]
    return Lesson(
        side=side,
        first_steps=tuple(sorted(first.values())),
        all_through=through,
        memory=memory,
        accuracies=tuple(each[0] for each in judged),
        losses=tuple(each[1] for each in judged),
    )


_FIGURES: tuple[tuple[str, Callable[[Lesson], float]], ...] = (
    ("first step, median (s)", lambda each: statistics.median(each.first_steps)),
    ("first step, last (s)", lambda each: max(each.first_steps)),
    ("all finished (s)", lambda each: each.all_through),
    ("resident memory, all processes (MB)", lambda each: each.memory),
)


def table(lessons: Sequence[Lesson]) -> str:
    """Return the figures of both sides, medians over their turns, and what one is of the other."""
    sides = list(dict.fromkeys(lesson.side for lesson in lessons))
    lines = [f"| | {' | '.join(sides)} |" + (" ratio |" if len(sides) == 2 else "")]
    lines.append("|---" * (len(sides) + 1 + (len(sides) == 2)) + "|")
    for title, figure in _FIGURES:
        values = [statistics.median(figure(each) for each in lessons if each.side == side) for side in sides]
        ratio = f" {values[-1] / values[0]:.3f} |" if len(sides) == 2 else ""
        lines.append(f"| {title} | {' | '.join(f'{value:,.2f}' for value in values)} |{ratio}")
    answers = {(lesson.accuracies, lesson.losses) for lesson in lessons}
    finished = all(value is not None for lesson in lessons for value in lesson.accuracies)
    said = "identical" if len(answers) == 1 else "OTHER"
    lines.append(f"\nTest accuracies and losses: {said}; {'all finished' if finished else 'NOT ALL FINISHED'}.")
    return "\n".join(lines)


@contextlib.contextmanager
def _supervisor(checkout: Path, home: Path) -> Iterator[Path]:
    with (home / "benchmark.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "supervise"], cwd=checkout, env=_environment(home), stdout=log, stderr=log
        )
        try:
            yield home
        finally:
            process.terminate()
            process.wait()
            for each in _processes(home):
                with contextlib.suppress(psutil.Error):
                    each.kill()


def _come_up(checkout: Path, home: Path, tell: Tell) -> None:
    """Wait until the supervisor's warm parent has imported torch: it is there, and has stopped growing."""
    _submit(checkout, home, ("digits", "lenet", "modern", 1, 1, 128))  # and with it what a first run finds out
    deadline, before = time.monotonic() + UP_SECONDS, 0
    while time.monotonic() < deadline:
        time.sleep(2.0)
        nursery = [each for each in _processes(home) if "nursery" in each.cmdline()]
        rows = _rows(home).values()
        now = nursery[0].memory_info().rss if nursery else 0
        if now > 150 * 2**20 and now == before and all(status in ENDED for status, _step in rows):
            return
        before = now
    tell("the warm parent did not come up; workers start cold")


def _submit(checkout: Path, home: Path, plan: tuple[object, ...]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SUBMIT, json.dumps(plan)],
        cwd=checkout,
        env=_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def _environment(home: Path) -> dict[str, str]:
    values = {**os.environ, "CNN_LAB_HOME": str(home), "CNN_LAB_SLOTS": "1"}
    values.pop("OMP_NUM_THREADS", None)
    return values


def _rows(home: Path) -> dict[str, tuple[str, int]]:
    """The state and the step of every run, as a page sees them."""
    with contextlib.closing(sqlite3.connect(home / "lab.sqlite3", timeout=10.0)) as connection:
        return {
            run_id: (status, step) for run_id, status, step in connection.execute("SELECT id, status, step FROM runs")
        }


def _created(home: Path, run_id: str) -> float:
    with contextlib.closing(sqlite3.connect(home / "lab.sqlite3", timeout=10.0)) as connection:
        return float(connection.execute("SELECT created FROM runs WHERE id = ?", (run_id,)).fetchone()[0])


def _processes(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("CNN_LAB_HOME") == str(home) and "core" in process.cmdline():
                found.append(process)
    return found


def _resident(home: Path) -> float:
    total = 0
    for process in _processes(home):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 10**6


def _judged(home: Path, run_id: str) -> tuple[float | None, float | None]:
    """What the final checkpoint's card says of the test images."""
    for card in (home / "runs" / run_id / "final").glob("*.json"):
        metrics = json.loads(card.read_text(encoding="utf-8")).get("metrics")
        if metrics:
            return metrics["test_accuracy"], metrics["test_loss"]
    return None, None


def measure(
    *, before: Path | None, job: str, owners: int, epochs: int | None, limit: int | None, turns: int, tell: Tell
) -> list[Lesson]:
    """Hold ``turns`` lessons on each side, in turns."""
    sides = ([("before", before)] if before is not None else []) + [("now", ROOT)]
    return [
        hold(side, checkout.resolve(), job=job, owners=owners, epochs=epochs, limit=limit, tell=tell)
        for _turn in range(turns)
        for side, checkout in sides
    ]
