"""Every network for MNIST that ships reads digits that are not as MNIST's, once they are made like them."""

import pytest

from benchmarks.handwriting import NETWORKS, VARIANTS, accuracy, unseen_digits
from core.checkpoints import Checkpoint
from core.checkpoints.backbones import load_network

DIGITS = {"mnist-simple_nn": 2_000}  # who is wrong more often needs more digits to be judged as surely
POINTS = 3.0


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("checkpoint", NETWORKS, ids=lambda checkpoint: checkpoint.card.name)
def test_digits_of_another_place_size_sign_or_pen_are_read_within_three_points(
    checkpoint: Checkpoint, data_folder: object
) -> None:
    model, (digits, labels) = load_network(checkpoint), unseen_digits(DIGITS.get(checkpoint.card.name, 700))
    found = {name: accuracy(checkpoint, model, digits, labels, name) for name in VARIANTS}
    assert checkpoint.card.metrics is not None
    assert found["plain"] == pytest.approx(100 * checkpoint.card.metrics.test_accuracy, abs=1)
    assert {name: value for name, value in found.items() if found["plain"] - value > POINTS} == {}
