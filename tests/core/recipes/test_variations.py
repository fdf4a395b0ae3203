"""What of a training can be varied: each pair differs in one thing, and every training still fits."""

import dataclasses

import pytest

from core.errors import ConfigError
from core.recipes import check_trainable, fitting_models, recipe_config
from core.recipes.variations import on_so_many_images, parts_of, with_and_without


def test_few_images_make_smaller_batches_and_nothing_else() -> None:
    config = recipe_config("modern", dataset="mnist", model="lenet")
    few = on_so_many_images(config, 500, of=50_000)
    assert (few.limit, few.batch_size) == (500, 31)
    assert on_so_many_images(config, 5, of=50_000).batch_size == 5
    assert dataclasses.replace(few, limit=None, batch_size=config.batch_size) == config


def test_all_images_are_the_training_as_it_is() -> None:
    config = recipe_config("modern", dataset="digits", model="lenet")
    assert on_so_many_images(config, 1_078, of=1_078) == config
    with pytest.raises(ConfigError, match="1,079 images: there are 1,078"):
        on_so_many_images(config, 1_079, of=1_078)


def test_parts_are_counted_once() -> None:
    assert parts_of(1_000, [10, 1, 100, 0.1, 0.2]) == [2, 10, 100, 1_000]


def test_batch_norm_and_dropout_can_be_left_out() -> None:
    found = with_and_without(recipe_config("modern", dataset="digits", model="strided_cnn"))
    assert found["batch_norm"].without.model_arguments["batch_norm"] is False
    assert found["dropout"].with_it.model_arguments["dropout"] == 0.25
    assert found["dropout"].without.model_arguments["dropout"] == 0.0
    assert found["augmentation"].without.augmentation == ()
    assert found["momentum"].without.nesterov is False


def test_each_step_of_a_chain_can_be_left_out() -> None:
    config = recipe_config("modern", dataset="cats_vs_dogs", model="strided_cnn")
    flip = with_and_without(config)["augmentation.flip_horizontal"]
    assert [step.name for step in flip.without.augmentation] == ["resized_crop"]


@pytest.mark.parametrize("dataset", ["digits", "cats_vs_dogs"])
def test_every_pair_differs_and_can_be_trained(dataset: str) -> None:
    for model in fitting_models(dataset):
        found = with_and_without(recipe_config("modern", dataset=dataset, model=model))
        assert found
        for one in found.values():
            assert one.with_it != one.without
            check_trainable(one.with_it)
            check_trainable(one.without)
