"""A setting that is on and changes nothing on the screen is told, with the reason; one that does is not."""

from typing import Any

import numpy as np
import pytest
import torch

from core.explain.convolution.convolve import Filter, Mode, convolve, show
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.unseen import unseen

MODES: tuple[Mode, ...] = ("clip", "stretch", "signed")


def picture(channels: int = 1) -> torch.Tensor:
    return torch.rand(channels, 24, 32, generator=torch.Generator().manual_seed(2))


def made(name: str, **settings: Any) -> Filter:
    return Filter(kernel=PRESETS[name].kernel, **settings)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_is_off_is_told(mode: Mode) -> None:
    assert unseen(picture(), made("vertical_edges"), mode) == ()


def test_relu_on_a_photo_says_that_all_below_zero_is_black_anyway() -> None:
    (said,) = unseen(picture(), made("vertical_edges", relu=True), "clip")
    assert "all below 0 is black anyway" in said
    assert unseen(picture(), made("vertical_edges", relu=True), "signed") == ()


@pytest.mark.parametrize("mode", MODES)
def test_relu_behind_a_blur_says_that_nothing_lies_below_zero(mode: Mode) -> None:
    (said,) = unseen(picture(), made("gaussian", relu=True), mode)
    assert said == "ReLU changes nothing: no number lies below 0."


@pytest.mark.parametrize(("name", "total"), [("vertical_edges", "0"), ("sharpen", "1"), ("laplacian", "0")])
def test_a_sum_that_does_not_divide_says_what_it_is(name: str, total: str) -> None:
    (said,) = unseen(picture(), made(name, divide_by_sum=True), "clip")
    assert f"the weights add up to {total}" in said


@pytest.mark.parametrize("channels", [1, 3])
def test_a_stretched_picture_hides_the_sum_and_the_bias(channels: int) -> None:
    sliding = made("box_blur", divide_by_sum=True, bias=0.4)
    said = unseen(picture(channels), sliding, "stretch")
    assert [sentence.split()[0:2] for sentence in said] == [["÷", "sum"], ["The", "bias"]]
    assert unseen(picture(channels), sliding, "clip") == ()


def test_rounding_never_hides_that_a_signed_picture_has_its_own_scale() -> None:
    random = torch.Generator().manual_seed(0)
    for _time in range(60):
        image = torch.randint(0, 256, (1, 24, 24), generator=random) / 255
        assert unseen(image, Filter(kernel=torch.ones(3, 3), divide_by_sum=True), "signed")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("setting", ["relu", "divide_by_sum", "bias"])
def test_what_is_told_and_only_that_changes_nothing(name: str, mode: Mode, setting: str) -> None:
    image, sliding = picture(3), made(name, **{setting: 0.25 if setting == "bias" else True})
    on, off = (show(convolve(image, one), mode=mode).astype(int) for one in (sliding, made(name)))
    assert bool(unseen(image, sliding, mode)) == (np.abs(on - off).max() <= 1)
