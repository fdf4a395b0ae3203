"""The loop that courses teach, as plainly as they teach it: what the lab's own is measured against.

One image at a time is opened with Pillow and sent through torchvision's transforms; a `DataLoader` without workers puts
the tensors together; the network computes in float32; plain SGD steps; the loss is read after every batch; and a frozen
backbone is run again in every epoch. None of it is slowed down on purpose.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.config import TrainingConfig
from core.models.input_format import InputFormat
from core.transforms import COURSE_CHAIN

Picture = npt.NDArray[np.uint8] | bytes
Loader = DataLoader[tuple[Tensor, Tensor]]


class NaiveImages(Dataset[tuple[Tensor, Any]]):
    """Pictures and labels as torchvision's data sets hold them: arrays (H, W) or (H, W, 3), or files in memory."""

    def __init__(
        self, pictures: Sequence[Picture], labels: Sequence[int], transform: Callable[[Image.Image], Tensor]
    ) -> None:
        self.pictures, self.labels, self.transform = pictures, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        picture = self.pictures[index]
        image = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else Image.fromarray(picture)
        return self.transform(image), self.labels[index]


def pictures_of(images: npt.NDArray[np.uint8]) -> list[Picture]:
    """Return uint8 (N, C, H, W) as one array a picture, channels last, as torchvision's CIFAR10 keeps them."""
    channels_last = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return list(channels_last.squeeze(3) if channels_last.shape[3] == 1 else channels_last)


def naive_transform(config: TrainingConfig, format: InputFormat) -> Callable[[Image.Image], Tensor]:
    """Return torchvision's chain for training images: the size, the course's augmentation if any, and Normalize.

    Raises ValueError for an augmentation other than the course's own: both sides must do the same.
    """
    if config.augmentation not in ((), COURSE_CHAIN):
        raise ValueError("The naive loop knows the course's augmentation alone: flip and RandomCrop(padding=4).")
    steps: list[Any] = [
        transforms.Lambda(lambda image: image.convert("L" if format.channels == 1 else "RGB")),
        transforms.Resize((format.size, format.size)),
    ]
    if config.augmentation:
        steps += [transforms.RandomHorizontalFlip(), transforms.RandomCrop(format.size, padding=4)]
    steps += [transforms.ToTensor(), transforms.Normalize(format.mean, format.std)]
    chain: Callable[[Image.Image], Tensor] = transforms.Compose(steps)
    return chain


def naive_loader(images: Dataset[tuple[Tensor, Any]], *, batch_size: int, shuffle: bool) -> Loader:
    """Return batches of ``images``; where they are shuffled, to train, a small last one is left out as in the lab."""
    return DataLoader(images, batch_size=batch_size, shuffle=shuffle, drop_last=shuffle, num_workers=0)


def naive_epoch(model: nn.Module, loader: Loader, optimizer: torch.optim.Optimizer) -> Iterator[int]:
    """Train for one epoch; yields after each step, with the number of images in its batch."""
    model.train()
    running_loss, correct = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss = F.cross_entropy(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        correct += (outputs.argmax(1) == labels).sum().item()
        yield len(labels)


def naive_training(
    model: nn.Module, loader: Loader, config: TrainingConfig, *, epochs: int | None = None
) -> Iterator[int]:
    """Train for ``epochs`` epochs, or on and on; yields the number of images after each step."""
    optimizer = naive_optimizer(model, config)
    epoch = 0
    while epochs is None or epoch < epochs:
        yield from naive_epoch(model, loader, optimizer)
        epoch += 1


def naive_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.SGD:
    """Return SGD with the learning rate and momentum of the recipe, over what learns."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.SGD(learning, lr=config.learning_rate, momentum=config.momentum)


def naive_accuracy(model: nn.Module, loader: Loader) -> float:
    """Return the share of images in ``loader`` that ``model`` gets right."""
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = model(images)
            correct += (outputs.argmax(1) == labels).sum().item()
            total += len(labels)
    return correct / total


def naive_schedule(optimizer: torch.optim.Optimizer, config: TrainingConfig) -> torch.optim.lr_scheduler.StepLR:
    """Return the notebook's StepLR, to be stepped after each epoch; with a constant rate it changes nothing."""
    gamma = config.gamma if config.schedule == "step" else 1.0
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=config.step_size, gamma=gamma)
