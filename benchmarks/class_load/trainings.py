"""The trainings of a class in which everybody trains: small ones of several kinds, and a few that share no process."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

EPOCHS = 500  # more than a lesson sees
PATIENCE = 300.0  # seconds until every training has made its first step
Job = dict[str, object]  # a training, as `recipe_config` takes it
SMALL: tuple[Job, ...] = (
    {"dataset": "digits", "model": "lenet", "recipe": "modern"},
    {"dataset": "shapes", "model": "lenet"},
    {"dataset": "digits", "model": "strided_cnn"},
)
OF_MNIST: Job = {"dataset": "mnist", "model": "strided_cnn"}  # where its images are at hand
LARGE: Job = {"dataset": "shapes", "model": "simple_nn", "image_size": 96}
EVERY = 10  # of so many trainings one is large

# Run in the checkout that is measured: it decodes the images, and queues one training for each student.
_SUBMIT = """
import json, sys
from core.data import load
from core.recipes import recipe_config
from core.runs import ensure_supervisor, open_store
store = open_store()
jobs = json.loads(sys.argv[1])
for each in {(job["dataset"], job.get("image_size")): job for job in jobs}.values():
    load(each["dataset"], size=recipe_config("notebook", **{k: v for k, v in each.items() if k != "recipe"}).image_size)
for number, job in enumerate(jobs):
    config = recipe_config(job.pop("recipe", "notebook"), seed=number, **job)
    print(store.submit(config, f"training {number}", f"{config.dataset} {number}").id)
ensure_supervisor(store)
"""
_STOP = """
from core.rights import OPERATOR
from core.runs import open_store
for run in open_store().list(statuses=["queued", "running"]):
    open_store().request_stop(run.id, by=OPERATOR)
"""


def jobs(count: int) -> list[Job]:
    """Return so many trainings of several kinds."""
    small = [*SMALL, *([OF_MNIST] if os.environ.get("CNN_LAB_DATA") else [])]
    mixed = [LARGE if number % EVERY == EVERY - 1 else small[number % len(small)] for number in range(count)]
    return [{**job, "epochs": EPOCHS} for job in mixed]


def begin_all(checkout: Path, home: Path, count: int, tell: Callable[[str], None]) -> Sequence[str]:
    """Queue so many trainings at once, wait until each has made a step, and return their ids in the order of owners.

    ``tell`` is told how long that took, or how many had made one when there was no more patience.
    """
    runs = _run(checkout, home, _SUBMIT, json.dumps(jobs(count))).split()
    started = time.monotonic()
    while (begun := _begun(home)) < count and time.monotonic() - started < PATIENCE:
        time.sleep(1.0)
    tell(f"{begun} of {count} trainings have made a step in {time.monotonic() - started:.0f} s")
    return runs


def stop_all(checkout: Path, home: Path) -> None:
    """Ask every training to stop."""
    _run(checkout, home, _STOP)


def _run(checkout: Path, home: Path, script: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=checkout,
        env=os.environ | {"CNN_LAB_HOME": str(home), "CNN_LAB_SLOTS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _begun(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home / 'lab.sqlite3'}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM runs WHERE step > 0").fetchone()[0])
