"""A setting that is on and changes nothing on the screen is told, with the reason; one that does is not."""

import numpy as np
import pytest
import torch

from core.explain.convolution.convolve import Mode, convolve, show
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.unseen import unseen

OFF = {"divide_by_sum": False, "bias": 0.0, "stride": 1, "padding": 0, "dilation": 1, "relu": False}
MODES: tuple[Mode, ...] = ("clip", "stretch", "signed")


def picture(channels: int = 1) -> torch.Tensor:
    return torch.rand(channels, 24, 32, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_is_off_is_told(mode: Mode) -> None:
    assert unseen(picture(), PRESETS["vertical_edges"].kernel, mode, OFF) == ()


def test_relu_on_a_photo_says_that_all_below_zero_is_black_anyway() -> None:
    (said,) = unseen(picture(), PRESETS["vertical_edges"].kernel, "clip", OFF | {"relu": True})
    assert "all below 0 is black anyway" in said
    assert unseen(picture(), PRESETS["vertical_edges"].kernel, "signed", OFF | {"relu": True}) == ()


@pytest.mark.parametrize("mode", MODES)
def test_relu_behind_a_blur_says_that_nothing_lies_below_zero(mode: Mode) -> None:
    (said,) = unseen(picture(), PRESETS["gaussian"].kernel, mode, OFF | {"relu": True})
    assert said == "ReLU changes nothing: no number lies below 0."


@pytest.mark.parametrize(("name", "total"), [("vertical_edges", "0"), ("sharpen", "1"), ("laplacian", "0")])
def test_a_sum_that_does_not_divide_says_what_it_is(name: str, total: str) -> None:
    (said,) = unseen(picture(), PRESETS[name].kernel, "clip", OFF | {"divide_by_sum": True})
    assert f"the weights add up to {total}" in said


@pytest.mark.parametrize("channels", [1, 3])
def test_a_stretched_picture_hides_the_sum_and_the_bias(channels: int) -> None:
    numbers = OFF | {"divide_by_sum": True, "bias": 0.4}
    said = unseen(picture(channels), PRESETS["box_blur"].kernel, "stretch", numbers)
    assert [sentence.split()[0:2] for sentence in said] == [["÷", "sum"], ["The", "bias"]]
    assert unseen(picture(channels), PRESETS["box_blur"].kernel, "clip", numbers) == ()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("setting", ["relu", "divide_by_sum", "bias"])
def test_what_is_told_and_only_that_changes_nothing(name: str, mode: Mode, setting: str) -> None:
    numbers = OFF | {setting: 0.25 if setting == "bias" else True}
    image, kernel = picture(3), PRESETS[name].kernel
    on, off = (show(convolve(image, kernel, **one), mode=mode).astype(int) for one in (numbers, OFF))
    assert bool(unseen(image, kernel, mode, numbers)) == (np.abs(on - off).max() <= 1)
