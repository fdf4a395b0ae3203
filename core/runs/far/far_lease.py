"""The lease of a worker whose store lies on another machine: every write is a question to its stand-in there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.events import EpochDone, StepDone
from core.runs.far.questions import Desk
from core.runs.records import Status
from core.runs.store.lease import Orders

PART_BYTES = 4 * 2**20  # of a file, at once
KEPT_BESIDE = ("probes", "time-lapse")  # folders of a run in which each file is small, and whole by itself


def parts(path: Path) -> Iterator[bytes]:
    """Yield a file in parts; of an empty one, one that is empty."""
    with path.open("rb") as file:
        yield file.read(PART_BYTES)
        while part := file.read(PART_BYTES):
            yield part


class FarLease:
    """A `core.runs.store.lease.Lease` by its words; the run's ``folder`` is this machine's own, and nobody else's."""

    def __init__(self, run_id: str, fence: int, *, title: str, folder: Path, desk: Desk) -> None:
        self.run_id, self.fence, self.folder = run_id, fence, folder
        self._title = title
        self._desk = desk
        self._sent = dict(self._beside())

    def title(self) -> str:
        """See `core.runs.store.lease.Lease`, as for all that follows."""
        return self._title

    def orders(self) -> Orders:
        """What has been ordered comes with the answers, and goes to the recorder at once."""
        return Orders(stop=False, superseded=False)

    def beat(self) -> None:
        """The stand-in shows the signs of life; it has them from coming by."""

    def say(self, message: str, share: float = 0.0) -> None:
        self._desk.ask("say", message, share)

    def share_no_more(self) -> None:
        self._desk.ask("share_no_more")

    def describe(self, **facts: Any) -> None:
        self._desk.ask("describe", **facts)

    def rewind(self, *, step: int, epoch: int) -> None:
        self._desk.ask("rewind", step=step, epoch=epoch)

    def record(self, steps: Sequence[StepDone], epochs: Sequence[tuple[int, EpochDone]], **facts: Any) -> None:
        self._desk.ask("record", list(steps), list(epochs), **facts)

    def saved(self, folder: Path, *, kind: str, step: int, epoch: int) -> None:
        """Send a folder that has been written in full, and what has been laid beside it meanwhile."""
        self._send_what_lies_beside()
        self._desk.ask("begin_folder", folder.name)
        for path in sorted(folder.iterdir()):
            for part in parts(path):
                self._desk.ask("take_part", folder.name, path.name, part)
        self._desk.ask("saved", folder.name, kind=kind, step=step, epoch=epoch)

    def end(self, status: Status, **said: Any) -> None:
        self._send_what_lies_beside()
        self._desk.ask("end", status, **said)

    def _send_what_lies_beside(self) -> None:
        for path, changed in self._beside():
            if self._sent.get(path) != changed:
                self._desk.ask("keep_file", path.parent.name, path.name, path.read_bytes())
                self._sent[path] = changed

    def _beside(self) -> Iterator[tuple[Path, int]]:
        """The files beside the networks, and when each was changed."""
        for name in KEPT_BESIDE:
            for path in sorted((self.folder / name).glob("[!.]*")):
                yield path, path.stat().st_mtime_ns
