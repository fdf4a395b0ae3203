"""What is said of a sweep of learning rates comes from its own numbers."""

from dataclasses import replace
from typing import Any

import pytest

from core.recipes import recipe_config
from core.training.rate_sweep import Sweep
from pages.train._training.lesson.rates import _decides, told


@pytest.mark.parametrize(
    ("fastest", "turned", "said"),
    [
        (0.2, 0.3, "falls fastest near 0.2, but from 0.3 it turns up again: the mark keeps its distance from there."),
        (0.05, 0.15, "falls fastest at the mark. From 3 times as much, 0.15, it turns up again."),
        (0.003, 0.6, "falls fastest at the mark. From 200 times as much, 0.6, it turns up again."),
        (0.01, 0.12, "falls fastest at the mark. From 12 times as much, 0.12, it turns up again."),
        (0.5, None, "falls fastest at the mark, and does not turn up before 3, where it ends."),
    ],
)
def test_where_the_loss_turns_up_is_read_off_the_curve(fastest: float, turned: float | None, said: str) -> None:
    assert told(Sweep(rates=(1e-4, 3.0), losses=(2.3, 1.0), steepest=fastest, turned=turned)) == f"The loss {said}"


@pytest.mark.parametrize(
    ("changed", "another"),
    [
        ({"label_smoothing": 0.3}, True),
        ({"greyscale": True}, True),
        ({"weight_decay": 0.1}, True),
        ({"nesterov": False}, True),
        ({"norm_shift_rate": 9.0}, True),
        ({"seed": 1}, True),
        ({"begins_from": "k7mq2xw9ab@3"}, True),
        ({"learning_rate": 0.5}, False),
        ({"epochs": 3, "schedule": "constant", "patience": 2}, False),
        ({"mirror_at_test": True, "device": "cpu", "precision": "fp32"}, False),
    ],
)
def test_a_sweep_is_shown_beside_the_training_that_it_was_made_for(changed: dict[str, Any], another: bool) -> None:
    config = recipe_config("modern", dataset="cifar10", model="fast_cnn")
    assert (_decides(replace(config, **changed)) != _decides(config)) is another
