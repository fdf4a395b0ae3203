"""The other end: one training in this process, with a home of its own, on a machine that knows nothing of the store."""

import contextlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import platformdirs

from core.config import TrainingConfig
from core.errors import LabError, RunError
from core.runs import folders
from core.runs.executors.processes import is_alive
from core.runs.far.far_lease import FarLease
from core.runs.far.luggage import PIXELS, TORCH
from core.runs.far.place import Training
from core.runs.far.questions import Answer, Desk, Question
from core.runs.records import StaleWorkerError, StoreError
from core.runs.worker.recorder import Recorder, Why
from core.whole_files import write_file

log = logging.getLogger(__name__)

ALONE_SECONDS = 60.0  # after which a worker for whom nobody comes by ends itself
_PRECISION = "precision.json"  # what has been measured of this machine, for the next training

Work = Callable[[FarLease, Recorder, Training], None]


def node_home() -> Path:
    """Return the folder of this machine's workplaces: ``CNN_LAB_NODE_HOME``, or the user's cache."""
    named = os.environ.get("CNN_LAB_NODE_HOME")
    return Path(named).expanduser().resolve() if named else Path(platformdirs.user_cache_dir("cnn-lab-node"))


class Workplace:
    """One training, and its files on this machine; what is lent stays when it has gone.

    ``alone`` is called once nobody has come by for `ALONE_SECONDS`.
    """

    def __init__(self, root: Path, *, alone: Callable[[], None], seconds: float = ALONE_SECONDS) -> None:
        self.root = root
        self.home = root / "at-work" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self.home.mkdir(parents=True, mode=0o700)
        self._desk = Desk()
        self._recorder: Recorder | None = None
        self._ended = threading.Event()
        self._last_visit = time.monotonic()
        self._sweep()
        watch = threading.Thread(target=self._watch, args=(alone, seconds), name="watch", daemon=True)
        watch.start()

    def lacking(self, keys: Sequence[str]) -> Sequence[str]:
        """See `core.runs.far.place.Place`, as for all that follows."""
        self._last_visit = time.monotonic()
        return [key for key in keys if not self._lent(key).is_dir()]

    def take(self, where: str, part: bytes, *, offset: int, key: str = "") -> None:
        self._last_visit = time.monotonic()
        path = _below(self._coming(key) if key else self.home, where)
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.check_space(path.parent, needed=len(part))
        with path.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.write(part)

    def seal(self, key: str) -> None:
        self._lent(key).parent.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):  # another training has brought the same
            self._coming(key).rename(self._lent(key))

    def begin(self, training: Training, work: Work) -> None:
        threading.Thread(target=self._be_a_worker, args=(training, work), name="training", daemon=True).start()

    def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
        self._last_visit = time.monotonic()
        if leave is not None and self._recorder is not None:
            self._recorder.ask_to_leave(leave)
        self._desk.answer(list(answers))
        ended = self._ended.is_set()
        return self._desk.questions(seconds=0.0) if ended else self._desk.questions(), ended

    def _lent(self, key: str) -> Path:
        return _below(self.root / "lent", key)

    def _coming(self, key: str) -> Path:
        return _below(self.home / "coming", key)

    def _be_a_worker(self, training: Training, work: Work) -> None:
        folder = folders.run_folder(self.home, training.run_id)
        folder.mkdir(parents=True, exist_ok=True)
        lease = FarLease(training.run_id, training.fence, title=training.title, folder=folder, desk=self._desk)
        try:
            with Recorder(lease) as self._recorder:
                try:
                    self._furnish(training)
                    work(lease, self._recorder, training)
                except (StaleWorkerError, StoreError) as error:
                    log.warning("%s", error)
                except LabError as error:
                    lease.end("failed", reason="error", message=str(error))
        except Exception:
            log.exception("the worker ended")
        finally:
            self._ended.set()
            self._leave_behind()

    def _furnish(self, training: Training) -> None:
        """Let this process find what was sent: the home is this training's own, what is lent is linked into it."""
        os.environ["CNN_LAB_HOME"] = str(self.home)
        for name in ("prepared", "features"):
            (self.root / name).mkdir(exist_ok=True)
            if name == "features" or not (training.pixels or (self.home / PIXELS).is_dir()):
                (self.home / name).symlink_to(self.root / name)
        if (self.root / _PRECISION).is_file():
            shutil.copy(self.root / _PRECISION, self.home / _PRECISION)
        if training.weights:
            torch = self.home / TORCH / "hub" / "checkpoints"
            torch.mkdir(parents=True)
            for path in self._lent(training.weights).iterdir():
                (torch / path.name).symlink_to(path)
            os.environ["TORCH_HOME"] = str(self.home / TORCH)
        pixels = self._lent(training.pixels) if training.pixels else self.home / PIXELS
        if pixels.is_dir():
            from core.data import datasets
            from core.data.prepared import place_of

            os.environ.pop("CNN_LAB_DATA", None)  # a copy that was sent is named after no folder of this machine
            config = TrainingConfig.from_json(training.config)
            place = place_of(datasets[config.dataset], config.image_size)
            place.parent.mkdir()
            place.symlink_to(pixels)

    def _leave_behind(self) -> None:
        """Clear away what was this training's own; what was measured of this machine stays for the next one."""
        with contextlib.suppress(OSError):
            if (self.home / _PRECISION).is_file():
                write_file(self.root / _PRECISION, (self.home / _PRECISION).read_bytes())
        shutil.rmtree(self.home, ignore_errors=True)

    def _sweep(self) -> None:
        """Clear away the homes of processes that were killed."""
        for path in self.home.parent.iterdir():
            process = path.name.partition("-")[0]
            if process.isdigit() and not is_alive(int(process)):
                shutil.rmtree(path, ignore_errors=True)

    def _watch(self, alone: Callable[[], None], seconds: float) -> None:
        while not self._ended.wait(min(1.0, seconds)):
            if time.monotonic() - self._last_visit > seconds:
                log.warning("nobody has come by for %.0f seconds", seconds)
                shutil.rmtree(self.home, ignore_errors=True)
                alone()
                return


def train_far(lease: FarLease, recorder: Recorder, training: Training) -> None:
    """Be the worker of a training whose images must be those that the lab knows."""
    from core.data import load
    from core.runs.worker.worker import train_to_the_end

    config = TrainingConfig.from_json(training.config)
    if training.fingerprint:
        recorder.say("Looking for its images")
        images = load(config.dataset, size=config.image_size, progress=recorder.say)
        if images.fingerprint != training.fingerprint:
            raise RunError(
                f"{images.spec.title} on the machine that was to train is another copy than the lab's; remove it there "
                "from the folder that CNN_LAB_DATA names, or lay the lab's there."
            )
    train_to_the_end(lease, recorder, config, training.threads, between=lambda: None)


def _below(folder: Path, name: str) -> Path:
    """A path in a folder, by a name that another machine gave."""
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or any(part.startswith(".") for part in path.parts) or "\\" in name:
        raise RunError(f"'{name}' is no name of a file of a training.")
    return folder / path
