"""Test images that say little about a network, and what its accuracy is without them.

Two kinds (`core.judging.oddities`): images whose label is not what is seen, and images of which a near-copy lies among
the training images, so that knowing that one by heart is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.checkpoints import Card
from core.intervals import percent, wilson_interval
from core.judging.oddities import ODDITIES
from core.models.answers import Predictions
from core.names import counted


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """The doubtful images of one split: ``notes`` say of each what is odd, by its place among the test images.

    ``labels`` and ``copies`` are the places of the two kinds.
    """

    notes: Mapping[int, str]
    labels: tuple[int, ...]
    copies: tuple[int, ...]

    @property
    def what(self) -> str:
        """What is left out, to follow the word "without": "1 image with a doubtful label and 274 near-copies of …"."""
        labels = f"{counted(len(self.labels), 'image')} with a doubtful label"
        copies = f"{len(self.copies)} near-cop{'ies' if len(self.copies) > 1 else 'y'} of training images"
        return " and ".join(text for text, places in ((labels, self.labels), (copies, self.copies)) if places)


@dataclass(frozen=True, kw_only=True)
class Without:
    """An accuracy in [0, 1] on the ``n`` test images that are not ``doubtful``, with its 95 % interval ``ci95``.

    ``on_copies`` is the accuracy on the near-copies of training images alone, None where there are none.
    """

    accuracy: float
    n: int
    ci95: tuple[float, float]
    on_copies: float | None
    doubtful: Doubtful

    @property
    def sentence(self) -> str:
        """The figure with its interval and what was left out, and what the copies alone would say."""
        low, high = self.ci95
        figures = f"{percent(self.accuracy, 2)} ({percent(low, 1)} to {percent(high, 1)}, n = {self.n:,})"
        text = f"Without {self.doubtful.what} it is {figures}."
        return text if self.on_copies is None else f"{text} On the copies alone: {percent(self.on_copies, 1)}."


def doubtful_images(card: Card) -> Doubtful | None:
    """Return the doubtful images of the split that a network was trained beside; None where none are known."""
    found = ODDITIES.get(card.split_fingerprint)
    if found is None:
        return None
    notes = dict.fromkeys(found.copies, "training has a near-copy") | {p: f"shows {s}" for p, s in found.shows.items()}
    return Doubtful(notes=notes, labels=tuple(found.shows), copies=found.copies)


def without_doubtful(card: Card, predictions: Predictions) -> Without | None:
    """Return how often a network is right on the test images of its split that are not doubtful.

    None where no doubtful ones are known, or the predictions are not of that split.
    """
    doubtful = doubtful_images(card)
    if doubtful is None or card.metrics is None or card.metrics.test_n != len(predictions.labels):
        return None
    right = predictions.labels == predictions.predicted
    kept = np.delete(right, list(doubtful.notes))
    return Without(
        accuracy=float(kept.mean()),
        n=len(kept),
        ci95=wilson_interval(int(kept.sum()), len(kept)),
        on_copies=float(right[list(doubtful.copies)].mean()) if doubtful.copies else None,
        doubtful=doubtful,
    )
