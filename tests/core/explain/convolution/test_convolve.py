import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.errors import ConfigError
from core.explain.convolution.convolve import (
    VIEWS,
    Filter,
    component_data,
    convolve,
    picture,
    show,
    show_picture,
    weights,
)

COUNT = torch.arange(1.0, 10.0).view(1, 3, 3)  # 1 2 3 / 4 5 6 / 7 8 9
EDGE = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
SETTINGS = (
    {},
    {"padding": 1},
    {"stride": 2, "padding": 2},
    {"dilation": 2, "padding": 1},
    {"bias": -0.4, "relu": True},
    {"divide_by_sum": True, "padding": 1, "stride": 2, "bias": 0.25},
)


@pytest.fixture
def colour_image() -> Tensor:
    return torch.rand(3, 9, 8, generator=torch.Generator().manual_seed(0))


def test_a_small_convolution_worked_out_by_hand() -> None:
    # 1·1 + 2·2 + 4·3 + 5·4 = 37, then the window moves: 2 + 6 + 15 + 24 = 47 …
    assert convolve(COUNT, Filter(kernel=((1, 2), (3, 4)))).tolist() == [[37, 47], [67, 77]]


def test_the_kernel_is_not_flipped() -> None:
    assert convolve(COUNT, Filter(kernel=((0, 0, 0), (0, 0, 1), (0, 0, 0)))).item() == 6


def test_bias_is_added_before_relu() -> None:
    assert convolve(COUNT, Filter(kernel=((1, 2), (3, 4)), bias=-50, relu=True)).tolist() == [[0, 0], [17, 27]]


def test_the_sum_divides_the_kernel_so_that_a_blur_is_a_mean() -> None:
    assert convolve(COUNT, Filter(kernel=np.ones((3, 3)), divide_by_sum=True)).item() == pytest.approx(5)


def test_a_kernel_that_adds_up_to_zero_is_not_divided() -> None:
    assert torch.equal(weights(EDGE, 1, divide_by_sum=True), weights(EDGE, 1))


def test_colour_is_three_products_and_one_bias() -> None:
    image = torch.tensor([1.0, 10.0, 100.0]).view(3, 1, 1)
    kernel = torch.tensor([2.0, 3.0, 4.0]).view(3, 1, 1)
    assert convolve(image, Filter(kernel=kernel, bias=5)).item() == 2 + 30 + 400 + 5


def test_one_grid_serves_every_channel() -> None:
    assert convolve(torch.ones(3, 1, 1), Filter(kernel=((2,),))).item() == 6


def test_dividing_by_the_sum_counts_all_channels() -> None:
    assert convolve(torch.ones(3, 3, 3), Filter(kernel=np.ones((3, 3)), divide_by_sum=True)).item() == pytest.approx(1)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_convolution_layer_makes_the_same_map(settings: dict, colour_image: Tensor) -> None:
    layer = nn.Conv2d(3, 1, 3, **{key: settings[key] for key in ("stride", "padding", "dilation") if key in settings})
    kernel = weights(EDGE, 3, divide_by_sum=settings.get("divide_by_sum", False))
    layer.weight.data, layer.bias.data = kernel, torch.tensor([settings.get("bias", 0.0)])
    expected = layer(colour_image[None])[0, 0].detach()
    expected = expected.relu() if settings.get("relu") else expected
    assert torch.equal(convolve(colour_image, Filter(kernel=EDGE, **settings)), expected)


def test_the_component_gets_strict_json_with_the_map_in_it() -> None:
    data = component_data(COUNT, Filter(kernel=((1, 2), (3, 4)), bias=1.0))
    assert json.loads(json.dumps(data, allow_nan=False))["output"] == [[38, 48], [68, 78]]
    assert data["pixels"] == COUNT.tolist()
    assert (data["output_height"], data["output_width"]) == (2, 2)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_components_numbers_give_its_output_at_every_place(settings: dict, colour_image: Tensor) -> None:
    data = component_data(colour_image, Filter(kernel=EDGE, **settings))
    pad = data["padding"]
    padded = np.pad(np.array(data["pixels"]), ((0, 0), (pad, pad), (pad, pad)))
    weight, step, gap = np.array(data["weights"]), data["stride"], data["dilation"]
    for row, line in enumerate(data["output"]):
        for column, value in enumerate(line):
            window = padded[:, row * step :, column * step :][:, : 3 * gap : gap, : 3 * gap : gap]
            total = (window * weight).sum() / data["divisor"] + data["bias"]
            total = max(total, 0) if data["relu"] else total
            assert total == pytest.approx(value, abs=1e-4)  # rounded to four digits, nothing before it


def test_the_components_numbers_have_the_digits_that_are_multiplied(colour_image: Tensor) -> None:
    data = component_data(colour_image, Filter(kernel=((1, 2), (3, 0.3333)), divide_by_sum=True))
    assert np.array_equal(np.round(data["pixels"], 2), data["pixels"])
    assert np.array(data["weights"])[0].tolist() == [[1, 2], [3, 0.3333]]
    assert data["divisor"] == pytest.approx(3 * 6.3333, abs=1e-4)
    assert component_data(colour_image, Filter(kernel=EDGE))["divisor"] == 1


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (((1, 2), (3,)), "gaps or uneven rows"),
        (((1, None), (3, 4)), "finite numbers only|gaps"),
        (((1, float("nan")), (3, 4)), "finite numbers only"),
        (((1, 2, 3), (4, 5, 6)), "this one is 2×3"),
        (np.ones((8, 8)), "this one is 8×8"),
        (np.ones((3, 2, 2)), "made for 3 channels, the picture has 1"),
    ],
)
def test_a_grid_that_is_no_kernel_is_refused(kernel, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        weights(kernel, 1)


def test_a_kernel_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(ConfigError, match="kernel 5 does not fit a 3×3 map"):
        convolve(COUNT, Filter(kernel=np.ones((5, 5))))


def test_each_view_takes_its_channel_of_the_photo() -> None:
    photo = Image.new("RGB", (4, 3), (51, 102, 255))
    values = {view: picture(photo, view).mean((1, 2)).tolist() for view in VIEWS}
    assert values["rgb"] == pytest.approx([0.2, 0.4, 1.0])
    assert [values[view][0] for view in ("red", "green", "blue")] == pytest.approx(values["rgb"])
    assert values["grey"][0] == pytest.approx(0.299 * 0.2 + 0.587 * 0.4 + 0.114, abs=0.004)


def test_a_large_photo_is_shrunk_with_its_shape_kept() -> None:
    assert picture(Image.new("RGB", (400, 200)), "rgb", max_side=100).shape == (3, 50, 100)


def test_an_unknown_view_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no view 'gray'; there is grey, red, green, blue, rgb"):
        picture(Image.new("RGB", (2, 2)), "gray")


def test_showing_a_map_clips_stretches_or_colours_it() -> None:
    values = torch.tensor([[-1.0, 0.5, 3.0]])
    assert show(values, mode="clip")[0, :, 0].tolist() == [0, 128, 255]
    assert show(values, mode="stretch")[0, :, 0].tolist() == [0, 96, 255]  # (0.5 + 1) / 4 · 255 = 95.6
    signed = show(values, mode="signed")
    assert signed[0, 0, 2] > signed[0, 0, 0]  # negative: blue
    assert signed[0, 2, 0] > signed[0, 2, 2]  # positive: orange


def test_a_bright_rim_does_not_pale_a_signed_map() -> None:
    values = torch.full((20, 20), 0.1)
    values[0, :3] = 50.0
    assert (show(values, mode="signed")[10, 10] == show(values, mode="signed")[0, 0]).all()


def test_a_signed_map_that_is_nearly_all_zero_is_still_shown() -> None:
    values = torch.zeros(20, 20)
    values[0, 0] = -1.0
    picture = show(values, mode="signed")
    assert (picture[0, 0] != picture[1, 1]).any()


def test_a_flat_map_can_be_stretched() -> None:
    assert (show(torch.full((2, 2), 0.2), mode="stretch") == 51).all()


def test_a_picture_is_shown_in_its_own_colours() -> None:
    assert show_picture(torch.tensor([0.0, 0.2, 1.0]).view(3, 1, 1)).tolist() == [[[0, 51, 255]]]


def test_a_kernel_that_adds_up_to_zero_but_for_rounding_is_not_divided() -> None:
    kernel = ((0.1, 0.2), (-0.3, 0.0))
    assert torch.equal(weights(kernel, 3, divide_by_sum=True), weights(kernel, 3))
