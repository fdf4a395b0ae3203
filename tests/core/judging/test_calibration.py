"""Accuracy against confidence: worked out by hand, against scikit-learn, and what of the error is chance."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.checkpoints import shipped
from core.intervals import wilson_interval
from core.judging.calibration import calibration, calibration_error, error_by_chance
from core.models.answers import Predictions


def predictions(labels: list[int], predicted: list[int], confidence: list[float]) -> Predictions:
    return Predictions(
        labels=np.array(labels, dtype=np.int64),
        predicted=np.array(predicted, dtype=np.int64),
        confidence=np.array(confidence, dtype=np.float32),
        loss=0.7,
    )


def drawn(random: np.random.Generator, n: int) -> Predictions:
    """Answers of a network that is right exactly as often as it says."""
    sure = random.beta(4, 1, n) * 0.5 + 0.5
    right = random.random(n) < sure
    zeros = np.zeros(n, dtype=np.int64)
    return Predictions(labels=zeros, predicted=1 - right.astype(np.int64), confidence=sure.astype(np.float32), loss=0.5)


def test_calibration_by_hand() -> None:
    found = calibration(predictions([0, 0, 0, 1], [0, 0, 1, 1], [0.95, 0.85, 0.85, 1.0]))
    assert [(part.low, part.high, part.n) for part in found] == [(0.8, 0.9, 2), (0.9, 1.0, 2)]
    assert [part.accuracy for part in found] == [0.5, 1.0]
    assert [part.confidence for part in found] == [pytest.approx(0.85), pytest.approx(0.975)]
    assert [part.ci95 for part in found] == [wilson_interval(1, 2), wilson_interval(2, 2)]


def test_calibration_error_by_hand() -> None:
    # Two images claim 0.85 and half are right; two claim 0.975 and both are: (0.35 + 0.025) / 2.
    error = calibration_error(predictions([0, 0, 0, 1], [0, 0, 1, 1], [0.95, 0.85, 0.85, 1.0]))
    assert error == pytest.approx((0.35 + 0.025) / 2)


def test_a_model_that_knows_what_it_knows_has_no_calibration_error() -> None:
    sure = predictions([0] * 10, [0] * 8 + [1] * 2, [0.8] * 10)
    assert calibration_error(sure) == pytest.approx(0, abs=1e-6)


def test_every_network_that_ships_is_calibrated_as_scikit_learn_counts() -> None:
    for checkpoint in shipped():
        answers = checkpoint.predictions()
        assert answers is not None
        right, sure = calibration_curve(answers.labels == answers.predicted, answers.confidence, n_bins=10)
        found = calibration(answers)
        assert [part.accuracy for part in found] == pytest.approx(right.tolist())
        assert [part.confidence for part in found] == pytest.approx(sure.tolist())
        assert sum(part.n for part in found) == len(answers.labels)


def test_what_chance_alone_makes_of_the_error_is_what_perfect_networks_have_on_average() -> None:
    random = np.random.default_rng(0)
    found = [drawn(random, 500) for _network in range(200)]
    mean = np.mean([calibration_error(each) for each in found])
    expected = np.mean([error_by_chance(each) for each in found])
    assert mean == pytest.approx(expected, rel=0.05), "200 draws put the mean within about three parts in a hundred"


def test_chance_makes_no_error_where_a_network_is_certain() -> None:
    assert error_by_chance(predictions([0, 0], [0, 0], [1.0, 1.0])) == 0
