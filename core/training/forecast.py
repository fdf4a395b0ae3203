"""How long a training would take as busy as this machine is now: a few real steps on made-up pixels, timed."""

import time
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F

from core.config import TrainingConfig, training_size
from core.models import build_model
from core.registry import Value
from core.training.kept_features import VIEWS

TIMED_IMAGES = 16
STEPS = 3  # of which the quickest counts; the first one warms up
FORWARD = 1 / 3  # of a step: judging is forward alone


def image_seconds(
    model: str,
    *,
    channels: int,
    image_size: int,
    classes: int,
    arguments: Mapping[str, Value],
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the seconds by ``clock`` that one training image takes: forward, backward and step, not augmentation.

    Raises ModelError or ConfigError for a network that cannot be built.
    """
    network = build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=arguments)
    network = network.to(device).train()
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.0)
    images = torch.zeros(TIMED_IMAGES, channels, image_size, image_size, device=device)
    labels = torch.zeros(TIMED_IMAGES, dtype=torch.int64, device=device)
    took = []
    for _step in range(STEPS):
        started = clock()
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        took.append(clock() - started)
    return min(took) / TIMED_IMAGES


def training_seconds(config: TrainingConfig, *, each: float, train: int, validation: int, frozen: bool) -> float:
    """Return the seconds of a whole training on so many images, of which one takes ``each`` seconds at full size.

    Images that grow cost as their pixels; a frozen backbone looks once at every image, or at each of its few views.
    """
    if frozen:
        looks = min(VIEWS, config.epochs) if config.augmentation else 1
        return each * (train * looks + validation)
    pixels = sum((training_size(config, epoch) / config.image_size) ** 2 for epoch in range(config.epochs))
    judged = validation * FORWARD * config.epochs * (2 if config.mirror_at_test else 1)
    return each * (train * pixels + judged)
