"""What a frozen backbone says of every image: worked out once, kept on disk, and all that its head is trained on.

A frozen network gives the same answer to the same image in every epoch, so one pass does for all of them. Features are
kept beside the prepared data sets, under a hash of everything that decides them: the backbone's weights, the images and
their order, size, normalisation, augmentation, precision. They can always be worked out again, so a file that is
damaged, evicted or cannot be written costs time and nothing else. Pictures of an own set are known by their contents:
when some are added, only those are looked at.

Augmented training images differ from epoch to epoch. A few fixed views of each stand in for them: epoch e sees view
e mod `VIEWS`, which is augmented as an ordinary training's epoch would be.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.checkpoints.backbones import backbone_hash
from core.config import TrainingConfig
from core.events import FeaturesKept
from core.models import models
from core.models.transfer import TransferNetwork
from core.training.batches import Batch, ImageBatches
from core.training.feature_files import Kept, LookCounter, Progress, open_or_make

VIEWS = 4  # augmented versions of a training image: each costs a pass, so 4 cost a sixth of a run of 25 epochs
LOOK_BATCH = 64  # images a pass takes at once: a request to stop is heard between two of them
CPU_PART = 16  # of these go through a CPU together: what lies between two layers then fits its caches, twice as fast
_FORMAT = 1  # part of every key: raise it where the same key would mean other features

Precision = Callable[[], torch.autocast]


class FeatureBatches:
    """The batches of one training as its head sees them: float32 (N, width) features, int64 labels (N,), on ``device``.

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
    return isinstance(model, TransferNetwork) and model.head_only and not growing


def keeps(config: TrainingConfig) -> bool:
    """`can_keep` of the network that ``config`` describes, without building it."""
    growing = config.start_size is not None and config.start_size < config.image_size
    return models[config.model].transfers and config.model_arguments.get("train", "head") == "head" and not growing


def look_once(
    model: TransferNetwork,
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
    config, contents = images.config, images.data.contents
    views = min(VIEWS, config.epochs) if config.augmentation else 1
    times = "once" if views == 1 else f"once (at {views} versions of those to train on)"
    counter = LookCounter(progress, f"every image {times}", len(train) * views + len(validation))
    looks = _Looks(model, images, precision, autocast, counter)
    if contents and not config.augmentation and not config.mirror_at_test:  # all at once: pictures are known singly
        parts = [looks.as_stored(torch.cat([train, validation]))]
        values = [*parts[0].values.split([len(train), len(validation)])]
    else:
        seen = (
            [looks.augmented(train, view) for view in range(views)] if config.augmentation else [looks.as_stored(train)]
        )
        parts = [*seen, looks.judged(validation)]
        values = [part.values for part in parts]
    batches = FeatureBatches(
        views=values[:-1],
        judged=values[-1],
        train=train,
        validation=validation,
        labels=torch.tensor(images.data.labels),
        device=images.device,
    )
    seconds = [part.seconds for part in parts]
    cost = FeaturesKept(
        views=views,
        epoch_seconds=sum(seconds[:-1]) / views + seconds[-1],
        spent_seconds=sum(part.spent for part in parts),
        look_seconds=sum(seconds),
    )
    return batches, cost


def look_at_test(
    model: TransferNetwork, images: ImageBatches, test: Tensor, *, progress: Progress | None = None
) -> Tensor:
    """Return what the frozen backbone says of the ``test`` images, by their places: float32 (N, width), kept like all.

    It looks as judging does, in float32, so that of many trainings on one backbone the first alone looks.
    """
    counter = LookCounter(progress, "the test images", len(test))
    looks = _Looks(model, images, "fp32", lambda: torch.autocast(images.device.type, enabled=False), counter)
    return looks.judged(test).values


class _Looks:
    """The ways in which one frozen backbone looks at images; each opens what is kept of it, or looks and keeps it."""

    def __init__(
        self, model: TransferNetwork, images: ImageBatches, precision: str, autocast: Precision, counter: LookCounter
    ) -> None:
        self._model, self._images, self._autocast, self._counter = model, images, autocast, counter
        self._common = _what_decides(model, images, precision)

    def as_stored(self, indices: Tensor) -> Kept:
        """Images as they are."""
        return self._kept({}, indices, lambda some: _as_stored(self._images, some))

    def augmented(self, indices: Tensor, view: int) -> Kept:
        """Training images in one of their views."""
        config = self._images.config
        drawn = {"augmentation": [dataclasses.asdict(step) for step in config.augmentation], "seed": config.seed}
        return self._kept(drawn | {"view": view}, indices, lambda some: _augmented(self._images, some, view))

    def judged(self, indices: Tensor) -> Kept:
        """Images that are judged: as they are, or with their mirror images where the configuration says so."""
        if not self._images.config.mirror_at_test:
            return self.as_stored(indices)
        twice = {"mirrored": True}
        return self._kept(twice, indices, lambda some: _mirrored(_as_stored(self._images, some)), looks=2)

    def _kept(
        self,
        decides: dict[str, Any],
        indices: Tensor,
        batches: Callable[[Tensor], Iterator[Tensor]],
        *,
        looks: int = 1,
    ) -> Kept:
        contents = self._images.data.contents

        def look(some: Tensor) -> npt.NDArray[np.float32]:
            return _look(self._model, batches(some), len(some), self._autocast, self._counter, looks=looks)

        return open_or_make(
            self._common | decides,
            indices,
            look,
            self._counter,
            width=self._model.width,
            data=self._images.data.fingerprint,
            pictures=[contents[place] for place in indices.tolist()] if contents and "view" not in decides else (),
        )


def _what_decides(model: TransferNetwork, images: ImageBatches, precision: str) -> dict[str, Any]:
    """Everything that features depend on, but for which images and in which view."""
    return {
        "format": _FORMAT,
        "torch": torch.__version__,
        "device": images.device.type,
        "precision": precision,
        "weights": backbone_hash(model),
        "input_size": model.input_size,
        "interpolation": "bilinear, antialiased",
        "image": dataclasses.asdict(images.format),
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
    model: TransferNetwork,
    batches: Iterator[Tensor],
    count: int,
    autocast: Precision,
    counter: LookCounter,
    *,
    looks: int = 1,
) -> npt.NDArray[np.float32]:
    """Return the features (count, width) of images that come in batches, each ``looks`` times in a row.

    Several looks at an image are averaged: for a head that is linear, the mean of its logits is the logits of the mean.
    """
    if model.training:
        model.eval()  # BatchNorm uses what it learned, and never moves
    values = np.zeros((count, model.width), dtype=np.float32)
    done = 0
    with torch.inference_mode():
        for number, batch in enumerate(batches):
            counter.tell()  # before the work: what is finished is kept, even where this ends the pass
            with autocast():
                parts = batch.split(CPU_PART if batch.device.type == "cpu" else LOOK_BATCH)
                features = torch.cat([model.features(part) for part in parts])
            values[done : done + len(batch)] += features.float().cpu().numpy() / looks
            if number % looks == looks - 1:
                done += len(batch)
                counter.done += len(batch)
    return values
