"""What a model file says of itself: strict JSON, read field by field."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.config import TrainingConfig
from core.errors import CheckpointError, ConfigError
from core.events import EpochDone
from core.registry import Value
from core.strict_json import parse_object, typed

SCHEMA = 1
_LONGEST_TEXT = 4_000
_ROUNDING = 1e-9  # by which an interval's end may miss the figure that it touches


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The verdict on the test split: ``test_accuracy`` in [0, 1] over ``test_n`` images with its 95 % interval.

    ``unseen`` is False where the images may have been trained on; the figure is then no test accuracy.
    """

    test_accuracy: float
    test_n: int
    test_ci95: tuple[float, float]
    test_loss: float
    unseen: bool

    def check(self) -> None:
        """Raise ValueError where a figure is out of bounds or contradicts another one."""
        low, high = self.test_ci95
        if not 0 <= low <= self.test_accuracy + _ROUNDING or not self.test_accuracy - _ROUNDING <= high <= 1:
            raise ValueError("test_accuracy must lie in its interval, and both between 0 and 1")
        if not 1 <= self.test_n <= 10**9 or not 0 <= self.test_loss < math.inf:
            raise ValueError("test_n must be 1 or more, and test_loss a finite number from 0 on")


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A frozen backbone that a model file leaves out: where its ``weights`` lie (imagenet or lab), and their hash."""

    weights: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Outsiders:
    """How well images of something else are told from a network's own by how strange they are to it, as measured.

    ``images`` names the ``n`` foreign images, ``own_n`` test images stand against them; as many others of both chose
    ``score``, which is used. ``auroc`` in [0, 1] by name of the score; ``as_small`` is that of the one that is used
    against test images made as small as the foreign ones and enlarged again (None: those are not smaller), for blur
    alone makes an image strange. ``caught`` of the foreign images and ``false_alarms`` of the test images lie beyond
    the threshold that validation images set. ``sha256`` is that of the file of training features beside the card, empty
    where they are kept elsewhere.
    """

    score: str
    images: str
    n: int
    own_n: int
    auroc: Mapping[str, float]
    as_small: float | None
    caught: float
    false_alarms: float
    sha256: str = ""

    def check(self) -> None:
        """Raise ValueError where a figure is out of bounds or the score that is used has none."""
        if self.score not in self.auroc or not 1 <= len(self.auroc) <= 20:
            raise ValueError("the score that is used has no figure")
        shares = (self.caught, self.false_alarms, *self.auroc.values(), self.as_small or 0.0)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("the figures on foreign images must lie between 0 and 1")
        if not 1 <= self.n <= 10**9 or not 1 <= self.own_n <= 10**9 or len(self.images) > _LONGEST_TEXT:
            raise ValueError("the foreign images must be 1 or more, and have a name of at most 4,000 characters")


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model file says of itself.

    ``seconds`` is training time, a frozen backbone's looks included, ``sha256`` that of the weights file.
    ``precision`` says in a sentence what the training computed in, and why; empty in cards from before it was noted.
    ``backbone`` is None where the weights file holds the whole network, and else refers to what it leaves out.
    ``outsiders`` is None where nobody has measured how well the network tells what it does not know.
    """

    schema: int = SCHEMA
    name: str
    title: str
    model: str
    arguments: Mapping[str, Value]
    channels: int
    image_size: int
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dataset: str
    data_fingerprint: str
    split_fingerprint: str
    config: TrainingConfig
    epoch: int
    seconds: float
    created: str
    device: str
    parameters: int
    trainable_parameters: int
    metrics: Metrics | None = None
    history: tuple[EpochDone, ...] = ()
    sha256: str = ""
    notes: str = ""
    precision: str = ""
    backbone: Backbone | None = None
    outsiders: Outsiders | None = None

    @property
    def identity(self) -> str:
        """What tells this network from every one that may answer otherwise, for caches of answers.

        Equal weights are not enough: a class that was renamed, trained again from the same seed, gives the very same.
        """
        says = (self.sha256, self.dataset, self.classes, self.mean, self.std, self.config.mirror_at_test)
        return hashlib.sha256(json.dumps(says).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the card as strict JSON, indented for people."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Card":
        """Return the card written by `to_json`; raises CheckpointError for a newer schema or any wrong field."""
        try:
            fields = parse_object(text)
            schema = fields.get("schema")
            if type(schema) is int and schema > SCHEMA:
                raise CheckpointError(
                    f"This checkpoint has schema {schema}; this lab reads up to {SCHEMA}. Update CNN Lab to open it."
                )
            card = typed(cls, fields)
            card.check()
        except (ValueError, ConfigError) as error:
            raise CheckpointError(f"This checkpoint's card cannot be read: {str(error).removesuffix('.')}.") from None
        return card

    def check(self) -> None:
        """Raise ValueError where a field is out of bounds or two of them contradict each other."""
        if not 1 <= self.schema <= SCHEMA:
            raise ValueError(f"schema is {self.schema}")
        for name in ("name", "title", "device", "created", "precision", "notes"):
            if len(getattr(self, name)) > _LONGEST_TEXT:
                raise ValueError(f"{name} is longer than {_LONGEST_TEXT:,} characters")
        if self.channels not in (1, 3) or len(self.mean) != self.channels or len(self.std) != self.channels:
            raise ValueError("channels, mean and std do not agree")
        if not all(map(math.isfinite, self.mean)) or not all(0 < value < math.inf for value in self.std):
            raise ValueError("mean and std must be finite numbers, and every std above 0")
        if not 2 <= len(self.classes) <= 1000 or not all(len(name) <= 200 for name in self.classes):
            raise ValueError("classes must be 2 to 1,000 names of at most 200 characters")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("two classes have one name")
        if not 8 <= self.image_size <= 512:
            raise ValueError("image_size must lie between 8 and 512")
        if not 1 <= self.epoch <= 500 or len(self.history) > 500:
            raise ValueError("epoch must lie between 1 and 500, and the history must be no longer")
        if not 0 <= self.trainable_parameters <= self.parameters or not 0 <= self.seconds < math.inf:
            raise ValueError("seconds and parameters must not be below 0, nor more parameters trainable than there are")
        if not all(0 <= value <= 1 for done in self.history for value in (done.train_accuracy, done.val_accuracy)):
            raise ValueError("every accuracy of the history must lie between 0 and 1")
        if self.metrics is not None:
            self.metrics.check()
        if self.outsiders is not None:
            self.outsiders.check()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a list says of a network: the few fields of a card that it needs, read in a third of the time."""

    dataset: str
    split_fingerprint: str
    parameters: int
    seconds: float
    metrics: Metrics | None

    @classmethod
    def of(cls, card: Card) -> "Figures":
        """Return those of a card."""
        return cls(**{field.name: getattr(card, field.name) for field in dataclasses.fields(cls)})

    @classmethod
    def from_json(cls, text: str | bytes) -> "Figures":
        """Return those of the card written by `Card.to_json`; raises CheckpointError where they cannot be read."""
        try:
            fields = parse_object(text)
            wanted = {field.name: fields.get(field.name) for field in dataclasses.fields(cls)}
            figures = typed(cls, wanted)
            if figures.metrics is not None:
                figures.metrics.check()
        except ValueError as error:
            raise CheckpointError(f"This checkpoint's card cannot be read: {str(error).removesuffix('.')}.") from None
        return figures
