"""A worker's place in a Ray cluster: an actor, which Ray starts on a machine that has room, and never a second time."""

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.config import TrainingConfig
from core.errors import RunError
from core.runs.cluster.code import checkpoints_for, packed_code, versions
from core.runs.cluster.settings import Cluster, unreachable
from core.runs.cluster.watch import machines, not_connected, share_of
from core.runs.executors.slots import slots_wanted
from core.runs.far.place import Place, PlaceLostError, Training
from core.runs.far.questions import Answer, Question
from core.runs.worker.recorder import Why

log = logging.getLogger(__name__)

ANSWER_SECONDS = 60.0  # for whatever is asked of a workplace; then it counts as lost
_REFUSED = "OtherVersionError: "  # how Ray quotes a workplace that did not come up
WORK = "core.runs.far.workplace:train_far"


Hire = Callable[[TrainingConfig, int | None], AbstractContextManager[Place]]


def hiring(cluster: Cluster, *, work: str = WORK, more: Mapping[str, Path] = MappingProxyType({})) -> Hire:
    """Return what finds a place in ``cluster`` for one training.

    ``work`` names the function that is the worker; ``more`` files go along with the lab's code (`packed_code`).
    """

    @contextlib.contextmanager
    def hire(config: TrainingConfig, threads: int | None) -> Iterator[Place]:
        import ray

        _connect(cluster)
        share = share_of(machines(), threads or 1, slots_wanted())
        worker = (
            ray.remote(_bootstrap())
            .options(num_cpus=share, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD")
            .remote(*packed_code(checkpoints_for(config), more), versions(), work)
        )
        try:
            yield RayPlace(worker)
        finally:
            with contextlib.suppress(Exception):
                ray.kill(worker, no_restart=True)
            ray.shutdown()

    return hire


def _connect(cluster: Cluster) -> None:
    """Become one of the cluster's drivers, and go on hearing SIGTERM: Ray puts a handler of its own in its place."""
    import ray

    if trouble := unreachable(cluster):
        raise RunError(trouble)
    heard = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=cluster.address, configure_logging=False)
    except (Exception, SystemExit) as error:  # Ray has many kinds, and says little in them
        raise RunError(not_connected(cluster, error)) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, heard)


class RayPlace:
    """Fills `core.runs.far.place.Place`: every call is one of the actor's, waited for."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._coming: Any = None

    def ready(self, seconds: float) -> str:
        import ray

        if self._coming is None:
            self._coming = self._worker.where.remote()
        done, _waiting = ray.wait([self._coming], timeout=seconds)
        return str(self._get(self._coming)) if done else ""

    def lacking(self, keys: Sequence[str]) -> Sequence[str]:
        return list(self._get(self._worker.lacking.remote(list(keys))))

    def take(self, where: str, part: bytes, *, offset: int, key: str = "") -> None:
        self._get(self._worker.take.remote(where, part, offset, key))

    def seal(self, key: str) -> None:
        self._get(self._worker.seal.remote(key))

    def begin(self, training: Training) -> None:
        self._get(self._worker.begin.remote(training))

    def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
        questions, ended = self._get(self._worker.exchange.remote(list(answers), leave))
        return questions, ended

    def _get(self, reference: Any) -> Any:
        import ray
        from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

        try:
            return ray.get(reference, timeout=ANSWER_SECONDS)
        except RayTaskError as error:  # what the workplace itself refused
            raise PlaceLostError(_last_line(error)) from error
        except GetTimeoutError as error:
            why = f"has not answered for {ANSWER_SECONDS:.0f} seconds"
            raise PlaceLostError(_lost(why)) from error
        except RayActorError as error:
            log.warning("%s", error)
            _before, refused, why = str(error).partition(_REFUSED)
            raise PlaceLostError(
                why.strip() if refused else _lost("is gone, or its process there was ended")
            ) from error
        except RayError as error:
            raise PlaceLostError(_lost(f"is out of reach ({type(error).__name__})")) from error


def _lost(why: str) -> str:
    return f"The machine that it was trained on {why}; it goes on from its last saved state, on whichever has room."


def _last_line(error: Exception) -> str:
    """What was raised on the other machine, as a sentence; Ray gives it with its traceback."""
    cause = getattr(error, "cause", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[-1][:500]


def _bootstrap() -> type:
    """Return the actor's class. It goes to the other machine by its own code, so nothing of the lab has to be there,
    and all that it needs of the lab it imports from what has come with it."""

    class Workplace:
        def __init__(self, name: str, code: bytes, versions: Mapping[str, str], work: str) -> None:
            import contextlib
            import importlib.metadata
            import io
            import os
            import socket
            import sys
            import tempfile
            import zipfile
            from pathlib import Path

            class OtherVersionError(Exception):
                pass

            self.work = work
            self.machine = socket.gethostname()
            for package, wanted in versions.items():
                try:
                    found = importlib.metadata.version(package).partition("+")[0]
                except importlib.metadata.PackageNotFoundError:
                    found = "none"
                if found != wanted:
                    raise OtherVersionError(
                        f"{self.machine} has {package} {found}, and the lab has {wanted}: install the lab's "
                        "requirements there, in the same versions."
                    )
            import platformdirs

            named = os.environ.get("CNN_LAB_NODE_HOME")
            root = Path(named) if named else Path(platformdirs.user_cache_dir("cnn-lab-node"))
            folder = root / "code" / name
            if not folder.is_dir():
                folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                beside = Path(tempfile.mkdtemp(dir=folder.parent))
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    archive.extractall(beside)
                with contextlib.suppress(OSError):  # another training has brought the same code
                    beside.rename(folder)
            sys.path.insert(0, str(folder))
            from core.runs.far import workplace
            from core.runs.worker.process import log_to_standard_error

            log_to_standard_error()
            os.nice(10)
            self.place = workplace.Workplace(workplace.node_home(), alone=lambda: os._exit(1))

        def where(self) -> str:
            import os

            return f"process {os.getpid()} on {self.machine}"

        def lacking(self, keys: list[str]) -> Sequence[str]:
            return self.place.lacking(keys)

        def take(self, where: str, part: bytes, offset: int, key: str) -> None:
            self.place.take(where, part, offset=offset, key=key)

        def seal(self, key: str) -> None:
            self.place.seal(key)

        def begin(self, training: Any) -> None:
            import importlib

            module, _, function = self.work.partition(":")
            self.place.begin(training, getattr(importlib.import_module(module), function))

        def exchange(self, answers: list[Any], leave: Any) -> Any:
            return self.place.exchange(answers, leave)

    return Workplace
