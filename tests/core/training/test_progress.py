"""The best epoch and the end of patience: the accuracy decides, and the loss where two epochs are equally accurate."""

from collections.abc import Sequence

import pytest

from core.training.progress import Progress


@pytest.mark.parametrize(
    ("epochs", "best", "ended"),
    [
        ([(0.9, 0.8), (0.5, 0.7), (0.3, 0.8)], 3, False),  # as accurate, and surer
        ([(0.9, 0.8), (0.5, 0.7), (0.3, 0.7)], 1, True),  # the loss falls on, the accuracy does not rise
        ([(0.3, 0.7), (0.6, 0.8), (0.9, 0.9)], 3, False),  # the loss rises, and the accuracy as well
        ([(0.3, 0.7), (0.3, 0.7), (0.3, 0.7)], 1, True),
    ],
)
def test_accuracy_decides_which_epoch_is_best_and_when_patience_ends(
    epochs: Sequence[tuple[float, float]], best: int, ended: bool
) -> None:
    progress = Progress()
    for loss, accuracy in epochs:
        progress.step_done(loss=loss, correct=1, images=2, learning_rate=0.1, seconds=0.1)
        progress.epoch_done(val_loss=loss, val_accuracy=accuracy, learning_rate=0.1, seconds=0.1)
    assert (progress.best_epoch, progress.out_of_patience(2)) == (best, ended)
    assert not progress.out_of_patience(0)
