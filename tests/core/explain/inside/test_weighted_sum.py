"""Sums with the learned weights against passes without any hook, for every registered network."""

import math

import pytest
import torch
from torch import Tensor, nn

from core.errors import ConfigError, ModelError
from core.explain.inside.layers import Layer, map_layers
from core.explain.inside.weighted_sum import PlaceSum, place_sum, rounded
from tests.core.explain.nets import WITH_MAPS, Residual, assert_untouched, conv, fingerprint, registered


class Keeping(nn.Module):
    """A layer that keeps what it put out: no hook, and no twin."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.kept: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer(x)
        self.kept.append(out.clone())
        return out


def plain_maps(model: nn.Module, batch: Tensor) -> dict[str, Tensor]:
    """What each layer puts out in a plain forward pass, by the names that the layers have in the lab."""
    leaves = {name: module for name, module in model.named_modules() if next(module.children(), None) is None}
    wrapped = {}
    for name, module in leaves.items():
        parent, _, last = name.rpartition(".")
        wrapped[name] = Keeping(module)
        setattr(model.get_submodule(parent), last, wrapped[name])
    with torch.no_grad():
        model(batch)
    found = {}
    for name, keeping in wrapped.items():
        for call, value in enumerate(keeping.kept):
            found[f"{name}_{call}" if call else name] = value
    return found


def lively(model: nn.Module) -> nn.Module:
    """Give every BatchNorm statistics and an affine step of its own, so that none of them does nothing."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            size = module.num_features
            module.running_mean = torch.randn(size, generator=generator) * 0.1
            module.running_var = torch.rand(size, generator=generator) + 0.5
            module.weight.data = torch.rand(size, generator=generator) + 0.5
            module.bias.data = torch.randn(size, generator=generator) * 0.1
    return model.eval()


@pytest.mark.parametrize("name", WITH_MAPS)
def test_the_sum_is_the_networks_own_number_for_every_layer_of_a_registered_network(name: str) -> None:
    model, channels, size = registered(name)
    lively(model)
    batch = torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(2))
    layers = map_layers(model, channels=channels, image_size=size)
    before = fingerprint(model)
    found: list[tuple[Layer, tuple[int, int, int], PlaceSum]] = []
    for number, layer in enumerate(layers):
        count, height, width = layer.shape
        places = ((0, 0, 0), (count - 1, height - 1, width // 2), (count // 2, height // 2, width - 1))
        channel, row, col = place = places[number % 3]  # a layer has one, a network all three
        found.append((layer, place, place_sum(model, batch, layer=layer.name, channel=channel, row=row, col=col)))
    assert_untouched(model, before)
    plain = plain_maps(model, batch)
    for layer, (channel, row, col), result in found:
        expected = float(plain[layer.name][0, channel, row, col])
        near = pytest.approx(expected, abs=1e-5 * max(1.0, abs(expected)))
        assert result.own == expected, layer.name
        assert result.value == near, layer.name
        if result.convolution is None:
            assert result.note, layer.name
        else:
            last = result.steps[-1].after if result.steps else result.total
            assert last == near, layer.name
    assert sum(result.convolution is not None for _, _, result in found) >= 0.8 * len(found)


def test_a_sum_worked_out_by_hand() -> None:
    model = nn.Sequential(conv([[[[1, 2], [0, -1]], [[0, 0], [0, 3]]]], bias=0.5))
    batch = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]])
    found = place_sum(model, batch, layer="0", channel=0, row=0, col=0)
    assert [(part.channel, part.total) for part in found.parts] == [(1, 24), (0, 1)]  # 8·3; 1·1 + 2·2 − 4·1
    assert (found.bias, found.total, found.value, found.own) == (0.5, 25.5, 25.5, 25.5)


def test_padding_counts_as_zeros() -> None:
    model = nn.Sequential(conv([[[[1, 1, 1], [1, 1, 1], [1, 1, 1]]]], padding=1))
    (part,) = place_sum(model, torch.ones(1, 1, 2, 2), layer="0", channel=0, row=0, col=0).parts
    assert part.inputs.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]


def test_groups_see_their_own_channels_and_say_so() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, 1, groups=2), nn.Conv2d(8, 8, 3, groups=8))
    batch = torch.randn(1, 4, 5, 5)
    second = place_sum(model, batch, layer="0", channel=5, row=1, col=1)
    assert sorted(part.channel for part in second.parts) == [2, 3]
    assert "2 groups" in second.note
    depthwise = place_sum(model, batch, layer="1", channel=6, row=0, col=2)
    assert [part.channel for part in depthwise.parts] == [6]
    assert "depthwise" in depthwise.note


def test_a_pool_leads_to_the_place_that_won_and_a_relu_in_the_code_is_seen() -> None:
    model, channels, size = registered("lenet")
    batch = torch.randn(1, channels, size, size)
    found = place_sum(model, batch, layer="pool", channel=2, row=3, col=5)
    assert found.convolution == "conv1"
    assert found.place[0] // 2 == 3
    assert found.place[1] // 2 == 5
    assert [step.kind for step in found.steps][-1] == "max_pooling"


def test_a_shortcut_is_an_addition() -> None:
    found = place_sum(Residual(), torch.tensor([[[[1.0, -3.0]]]]), layer="relu_1", channel=0, row=0, col=0)
    assert [(step.kind, step.before, step.after) for step in found.steps] == [
        ("addition", 0, 1),
        ("activation", 1, 1),
    ]
    assert found.steps[0].shift == 1


def test_a_batch_norm_is_its_affine_step() -> None:
    model = nn.Sequential(conv([[[[2]]]]), nn.BatchNorm2d(1, eps=0.0)).eval()
    model[1].running_mean.fill_(1)
    model[1].running_var.fill_(4)
    model[1].weight.data.fill_(3)
    model[1].bias.data.fill_(-1)
    (step,) = place_sum(model, torch.full((1, 1, 1, 1), 5.0), layer="1", channel=0, row=0, col=0).steps
    assert (step.scale, step.shift, step.before, step.after) == (1.5, -2.5, 10, 12.5)  # 3/√4; −1 − 1·1.5


def test_a_mean_of_many_places_says_that_it_is_one() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1))
    found = place_sum(model, torch.randn(1, 1, 6, 6), layer="1", channel=0, row=0, col=0)
    assert found.convolution is None
    assert "the mean over all 4×4 places" in found.note


def test_what_is_not_there_is_refused() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3))
    with pytest.raises(ConfigError, match="2 maps of 4×4; map 2, row 0, column 9"):
        place_sum(model, torch.zeros(1, 1, 6, 6), layer="0", channel=2, row=0, col=9)
    with pytest.raises(ModelError, match="no layer '7'"):
        place_sum(model, torch.zeros(1, 1, 6, 6), layer="7", channel=0, row=0, col=0)


@pytest.mark.parametrize("values", [[1 / 3] * 3, [0.00005, 0.00005, -0.1], [-2 / 3, -2 / 3, 1e-9, 7.77777], []])
def test_rounded_numbers_add_up(values: list[float]) -> None:
    shown, total = rounded(values)
    assert sum(round(value * 10_000) for value in shown) == round(total * 10_000)
    assert total == pytest.approx(sum(values), abs=0.5e-4 + 1e-12)
    assert all(math.isclose(one, other, abs_tol=1e-4) for one, other in zip(shown, values, strict=True))


def test_padding_in_the_middle_of_a_network_is_not_said_to_change_the_picture() -> None:
    network, channels, size = registered("efficientnet_lite0")
    batch = torch.zeros(1, channels, size, size)
    notes = {
        name: place_sum(network, batch, layer=f"backbone.{name}.0", channel=0, row=0, col=0).note
        for name in ("stem", "stage2.0.depthwise")
    }
    assert notes["stage2.0.depthwise"] == "SamePad is no convolution: it changes the maps of the layer before it."
