"""Augmentation: each image has values of its own, exact pixels given them, torchvision's distribution."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from core.config import AugmentationStep
from core.errors import ConfigError
from core.transforms import COURSE_CHAIN, Chain, chain_code, chain_from_json, chain_json, transforms


def images(count: int = 4, side: int = 12, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(1))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def apply(name: str, batch: torch.Tensor, drawn: dict[str, list[float]], **settings: object) -> torch.Tensor:
    values = {key: torch.tensor(value) for key, value in drawn.items()}
    defaults = {setting.name: setting.default for setting in transforms[name].settings}
    return transforms[name].apply(batch, values, **(defaults | settings))


@pytest.mark.parametrize("name", transforms)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_range_and_type_stay(name: str, channels: int) -> None:
    batch = images(channels=channels)
    out = Chain([AugmentationStep(name=name)])(batch, generator())
    assert out.shape == batch.shape
    assert out.dtype == torch.float32
    assert out.min() >= -1e-6  # bilinear weights sum to one within rounding
    assert out.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", transforms)
def test_the_same_generator_draws_the_same(name: str) -> None:
    chain = Chain([AugmentationStep(name=name, probability=0.5)])
    assert torch.equal(chain(images(), generator(3)), chain(images(), generator(3)))


@pytest.mark.parametrize("name", transforms)
def test_the_batch_that_is_given_is_not_changed(name: str) -> None:
    batch = images()
    before = batch.clone()
    Chain([AugmentationStep(name=name, probability=0.5)])(batch, generator())
    assert torch.equal(batch, before)


@pytest.mark.parametrize("name", transforms)
def test_probability_zero_changes_nothing(name: str) -> None:
    assert torch.equal(Chain([AugmentationStep(name=name, probability=0.0)])(images(), generator()), images())


@pytest.mark.parametrize(
    "name", [name for name in transforms if name not in ("flip_horizontal", "flip_vertical", "greyscale")]
)
def test_each_image_of_a_batch_is_drawn_for_itself(name: str) -> None:
    batch = images(1).expand(6, -1, -1, -1).clone()
    out = Chain([AugmentationStep(name=name)])(batch, generator())
    assert any(not torch.equal(out[0], other) for other in out[1:])


@pytest.mark.parametrize("name", transforms)
def test_torchvisions_version_of_the_code_runs(name: str) -> None:
    code = chain_code([AugmentationStep(name=name, probability=0.5)], mean=(0.5,) * 3, std=(0.2,) * 3)
    names: dict[str, object] = {}
    exec(code, names)  # our own text, and it is the thing under test
    train = names["train_transform"]
    assert callable(train)
    assert train(torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)).shape == (3, 32, 32)


def test_the_code_for_test_images_has_no_augmentation() -> None:
    code = chain_code(COURSE_CHAIN, mean=(0.5,), std=(0.2,))
    assert "Random" not in code.split("test_transform")[1]
    assert "RandomHorizontalFlip" in code.split("test_transform")[0]


def test_a_crop_is_the_window_that_torchvision_cuts() -> None:
    batch = images(3)
    out = apply("crop", batch, {"down": [0.0, 3.0, 8.0], "right": [8.0, 4.0, 1.0]}, padding=4, border="black")
    padded = functional.pad(batch, [4, 4, 4, 4])
    for index, (down, right) in enumerate([(0, 8), (3, 4), (8, 1)]):
        assert torch.equal(out[index], functional.crop(padded[index], down, right, 12, 12))


def test_crops_fall_on_every_offset_equally_often() -> None:
    drawn = transforms["crop"].draw(20_000, generator(), padding=4)
    counts = torch.bincount((drawn["down"] * 9 + drawn["right"]).long(), minlength=81).float()
    chi_squared = ((counts - 20_000 / 81) ** 2 / (20_000 / 81)).sum().item()
    assert chi_squared < 124.8  # the 99.9 % point for 80 degrees of freedom


def test_our_crops_are_distributed_as_torchvisions_are() -> None:
    """Mark one pixel, crop many times with both, and compare where it lands (two-sample chi-squared)."""
    batch = torch.zeros(1, 1, 8, 8)
    batch[0, 0, 4, 4] = 1
    many = 2000
    ours = Chain([AugmentationStep(name="crop", settings={"padding": 2})])(batch.expand(many, -1, -1, -1), generator())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torch.stack([v2.RandomCrop(8, padding=2)(batch[0]) for _ in range(many)])
    a, b = ours.sum(0).flatten(), theirs.sum(0).flatten()
    landed = (a + b) > 0
    assert int(landed.sum()) == 25
    assert ((a - b)[landed] ** 2 / (a + b)[landed]).sum().item() < 51.2  # 99.9 % point, 24 degrees of freedom


def test_about_half_of_many_images_are_flipped() -> None:
    batch = torch.zeros(4000, 1, 1, 2)
    batch[..., 0] = 1
    flipped = Chain([AugmentationStep(name="flip_horizontal", probability=0.5)])(batch, generator())[:, 0, 0, 1].sum()
    assert abs(flipped.item() - 2000) < 4 * math.sqrt(1000)  # four standard deviations


def test_taking_turns_shows_every_image_once_either_way_round_in_two_epochs() -> None:
    batch, indices = images(40), torch.arange(100, 140)
    chain = Chain([AugmentationStep(name="flip_alternating")])
    first, second, third = (chain(batch, generator(), indices=indices, epoch=epoch) for epoch in range(3))
    for image, one, other in zip(batch, first, second, strict=True):
        assert torch.equal(one, image) != torch.equal(other, image)
        assert torch.equal(one.flip(-1), other)
    assert torch.equal(first, third)


def test_taking_turns_begins_with_half_of_the_images_mirrored() -> None:
    drawn = transforms["flip_alternating"].draw(50_000, generator(), indices=torch.arange(50_000), epoch=0)
    assert abs(drawn["mirrored"].mean().item() - 0.5) < 0.01


def test_a_crop_with_a_reflected_border_is_torchvisions() -> None:
    batch = images(2)
    out = apply("crop", batch, {"down": [0.0, 5.0], "right": [6.0, 1.0]}, padding=3, border="reflect")
    padded = functional.pad(batch, [3, 3, 3, 3], padding_mode="reflect")
    for index, (down, right) in enumerate([(0, 6), (5, 1)]):
        assert torch.equal(out[index], functional.crop(padded[index], down, right, 12, 12))


def test_a_reflected_border_wider_than_the_image_mirrors_it_again() -> None:
    batch = images(1)
    out = apply("crop", batch, {"down": [0.0], "right": [64.0]}, padding=32, border="reflect")
    padded = np.pad(batch.numpy(), [(0, 0), (0, 0), (32, 32), (32, 32)], mode="reflect")
    assert np.array_equal(out.numpy(), padded[:, :, :12, 64:76])


def test_a_flip_is_torchvisions() -> None:
    assert torch.equal(apply("flip_horizontal", images(), {}), functional.horizontal_flip(images()))
    assert torch.equal(apply("flip_vertical", images(), {}), functional.vertical_flip(images()))


@pytest.mark.parametrize("angle", [90.0, -30.0, 12.5])
def test_a_rotation_is_torchvisions(angle: float) -> None:
    expected = functional.rotate(images(1), angle, interpolation=v2.InterpolationMode.BILINEAR)
    assert torch.allclose(apply("rotation", images(1), {"angle": [angle]}), expected, atol=1e-4)


def test_an_affine_map_is_torchvisions() -> None:
    drawn = {"angle": [20.0], "right": [0.25], "down": [-0.125], "zoom": [1.2], "shear": [0.0]}
    expected = functional.affine(
        images(1, side=16), -20.0, [4, -2], 1.2, [0.0], interpolation=v2.InterpolationMode.BILINEAR
    )
    assert torch.allclose(apply("affine", images(1, side=16), drawn), expected, atol=1e-4)


def test_a_resized_crop_of_everything_is_the_image() -> None:
    out = apply("resized_crop", images(1), {"side": [1.0], "right": [0.0], "down": [0.0]})
    assert torch.allclose(out, images(1), atol=1e-5)


def test_a_resized_crop_of_a_quarter_is_that_quarter_enlarged() -> None:
    batch = torch.zeros(1, 1, 8, 8)
    batch[:, :, :4, 4:] = 1
    out = apply("resized_crop", batch, {"side": [0.5], "right": [0.25], "down": [-0.25]})
    assert torch.allclose(out[:, :, 2:6, 2:6], torch.ones(1, 1, 4, 4))


def test_no_distortion_leaves_the_perspective_alone() -> None:
    drawn = {f"{corner}_{axis}": [0.0] for corner in "abcd" for axis in "xy"}
    assert torch.allclose(apply("perspective", images(1), drawn), images(1), atol=1e-4)


def test_brightness_and_contrast_are_torchvisions() -> None:
    out = apply("colour_jitter", images(1), {"brightness": [1.3], "contrast": [0.6], "saturation": [1.4]})
    expected = functional.adjust_brightness(images(1), 1.3)
    expected = functional.adjust_saturation(functional.adjust_contrast(expected, 0.6), 1.4)
    assert torch.allclose(out, expected, atol=1e-5)


def test_greyscale_is_torchvisions() -> None:
    expected = functional.rgb_to_grayscale(images(), num_output_channels=3)
    assert torch.allclose(apply("greyscale", images(), {}), expected)


def test_a_blur_is_torchvisions() -> None:
    out = apply("blur", images(2), {"sigma": [0.5, 1.0]}, largest=1.0)
    for index, sigma in enumerate((0.5, 1.0)):
        expected = functional.gaussian_blur(images(2)[index : index + 1], [5, 5], [sigma, sigma])
        assert torch.allclose(out[index : index + 1], expected, atol=1e-5)


def test_erasing_blacks_out_one_rectangle_of_the_drawn_size() -> None:
    out = apply("erasing", torch.ones(1, 1, 10, 10), {"height": [0.5], "width": [0.2], "down": [0.0], "right": [1.0]})
    expected = torch.ones(1, 1, 10, 10)
    expected[:, :, :5, 8:] = 0
    assert torch.equal(out, expected)


def test_the_trace_names_what_was_drawn_for_each_image() -> None:
    chain = Chain([AugmentationStep(name="flip_horizontal", probability=0.5), AugmentationStep(name="crop")])
    out, values = chain.trace(images(8), generator())
    assert torch.equal(out, chain(images(8), generator()))
    flipped = ["1. flip_horizontal" in value for value in values]
    assert any(flipped)
    assert not all(flipped)
    assert all(set(value["2. crop"]) == {"down", "right"} for value in values)


def test_json_gives_the_same_chain_back() -> None:
    assert [step.name for step in chain_from_json(chain_json(COURSE_CHAIN))] == ["flip_horizontal", "crop"]


@pytest.mark.parametrize(
    "text", ["{", "3", '[{"name": "crop", "settings": {"padding": 99}}]', '[{"nme": "crop"}]', '[{"name": "warp"}]']
)
def test_json_that_is_no_chain_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        chain_from_json(text)
