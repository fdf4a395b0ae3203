"""Switching filters off: nothing happens to the network, nothing happens without a filter, and what is off is off."""

import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.data import load, make_split
from core.errors import ConfigError
from core.explain.filters.surgery import (
    MOST_TRIED,
    Answer,
    Sample,
    Tried,
    answer,
    cut_after,
    logits_without,
    plan,
    ranked,
    sample_of,
    try_each,
    without_filters,
)
from core.explain.inside.layers import map_layers
from core.explain.inside.stages import stages
from core.models.input_format import InputFormat
from tests.core.explain.nets import WITH_MAPS, assert_untouched, conv, dense, fingerprint, registered


def cuts(name: str) -> tuple[nn.Module, int, int, list[tuple[str, int]]]:
    """A registered network and every layer that filters can be cut out of, with its filters."""
    model, channels, size = registered(name)
    found = [cut_after(stage) for stage in stages(map_layers(model, channels=channels, image_size=size))]
    return model, channels, size, [(layer.name, layer.shape[0]) for layer in found if layer is not None]


@pytest.mark.parametrize("name", WITH_MAPS)
def test_with_no_filter_off_nothing_changes_bit_for_bit_and_with_one_the_network_stays_as_it_is(name: str) -> None:
    model, channels, size, layers = cuts(name)
    images = torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = model(images)
    before = fingerprint(model)
    for layer, count in (layers[0], layers[len(layers) // 2], layers[-1]):
        assert torch.equal(logits_without(model, images, layer=layer, off=[]), plain)
        all_off = logits_without(model, images, layer=layer, off=range(count))
        assert not torch.equal(all_off, plain), layer
    assert_untouched(model, before)


def test_what_is_off_adds_nothing_worked_out_by_hand() -> None:
    model = nn.Sequential(conv([[[[1]]], [[[2]]]]), nn.Flatten(), dense([[1, 10], [0, 1]])).eval()
    image = torch.full((1, 1, 1, 1), 3.0)
    assert logits_without(model, image, layer="0", off=[]).tolist() == [[63, 6]]  # 3 + 10·6
    assert logits_without(model, image, layer="0", off=[1]).tolist() == [[3, 0]]
    assert logits_without(model, image, layer="0", off=[0, 0]).tolist() == [[60, 6]]


def test_a_batch_norm_that_shifts_does_not_bring_a_filter_back() -> None:
    model = nn.Sequential(conv([[[[1]]]]), nn.BatchNorm2d(1), nn.ReLU(), nn.Flatten()).eval()
    model[1].bias.data.fill_(7)
    layer = cut_after(stages(map_layers(model, channels=1, image_size=1))[0])
    assert layer is not None
    assert layer.name == "1"
    assert logits_without(model, torch.ones(1, 1, 1, 1), layer=layer.name, off=[0]).tolist() == [[0]]


def test_pooling_between_convolution_and_batch_norm_is_passed() -> None:
    model, channels, size = registered("fast_cnn")
    found = [cut_after(stage) for stage in stages(map_layers(model, channels=channels, image_size=size))]
    assert [layer and layer.name for layer in found[:3]] == ["whiten", "blocks.0.norm1", "blocks.0.norm2"]


def test_a_filter_that_is_not_there_is_refused() -> None:
    model = nn.Sequential(conv([[[[1]]]]))
    with pytest.raises(ConfigError, match="1 filters, counted from 0; 4 is none"):
        without_filters(model, "0", [4])(torch.ones(1, 1, 1, 1))


def test_mirrored_answers_are_those_of_both_images() -> None:
    model, channels, size, layers = cuts("lenet")
    images = torch.randn(1, channels, size, size)
    with torch.inference_mode():
        both = (model(images.flip(-1)) + model(images)) / 2
    assert torch.equal(logits_without(model, images, layer=layers[0][0], off=[], mirrored=True), both)


def test_two_visitors_who_cut_at_the_same_time_never_share_a_surgery() -> None:
    model, channels, size, layers = cuts("strided_cnn")
    images = torch.randn(4, channels, size, size)
    layer = layers[0][0]
    alone = {off: logits_without(model, images, layer=layer, off=[off]) for off in range(4)}
    wrong: list[int] = []

    def cut(off: int) -> None:
        wrong.extend(
            off for _ in range(30) if not torch.equal(logits_without(model, images, layer=layer, off=[off]), alone[off])
        )

    threads = [threading.Thread(target=cut, args=(off,)) for off in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def needs_the_second() -> tuple[nn.Module, Sample]:
    """A network whose second filter alone tells the classes apart, and images that show it."""
    model = nn.Sequential(conv([[[[0]]], [[[1]]], [[[0.01]]]]), nn.Flatten(), dense([[0, 1, 0], [0, -1, 0]])).eval()
    labels = torch.arange(20) % 2
    images = (1.0 - 2.0 * labels).view(-1, 1, 1, 1)
    return model, Sample(images=images, labels=labels)


def test_the_filter_that_it_cannot_do_without_is_found() -> None:
    model, sample = needs_the_second()
    planned = plan(model, sample, layer="0")
    assert planned.filters == (0, 1, 2)
    assert planned.sentence == "Each of the 3 filters is switched off alone, on 20 test images."
    found = ranked(list(try_each(model, sample, planned, layer="0")))
    assert found[0].filter == 1
    assert (found[0].answer.right, found[1].answer.right) == (10, 20)  # a draw goes to the first class
    assert answer(model, sample, layer="0", off=[]).accuracy == 1.0


def test_of_many_filters_the_strongest_are_tried_and_that_is_said() -> None:
    model = nn.Sequential(nn.Conv2d(1, 200, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    model[0].weight.data = torch.arange(200.0).view(200, 1, 1, 1)
    planned = plan(model, Sample(images=torch.ones(8, 1, 2, 2), labels=torch.zeros(8, dtype=torch.long)), layer="0")
    assert planned.filters == tuple(range(200 - MOST_TRIED, 200))
    assert "Of 200 filters the 64 with the strongest maps" in planned.sentence


def test_equal_losses_of_images_are_told_apart_by_the_loss() -> None:
    def tried(number: int, right: int, loss: float) -> Tried:
        return Tried(filter=number, answer=Answer(right=right, n=10, loss=loss))

    order = ranked([tried(0, 9, 0.2), tried(1, 8, 0.3), tried(2, 9, 0.5)])
    assert [one.filter for one in order] == [1, 2, 0]


def test_the_sample_is_spread_over_the_test_split_and_answered_as_the_network_answers() -> None:
    data = load("digits")
    split = make_split(data)
    format = InputFormat(channels=1, size=28, mean=(0.5,), std=(0.5,))
    sample = sample_of(data, split.test, format, most=60)
    assert len(sample.labels) == 60
    assert sample.labels[0] == data.labels[split.test[0]]
    assert sample.labels[-1] == data.labels[split.test[-1]]
    model, *_ = registered("strided_cnn")
    with torch.inference_mode():
        expected: Tensor = model(sample.images).argmax(1)
    found = answer(model, sample, layer="0.0", off=[])
    assert found.right == int((expected == sample.labels).sum())
    assert found.ci95[0] <= found.accuracy <= found.ci95[1]
    assert np.isfinite(found.loss)
