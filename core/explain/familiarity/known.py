"""How strange an image is to a network, by three scores that grow with strangeness.

The distance is that of its features from the nearest training images, once all are of length 1 (Sun et al., "Out-of-
Distribution Detection with Deep Nearest Neighbors", 2022); the energy is minus the log of the sum of the exponentials
of all logits (Liu et al., "Energy-based Out-of-distribution Detection", 2020); the faintness is minus the length of the
features, for what a network was not trained on excites it less (Dhamija et al., "Reducing Network Agnostophobia",
2018). Features are what the last layer is given. Which score tells foreign images best differs from network to network
and is measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

DISTANCE, ENERGY, FAINTNESS = "distance", "energy", "faintness"
SCORES = (DISTANCE, ENERGY, FAINTNESS)
NEAREST = 5
MOST_DIRECTIONS = 64
STEPS = 200  # in which shares of validation images are kept
_HALVES = 0  # the seed
USUAL = 0.95  # of the validation images lie within the threshold


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A training image near an image: its ``index`` in the data set, its class by number, how far it is."""

    index: int
    label: int
    distance: float


@dataclass(frozen=True, kw_only=True)
class Strangeness:
    """How strange an image is: for each score its value, and the share in [0, 1] of validation images below it.

    ``nearest`` are the training images nearest to it, the nearest first.
    """

    values: Mapping[str, float]
    shares: Mapping[str, float]
    nearest: tuple[Neighbour, ...]

    def beyond(self, score: str) -> bool:
        """Whether it is stranger by ``score`` than `USUAL` of the validation images: not of the network's world."""
        return self.shares[score] >= USUAL


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is kept of N training images: where they lie among d directions of their features, and which they are.

    Features count at length 1; ``mean`` (D,) and ``directions`` (D, d) make places of them; ``places`` float16 (N, d);
    ``indices`` (N,) in the data set, ``labels`` (N,). ``steps`` has for each score `STEPS` + 1 values, evenly spaced
    over the sorted validation images.
    """

    mean: Rows
    directions: Rows
    places: npt.NDArray[np.float16]
    indices: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    steps: Mapping[str, Rows]

    def scores(self, features: Rows, logits: Rows) -> dict[str, Scores]:
        """Return each score (N,) of images by their features (N, D) and logits (N, classes)."""
        return _scores(np.sort(self._distances(features), axis=1)[:, :NEAREST], features, logits)

    def strangeness(self, features: Rows, logits: Rows) -> tuple[Strangeness, ...]:
        """Return how strange each image is."""
        distances = self._distances(features)
        order = np.argsort(distances, axis=1, kind="stable")[:, :NEAREST]
        scores = _scores(np.take_along_axis(distances, order, axis=1), features, logits)
        return tuple(
            Strangeness(
                values={name: float(values[row]) for name, values in scores.items()},
                shares={name: self.share(name, float(values[row])) for name, values in scores.items()},
                nearest=tuple(
                    Neighbour(
                        index=int(self.indices[place]),
                        label=int(self.labels[place]),
                        distance=float(distances[row, place]),
                    )
                    for place in order[row]
                ),
            )
            for row in range(len(features))
        )

    def share(self, score: str, value: float) -> float:
        """Return the share of validation images whose score lies below ``value``, to within half a percent."""
        steps = self.steps[score]
        return float(np.interp(value, steps, np.linspace(0, 1, len(steps)), left=0.0, right=1.0))

    def _distances(self, features: Rows) -> Scores:
        known = self.places.astype(np.float64)
        asked = placed(features, self.mean, self.directions).astype(np.float64)
        squares = (asked**2).sum(1)[:, None] + (known**2).sum(1)[None] - 2 * asked @ known.T
        found: Scores = np.sqrt(np.maximum(squares, 0))
        return found


def _scores(near: Scores, features: Rows, logits: Rows) -> dict[str, Scores]:
    """``near`` (N, `NEAREST`): how far each image's nearest training images are, in order."""
    return {DISTANCE: near.mean(1), ENERGY: energy(logits), FAINTNESS: -np.linalg.norm(features, axis=1)}


def learn(
    features: Rows,
    indices: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    *,
    validation: tuple[Rows, Rows],
) -> Known:
    """Return what is kept of training images by their ``features`` (N, D), with the steps that ``validation`` sets.

    ``validation`` are features and logits of images that the network was not trained on.
    """
    mean, directions = _directions(features)
    known = Known(
        mean=mean,
        directions=directions,
        places=placed(features, mean, directions).astype(np.float16),
        indices=indices.astype(np.int32),
        labels=labels.astype(np.int32),
        steps={},
    )
    shares = np.linspace(0, 1, STEPS + 1)
    steps = {name: np.quantile(values, shares).astype(np.float32) for name, values in known.scores(*validation).items()}
    return replace(known, steps=steps)


def placed(features: Rows, mean: Rows, directions: Rows) -> Rows:
    """Return where features (N, D) lie, at length 1, among the directions: (N, d)."""
    found: Rows = ((_of_length_one(features) - mean) @ directions).astype(np.float32)
    return found


def energy(logits: Rows) -> Scores:
    """Return −log Σ exp(logit) of each row of logits (N, classes)."""
    wide = logits.astype(np.float64)
    most = wide.max(1, keepdims=True)
    found: Scores = -(most[:, 0] + np.log(np.exp(wide - most).sum(1)))
    return found


def auroc(own: Scores, foreign: Scores) -> float:
    """Return how often a foreign image has the higher score of the two, ties counting half: 0.5 is a guess, 1 perfect.

    This is the area under the curve of hits against false alarms over all thresholds.
    """
    _values, places, counts = np.unique(np.concatenate([own, foreign]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    wins = ranks[len(own) :].sum() - len(foreign) * (len(foreign) + 1) / 2
    return float(wins / (len(own) * len(foreign)))


def best_score(own: Mapping[str, Scores], foreign: Mapping[str, Scores]) -> tuple[str, dict[str, float]]:
    """Return the score with the largest area on half of the images, and each score's area on the other half.

    A score that is chosen where it is reported would look better than it is; `halves` says which images are which.
    """
    (chosen_own, told_own), (chosen_foreign, told_foreign) = (
        halves(len(next(iter(values.values())))) for values in (own, foreign)
    )
    best = max(own, key=lambda name: auroc(own[name][chosen_own], foreign[name][chosen_foreign]))
    return best, {name: auroc(own[name][told_own], foreign[name][told_foreign]) for name in own}


def halves(count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of ``count`` images in two halves, drawn by a seed of their own, the smaller one first: where
    something is chosen, and where it is reported; each in order. Of a single image both are that image.
    """
    if count < 2:
        return np.arange(count), np.arange(count)
    drawn = np.random.default_rng(_HALVES).permutation(count)
    return np.sort(drawn[: count // 2]), np.sort(drawn[count // 2 :])


def _of_length_one(features: Rows) -> Rows:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    found: Rows = features / np.maximum(lengths, 1e-12)
    return found


def _directions(features: Rows) -> tuple[Rows, Rows]:
    """Return the mean (D,) of features at length 1, and the directions (D, d) along which they differ most."""
    unit = _of_length_one(features)
    mean = unit.mean(0)
    variances, found = np.linalg.eigh(np.cov((unit - mean).T.astype(np.float64)).reshape(len(mean), len(mean)))
    return mean, found[:, np.argsort(variances)[::-1][:MOST_DIRECTIONS]].astype(np.float32)
