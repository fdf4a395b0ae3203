"""When a frozen backbone is suspected of seeing its images wrongly, and what is said then."""

import json
from types import SimpleNamespace

import pytest

from core.__main__ import _warn
from core.chance_level import frozen_backbone, no_better_than_guessing
from core.config import TrainingConfig
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
        ([], True, False),
        ([0.9], True, False),
    ],
)
def test_two_classes_are_guessed_right_half_of_the_time(accuracies: list[float], finished: bool, warned: bool) -> None:
    assert (no_better_than_guessing(config(), accuracies, finished=finished) is not None) is warned


def test_ten_classes_are_guessed_right_a_tenth_of_the_time() -> None:
    assert no_better_than_guessing(config("cifar10"), [0.119], finished=True) is not None
    assert no_better_than_guessing(config("cifar10"), [0.13], finished=True) is None


def test_a_network_that_learns_whole_is_not_suspected() -> None:
    assert no_better_than_guessing(config(train="all"), [0.5], finished=True) is None
    assert no_better_than_guessing(config(model="strided_cnn"), [0.5], finished=True) is None


def test_the_sentence_names_both_figures_and_the_preprocessing() -> None:
    said = no_better_than_guessing(config(), [0.497, 0.503, 0.5], finished=False)
    assert said is not None
    assert said.startswith("After 3 epochs the best validation accuracy is 50.3%, and guessing gives 50.0%.")
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


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_line_says_it_where_a_training_ends(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    def ended(accuracy: float) -> SimpleNamespace:
        trainer = SimpleNamespace(history=[SimpleNamespace(val_accuracy=accuracy)])
        return SimpleNamespace(config=config(), trainer=trainer)

    _warn(ended(0.9), as_json)  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
    _warn(ended(0.5), as_json)  # type: ignore[arg-type]
    said = capsys.readouterr().out
    sentence = json.loads(said)["message"] if as_json else said
    assert "Check the preprocessing" in sentence
