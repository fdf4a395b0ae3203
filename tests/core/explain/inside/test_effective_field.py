"""The effective receptive field against one worked out by hand, and inside the theoretical square everywhere."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ModelError
from core.explain.inside.effective_field import effective_field, random_pictures
from core.explain.inside.layers import map_layers
from core.explain.inside.receptive_field import layer_field
from tests.core.explain.nets import WITH_MAPS, assert_untouched, conv, fingerprint, registered

ONES = [[[[1.0] * 3] * 3]]


def test_two_boxes_make_a_tent() -> None:
    model = nn.Sequential(conv(ONES), conv(ONES))
    found = effective_field(model, random_pictures(channels=1, image_size=9, count=3), layer="1")
    tent = np.array([1, 2, 3, 2, 1]) / 3
    expected = np.zeros((9, 9))
    expected[2:7, 2:7] = np.outer(tent, tent)
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert (found.place, found.theoretical, found.pictures) == ((2, 2), 5, 3)
    assert (found.box.top, found.box.left, found.box.bottom, found.box.right) == (2, 2, 7, 7)
    assert found.pixels == 25  # the corners have 1 / 9 of the peak, which is more than 4.55 %
    assert (found.size, found.half) == (5.0, 3)  # 49 of 81 lie in the middle 3×3


def test_half_of_a_square_in_which_all_counts_alike_lies_in_one_of_seven_tenths_of_its_side() -> None:
    model = nn.Sequential(conv([[[[1.0] * 16] * 16]]))
    assert (
        effective_field(model, random_pictures(channels=1, image_size=20, count=1), layer="0").half == 12
    )  # 144 of 256


def test_a_pixel_of_less_than_one_part_in_twenty_two_of_the_peak_does_not_count() -> None:
    model = nn.Sequential(*(conv(ONES) for _ in range(4)))  # 1 4 10 16 19 16 10 4 1
    found = effective_field(model, random_pictures(channels=1, image_size=13, count=1), layer="3")
    line = np.array([1, 4, 10, 16, 19, 16, 10, 4, 1]) / 19
    assert found.pixels == int((np.outer(line, line) > 0.0455).sum())
    assert found.size < found.box.width == 9


def test_a_place_that_answers_to_nothing_sees_nothing() -> None:
    model = nn.Sequential(conv([[[[0.0]]]], bias=-1.0), nn.ReLU())
    found = effective_field(model, random_pictures(channels=1, image_size=5, count=2), layer="1")
    assert (found.values.max(), found.pixels, found.size, found.half) == (0.0, 0, 0.0, 0)


@pytest.mark.parametrize("name", WITH_MAPS)
def test_no_pixel_outside_the_theoretical_square_counts_in_any_registered_network(name: str) -> None:
    model, channels, size = registered(name)
    layers = map_layers(model, channels=channels, image_size=size)
    before = fingerprint(model)
    for layer in (layers[0], layers[len(layers) // 2], layers[-1]):
        found = effective_field(model, random_pictures(channels=channels, image_size=size, count=2), layer=layer.name)
        outside = found.values.copy()
        outside[found.box.top : found.box.bottom, found.box.left : found.box.right] = 0
        assert outside.max() < 1e-12, layer.name
    assert_untouched(model, before)


def test_many_pictures_are_looked_at_a_few_at_a_time_and_counted_alike() -> None:
    model, channels, size = registered("enhanced_cnn")
    batch = random_pictures(channels=channels, image_size=size, count=19)
    layer = map_layers(model, channels=channels, image_size=size)[-1].name
    whole = effective_field(model, batch, layer=layer).values
    each = sum(_raw(model, one[None], layer) for one in batch)
    np.testing.assert_allclose(whole, each / each.max(), atol=1e-6)


def _raw(model: nn.Module, batch: torch.Tensor, layer: str) -> np.ndarray:
    """The same without a hook, for a network that is a plain row of layers up to there."""
    place = effective_field(model, batch, layer=layer).place
    pictures = batch.clone().requires_grad_()
    maps: list[torch.Tensor] = []
    handle = model.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: maps.append(output.clone())
    )
    model(pictures)
    handle.remove()
    (gradient,) = torch.autograd.grad(maps[0][:, :, place[0], place[1]].sum(), pictures)
    return gradient.abs().double().sum((0, 1)).numpy()


def test_a_field_that_is_known_changes_nothing() -> None:
    model, channels, size = registered("enhanced_cnn")
    batch = random_pictures(channels=channels, image_size=size, count=2)
    layer = map_layers(model, channels=channels, image_size=size)[-1].name
    found = effective_field(model, batch, layer=layer)
    again = effective_field(model, batch, layer=layer, field=layer_field(model, layer, image_size=size))
    assert np.array_equal(found.values, again.values)
    assert (found.box, found.place) == (again.box, again.place)


def test_a_layer_without_maps_is_a_sentence() -> None:
    model, channels, size = registered("lenet")
    with pytest.raises(ModelError, match="There is no layer 'fc1' with maps"):
        effective_field(model, random_pictures(channels=channels, image_size=size, count=1), layer="fc1")


def test_noise_is_the_same_for_one_seed_and_leaves_the_process_s_generator_alone() -> None:
    before = torch.get_rng_state()
    one, other = (random_pictures(channels=1, image_size=4, count=2, seed=3) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())
