"""The batches that a finished training was fed, made again from what its checkpoint remembers: bit for bit, on a CPU.

What a batch holds is a function of the configuration, the images and their split (`core.training.batches`), so nothing
has to be stored of it. Where the images are no longer the ones, that is said, and nothing is shown.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.checkpoints import Checkpoint
from core.config import training_size
from core.data import LabelledImages, split_begun_with
from core.errors import ConfigError, DataError
from core.training.assembly import training_indices
from core.training.batches import ImageBatches, Traced, as_labelled, order_of_epoch
from core.training.kept_features import LOOK_BATCH, VIEWS, keeps
from core.transforms import Applied

MOST_BYTES = 64 * 2**20  # of the pixels of one batch: a chain makes copies of them


@dataclass(frozen=True, kw_only=True)
class Fed:
    """The first images of one batch as a training was fed them, float32 (N, C, S, S).

    ``stored`` and ``augmented`` are in [0, 1], ``given`` is normalised. ``indices`` and ``labels`` are int64 (N,), and
    ``applied`` has for each image the steps that were applied to it.
    """

    indices: Tensor
    labels: Tensor
    stored: Tensor
    augmented: Tensor
    given: Tensor
    applied: tuple[tuple[Applied, ...], ...]

    def words(self, place: int) -> str:
        """Return what was done to an image, for people."""
        return " · ".join(step.text for step in self.applied[place]) or "nothing applied"


class Replay:
    """The batches of the training behind a checkpoint; epochs and batches count from 0.

    ``epochs`` were trained, each of ``steps`` batches. ``looked_once`` says that a frozen backbone saw a few fixed
    ``views`` of every image, and the batches of an epoch were put together from what it had said.

    Raises DataError where ``data`` or its split are not what the network was trained on, and ConfigError where a batch
    is too large to be made on a server that others use as well.
    """

    def __init__(self, checkpoint: Checkpoint, data: LabelledImages) -> None:
        card = checkpoint.card
        self.config, self._device = card.config, card.device
        split = split_begun_with(data, card.split_fingerprint, slips=self.config.slips)
        if (data.fingerprint, split.fingerprint) != (card.data_fingerprint, card.split_fingerprint):
            raise DataError(
                f"The images of {data.spec.title} on this machine, or their split, are not the ones that this network "
                "was trained on, so its batches cannot be made again."
            )
        self.train = training_indices(split, self.config)
        self.data = as_labelled(data, self.train, self.config)
        self.images = ImageBatches(self.config, self.data, checkpoint.format, device=torch.device("cpu"))
        self.epochs = max(1, len(card.history), card.epoch)
        self.steps = len(self.train) // self.config.batch_size
        self.looked_once = keeps(self.config)
        self.views = (min(VIEWS, self.config.epochs) if self.config.augmentation else 1) if self.looked_once else 0
        self._check_size(checkpoint.format.channels)

    @property
    def doubt(self) -> str:
        """Why the last bits of a number may be others than they were, as a sentence; "" where nothing speaks for it."""
        if not self._device.startswith("CPU"):
            return "It did not train on a CPU, so the last bits of a number may differ."
        if f"torch {torch.__version__}" not in self._device:
            return "It trained with another version of PyTorch, so the last bits of a number may differ."
        return ""

    def batch(self, epoch: int, number: int, *, most: int | None = None) -> Fed:
        """Return a batch, or its ``most`` first images; raises ConfigError for one that there was not."""
        if not (0 <= epoch < self.epochs and 0 <= number < self.steps):
            raise ConfigError(
                f"There was no batch {number + 1:,} of epoch {epoch + 1:,}: {self.epochs:,} epochs of {self.steps:,} "
                "batches were trained."
            )
        size = self.config.batch_size
        indices = self._order(epoch)[number * size : (number + 1) * size]
        if self.looked_once:
            return self._fed(indices[:most], self._looked_at(indices[:most], epoch))
        traced = self.images.trace(indices, epoch=epoch, batch=number)
        return self._fed(indices[:most], _first(traced, len(indices[:most])))

    def find(self, index: int, epoch: int) -> tuple[int, int] | None:
        """Return in which batch of an epoch a training image lies, and where in it; None where it was left over."""
        places = (self._order(epoch) == index).nonzero()
        number, place = divmod(int(places[0]), self.config.batch_size) if len(places) else (self.steps, 0)
        return (number, place) if number < self.steps else None

    def one(self, index: int, epoch: int) -> Fed | None:
        """Return one training image as an epoch was fed it; None where it was left over in that epoch."""
        found = self.find(index, epoch)
        if found is None:
            return None
        number, place = found
        whole = self.batch(epoch, number, most=place + 1)
        return Fed(
            indices=whole.indices[place:],
            labels=whole.labels[place:],
            stored=whole.stored[place:],
            augmented=whole.augmented[place:],
            given=whole.given[place:],
            applied=whole.applied[place:],
        )

    def _order(self, epoch: int) -> Tensor:
        return order_of_epoch(self.train, seed=self.config.seed, epoch=epoch)

    def _looked_at(self, indices: Tensor, epoch: int) -> Traced:
        """What a frozen backbone saw of these images: it looks at all of them in their own order, a part at a time."""
        view, parts = epoch % self.views, self.train.split(LOOK_BATCH)
        rows = torch.stack([(self.train == index).nonzero()[0, 0] for index in indices])
        seen = {
            part: self.images.trace(parts[part], epoch=view, batch=part)
            for part in sorted({row // LOOK_BATCH for row in rows.tolist()})
        }
        found = [(seen[row // LOOK_BATCH], row % LOOK_BATCH) for row in rows.tolist()]
        return Traced(
            stored=torch.stack([part.stored[place] for part, place in found]),
            augmented=torch.stack([part.augmented[place] for part, place in found]),
            given=torch.stack([part.given[place] for part, place in found]),
            applied=[part.applied[place] for part, place in found],
        )

    def _fed(self, indices: Tensor, traced: Traced) -> Fed:
        return Fed(
            indices=indices,
            labels=torch.from_numpy(self.data.labels[indices.numpy()]),
            stored=traced.stored,
            augmented=traced.augmented,
            given=traced.given,
            applied=tuple(map(tuple, traced.applied)),
        )

    def _check_size(self, channels: int) -> None:
        count = LOOK_BATCH if self.looked_once else self.config.batch_size
        side = max(training_size(self.config, epoch) for epoch in (0, self.config.epochs - 1))
        needed = 4 * count * channels * side**2
        if needed > MOST_BYTES:
            raise ConfigError(
                f"A batch of this training has {count:,} images of {side}×{side} pixels, {needed / 2**20:,.0f} MB; up "
                f"to {MOST_BYTES / 2**20:.0f} MB are made again here, so that others are not held up."
            )


def _first(traced: Traced, count: int) -> Traced:
    return Traced(
        stored=traced.stored[:count],
        augmented=traced.augmented[:count],
        given=traced.given[:count],
        applied=traced.applied[:count],
    )
