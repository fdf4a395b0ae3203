"""The first picture of a fresh server is the one that PyTorch makes, and needs no PyTorch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigError
from core.explain.convolution.convolve import Filter, convolve, picture, show, show_picture
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.without_torch import grey_picture, pixels, slide

ROOT = Path(__file__).parents[4]
KERNEL = PRESETS["sobel_x"].kernel


@pytest.fixture
def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (90, 130, 3), dtype=np.uint8))


def test_it_is_what_pytorch_makes_of_the_same_photo(photo: Image.Image) -> None:
    mine, theirs = grey_picture(photo, max_side=64), picture(photo, max_side=64)
    assert np.array_equal(mine, theirs[0].numpy())
    found = convolve(theirs, Filter(kernel=KERNEL))
    np.testing.assert_allclose(slide(mine, KERNEL), found.numpy(), atol=1e-5)
    assert np.array_equal(pixels(mine), show_picture(theirs))
    assert np.abs(pixels(slide(mine, KERNEL)).astype(int) - show(found)).max() <= 1  # halves are rounded either way


def test_a_picture_smaller_than_the_kernel_is_a_sentence() -> None:
    with pytest.raises(ConfigError):
        slide(grey_picture(Image.new("RGB", (2, 90)), max_side=64), KERNEL)


def test_the_first_result_imports_no_pytorch() -> None:
    code = "import sys; import pages.home._start.first_result, pages._ui.choose.photo; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False"]
