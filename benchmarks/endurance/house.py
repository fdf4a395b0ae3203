"""A lab home with real processes in it: supervisors, workers, and what is left when they should be gone."""

import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import torch

from core.checkpoints import load_state, read
from core.checkpoints.backbones import load_network
from core.config import TrainingConfig
from core.errors import CheckpointError, RunError
from core.recipes import recipe_config
from core.runs.executors.processes import find_process, process_id
from core.runs.executors.slots import threads_each
from core.runs.records import ENDED, Run
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.summons import ensure_supervisor
from core.training.session import Session

PATIENCE = 1_800.0  # seconds after which what should happen is taken not to


class House:
    """One home, its store, and every worker that was ever seen in it."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.store = home, Store(home / STORE_NAME)
        self.queue = Queue(self.store)
        self.seen: dict[str, set[str]] = {}  # of each run: the handles of its workers
        self.twins = 0

    def submit(self, config: TrainingConfig, owner: str = "ada") -> Run:
        """Queue a run and see to it that somebody serves it."""
        run = self.store.submit(config, owner, _title(config))
        ensure_supervisor(self.store)
        return run

    def look(self) -> None:
        """Note who is at work, and whether two workers of one run are alive."""
        with contextlib.suppress(RunError):
            for held in self.queue.held():
                if process_id(held.handle):
                    self.seen.setdefault(held.run_id, set()).add(held.handle)
        for handles in self.seen.values():
            living = [handle for handle in handles if find_process(handle) is not None]
            self.twins += len(living) > 1
            handles.intersection_update(living)

    def wait(self, what: Callable[[], object], *, seconds: float = PATIENCE) -> float:
        """Wait until ``what`` holds, looking meanwhile; return the seconds, or raise TimeoutError."""
        started = time.monotonic()
        while not self._holds(what):
            if time.monotonic() - started > seconds:
                raise TimeoutError("it did not happen in time")
            self.look()
            time.sleep(0.02)
        return time.monotonic() - started

    def worker(self, run: Run) -> int:
        """The process id of the run's living worker; 0 where there is none."""
        for held in self.queue.held():
            if held.run_id == run.id and find_process(held.handle) is not None:
                return process_id(held.handle)
        return 0

    def over(self, run: Run) -> bool:
        """Whether a run has come to an end, and is not about to go on by itself."""
        with self.store.database.reading() as connection:
            row = connection.execute("SELECT status, again FROM runs WHERE id = ?", (run.id,)).fetchone()
        return row["status"] in ENDED and not row["again"]

    def supervisor(self) -> int:
        """The process id of the living supervisor; 0 where there is none."""
        present = self.queue.present()
        return process_id(present) if present is not None and find_process(present) is not None else 0

    def nursery(self) -> int:
        """The process id of the living warm parent; 0 where there is none. Its children look like itself."""
        leader = self.supervisor()
        return next((each.pid for each in self.processes() if "nursery" in each.cmdline() and each.ppid() == leader), 0)

    def corrupt(self, run: Run) -> int:
        """How many of the folders that the store names for this run do not load, as they are now."""
        wrong = 0
        with self._standing_still():  # or the next worker saves the same state again while we look
            with self.store.database.reading() as connection:
                rows = connection.execute("SELECT folder, kind FROM checkpoints WHERE run = ?", (run.id,)).fetchall()
            for row in rows:
                folder = self.home / "runs" / run.id / row["folder"]
                try:
                    load_state(folder) if row["kind"] == "state" else load_network(read(folder))
                except CheckpointError:
                    wrong += 1
        return wrong

    def weights(self, run: Run) -> bytes:
        """The file of the run's model."""
        found = self.store.get(run.id).checkpoint
        return (Path(found) / "model.safetensors").read_bytes() if found else b""

    def undisturbed(self, config: TrainingConfig) -> bytes:
        """The file of the model of a training that has this process to itself, on as many threads as the lab's."""
        torch.set_num_threads(threads_each(1))
        with tempfile.TemporaryDirectory() as folder:
            session = Session(config, Path(folder), title=_title(config))
            for _event in session.events():
                pass
            return (Path(folder) / "final" / "model.safetensors").read_bytes()

    def processes(self) -> list[psutil.Process]:
        """Every process of the lab that belongs to this home."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = process.environ().get("CNN_LAB_HOME") == str(self.home.resolve())
                if mine and "core" in process.cmdline() and process.pid != os.getpid():
                    found.append(process)
        return found

    def close(self) -> None:
        """End what is still there."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.store.close()

    def _holds(self, what: Callable[[], object]) -> bool:
        try:
            return bool(what())
        except RunError:  # a store that cannot be read just now
            return False

    @contextlib.contextmanager
    def _standing_still(self) -> Iterator[None]:
        """Hold every process of this home, those that come up meanwhile as well."""
        held: dict[int, psutil.Process] = {}
        try:
            while new := [process for process in self.processes() if process.pid not in held]:
                for process in new:
                    held[process.pid] = process
                    with contextlib.suppress(psutil.Error):
                        process.suspend()
            yield
        finally:
            for process in held.values():
                with contextlib.suppress(psutil.Error):
                    process.resume()


@contextlib.contextmanager
def house(home: Path) -> Iterator[House]:
    """A home whose processes end with the block."""
    before = os.environ.get("CNN_LAB_HOME")
    os.environ["CNN_LAB_HOME"] = str(home)
    opened = House(home)
    try:
        yield opened
    finally:
        opened.close()
        os.environ.pop("CNN_LAB_HOME") if before is None else os.environ.update(CNN_LAB_HOME=before)


def _title(config: TrainingConfig) -> str:
    return f"{config.model} on {config.dataset}"


def digits(*, epochs: int, seed: int = 0, model: str = "lenet") -> TrainingConfig:
    """A training that is bit-equal however often it is cut, of 128 of the built-in digits."""
    return recipe_config(
        "modern", dataset="digits", model=model, epochs=epochs, seed=seed, limit=128, precision="fp32", device="cpu"
    )


def small_class(*, epochs: int, first: int = 0) -> list[TrainingConfig]:
    """Trainings that share a process in turns, one for each owner."""
    return [digits(epochs=epochs, seed=first + number) for number in range(3)]


def kill(pid: int) -> None:
    """SIGKILL, wherever the process may be."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def pause(random_: random.Random, most: float) -> None:
    """Wait for a moment that nobody chose."""
    time.sleep(random_.uniform(0.0, most))


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of ``values`` lies (0 where there are none)."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0
