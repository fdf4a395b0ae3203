"""A training's configuration is checked where it is made and survives JSON."""

import json

import pytest

from core.config import AugmentationStep, TrainingConfig
from core.errors import ConfigError
from core.recipes import recipe_config
from core.seeding import derive_seed


def config(**changes: object) -> TrainingConfig:
    return TrainingConfig(**{"dataset": "digits", "model": "lenet", "image_size": 32} | changes)  # type: ignore[arg-type]


def test_json_gives_the_same_config_back() -> None:
    written = config(
        model_arguments={"channels": (8, 16)},
        augmentation=(AugmentationStep(name="crop", probability=0.5, settings={"padding": 4}),),
        slips=("no_eval_mode",),
        limit=100,
    )
    assert TrainingConfig.from_json(written.to_json()) == written


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "epochs is 0; it must lie between 1 and 500"),
        ({"batch_size": 1}, "batch_size is 1"),
        ({"learning_rate": 11.0}, "learning_rate is 11.0"),
        ({"epochs": 1.5}, "whole number"),
        ({"epochs": True}, "whole number"),
        ({"optimizer": "lion"}, "optimizer is 'lion'; it can be sgd, adamw"),
        ({"slips": ("typo",)}, "slips is 'typo'"),
        ({"nesterov": True}, "nesterov needs a momentum"),
        ({"precision": "fp16"}, "precision is 'fp16'; it can be auto, fp32, bf16"),
    ],
)
def test_a_value_out_of_range_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config(**changes)
    assert words in str(raised.value)


@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16"])
def test_precision_survives_json_and_is_float32_where_nothing_is_said(precision: str) -> None:
    assert TrainingConfig.from_json(config(precision=precision).to_json()).precision == precision
    fields = json.loads(config().to_json())
    del fields["precision"]
    assert TrainingConfig.from_fields(fields).precision == "fp32"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dataset": "digits"}', "null", '{"augmentation": [3]}'])
def test_json_that_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        TrainingConfig.from_json(text)


def test_an_unknown_field_is_refused() -> None:
    fields = json.loads(config().to_json()) | {"surprise": 1}
    with pytest.raises(ConfigError, match="surprise"):
        TrainingConfig.from_fields(fields)


def test_a_derived_seed_depends_on_seed_and_purpose_only() -> None:
    assert derive_seed(7, "order", 3) == derive_seed(7, "order", 3)
    assert len({derive_seed(7, "order", 3), derive_seed(8, "order", 3), derive_seed(7, "order", 4)}) == 3
    assert 0 <= derive_seed(7, "order", 3) < 2**63


@pytest.mark.parametrize(
    "name", ["schedule", "optimizer", "precision", "device", "epochs", "learning_rate", "nesterov", "slips"]
)
def test_a_refusal_quotes_a_long_value_in_short(name: str) -> None:
    long = ("x" * 5_000,) if name == "slips" else "x" * 5_000
    with pytest.raises(ConfigError) as raised:
        config(**{name: long})
    assert f"{name} is " in str(raised.value)
    assert len(str(raised.value)) < 300


def test_a_recipe_a_model_and_a_transform_of_a_long_name_are_refused_in_short() -> None:
    long = "x" * 5_000
    for make in (
        lambda: recipe_config(long, dataset="digits", model="lenet"),
        lambda: recipe_config("modern", dataset=long, model="lenet"),
        lambda: recipe_config("modern", dataset="digits", model=long),
        lambda: AugmentationStep(name=long, probability=2.0),
    ):
        with pytest.raises(ConfigError) as raised:
            make()
        assert len(str(raised.value)) < 400
