"""From stored pixels to what a network receives, and back."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from core.models.input_format import (
    InputFormat,
    denormalise,
    measure_format,
    normalise,
    pixels,
    square,
    to_batch,
)

RGB = InputFormat(channels=3, size=4, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
GREY = InputFormat(channels=1, size=4, mean=(0.5,), std=(0.25,))


def test_bytes_become_numbers_between_zero_and_one() -> None:
    images = np.array([0, 51, 255, 255], dtype=np.uint8).reshape(1, 1, 2, 2)
    assert torch.allclose(to_batch(images, GREY).flatten(), torch.tensor([0.0, 0.2, 1.0, 1.0]))


def test_colour_becomes_grey_as_torchvision_does_it() -> None:
    images = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    expected = functional.rgb_to_grayscale(images.float() / 255)
    assert torch.allclose(to_batch(images, GREY), expected, atol=1e-4)  # torchvision's weights have three digits too


def test_grey_is_fed_to_a_colour_network_as_three_equal_channels() -> None:
    images = torch.randint(0, 256, (2, 1, 4, 4), dtype=torch.uint8)
    batch = to_batch(images, RGB)
    assert batch.shape == (2, 3, 4, 4)
    assert torch.equal(batch[:, 0], batch[:, 2])


def test_normalising_takes_the_mean_and_divides_by_the_std_of_each_channel() -> None:
    batch = torch.full((1, 3, 1, 1), 0.9)
    assert torch.allclose(normalise(batch, RGB).flatten(), torch.tensor([2.0, 2.0, 2.0]))


def test_denormalising_gives_the_image_back() -> None:
    batch = torch.rand(2, 3, 4, 4)
    assert torch.allclose(denormalise(normalise(batch, RGB), RGB), batch, atol=1e-6)  # float32 rounding


def test_the_centre_of_a_wide_photo_is_kept() -> None:
    image = Image.new("RGB", (30, 10), "red")
    image.paste((0, 0, 255), (10, 0, 20, 10))
    assert set(square(image, 10).getcolors() or []) == {(100, (0, 0, 255))}


def test_a_photo_for_a_grey_network_has_one_channel() -> None:
    assert pixels(Image.new("RGB", (8, 8), (0, 255, 0)), channels=1, size=4)[0, 0, 0] == pytest.approx(150, abs=1)


def test_the_measured_format_normalises_its_images_to_mean_zero_and_std_one() -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 3, 8, 8), dtype=np.uint8)
    measured = measure_format(images, channels=3)
    batch = normalise(to_batch(images, measured), measured)
    assert batch.mean().item() == pytest.approx(0, abs=1e-3)  # mean and std are rounded to four digits
    assert batch.std().item() == pytest.approx(1, abs=1e-3)
