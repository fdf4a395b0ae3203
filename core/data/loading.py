"""A data set by its name, decoded once: prepared already, built in, from the data folder, or from the Hub."""

import contextlib
from collections.abc import Iterator
from typing import Literal

from filelock import FileLock

from core.data.catalogue import DatasetSpec, datasets
from core.data.own.as_data_set import present_name
from core.data.prepared import LabelledImages, Progress, is_current, open_copy, prepare, prepared_copy, prepared_root
from core.data.source import source_folder
from core.disk import sentence
from core.errors import DataError

_AT_ONCE = 500  # pictures of an own set: decoded within two seconds, without asking

Availability = Literal["builtin", "prepared", "folder", "hub"]


def availability(name: str, size: int | None = None) -> Availability:
    """Say where `load` would find a data set: no network is touched and nothing is read but folders."""
    spec = datasets[present_name(name)]
    if prepared_copy(spec, size or spec.size) is not None:
        return "prepared"
    if spec.count is not None and spec.count > _AT_ONCE:
        return "folder"
    if spec.hub_id is None:
        return "builtin"
    return "hub" if source_folder(spec) is None else "folder"


def load(name: str, *, size: int | None = None, progress: Progress | None = None) -> LabelledImages:
    """Return a data set decoded to ``size``×``size`` pixels (default: its own size), preparing it at first use.

    ``progress`` is told what is being done and how far it is, in [0, 1]. Raises DataError, with a sentence that says
    what to do, where the data cannot be had or read.
    """
    spec = datasets[present_name(name)]
    side = size or spec.size
    if not 8 <= side <= 512:
        raise DataError(f"Images cannot be decoded to {side} pixels; choose a side between 8 and 512.")
    folder = prepared_copy(spec, side)
    if folder is None or not is_current(spec, folder):
        root = prepared_root()
        with _disk_in_words(spec):
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / f"{name.partition('@')[0]}-{side}.lock"):
                folder = prepared_copy(spec, side)
                if folder is None or not is_current(spec, folder):
                    folder = prepare(spec, side, progress or (lambda _text, _fraction: None))
    return open_copy(spec, side, folder)


@contextlib.contextmanager
def _disk_in_words(spec: DatasetSpec) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(sentence(f"{spec.title} could not be prepared", error)) from error
