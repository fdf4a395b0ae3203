"""What a frozen backbone says of every image: worked out once, kept on disk, and all that its head is trained on.

A frozen network gives the same answer to the same image in every epoch, so one pass does for all of them. Features are
kept beside the prepared data sets, under a hash of everything that decides them: the backbone's weights, the images and
their order, size, normalisation, augmentation, precision. They can always be worked out again, so a file that is
damaged, evicted or cannot be written costs time and nothing else.

Augmented training images differ from epoch to epoch. A few fixed views of each stand in for them: epoch e sees view
e mod `VIEWS`, which is augmented as an ordinary training's epoch would be.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from filelock import FileLock, Timeout
from torch import Tensor, nn

from core.checkpoints.backbones import weights_hash
from core.config import TrainingConfig
from core.events import FeaturesKept
from core.home import home
from core.models.resnet18 import FEATURES, TransferResNet18
from core.training.batches import Batch, ImageBatches
from core.whole_files import write_folder

VIEWS = 4  # augmented versions of a training image: each costs a pass, so 4 cost a sixth of a run of 25 epochs
KEEP_BYTES = 2 * 2**30  # what all kept features may take together; the ones used last stay
LEAVE_FREE = 2**30  # features are not written where less than this would be left: runs pause at 500 MB
LOOK_BATCH = 64  # images a pass takes at once: a request to stop is heard between two of them
WAIT_SECONDS = 0.5
_FORMAT = 1  # part of every key: raise it where the same key would mean other features
_VALUES, _ABOUT = "features.npy", "about.json"
_A_DAY = 86_400.0

Progress = Callable[[str, float], None]
Precision = Callable[[], torch.autocast]


class FeatureBatches:
    """The batches of one training as its head sees them: float32 (N, 512) features, int64 labels (N,), on ``device``.

    ``views`` hold the training images' features, a row for each of ``train``; ``judged`` those of ``validation``.
    """

    def __init__(
        self,
        *,
        views: Sequence[Tensor],
        judged: Tensor,
        train: Tensor,
        validation: Tensor,
        labels: Tensor,
        device: torch.device,
    ) -> None:
        self.views = [view.to(device) for view in views]
        self.judged, self.labels = judged.to(device), labels.to(device)
        self.device = device
        self._train_rows = _rows(train, count=len(labels)).to(device)
        self._validation_rows = _rows(validation, count=len(labels)).to(device)

    def training(self, indices: Tensor, *, epoch: int, batch: int) -> Batch:
        """Return the features of training images, by their places in the data set, in the view of this epoch."""
        return self._fetch(self.views[epoch % len(self.views)], self._train_rows, indices)

    def evaluation(self, indices: Tensor) -> Iterator[Batch]:
        """Yield the features of validation images, never augmented, in order."""
        yield self._fetch(self.judged, self._validation_rows, indices)

    def _fetch(self, values: Tensor, rows: Tensor, indices: Tensor) -> Batch:
        """`index_select` copies whole rows: a third of the time of ``values[rows]``."""
        places = indices.to(self.device)
        return values.index_select(0, rows.index_select(0, places)), self.labels.index_select(0, places)


def can_keep(config: TrainingConfig, model: nn.Module) -> bool:
    """Whether ``model`` answers alike in every epoch but for its head: a frozen backbone, images of one size."""
    growing = config.start_size is not None and config.start_size < config.image_size
    return isinstance(model, TransferResNet18) and model.head_only and not growing


def look_once(
    model: TransferResNet18,
    images: ImageBatches,
    *,
    train: Tensor,
    validation: Tensor,
    precision: str,
    autocast: Precision,
    progress: Progress | None = None,
) -> tuple[FeatureBatches, FeaturesKept]:
    """Show the frozen backbone every image once, or open what it said before; return the head's batches and the cost.

    ``train`` and ``validation`` are places in the data set of ``images``. ``progress`` is told how far the pass is, in
    [0, 1]; what it raises ends the pass, and views that were finished by then are kept.
    """
    config = images.config
    views = min(VIEWS, config.epochs) if config.augmentation else 1
    total = len(train) * views + len(validation)
    counter = _Counter(progress or (lambda _text, _fraction: None), total, views)
    common = _what_decides(model, images, precision)

    def training_view(view: int) -> _Kept:
        drawn = {"augmentation": [dataclasses.asdict(step) for step in config.augmentation], "seed": config.seed}
        augmented = drawn | {"view": view} if config.augmentation else {}
        batches = _augmented(images, train, view) if config.augmentation else _as_stored(images, train)
        return _kept(common | augmented, train, lambda: _look(model, batches, len(train), autocast, counter), counter)

    seen = [training_view(view) for view in range(views)]
    mirrored = {"mirrored": True} if config.mirror_at_test else {}
    looking = _mirrored(_as_stored(images, validation)) if mirrored else _as_stored(images, validation)
    judged = _kept(
        common | mirrored,
        validation,
        lambda: _look(model, looking, len(validation), autocast, counter, looks=2 if mirrored else 1),
        counter,
    )
    batches = FeatureBatches(
        views=[part.values for part in seen],
        judged=judged.values,
        train=train,
        validation=validation,
        labels=torch.tensor(images.data.labels),
        device=images.device,
    )
    cost = FeaturesKept(
        views=views,
        epoch_seconds=sum(part.seconds for part in seen) / views + judged.seconds,
        spent_seconds=sum(part.seconds for part in (*seen, judged) if part.fresh),
        look_seconds=sum(part.seconds for part in (*seen, judged)),
    )
    return batches, cost


def folder() -> Path:
    """Return the folder that holds every kept feature file of this lab home."""
    return home() / "features"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kept:
    """Features float32 (N, 512), the seconds that they took, and whether that was now."""

    values: Tensor
    seconds: float
    fresh: bool


class _Counter:
    """Counts images over all passes of one `look_once`, and tells how far they are."""

    def __init__(self, progress: Progress, total: int, views: int) -> None:
        self.progress, self.total, self.done = progress, total, 0
        self.looks = "once" if views == 1 else f"once (at {views} versions of those to train on)"

    def tell(self) -> None:
        self.progress(
            f"The frozen backbone looks at every image {self.looks}: {self.done:,} of {self.total:,}",
            self.done / self.total,
        )

    def wait(self) -> None:
        self.progress("Waiting for another training that looks at the same images", 0.0)


def _what_decides(model: TransferResNet18, images: ImageBatches, precision: str) -> dict[str, Any]:
    """Everything that features depend on, but for which images and in which view."""
    return {
        "format": _FORMAT,
        "torch": torch.__version__,
        "device": images.device.type,
        "precision": precision,
        "weights": weights_hash(model.backbone),
        "input_size": model.input_size,
        "interpolation": "bilinear, antialiased",
        "image": dataclasses.asdict(images.format),
        "data": images.data.fingerprint,
    }


def _rows(indices: Tensor, *, count: int) -> Tensor:
    """For each place in the data set the row of its features; for an image without any, a row that is not there."""
    rows = torch.full((count,), len(indices))
    rows[indices] = torch.arange(len(indices))
    return rows


def _augmented(images: ImageBatches, indices: Tensor, view: int) -> Iterator[Tensor]:
    for number, part in enumerate(indices.split(LOOK_BATCH)):
        yield images.training(part, epoch=view, batch=number)[0]


def _as_stored(images: ImageBatches, indices: Tensor) -> Iterator[Tensor]:
    for part in indices.split(LOOK_BATCH):
        for batch, _labels in images.evaluation(part):
            yield batch


def _mirrored(batches: Iterator[Tensor]) -> Iterator[Tensor]:
    for batch in batches:
        yield batch
        yield batch.flip(-1)


def _look(
    model: TransferResNet18,
    batches: Iterator[Tensor],
    count: int,
    autocast: Precision,
    counter: "_Counter",
    *,
    looks: int = 1,
) -> npt.NDArray[np.float32]:
    """Return the features (count, 512) of images that come in batches, each ``looks`` times in a row.

    Several looks at an image are averaged: for a head that is linear, the mean of its logits is the logits of the mean.
    """
    model.eval()  # BatchNorm uses what it learned, and never moves
    values = np.zeros((count, FEATURES), dtype=np.float32)
    done = 0
    with torch.inference_mode():
        for number, batch in enumerate(batches):
            counter.tell()  # before the work: what is finished is kept, even where this ends the pass
            with autocast():
                features = model.features(batch)
            values[done : done + len(batch)] += features.float().cpu().numpy() / looks
            if number % looks == looks - 1:
                done += len(batch)
                counter.done += len(batch)
    return values


def _kept(
    decides: dict[str, Any], indices: Tensor, look: Callable[[], npt.NDArray[np.float32]], counter: _Counter
) -> _Kept:
    """Open what `look` returned before under the same key, or call it and keep the result where the disk allows."""
    which = hashlib.sha256(indices.numpy().tobytes()).hexdigest()
    key = hashlib.sha256(json.dumps(decides | {"images": which}, sort_keys=True).encode()).hexdigest()[:32]
    place = folder() / key
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a disk that refuses even this: worked out without being kept
            place.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(place.with_suffix(".lock"), counter))
        found = _open(place, len(indices))
        if found is not None:
            counter.done += len(indices)
            return found
        started = time.perf_counter()
        values = look()
        seconds = time.perf_counter() - started
        with contextlib.suppress(OSError):  # the disk is full: this training goes on from memory
            _write(place, values, seconds)
            _evict(spare=key)
            kept = _open(place, len(indices))
            if kept is not None:
                return dataclasses.replace(kept, fresh=True)
        return _Kept(values=torch.from_numpy(values), seconds=seconds, fresh=True)


@contextlib.contextmanager
def _locked(path: Path, counter: _Counter) -> Iterator[None]:
    """Wait for whoever works out the same features, and keep telling, so that a request to stop is heard."""
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout:
            counter.wait()
    try:
        yield
    finally:
        lock.release()


def _open(place: Path, count: int) -> _Kept | None:
    """Memory-map kept features; None where there are none, or where a single byte is not as it was written."""
    try:
        about = json.loads((place / _ABOUT).read_text())
        with (place / _VALUES).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != about["sha256"]:
                return None
        values = np.load(place / _VALUES, mmap_mode="c")  # copy on write: torch wants an array that may be written
        if values.shape != (count, FEATURES) or values.dtype != np.float32:
            return None
        seconds = float(about["seconds"])
        with contextlib.suppress(OSError):
            os.utime(place / _ABOUT)  # used now: the last to be evicted
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _Kept(values=torch.from_numpy(values), seconds=seconds, fresh=False)


def _write(place: Path, values: npt.NDArray[np.float32], seconds: float) -> None:
    """Write features whole or not at all; raises OSError where the disk refuses or would be almost full."""
    if shutil.disk_usage(place.parent).free - values.nbytes < LEAVE_FREE:
        raise OSError(f"less than {LEAVE_FREE:,} bytes would be left")
    file = BytesIO()
    np.save(file, values)
    data = file.getvalue()
    about = {"sha256": hashlib.sha256(data).hexdigest(), "seconds": seconds, "shape": values.shape}
    write_folder(place, {_VALUES: data, _ABOUT: json.dumps(about).encode()})


def _evict(*, spare: str) -> None:
    """Remove what was used longest ago until the rest fits, and what a process that was killed left half-written."""
    total = 0
    for path in sorted(_folders(), key=_last_used, reverse=True):
        total += _size(path)
        if total > KEEP_BYTES and path.name != spare:
            shutil.rmtree(path, ignore_errors=True)
            path.with_suffix(".lock").unlink(missing_ok=True)
    for path in folder().glob(".*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > _A_DAY:
            shutil.rmtree(path, ignore_errors=True)


def _folders() -> list[Path]:
    return [path for path in folder().glob("[!.]*") if path.is_dir()]


def _last_used(path: Path) -> float:
    try:
        return (path / _ABOUT).stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return sum(file.stat().st_size for file in path.iterdir())
    except OSError:  # another process has just removed it
        return 0
