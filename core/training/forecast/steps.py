"""What one image costs a training: a few real steps on made-up pixels, timed once for a network, input and machine.

On the CPU that is processor time on one thread, which neighbours hardly change; who shares the machine is another
question (`core.training.forecast.sharing`).
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from core.compute.devices import describe_device, processor
from core.config import AugmentationStep, TrainingConfig
from core.data.catalogue import datasets
from core.home import home
from core.models import build_model
from core.recipes import input_channels
from core.registry import Value
from core.strict_json import NotStrictJsonError, read_object, typed
from core.transforms import Chain
from core.whole_files import write_file

TIMED_IMAGES = 16
STEPS = 3  # of which the quickest counts; the first one warms up
MOST_KEPT = 500  # timings in the file, the newest

_FILE, _SCHEMA = "step-times.json", 1
_remembered: dict[str, float] = {}  # by what it depends on; for this process


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The file of timings: seconds an image, by what they depend on."""

    schema: int
    seconds: Mapping[str, float]


def image_seconds(
    model: str,
    *,
    channels: int,
    image_size: int,
    classes: int,
    arguments: Mapping[str, Value],
    device: torch.device,
    augmentation: tuple[AugmentationStep, ...] = (),
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the seconds by ``clock`` that one training image takes: augmentation, forward, backward and step.

    Raises ModelError or ConfigError for a network that cannot be built.
    """
    network = build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=arguments)
    network = network.to(device).train()
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.0)
    augment, chance = Chain(augmentation), torch.Generator()
    pixels = torch.zeros(TIMED_IMAGES, channels, image_size, image_size, device=device)
    labels = torch.zeros(TIMED_IMAGES, dtype=torch.int64, device=device)
    took = []
    for step in range(STEPS):
        started = clock()
        images = augment(pixels, chance.manual_seed(step), indices=torch.arange(TIMED_IMAGES), epoch=step)
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        took.append(clock() - started)
    return min(took) / TIMED_IMAGES


def timed(config: TrainingConfig, device: torch.device) -> float:
    """Return the seconds of one image of ``config`` on ``device``: as kept in the lab's home, or timed now and kept.

    Raises ModelError or ConfigError as `image_seconds` does.
    """
    if (known := kept(config, device)) is not None:
        return known
    each = image_seconds(
        config.model,
        channels=input_channels(config),
        image_size=config.image_size,
        classes=len(datasets[config.dataset].classes),
        arguments=config.model_arguments,
        device=device,
        augmentation=config.augmentation,
        clock=time.thread_time if device.type == "cpu" else time.perf_counter,
    )
    key = _key(config, device)
    _remembered[key] = each
    newest = dict(list({**_read(), key: each}.items())[-MOST_KEPT:])
    with suppress(OSError):  # a home that cannot be written costs a few steps in the next process
        write_file(home() / _FILE, json.dumps({"schema": _SCHEMA, "seconds": newest}, indent=1).encode())
    return each


def kept(config: TrainingConfig, device: torch.device) -> float | None:
    """Return what `timed` would without timing anything; None where it would have to."""
    key = _key(config, device)
    if key not in _remembered:
        _remembered.update(_read())
    return _remembered.get(key)


def _key(config: TrainingConfig, device: torch.device) -> str:
    """Everything that the cost of an image depends on: not the seed, not how busy the machine is."""
    return json.dumps(
        {
            "model": config.model,
            "arguments": dict(config.model_arguments),
            "input": [input_channels(config), config.image_size],
            "classes": len(datasets[config.dataset].classes),
            "augmentation": [[step.name, dict(step.settings)] for step in config.augmentation],
            "device": processor() if device.type == "cpu" else describe_device(device),
            "torch": torch.__version__,
        },
        sort_keys=True,
    )


def _read() -> dict[str, float]:
    """Every timing in the file; none where it is missing, damaged or of another schema."""
    try:
        written = typed(_Written, read_object(home() / _FILE))
    except (OSError, NotStrictJsonError):
        return {}
    if written.schema != _SCHEMA:
        return {}
    return {key: each for key, each in written.seconds.items() if 0 < each < math.inf}
