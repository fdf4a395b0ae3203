"""Pooling: values worked out by hand, PyTorch's own layers, and digits that add up as they are shown."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.explain.convolution.pooling import Pooling, pool, pooling_data

COUNT = torch.arange(1.0, 13.0).view(3, 4)  # 1 2 3 4 / 5 6 7 8 / 9 10 11 12


def test_a_small_map_pooled_by_hand() -> None:
    assert pool(COUNT, "max").tolist() == [[6, 8]]
    assert pool(COUNT, "average").tolist() == [[3.5, 5.5]]
    assert pool(COUNT, "global").tolist() == [[6.5]]
    assert pool(COUNT, "max", size=3, stride=1).tolist() == [[11, 12]]


@pytest.mark.parametrize(
    ("kind", "layer"),
    [("max", nn.MaxPool2d(3, 3)), ("average", nn.AvgPool2d(3, 3)), ("global", nn.AdaptiveAvgPool2d(1))],
)
def test_it_is_what_the_layer_of_a_network_does(kind: Pooling, layer: nn.Module) -> None:
    values = torch.randn(10, 11, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(pool(values, kind, size=3, stride=3), layer(values[None, None])[0, 0])


@pytest.mark.parametrize("kind", ["max", "average", "global"])
def test_what_the_browser_shows_comes_of_the_digits_that_it_shows(kind: Pooling) -> None:
    data = pooling_data(torch.randn(9, 8, generator=torch.Generator().manual_seed(1)), kind)
    shown = np.array(data["pixels"])[0]
    assert np.array_equal(shown, shown.round(2))
    window = shown if kind == "global" else shown[:2, :2]
    first = np.array(data["output"])[0, 0]
    assert first == pytest.approx(window.max() if kind == "max" else window.mean(), abs=5e-5)  # four digits
    assert data["window"] == ((9, 8) if kind == "global" else (2, 2))
    assert np.array(data["output"]).shape == (data["output_height"], data["output_width"])


def test_a_window_that_does_not_fit_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="does not fit a 3×4 map"):
        pool(COUNT, "max", size=4, stride=4)
