from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import ConfigError
from core.explain.convolution.code import code
from core.explain.convolution.convolve import VIEWS, Filter, convolve, picture
from core.explain.convolution.kernels import PRESETS, preset

SETTINGS = (
    {},
    {"padding": 1, "divide_by_sum": True},
    {"stride": 2, "padding": 2, "dilation": 2, "bias": -0.1, "relu": True, "max_side": 20},
)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


def run(source: str) -> dict:
    names: dict = {}
    exec(source, names)
    return names


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("view", VIEWS)
def test_the_code_gives_the_same_picture_to_the_last_bit(view: str, settings: dict, photo: Path) -> None:
    kernel = ((1, 2.5, 0.1), (-0.3, 0, 4), (0, -1, 1))
    options = dict(settings)
    side, sliding = options.pop("max_side", None), Filter(kernel=kernel, **options)
    names = run(code(sliding, view=view, max_side=side, photo=photo.as_posix()))
    expected = convolve(picture(Image.open(photo), view, max_side=side), sliding)
    assert torch.equal(names["output"][0, 0], expected)
    assert torch.equal(names["same"][0, 0], expected)


def test_the_code_can_have_one_kernel_a_channel(photo: Path) -> None:
    kernel = np.random.default_rng(1).normal(size=(3, 2, 2))
    names = run(code(Filter(kernel=kernel), view="rgb", photo=photo.as_posix()))
    assert torch.equal(names["same"][0, 0], convolve(picture(Image.open(photo), "rgb"), Filter(kernel=kernel)))


@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_every_preset_runs(name: str, photo: Path) -> None:
    chosen = preset(name, PRESETS[name].sizes[-1])
    names = run(code(Filter(kernel=chosen.kernel, divide_by_sum=chosen.divide_by_sum), photo=photo.as_posix()))
    expected = convolve(picture(Image.open(photo)), Filter(kernel=chosen.kernel, divide_by_sum=chosen.divide_by_sum))
    assert torch.equal(names["output"][0, 0], expected)


def test_the_kernel_stands_in_the_code_as_it_was_typed() -> None:
    assert "    [ 0.1, -2.0],\n    [ 3.0,  0.0],\n" in code(Filter(kernel=((0.1, -2), (3, 0))))


def test_a_photo_on_its_side_is_turned_upright_as_the_page_does(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # orientation: turn by 90°
    path = tmp_path / "side.png"
    Image.new("RGB", (8, 5)).save(path, exif=exif)
    assert run(code(Filter(kernel=((1,),)), photo=path.as_posix()))["output"].shape == (1, 1, 8, 5)


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ConfigError, match="no view 'alpha'"):
        code(Filter(kernel=((1,),)), view="alpha")
