"""Answers a far worker's questions on the machine that has the store: what it says is written under its lease."""

import contextlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from core.disk import sentence
from core.errors import LabError
from core.runs import folders
from core.runs.far.far_lease import KEPT_BESIDE, PART_BYTES
from core.runs.far.questions import Answer, Question, refused
from core.runs.records import StaleWorkerError, StoreError
from core.runs.store.lease import Lease
from core.whole_files import ArrivingFolder, write_file

_FOLDER = re.compile(r"state-\d{8}-\d{4}|best-\d{4}|final")
_FILE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_AS_THEY_ARE = frozenset({"say", "share_no_more", "describe", "rewind", "record"})  # writes of the lease


class Clerk:
    """Takes the questions of one claim; ``ended`` once the worker has said its last word and the store has taken it."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.ended = False
        self._arriving: dict[str, ArrivingFolder] = {}
        lease.folder.mkdir(parents=True, exist_ok=True)

    def answer(self, question: Question) -> Answer:
        """Do what is asked; what the store or the disk refuses is raised where it was asked."""
        try:
            self._do(question)
        except LabError as error:
            return refused(question.number, error)
        except OSError as error:
            what = "What a training on another machine has saved could not be kept"
            return refused(question.number, StoreError(sentence(what, error)))
        return Answer(number=question.number)

    def close(self) -> None:
        """Forget what has come in part."""
        for arriving in self._arriving.values():
            arriving.discard()

    def _do(self, question: Question) -> None:
        own: dict[str, Callable[..., None]] = {
            "begin_folder": self._begin_folder,
            "take_part": self._take_part,
            "saved": self._saved,
            "keep_file": self._keep_file,
            "end": self._end,
        }
        if question.what in _AS_THEY_ARE:
            getattr(self.lease, question.what)(*question.given, **question.named)
        else:
            own[question.what](*question.given, **question.named)

    def _begin_folder(self, name: str) -> None:
        folders.check_space(self.lease.folder)
        if (before := self._arriving.pop(name, None)) is not None:
            before.discard()
        self._arriving[name] = ArrivingFolder(self.lease.folder / _checked(name, _FOLDER))

    def _take_part(self, name: str, file: str, part: bytes) -> None:
        self._arriving[name].take(_checked(file, _FILE), part)

    def _saved(self, name: str, *, kind: str, step: int, epoch: int) -> None:
        """Put a folder in its place and name it in the store, unless the run has passed on; remove superfluous ones."""
        arriving = self._arriving.pop(name)
        try:
            if self.lease.orders().superseded:
                raise StaleWorkerError(f"Run {self.lease.run_id} has passed to another worker.")
            arriving.finish()
        finally:
            arriving.discard()
        self.lease.saved(arriving.folder, kind=kind, step=step, epoch=epoch)
        kept = self.lease.kept()
        for path in self.lease.folder.iterdir():
            if _FOLDER.fullmatch(path.name) and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _keep_file(self, folder: str, file: str, data: bytes) -> None:
        """Keep what nobody needs but those who look at the run; a disk that refuses it stops no training."""
        if folder in KEPT_BESIDE and len(data) <= PART_BYTES and not self.lease.orders().superseded:
            with contextlib.suppress(OSError):
                write_file(self._beside(folder) / _checked(file, _FILE), data)

    def _beside(self, folder: str) -> Path:
        path = self.lease.folder / folder
        path.mkdir(exist_ok=True)
        return path

    def _end(self, status: str, **said: object) -> None:
        self.lease.end(status, **said)  # type: ignore[arg-type]
        self.ended = True


def _checked(name: str, shape: re.Pattern[str]) -> str:
    """A name that another machine gave, which becomes a path here."""
    if not shape.fullmatch(name):
        raise StoreError("A training on another machine has sent a file that no training has.")
    return name
