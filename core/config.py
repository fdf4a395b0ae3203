"""What a training is told: one frozen, checked description that travels as JSON.

Standard library only, so that listing and queueing runs never imports torch.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import ConfigError, short
from core.registry import Value
from core.strict_json import NotStrictJsonError, parse, typed

OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("constant", "step", "one_cycle")
PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda", "mps")
SLIPS = {
    "validation_from_training": "The validation loader is built from the training images.",
    "swapped_split": "The two halves of a split are swapped: 468 cats and dogs are left to train on.",
    "no_eval_mode": "eval() is never called: dropout and BatchNorm stay in training mode while testing.",
    "no_normalisation": "Images are not normalised as the network expects.",
    "shared_writers": "The digits are split at random: every hand is in training and in the test.",
    "shuffled_labels": "The labels of the training images are shuffled among them.",
    "rate_too_high": "The learning rate is many times too high.",  # as the settings have it; this is its name
    "no_relu": "There is no ReLU between the layers.",  # likewise
}


_BEGINNING = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}@\d{1,3}", re.ASCII)
MOST_STEPS = 20  # links of an augmentation chain
LARGEST_SIZE_STEP = 16  # pixels by which a growing image grows at once; small images grow by an eighth of their side


@dataclass(frozen=True, kw_only=True)
class AugmentationStep:
    """One link of an augmentation chain: a registered transform, its probability in [0, 1] and its settings."""

    name: str
    probability: float = 1.0
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _number(f"The probability of {short(self.name)}", self.probability, whole=False)
        if not 0 <= self.probability <= 1:
            raise ConfigError(
                f"The probability of {short(self.name)} is {short(self.probability)}; it must lie between 0 and 1."
            )


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Everything that decides a training; two equal configs on one machine give bit-equal models on the CPU.

    ``model_arguments`` are the builder's own keyword arguments. ``image_size`` is the side in pixels that images
    are decoded to, ``greyscale`` feeds one channel. ``limit`` keeps that many training images (None: all).
    ``norm_shift_rate`` is how many times faster than the weights BatchNorm's shifts learn (1: all at one rate).
    ``start_size``, smaller than ``image_size``, lets training images grow from it while the epochs go by; the network
    must take any size. ``mirror_at_test`` averages the logits of each judged image and of its mirror image.
    ``patience`` is the number of epochs without a new best validation accuracy after which training stops (0: never).
    ``slips`` name what is broken on purpose (see `SLIPS`). ``recipe`` is a label.
    ``begins_from`` names a training and its best epoch, "k7mq2xw9ab@12", whose weights this one goes on from ("": it
    begins anew). ``precision`` ``auto`` takes what
    a probe finds to pay here, once for a network, input and machine (`core.compute.precision_probe`).
    """

    dataset: str
    model: str
    model_arguments: Mapping[str, Value] = field(default_factory=dict)
    image_size: int
    greyscale: bool = False
    start_size: int | None = None
    recipe: str = "custom"
    epochs: int = 10
    batch_size: int = 64
    optimizer: str = "sgd"
    learning_rate: float = 0.06
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    norm_shift_rate: float = 1.0
    label_smoothing: float = 0.0
    mirror_at_test: bool = False
    schedule: str = "constant"
    step_size: int = 5
    gamma: float = 0.1
    patience: int = 0
    augmentation: tuple[AugmentationStep, ...] = ()
    seed: int = 0
    limit: int | None = None
    slips: tuple[str, ...] = ()
    begins_from: str = ""
    precision: str = "fp32"
    device: str = "auto"

    def __post_init__(self) -> None:
        _within("epochs", self.epochs, 1, 500)
        _within("batch_size", self.batch_size, 2, 4096)
        _within("image_size", self.image_size, 8, 512)
        _within("learning_rate", self.learning_rate, 1e-6, 10.0)
        _within("momentum", self.momentum, 0.0, 0.999)
        _within("weight_decay", self.weight_decay, 0.0, 1.0)
        _within("norm_shift_rate", self.norm_shift_rate, 1.0, 100.0)
        _within("label_smoothing", self.label_smoothing, 0.0, 0.5)
        _within("step_size", self.step_size, 1, 500)
        _within("gamma", self.gamma, 0.01, 1.0)
        _within("patience", self.patience, 0, 500)
        _within("seed", self.seed, 0, 2**31 - 1)
        if self.start_size is not None:
            _within("start_size", self.start_size, 8, self.image_size)
        if self.limit is not None:
            _within("limit", self.limit, 2, 10_000_000)
        for name, flag in (
            ("greyscale", self.greyscale),
            ("nesterov", self.nesterov),
            ("mirror_at_test", self.mirror_at_test),
        ):
            if not isinstance(flag, bool):
                raise ConfigError(f"{name} is {short(flag)}; it must be true or false.")
        if len(self.augmentation) > MOST_STEPS:
            raise ConfigError(f"The augmentation has {len(self.augmentation):,} steps; it may have {MOST_STEPS}.")
        if not isinstance(self.begins_from, str) or (self.begins_from and not _BEGINNING.fullmatch(self.begins_from)):
            raise ConfigError(
                f"begins_from is {short(self.begins_from)}; it must name a run and its best epoch, as k7mq2xw9ab@12."
            )
        if self.nesterov and not self.momentum:
            raise ConfigError("nesterov needs a momentum above 0.")
        for name, value, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("precision", self.precision, PRECISIONS),
            ("device", self.device, DEVICES),
            *(("slips", slip, tuple(SLIPS)) for slip in self.slips),
        ):
            if value not in known:
                raise ConfigError(f"{name} is {short(value)}; it can be {', '.join(known)}.")

    def to_json(self) -> str:
        """Return this config as one line of strict JSON."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        """Return the config written by `to_json`; raises ConfigError for unknown, missing or ill-typed fields."""
        try:
            fields = parse(text)
        except NotStrictJsonError as error:
            raise ConfigError(f"This training configuration cannot be read: {error}.") from None
        return cls.from_fields(fields)

    @classmethod
    def from_fields(cls, fields: object) -> "TrainingConfig":
        """Return the config whose `dataclasses.asdict` is ``fields``; raises ConfigError as `from_json` does."""
        try:
            return typed(cls, fields)
        except NotStrictJsonError as error:
            raise ConfigError(f"This training configuration cannot be read: {error}.") from None


def training_size(config: TrainingConfig, epoch: int) -> int:
    """Return the side in pixels at which epoch ``epoch`` (from 0) trains: growing images reach their full size for the
    last third of the epochs, in steps of an eighth of their side or 16 pixels; a single epoch is of full size."""
    grown = 1.5 * epoch / (config.epochs - 1) if config.epochs > 1 else 1.0
    if config.start_size is None or grown >= 1:
        return config.image_size
    side = config.start_size + grown * (config.image_size - config.start_size)
    step = min(LARGEST_SIZE_STEP, config.image_size // 8)
    return max(config.start_size, min(config.image_size, round(side / step) * step))


def augmentation_steps(steps: object) -> tuple[AugmentationStep, ...]:
    """Return the steps whose `dataclasses.asdict` are ``steps``; raises ConfigError for what is no such thing."""
    try:
        return typed(tuple[AugmentationStep, ...], steps, name="augmentation")
    except NotStrictJsonError as error:
        raise ConfigError(
            'An augmentation is a list of steps like {"name": "crop", "probability": 1.0, "settings": {"padding": 4}}; '
            f"here {error}."
        ) from None


def _within(name: str, value: object, low: float, high: float) -> None:
    number = _number(name, value, whole=isinstance(low, int) and isinstance(high, int))
    if not low <= number <= high:
        raise ConfigError(f"{name} is {short(value)}; it must lie between {low} and {high}.")


def _number(name: str, value: object, *, whole: bool) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise ConfigError(f"{name} is {short(value)}; it must be a {'whole ' if whole else ''}number.")
    return value
