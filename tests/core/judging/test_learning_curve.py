"""The curve of accuracy over training images: figures counted from answers, and a file that is checked before use."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import CheckpointError
from core.judging.learning_curve import LearningCurve, Point, read_curve, write_curve

LABELS = np.array([0, 1, 0, 1], dtype=np.uint8)


def point(model: str = "lenet", images: int = 100, seed: int = 0) -> Point:
    return Point(model=model, images=images, seed=seed, epochs=16)


def written(path: Path, points: list[Point], predicted: list[list[int]]) -> LearningCurve | None:
    answers = np.array(predicted, dtype=np.uint8)
    write_curve(path, dataset="shapes", split_fingerprint="f", points=points, labels=LABELS, predicted=answers)
    return read_curve(path)


def test_accuracies_are_counted_from_the_answers(tmp_path: Path) -> None:
    points = [point(images=1_000), point(), point(seed=1), point("resnet18")]
    curve = written(tmp_path / "curve", points, [[0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0]])
    assert curve is not None
    assert (curve.dataset, curve.split_fingerprint, curve.models) == ("shapes", "f", ("lenet", "resnet18"))
    assert list(curve.accuracies("lenet").items()) == [(100, [0.5, 0.75]), (1_000, [1.0])]
    assert curve.accuracies("resnet18") == {100: [0.0]}
    assert curve.points == tuple(points)


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert read_curve(tmp_path / "curve") is None


@pytest.mark.parametrize("end", [0, 4, 8, 60, -1])
def test_a_file_cut_short_is_a_sentence(tmp_path: Path, end: int) -> None:
    path = tmp_path / "curve"
    written(path, [point()], [[0, 1, 0, 1]])
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(CheckpointError, match="The learning curve 'curve' cannot be read"):
        read_curve(path)


@pytest.mark.parametrize(
    ("points", "predicted", "words"),
    [
        ([point()], [[0, 1, 0, 1], [0, 1, 0, 1]], "another shape"),
        ([point()], [[0, 1]], "another shape"),
        ([], [], "another shape"),
        ([point(images=0)], [[0, 1, 0, 1]], "out of range"),
    ],
)
def test_answers_that_do_not_fit_are_a_sentence(
    tmp_path: Path, points: list[Point], predicted: list[list[int]], words: str
) -> None:
    with pytest.raises(CheckpointError, match=words):
        written(tmp_path / "curve", points, predicted)
