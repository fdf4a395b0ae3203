"""Recipes: the course's numbers are the course's, and every fitting pair trains."""

import shlex
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner

from core.__main__ import main
from core.checkpoints import Checkpoint, shipped
from core.checkpoints.backbones import weights_choice
from core.config import TrainingConfig
from core.data import datasets
from core.errors import ConfigError, ModelError
from core.models import build_model, models
from core.recipes import RECIPES, check_trainable, config_here, fitting_models, recipe_config, shell_command
from core.recipes.changes import written_out
from core.recipes.choice import _lay_out


def test_mnist_is_trained_as_in_the_notebook() -> None:
    config = recipe_config("notebook", dataset="mnist", model="strided_cnn")
    assert (config.optimizer, config.learning_rate, config.momentum) == ("sgd", 0.06, 0.0)
    assert (config.batch_size, config.epochs, config.schedule, config.augmentation) == (512, 10, "constant", ())


def test_cats_and_dogs_are_trained_as_in_the_notebook() -> None:
    config = recipe_config("notebook", dataset="cats_vs_dogs", model="strided_cnn")
    assert (config.epochs, config.schedule, config.step_size, config.gamma) == (25, "step", 5, 0.1)
    assert config.model_arguments["dropout"] > 0  # type: ignore[operator]
    assert len(config.model_arguments["channels"]) + 1 == 8  # type: ignore[arg-type]


def test_the_enhanced_cnn_on_cifar_has_the_courses_augmentation() -> None:
    config = recipe_config("notebook", dataset="cifar10", model="enhanced_cnn")
    assert [(step.name, step.probability, dict(step.settings)) for step in config.augmentation] == [
        ("flip_horizontal", 0.5, {}),
        ("crop", 1.0, {"padding": 4}),
    ]


def test_as_written_repeats_the_slips_and_notebook_does_not() -> None:
    written = recipe_config("as_written", dataset="cats_vs_dogs", model="strided_cnn")
    assert set(written.slips) == {"swapped_split", "no_eval_mode"}
    assert written.greyscale
    assert recipe_config("notebook", dataset="cats_vs_dogs", model="strided_cnn").slips == ()
    assert "no_normalisation" in recipe_config("as_written", dataset="cats_vs_dogs", model="resnet18").slips


def test_an_override_replaces_a_field_and_a_model_argument_only_itself() -> None:
    config = recipe_config("notebook", dataset="mnist", model="strided_cnn", epochs=3, model_arguments={"dropout": 0.5})
    assert config.epochs == 3
    usual = recipe_config("notebook", dataset="mnist", model="strided_cnn").model_arguments
    assert config.model_arguments == {**usual, "dropout": 0.5}


@pytest.mark.parametrize("model", fitting_models("digits"))
def test_whoever_asks_for_a_training_gets_one_configuration_however_much_they_say(model: str) -> None:
    usual = recipe_config("modern", dataset="digits", model=model)
    said = {setting.name: setting.default for setting in models[model].settings} | dict(usual.model_arguments)
    again = recipe_config("modern", dataset="digits", model=model, model_arguments=said)
    assert again.to_json() == usual.to_json()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"recipe": "secret"}, "no recipe 'secret'"),
        ({"dataset": "imagenet"}, "no data set 'imagenet'"),
        ({"model": "vgg"}, "no model 'vgg'"),
        ({"speed": 3}, "speed"),
        ({"epochs": 0}, "epochs is 0"),
        ({"dataset": "cats_vs_dogs", "model": "enhanced_cnn"}, "64·64·64"),
    ],
)
def test_what_does_not_exist_or_fit_is_a_sentence(arguments: dict[str, object], words: str) -> None:
    chosen = {"recipe": "notebook", "dataset": "mnist", "model": "lenet"} | arguments
    with pytest.raises(ConfigError) as raised:
        recipe_config(**chosen)  # type: ignore[arg-type]
    assert words in str(raised.value)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("dataset", "model"), [(d, m) for d in datasets for m in fitting_models(d)])
def test_every_fitting_pair_has_a_config_whose_network_builds(recipe: str, dataset: str, model: str) -> None:
    config = recipe_config(recipe, dataset=dataset, model=model)
    channels = 1 if config.greyscale else models[model].channels(datasets[dataset].channels)
    network = build_model(
        model,
        channels=channels,
        image_size=config.image_size,
        classes=len(datasets[dataset].classes),
        arguments=config.model_arguments,
    )
    assert sum(weight.numel() for weight in network.parameters()) > 0


def test_every_model_fits_some_data_set_and_every_data_set_three_models() -> None:
    assert {model for dataset in datasets for model in fitting_models(dataset)} == set(models)
    assert all(len(fitting_models(dataset)) >= 3 for dataset in datasets)


def test_a_model_error_is_not_raised_for_a_pair_that_fits() -> None:
    with pytest.raises(ModelError):
        build_model("lenet", channels=1, image_size=28, classes=10)
    assert recipe_config("notebook", dataset="mnist", model="lenet").image_size == 32


def test_a_network_that_cannot_be_built_for_its_images_is_refused_before_training() -> None:
    config = recipe_config("modern", dataset="cats_vs_dogs", model="fast_cnn")
    check_trainable(config)  # 128 pixels, growing from 64
    with pytest.raises(ModelError, match="use 4 widths or fewer"):
        check_trainable(replace(config, image_size=32, start_size=None))
    with pytest.raises(ModelError, match="a 16×16 image"):
        check_trainable(replace(config, start_size=16))


def test_a_network_that_has_been_laid_out_vouches_for_no_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    config = recipe_config("modern", dataset="cats_vs_dogs", model="resnet18")
    built: list[str] = []
    monkeypatch.setattr("core.recipes.choice.build_model", lambda name, **_more: built.append(name))
    monkeypatch.setattr("core.recipes.choice._lay_out", cache(_lay_out.__wrapped__))
    for _click in range(3):
        check_trainable(config)
    check_trainable(replace(config, image_size=config.image_size + 32))
    check_trainable(replace(config, model_arguments={"weights": "lab"}))
    assert built == ["resnet18"] * 3
    wrong: list[dict[str, Any]] = [{"weights": ["imagenet"]}, {"weights": 1}, {"layers": {}}]
    for arguments in wrong:
        with pytest.raises(ConfigError):
            check_trainable(replace(config, model_arguments=arguments))


def test_fewer_images_than_a_batch_are_refused_before_training() -> None:
    config = recipe_config("modern", dataset="cats_vs_dogs", model="resnet18", limit=500, batch_size=512)
    with pytest.raises(ConfigError, match="500 training images are fewer than one batch of 512"):
        check_trainable(config)
    check_trainable(replace(config, limit=512))


@pytest.mark.parametrize("model", models)
def test_what_a_recipe_suggests_can_be_built(model: str) -> None:
    for dataset in datasets:
        if model in fitting_models(dataset):
            check_trainable(recipe_config("modern", dataset=dataset, model=model))


@pytest.mark.parametrize("checkpoint", shipped(), ids=lambda checkpoint: checkpoint.card.name)
def test_the_command_of_a_training_says_all_of_it(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[TrainingConfig] = []
    monkeypatch.setattr("core.command_line.train._train", lambda config, _folder, _as_json: trained.append(config))
    words = shlex.split(shell_command(checkpoint.card.config))
    assert words[:3] == ["python", "-m", "core"]
    result = CliRunner().invoke(main, words[3:])
    assert (result.exit_code, trained) == (0, [written_out(checkpoint.card.config)]), result.output


@pytest.mark.parametrize(
    ("model", "on_hand", "reachable", "given", "begins_with"),
    [
        ("resnet18", False, False, {}, ("lab", True)),
        ("resnet18", False, False, {"weights": "imagenet"}, ("imagenet", False)),
        ("resnet18", True, False, {}, ("imagenet", False)),
        ("resnet18", False, True, {}, ("imagenet", False)),  # it is downloaded
        ("efficientnet_lite0", False, False, {}, ("imagenet", False)),  # it has no others; the run says what is missing
        ("lenet", False, False, {}, (None, False)),
    ],
)
def test_the_labs_backbone_stands_in_where_imagenets_cannot_be_had_and_this_is_said(
    model: str,
    on_hand: bool,
    reachable: bool,
    given: dict[str, str],
    begins_with: tuple[str | None, bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.recipes.here.imagenet_on_hand", lambda _model: on_hand)
    monkeypatch.setattr("core.recipes.here.imagenet_reachable", lambda: reachable)
    config, sentence = config_here("modern", dataset="digits", model=model, model_arguments=given)
    assert (weights_choice(config), bool(sentence)) == begins_with


@pytest.mark.parametrize("arguments", [{}, {"weights": "imagenet"}, {"weights": "lab"}])
def test_the_command_names_its_backbone_since_another_machine_has_others(arguments: dict[str, str]) -> None:
    config = recipe_config("modern", dataset="digits", model="resnet18", model_arguments=arguments)
    assert f"--set weights={arguments.get('weights', 'imagenet')}" in shell_command(config)


def test_what_is_said_of_the_modern_recipe_holds_for_every_pair() -> None:
    assert RECIPES["modern"].startswith("One-cycle learning rate, Nesterov momentum, weight decay, augmentation")
    for dataset in datasets:
        for model in fitting_models(dataset):
            config = recipe_config("modern", dataset=dataset, model=model)
            assert (config.schedule, config.nesterov) == ("one_cycle", True)
            assert config.weight_decay > 0
            assert config.augmentation
