"""What a model file says of itself: strict JSON, read field by field."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.config import TrainingConfig
from core.errors import CheckpointError, ConfigError
from core.events import EpochDone
from core.registry import Value

SCHEMA = 1


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


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A frozen backbone that a model file leaves out: where its ``weights`` lie (imagenet or lab), and their hash."""

    weights: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model file says of itself.

    ``seconds`` is training time, a frozen backbone's looks included, ``sha256`` that of the weights file.
    ``precision`` says in a sentence what the training computed in, and why; empty in cards from before it was noted.
    ``backbone`` is None where the weights file holds the whole network, and else refers to what it leaves out.
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

    def to_json(self) -> str:
        """Return the card as strict JSON, indented for people."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Return the card written by `to_json`; raises CheckpointError for a newer schema or any wrong field."""
        try:
            fields = json.loads(text, parse_constant=refuse_constant)
            schema = fields["schema"]
            if isinstance(schema, int) and schema > SCHEMA:
                raise CheckpointError(
                    f"This checkpoint has schema {schema}; this lab reads up to {SCHEMA}. Update CNN Lab to open it."
                )
            fields["config"] = TrainingConfig.from_fields(fields["config"])
            fields["history"] = tuple(EpochDone(**done) for done in fields["history"])
            if fields["metrics"] is not None:
                metrics = fields["metrics"]
                fields["metrics"] = Metrics(**{**metrics, "test_ci95": tuple(metrics["test_ci95"])})
            fields["arguments"] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in fields["arguments"].items()
            }
            if fields.get("backbone") is not None:
                fields["backbone"] = Backbone(**fields["backbone"])
            for name in ("classes", "mean", "std"):
                fields[name] = tuple(fields[name])
            card = cls(**fields)
            card.check()
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
            raise CheckpointError(f"This checkpoint's card cannot be read: {error}.") from None
        return card

    def check(self) -> None:
        """Raise ValueError where the fields contradict each other or have the wrong type."""
        for name in ("name", "title", "model", "dataset", "notes", "precision"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be text")
        if self.backbone is not None and not {type(self.backbone.weights), type(self.backbone.sha256)} <= {str}:
            raise ValueError("backbone must be two texts")
        if self.channels not in (1, 3) or len(self.mean) != self.channels or len(self.std) != self.channels:
            raise ValueError("channels, mean and std do not agree")
        if not all(isinstance(value, int | float) and math.isfinite(value) for value in self.mean + self.std):
            raise ValueError("mean and std must be finite numbers")
        if not all(value > 0 for value in self.std):
            raise ValueError("every std must be above 0")
        if not 2 <= len(self.classes) <= 1000 or not all(isinstance(name, str) for name in self.classes):
            raise ValueError("classes must be 2 to 1,000 names")
        if not isinstance(self.image_size, int) or not 8 <= self.image_size <= 512:
            raise ValueError("image_size must lie between 8 and 512")


def refuse_constant(text: str) -> Any:
    """Raise ValueError: NaN and Infinity are no strict JSON."""
    raise ValueError(f"{text} is not a number of strict JSON")
