"""When a frozen backbone is suspected of seeing its images wrongly, and what is said then."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from core.command_line.train import _finished, _warning
from core.config import TrainingConfig
from core.events import Finished
from core.judging.curve.chance_level import frozen_backbone, no_better_than_guessing
from core.recipes import recipe_config


def config(dataset: str = "cats_vs_dogs", model: str = "resnet18", **arguments: object) -> TrainingConfig:
    return recipe_config("notebook", dataset=dataset, model=model, model_arguments=arguments)


def test_the_head_alone_or_the_last_stage_leave_a_frozen_backbone() -> None:
    assert frozen_backbone(config())
    assert frozen_backbone(config(train="last_stage"))
    assert not frozen_backbone(config(train="all"))
    assert not frozen_backbone(config(model="strided_cnn"))


@pytest.mark.parametrize(
    ("accuracies", "finished", "warned"),
    [
        ([0.5, 0.51, 0.52], False, True),  # two points above chance, and no more
        ([0.5, 0.53, 0.50], False, False),  # once was enough
        ([0.5, 0.49], False, False),  # too early to tell
        ([0.5, 0.49], True, True),
        ([0.41, 0.43, 0.40], False, True),  # worse than guessing is no better
        ([0.5, 0.51, 0.53], True, True),  # it has ended, and hardly left chance
        ([0.5, 0.51, 0.55], True, False),
        ([], True, False),
        ([0.9], True, False),
    ],
)
def test_two_classes_are_guessed_right_half_of_the_time(accuracies: list[float], finished: bool, warned: bool) -> None:
    assert (no_better_than_guessing(config(), accuracies, finished=finished) is not None) is warned


def test_ten_classes_are_guessed_right_a_tenth_of_the_time() -> None:
    assert no_better_than_guessing(config("cifar10"), [0.119] * 3, finished=False) is not None
    assert no_better_than_guessing(config("cifar10"), [0.13] * 3, finished=False) is None
    assert no_better_than_guessing(config("cifar10"), [0.17], finished=True) is not None
    assert no_better_than_guessing(config("cifar10"), [0.18], finished=True) is None


@pytest.mark.parametrize("accuracy", [0.172, 0.175, 0.217])  # shapes, as they once ended with nothing changed
@pytest.mark.parametrize("model", ["enhanced_cnn", "simple_nn", "strided_cnn", "lenet", "fast_cnn"])
def test_every_network_that_ends_near_chance_is_told_what_to_change(model: str, accuracy: float) -> None:
    near = recipe_config("modern", dataset="shapes", model=model)
    said = str(no_better_than_guessing(near, [accuracy] * 20, finished=True))
    assert "guessing gives 16.7 %" in said
    assert f"The learning rate is {near.learning_rate:g}; try {near.learning_rate / 10:g}" in said


@pytest.mark.parametrize("model", ["resnet18", "strided_cnn"])
def test_a_network_whose_every_weight_learns_is_told_to_take_smaller_steps(model: str) -> None:
    rate = {"learning_rate": 1.0}
    learning = replace(config(train="all") if model == "resnet18" else config(model=model), **rate)
    said = no_better_than_guessing(learning, [0.5], finished=True)
    assert said is not None
    assert "After 1 epoch the best validation accuracy is 50.0 %, and guessing gives 50.0 %." in said
    assert "The learning rate is 1; try 0.1" in said
    assert no_better_than_guessing(learning, [0.6], finished=True) is None


@pytest.mark.parametrize(
    ("rate", "optimizer", "said"),
    [
        (0.0001, "sgd", "its steps are too small. The learning rate is 0.0001, the recipe's 0.05; try 0.001."),
        (0.01, "sgd", "steps that are too large are the usual cause. The learning rate is 0.01; try 0.001."),
        (0.001, "adamw", "steps that are too large are the usual cause. The learning rate is 0.001; try 0.0001."),
    ],
)
def test_a_rate_far_below_the_recipes_is_said_to_be_too_small(rate: float, optimizer: str, said: str) -> None:
    usual = recipe_config("modern", dataset="digits", model="lenet", augmentation=())
    slow = replace(usual, learning_rate=rate, optimizer=optimizer, nesterov=False)
    assert str(no_better_than_guessing(slow, [0.1] * 20, finished=True)).endswith(f"It has learned nothing yet: {said}")


def test_the_sentence_names_both_figures_and_the_preprocessing() -> None:
    said = no_better_than_guessing(config(), [0.497, 0.503, 0.5], finished=False)
    assert said is not None
    assert said.startswith("After 3 epochs the best validation accuracy is 50.3 %, and guessing gives 50.0 %.")
    for word in ("preprocessing", "normalisation", "channels", "size"):
        assert word in said


def test_random_weights_are_named_as_a_cause_of_their_own() -> None:
    said = no_better_than_guessing(config(weights="random"), [0.5], finished=True)
    assert said is not None
    assert "random weights" in said


def test_a_slip_made_on_purpose_is_named() -> None:
    slipped = recipe_config("notebook", dataset="cats_vs_dogs", model="resnet18", slips=("no_normalisation",))
    said = no_better_than_guessing(slipped, [0.5], finished=True)
    assert said is not None
    assert "leaves their normalisation out on purpose" in said


def ended(accuracy: float) -> Any:
    trainer = SimpleNamespace(history=[SimpleNamespace(val_accuracy=accuracy)])
    return SimpleNamespace(config=config(), trainer=trainer)


def test_the_command_line_knows_when_to_warn() -> None:
    assert _warning(ended(0.9)) is None
    assert "Check the preprocessing" in str(_warning(ended(0.5)))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_warning_is_told_with_the_end_and_makes_no_event_of_its_own(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    event = Finished(reason="completed", step=4, best_epoch=1)
    _finished(None, event, "float32", "Look there.", as_json)
    said = capsys.readouterr().out
    if as_json:
        assert [json.loads(line)["event"] for line in said.splitlines()] == ["finished"]
        assert json.loads(said)["warning"] == "Look there."
    else:
        assert said == "Warning: Look there.\n"
    _finished(None, event, "float32", None, as_json)
    assert "arning" not in capsys.readouterr().out
