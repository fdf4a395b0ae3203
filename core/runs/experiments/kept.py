"""The experiments of a lab home, a file each beside the store, which knows nothing of them. Imports no torch.

``<home>/experiments/<id>.json`` is written once, when the experiment begins. What has become of its runs is in the
store alone: a run belongs to it by its configuration, so that what is deleted, stopped or trained anew needs no
bookkeeping.
"""

import contextlib
import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

from core.config import TrainingConfig
from core.disk import sentence
from core.errors import LabError, RunError
from core.names import new_id
from core.rights import Person, RightsError
from core.runs import folders
from core.runs.experiments.plan import Arm, Experiment, run_name
from core.runs.records import Run, Status, check_id, check_name
from core.runs.store.queue_order import positions
from core.runs.store.rows import RUNS, run_of
from core.runs.store.store import Store, checked_config
from core.strict_json import NotStrictJsonError, read_object, typed
from core.whole_files import write_file

FOLDER = "experiments"
MOST_KEPT = 500  # files of one home
MOST_BYTES = 2**20  # of one
_PATIENCE = 20.0  # seconds
# Of several runs with one configuration, which one is the point: the first of these states that there is.
_BEST: tuple[Status, ...] = (
    "finished",
    "running",
    "stopping",
    "queued",
    "interrupted",
    "diverged",
    "stopped",
    "failed",
)
_AGAIN: tuple[Status, ...] = ("stopped", "failed")  # a point that stands so is trained anew when it is asked for


@dataclass(frozen=True, kw_only=True)
class Point:
    """One training of an experiment: the number of its arm, the arm with its seed, and its run (None: not yet)."""

    number: int
    arm: Arm
    run: Run | None

    @property
    def open(self) -> bool:
        """Whether it waits for somebody to train it."""
        return self.run is None or self.run.status in _AGAIN

    @property
    def live(self) -> bool:
        """Whether it can still change by itself: its run waits, is at work, or goes on when it was interrupted."""
        return self.run is not None and (self.run.live or self.run.status == "interrupted")


def begin(home: Path, *, name: str, owner: str, varied: str, arms: Sequence[Arm], seeds: Sequence[int]) -> Experiment:
    """Keep a new experiment and return it; no run is queued yet. An own set is pinned to the version that it is now.

    Raises RunError for a name, too many runs or a disk that refuses, ConfigError for a configuration out of bounds.
    """
    pinned = [
        dataclasses.replace(
            arm, config=TrainingConfig.from_json(checked_config(dataclasses.replace(arm.config, seed=0)))
        )
        for arm in arms
    ]
    experiment = Experiment(
        id=new_id(),
        name=check_name(name, what="name of the experiment"),
        owner=check_name(owner, what="owner"),
        created=time.time(),
        varied=varied,
        arms=tuple(pinned),
        seeds=tuple(seeds),
    )
    if len(_files(home)) >= MOST_KEPT:
        raise RunError(f"There are {MOST_KEPT} experiments here already; delete some first.")
    folders.check_space(home)
    try:
        text = json.dumps(dataclasses.asdict(experiment), ensure_ascii=False, allow_nan=False, indent=1)
        write_file(_path(home, experiment.id), text.encode())
    except OSError as error:
        raise RunError(sentence(f"'{experiment.name}' could not be kept", error)) from error
    return experiment


def get(home: Path, experiment_id: str) -> Experiment:
    """Return one experiment; raises RunError where there is none of that id, or its file is damaged."""
    path = _path(home, experiment_id)
    try:
        experiment = _read(path, path.stat().st_mtime_ns)
        if experiment.id != experiment_id:
            raise NotStrictJsonError("it is another one's")
    except FileNotFoundError:
        raise RunError(f"There is no experiment '{experiment_id}'; it may have been deleted.") from None
    except (OSError, NotStrictJsonError) as error:
        raise RunError(f"The experiment '{experiment_id}' cannot be read: {error}.") from None
    except LabError as error:
        raise RunError(f"The experiment '{experiment_id}' cannot be read: {error}") from None
    return experiment


def kept(home: Path) -> list[Experiment]:
    """Return every experiment that can be read, the newest first."""
    found = []
    for path in _files(home):
        with contextlib.suppress(RunError):
            found.append(get(home, path.stem))
    return sorted(found, key=lambda one: -one.created)


def is_there(home: Path, experiment_id: str) -> bool:
    """Say whether an experiment is still there, whoever may have deleted it."""
    return _path(home, experiment_id).is_file()


def delete(home: Path, experiment_id: str, *, by: Person) -> None:
    """Delete an experiment; its runs stay. Raises RightsError where it is not ``by``'s, RunError as `get` does."""
    experiment = get(home, experiment_id)
    if not by.may_change(experiment.owner):
        raise RightsError(f"'{experiment.name}' is somebody else's: only who began it, and whoever runs the lab, can "
                          "delete it.")  # fmt: skip
    try:
        _path(home, experiment_id).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(sentence(f"'{experiment.name}' could not be deleted", error)) from error


def points(store: Store, experiment: Experiment) -> list[Point]:
    """Return every point with the run that stands for it, seed by seed."""
    trainings = experiment.trainings()
    texts = {key: arm.config.to_json() for key, arm in trainings.items()}
    with store.database.reading() as connection:
        known = ", ".join("?" * len(texts))
        rows = connection.execute(
            f"{RUNS} WHERE runs.config IN ({known}) ORDER BY place", list(texts.values())
        ).fetchall()
        places = positions(connection) if any(row["status"] == "queued" for row in rows) else {}
    by_config: dict[str, list[Run]] = {}
    for row in rows:
        by_config.setdefault(row["config"], []).append(run_of(row, home=store.home, places=places))
    return [
        Point(number=number, arm=arm, run=_standing(by_config.get(texts[number, seed], [])))
        for (number, seed), arm in trainings.items()
    ]


def train_open(store: Store, experiment: Experiment, *, owner: str, at_most: int | None = None) -> Sequence[Run]:
    """Queue what is open, as ``owner``'s: all of it, or the first ``at_most``; returns the runs.

    Students who ask at the same moment get different ones. Raises RunError where it has been deleted meanwhile, and
    what `Store.submit_together` does.
    """
    try:
        with FileLock(_path(store.home, experiment.id).with_suffix(".lock"), timeout=_PATIENCE):
            get(store.home, experiment.id)
            wanted = [point.arm for point in points(store, experiment) if point.open][:at_most]
            return store.submit_together([(arm.config, run_name(experiment, arm)) for arm in wanted], owner)
    except Timeout:
        raise RunError("Others are queueing points of this experiment; try again in a moment.") from None
    except OSError as error:
        raise RunError(sentence("The points could not be queued", error)) from error


@lru_cache(maxsize=MOST_KEPT)
def _read(path: Path, _changed: int) -> Experiment:
    """The experiment in a file; pages look every few seconds, and a file is never changed."""
    return typed(Experiment, read_object(path, at_most=MOST_BYTES))


def _standing(runs: Sequence[Run]) -> Run | None:
    return min(runs, key=lambda run: _BEST.index(run.status), default=None)


def _path(home: Path, experiment_id: str) -> Path:
    return home / FOLDER / f"{check_id(experiment_id)}.json"


def _files(home: Path) -> list[Path]:
    return [path for path in (home / FOLDER).glob("*.json") if not path.name.startswith(".")]
