import pytest
import torch
from torch import nn

from core.errors import ModelError
from core.explain.inside.feature_maps import feature_maps, histogram, kernels, layers, statistics
from tests.core.explain.nets import WITH_MAPS, Residual, assert_untouched, conv, fingerprint, registered


def test_maps_are_what_the_layers_compute() -> None:
    model = nn.Sequential(conv([[[[2]]], [[[-1]]]]), nn.ReLU(), nn.MaxPool2d(2))
    maps = feature_maps(model, torch.tensor([[[[1.0, -2.0], [3.0, 4.0]]]]))
    assert maps["0"].tolist() == [[[[2, -4], [6, 8]], [[-1, 2], [-3, -4]]]]
    assert maps["1"].tolist() == [[[[2, 0], [6, 8]], [[0, 2], [0, 0]]]]
    assert maps["2"].tolist() == [[[[8]], [[2]]]]


def test_maps_are_taken_before_a_later_layer_overwrites_them_in_place() -> None:
    maps = feature_maps(Residual(), torch.tensor([[[[1.0, -3.0]]]]))
    assert maps["first"].flatten().tolist() == [-1, 3]  # before the in-place ReLU
    assert maps["relu"].flatten().tolist() == [0, 3]
    assert maps["second"].flatten().tolist() == [0, 6]  # before the in-place addition
    assert maps["relu_1"].flatten().tolist() == [1, 3]


def test_only_the_named_layers_are_kept() -> None:
    model, channels, size = registered("lenet")
    assert list(feature_maps(model, torch.zeros(2, channels, size, size), ["pool_1", "conv1"])) == ["conv1", "pool_1"]


def test_an_unknown_layer_lists_the_known_ones() -> None:
    with pytest.raises(
        ModelError, match="no layer 'conv9' with maps in this network; there is conv1, pool, conv2, pool_1"
    ):
        feature_maps(registered("lenet")[0], torch.zeros(1, 3, 32, 32), ["conv9"])


def test_a_dense_network_says_that_it_has_no_maps() -> None:
    with pytest.raises(ModelError, match="no layer with maps"):
        feature_maps(registered("simple_nn")[0], torch.zeros(1, 1, 28, 28), ["0"])


@pytest.mark.parametrize("name", WITH_MAPS)
def test_the_maps_of_a_registered_network_have_the_shapes_it_lists(name: str) -> None:
    model, channels, size = registered(name)
    maps = feature_maps(model, torch.rand(2, channels, size, size))
    listed = layers(model, channels=channels, image_size=size)
    assert {layer.name: (2, *layer.shape) for layer in listed} == {
        key: tuple(value.shape) for key, value in maps.items()
    }


@pytest.mark.parametrize("name", WITH_MAPS)
def test_looking_does_not_change_a_registered_network(name: str) -> None:
    model, channels, size = registered(name)
    before = fingerprint(model)
    maps = feature_maps(model, torch.rand(1, channels, size, size))
    assert not any(value.requires_grad for value in maps.values())
    assert_untouched(model, before)


def test_kernels_are_a_copy_of_the_weights() -> None:
    model = nn.Sequential(conv([[[[1, 2], [3, 4]]]]))
    found = kernels(model, "0")
    assert found.tolist() == [[[[1, 2], [3, 4]]]]
    found.zero_()
    assert model[0].weight.sum().item() == 10


def test_a_layer_without_kernels_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(ModelError, match="'pool' has no kernels; those of this network that have are conv1, conv2"):
        kernels(registered("lenet")[0], "pool")


def test_statistics_worked_out_by_hand() -> None:
    found = statistics(torch.tensor([[[0.0, 2.0], [4.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    first = found.filters[0]
    assert (first.mean, first.spread, first.zeros, first.low, first.high) == (2, pytest.approx(2**0.5), 0.25, 0, 4)
    assert (found.mean, found.zeros) == (1, 0.625)


def test_a_filter_that_is_zero_everywhere_is_dead() -> None:
    found = statistics(torch.tensor([[[0.0, 0.1]], [[0.0, 0.0]], [[-1.0, 1.0]]]))
    assert found.dead == (1,)
    assert found.sentence.endswith("1 of 3 filters are silent on this picture: zero everywhere.")


def test_a_layer_without_dead_filters_says_so() -> None:
    assert "None of the 2 filters is silent" in statistics(torch.ones(2, 3, 3)).sentence


def test_the_histogram_counts_every_value_once() -> None:
    found = histogram(torch.tensor([[0.0, 1.0], [9.0, 10.0]]), bins=2)
    assert found.counts.tolist() == [2, 2]
    assert found.edges.tolist() == [0, 5, 10]
