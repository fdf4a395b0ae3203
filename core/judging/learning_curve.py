"""Accuracy against the number of training images: what many trainings answered on one and the same test split.

A file a data set beside the checkpoints that ship, ``<data set>-learning-curve.safetensors``: the answers of every
training, and in its header which training gave them. `benchmarks` trains them; every figure is counted from answers.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from core.errors import CheckpointError
from core.home import checkpoints_folder
from core.strict_json import NotStrictJsonError, parse_object, typed
from core.whole_files import read_file, write_file

MAX_BYTES = 64 * 2**20
MOST_POINTS = 1_000

Answers = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One training: ``model`` (its name in the registry) on ``images`` training images, drawn by ``seed``."""

    model: str
    images: int
    seed: int
    epochs: int


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """``labels`` uint8 (N,) of the test images, and what each of ``points`` answered: ``predicted`` (points, N)."""

    dataset: str
    split_fingerprint: str
    points: tuple[Point, ...]
    labels: Answers
    predicted: Answers

    def accuracies(self, model: str) -> dict[int, list[float]]:
        """Return the test accuracies of a network by number of training images, fewest first, a seed each."""
        right = (self.predicted == self.labels).mean(axis=1)
        found: dict[int, list[float]] = {}
        for point, accuracy in sorted(zip(self.points, right.tolist(), strict=True), key=lambda one: one[0].images):
            if point.model == model:
                found.setdefault(point.images, []).append(accuracy)
        return found

    @property
    def models(self) -> tuple[str, ...]:
        """The networks that were trained, in the order of their first points."""
        return tuple(dict.fromkeys(point.model for point in self.points))


@dataclass(frozen=True, kw_only=True)
class _About:
    dataset: str
    split_fingerprint: str
    points: tuple[Point, ...]


def curve_file(dataset: str) -> Path:
    """Return where the curve of a data set lies among the checkpoints that ship."""
    return checkpoints_folder() / f"{dataset}-learning-curve.safetensors"


def read_curve(path: Path) -> LearningCurve | None:
    """Return the curve in a file, None where there is none; raises CheckpointError where it is damaged."""
    try:
        data = read_file(path, at_most=MAX_BYTES)
        tensors = safetensors.numpy.load(data)
        about = typed(_About, parse_object(_header(data)))
        return _checked(about, tensors["labels"], tensors["predicted"])
    except FileNotFoundError:
        return None
    except (OSError, KeyError, ValueError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"The learning curve '{path.name}' cannot be read: {error}.") from None


def write_curve(
    path: Path, *, dataset: str, split_fingerprint: str, points: Sequence[Point], labels: Answers, predicted: Answers
) -> None:
    """Write a curve, whole or not at all; raises OSError where the disk refuses."""
    about = _About(dataset=dataset, split_fingerprint=split_fingerprint, points=tuple(points))
    text = json.dumps(dataclasses.asdict(about), allow_nan=False)
    tensors = {"labels": np.ascontiguousarray(labels), "predicted": np.ascontiguousarray(predicted)}
    write_file(path, safetensors.numpy.save(tensors, metadata={"about": text}))


def _header(data: bytes) -> str:
    length = int.from_bytes(data[:8], "little")
    metadata = parse_object(data[8 : 8 + length]).get("__metadata__", {})
    if not isinstance(metadata, dict) or not isinstance(metadata.get("about"), str):
        raise NotStrictJsonError("it does not say what its answers are of")
    return str(metadata["about"])


def _checked(about: _About, labels: Answers, predicted: Answers) -> LearningCurve:
    if not 0 < len(about.points) <= MOST_POINTS or predicted.shape != (len(about.points), *labels.shape):
        raise ValueError("its answers are of another shape")
    if labels.ndim != 1 or not len(labels) or labels.dtype != np.uint8 or predicted.dtype != np.uint8:
        raise ValueError("its labels are none")
    if any(not 0 < point.images <= 10**9 for point in about.points):
        raise ValueError("a number of images is out of range")
    return LearningCurve(
        dataset=about.dataset,
        split_fingerprint=about.split_fingerprint,
        points=about.points,
        labels=labels,
        predicted=predicted,
    )
