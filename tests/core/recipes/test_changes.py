"""What a training changes of its recipe, in words that are true of each setting."""

import pytest

from core.models import models
from core.recipes import fitting_models, recipe_config
from core.recipes.changes import changes
from core.recipes.words import changed_words, settings_beside_the_recipe


@pytest.mark.parametrize("model", fitting_models("digits"))
def test_what_a_form_says_of_every_argument_of_a_network_is_no_change(model: str) -> None:
    usual = recipe_config("modern", dataset="digits", model=model)
    said = {setting.name: setting.default for setting in models[model].settings} | dict(usual.model_arguments)
    assert changes(recipe_config("modern", dataset="digits", model=model, model_arguments=said)) == ()


def test_a_changed_argument_stands_beside_what_the_network_has_by_itself() -> None:
    usual = recipe_config("modern", dataset="digits", model="resnet18")
    arguments = dict(usual.model_arguments) | {"train": "all", "weights": "lab"}
    config = recipe_config("modern", dataset="digits", model="resnet18", model_arguments=arguments)
    assert changed_words(config) == "weights lab (imagenet), train all (head)"


def test_a_setting_that_is_left_out_is_told_as_what_that_means() -> None:
    config = recipe_config("modern", dataset="cats_vs_dogs", model="strided_cnn", start_size=64, limit=320)
    assert "images grow from 64 (full size)" in changed_words(config)
    assert "training images 320 (all)" in changed_words(config)


def test_what_a_training_goes_on_from_is_none_in_the_recipe() -> None:
    config = recipe_config("modern", dataset="digits", model="lenet", begins_from="k7mq2xw9ab@12")
    assert ("goes on from", "k7mq2xw9ab@12", "none") in settings_beside_the_recipe(config)
