"""Every way to break a training changes what makes it fail, marks it, and leaves the rest alone."""

import pytest

from core.config import SLIPS
from core.models import models
from core.recipes import check_trainable, fitting_models, recipe_config
from core.recipes.broken import breakable, broken
from core.recipes.words import broken_words, changed_words

PAIRS = [(dataset, model) for dataset in ("digits", "cats_vs_dogs") for model in fitting_models(dataset)]


@pytest.mark.parametrize(("dataset", "model"), PAIRS)
def test_every_pair_can_be_broken_in_ways_that_can_be_trained_and_say_so(dataset: str, model: str) -> None:
    config = recipe_config("modern", dataset=dataset, model=model)
    assert {"rate_too_high", "shuffled_labels", "no_normalisation"} <= set(breakable(config))
    for slip in breakable(config):
        failing = broken(config, slip)
        check_trainable(failing)
        assert slip in failing.slips
        assert (failing.dataset, failing.seed, failing.recipe) == (dataset, config.seed, "modern")
        assert broken_words(failing).startswith("broken on purpose: ")


def test_what_is_broken_is_what_makes_it_fail() -> None:
    config = recipe_config("modern", dataset="digits", model="lenet", epochs=3)
    assert broken(config, "rate_too_high").learning_rate == pytest.approx(2.0)
    linear = broken(config, "no_relu")
    assert linear.model == "sequential"
    assert linear.model_arguments["layers"] == (
        "conv-6-5x5_avg-2x2_conv-16-5x5_avg-2x2_flatten_dense-120_dense-84_dense-classes"
    )
    assert broken(broken(config, "no_relu"), "shuffled_labels").slips == ("shuffled_labels", "no_relu")


def test_words_about_what_is_broken_stand_apart_from_what_was_changed() -> None:
    config = recipe_config("modern", dataset="digits", model="lenet")
    assert broken_words(config) == ""
    failing = broken(config, "rate_too_high")
    assert broken_words(failing) == "broken on purpose: rate too high"
    assert changed_words(failing) == "learning rate 2 (0.05)"


def test_frozen_backbones_keep_their_layers() -> None:
    assert "no_relu" not in breakable(recipe_config("modern", dataset="cats_vs_dogs", model="resnet18"))
    assert models["resnet18"].transfers


def test_every_slip_has_a_sentence_of_its_own() -> None:
    assert len(set(SLIPS.values())) == len(SLIPS)
