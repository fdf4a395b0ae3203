"""Where a training's batches come from: stored uint8 images, augmented while they train and never otherwise.

There is no DataLoader: every data set of the lab fits in memory or in a memory-mapped file, and fetching a batch by its
indices costs less than handing it over from another process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from core.config import TrainingConfig, training_size
from core.data import LabelledImages
from core.models.input_format import InputFormat, normalise, to_batch
from core.seeding import derive_seed
from core.transforms import Applied, Chain

EVALUATION_BATCH = 512

Batch = tuple[Tensor, Tensor]


def order_of_epoch(train: Tensor, *, seed: int, epoch: int) -> Tensor:
    """Return the training images' places in the order in which an epoch (from 0) sees them: seed and epoch decide."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    return train[torch.randperm(len(train), generator=generator)]


def as_labelled(data: LabelledImages, train: Tensor, config: TrainingConfig) -> LabelledImages:
    """Return ``data`` with the labels that a training is given: with ``shuffled_labels`` each of the images ``train``
    has that of another one, as the seed decides. Those of all other images stay."""
    if "shuffled_labels" not in config.slips:
        return data
    generator = torch.Generator().manual_seed(derive_seed(config.seed, "labels"))
    places, labels = train.numpy(), data.labels.copy()
    labels[places] = labels[places[torch.randperm(len(places), generator=generator).numpy()]]
    return replace(data, labels=labels)


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A training batch on its way: float32 (N, C, S, S) as ``stored`` and ``augmented``, both in [0, 1], and ``given``.

    ``given`` is what the network gets, ``applied`` what was done to each image.
    """

    stored: Tensor
    augmented: Tensor
    given: Tensor
    applied: list[list[Applied]]


class ImageBatches:
    """The images of one training, as normalised batches on ``device`` and their int64 labels (N,).

    What a batch holds is a function of the config's seed, the epoch and the batch's number, and of nothing else.
    """

    def __init__(
        self,
        config: TrainingConfig,
        data: LabelledImages,
        format: InputFormat,
        *,
        device: torch.device,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.config, self.data, self.format = config, data, format
        self.device, self.memory_format = device, memory_format
        self.augment = Chain(config.augmentation)

    def training(self, indices: Tensor, *, epoch: int, batch: int) -> Batch:
        """Return float32 (N, C, S, S), augmented, and the labels; ``epoch`` and ``batch`` count from 0."""
        images, labels = self._fetch(indices)
        images = _shrunk(images, training_size(self.config, epoch))
        chance = self._chance(epoch, batch)
        return self._as_input(self.augment(images, chance, indices=indices, epoch=epoch)), labels

    def trace(self, indices: Tensor, *, epoch: int, batch: int) -> Traced:
        """Return the images of `training`, with what became of them on the way."""
        stored = _shrunk(self._fetch(indices)[0], training_size(self.config, epoch))
        augmented, applied = self.augment.trace(stored, self._chance(epoch, batch), indices=indices, epoch=epoch)
        return Traced(stored=stored, augmented=augmented, given=self._as_input(augmented), applied=applied)

    def evaluation(self, indices: Tensor) -> Iterator[Batch]:
        """Yield float32 (N, C, S, S), never augmented, in order, and the labels."""
        for part in indices.split(EVALUATION_BATCH):
            images, labels = self._fetch(part)
            yield self._as_input(images), labels

    def _chance(self, epoch: int, batch: int) -> torch.Generator:
        return torch.Generator().manual_seed(derive_seed(self.config.seed, "augmentation", epoch, batch))

    def _fetch(self, indices: Tensor) -> Batch:
        """Float32 (N, C, S, S) in [0, 1], not normalised."""
        chosen = indices.numpy()
        labels = torch.from_numpy(self.data.labels[chosen]).to(self.device)
        return to_batch(self.data.images[chosen], self.format, self.device), labels

    def _as_input(self, images: Tensor) -> Tensor:
        return normalise(images, self.format).contiguous(memory_format=self.memory_format)


def _shrunk(images: Tensor, size: int) -> Tensor:
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
