"""Augmentation: each image has values of its own, exact pixels given them, torchvision's distribution."""

import itertools
import math
import re
from collections.abc import Sequence

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


def code_of(steps: Sequence[AugmentationStep], *, size: int = 32, channels: int = 3) -> str:
    return chain_code(steps, size=size, channels=channels, mean=(0.0,) * channels, std=(1.0,) * channels)


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


def test_the_course_chain_is_written_as_the_course_writes_it() -> None:
    code = code_of(COURSE_CHAIN, size=32)
    assert "    v2.RandomHorizontalFlip(p=0.5),\n    v2.RandomCrop(32, padding=4),\n    v2.Normalize(" in code


def test_the_code_for_test_images_has_no_augmentation() -> None:
    code = code_of(COURSE_CHAIN)
    assert "Random" not in code.split("test_transform")[1]
    assert "RandomHorizontalFlip" in code.split("test_transform")[0]


def test_a_crop_is_the_window_that_torchvision_cuts() -> None:
    batch = images(3)
    out = apply("crop", batch, {"down": [4.0, 1.0, -4.0], "right": [-4.0, 0.0, 3.0]}, padding=4, border="black")
    padded = functional.pad(batch, [4, 4, 4, 4])
    for index, (down, right) in enumerate([(0, 8), (3, 4), (8, 1)]):
        assert torch.equal(out[index], functional.crop(padded[index], down, right, 12, 12))


def test_crops_fall_on_every_offset_equally_often() -> None:
    drawn = transforms["crop"].draw(20_000, generator(), padding=4)
    counts = torch.bincount(((drawn["down"] + 4) * 9 + drawn["right"] + 4).long(), minlength=81).float()
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
    out = apply("crop", batch, {"down": [3.0, -2.0], "right": [-3.0, 2.0]}, padding=3, border="reflect")
    padded = functional.pad(batch, [3, 3, 3, 3], padding_mode="reflect")
    for index, (down, right) in enumerate([(0, 6), (5, 1)]):
        assert torch.equal(out[index], functional.crop(padded[index], down, right, 12, 12))


def test_a_reflected_border_wider_than_the_image_mirrors_it_again() -> None:
    batch = images(1)
    out = apply("crop", batch, {"down": [32.0], "right": [-32.0]}, padding=32, border="reflect")
    padded = np.pad(batch.numpy(), [(0, 0), (0, 0), (32, 32), (32, 32)], mode="reflect")
    assert np.array_equal(out.numpy(), padded[:, :, :12, 64:76])


def test_a_flip_is_torchvisions() -> None:
    assert torch.equal(apply("flip_horizontal", images(), {}), functional.horizontal_flip(images()))
    assert torch.equal(apply("flip_vertical", images(), {}), functional.vertical_flip(images()))


@pytest.mark.parametrize("angle", [90.0, -30.0, 12.5])
def test_a_rotation_is_torchvisions(angle: float) -> None:
    expected = functional.rotate(images(1), angle, interpolation=v2.InterpolationMode.BILINEAR, fill=0)
    assert torch.allclose(apply("rotation", images(1), {"angle": [angle]}), expected, atol=1e-4)


def test_an_affine_map_is_torchvisions() -> None:
    drawn = {"angle": [20.0], "right": [0.25], "down": [-0.125], "zoom": [1.2], "shear": [0.0]}
    expected = functional.affine(
        images(1, side=16), -20.0, [4, -2], 1.2, [0.0], interpolation=v2.InterpolationMode.BILINEAR
    )
    assert torch.allclose(apply("affine", images(1, side=16), drawn), expected, atol=1e-4)


def test_a_resized_crop_of_everything_is_the_image() -> None:
    out = apply("resized_crop", images(1), {"side": [1.0], "left": [0.9], "top": [0.9]})
    assert torch.allclose(out, images(1), atol=1e-5)


def test_a_resized_crop_is_torchvisions() -> None:
    drawn = transforms["resized_crop"].draw(20, generator(), smallest=0.1)
    batch = images(20, side=28)
    out = transforms["resized_crop"].apply(batch, drawn, smallest=0.1)
    for index in range(20):
        side = round(float(drawn["side"][index]) * 28)
        top, left = (int((28 - side + 1) * float(drawn[name][index])) for name in ("top", "left"))
        expected = functional.resized_crop(batch[index], top, left, side, side, [28, 28], antialias=True)
        assert torch.allclose(out[index], expected, atol=1e-4)


def test_a_perspective_shrinks_onto_black_as_torchvisions_does() -> None:
    drawn = transforms["perspective"].draw(20, generator(), distortion=0.5)
    out = transforms["perspective"].apply(torch.ones(20, 1, 32, 32), drawn, distortion=0.5)
    corners = ("upper_left", "upper_right", "lower_right", "lower_left")
    for index in range(20):
        x_in, y_in = ([int(float(drawn[f"{corner}_{axis}"][index]) * 9) for corner in corners] for axis in "xy")
        ends = [[x_in[0], y_in[0]], [31 - x_in[1], y_in[1]], [31 - x_in[2], 31 - y_in[2]], [x_in[3], 31 - y_in[3]]]
        starts = [[0, 0], [31, 0], [31, 31], [0, 31]]
        expected = functional.perspective(torch.ones(1, 32, 32), starts, ends, fill=0)
        assert torch.allclose(out[index], expected, atol=1e-4)
    assert (out[:, 0, 0, 0] < 1).any()  # a corner that has moved inward leaves black behind


def test_three_corners_on_one_line_give_black_and_not_nan() -> None:
    # inward of the upper left corner by 20 px to (20, 20); upper right (31, 9) and lower left (9, 31): one line
    drawn = {f"{corner}_{axis}": [0.0] for corner in ("lower_right", "upper_right", "lower_left") for axis in "xy"}
    drawn |= {"upper_left_x": [12 / 13], "upper_left_y": [12 / 13], "upper_right_x": [7 / 13], "lower_left_y": [7 / 13]}
    out = apply("perspective", torch.ones(1, 1, 32, 32), drawn, distortion=0.8)
    assert torch.isfinite(out).all()
    many = Chain([AugmentationStep(name="perspective", settings={"distortion": 0.8})])(
        images(1, side=32).expand(3000, -1, -1, -1), generator()
    )
    assert torch.isfinite(many).all()


def test_no_distortion_leaves_the_perspective_alone() -> None:
    corners = ("upper_left", "upper_right", "lower_right", "lower_left")
    drawn = {f"{corner}_{axis}": [0.0] for corner in corners for axis in "xy"}
    assert torch.allclose(apply("perspective", images(1), drawn), images(1), atol=1e-4)


JITTERS = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
}


@pytest.mark.parametrize(("number", "order"), list(enumerate(itertools.permutations(JITTERS))))
def test_jitters_are_torchvisions_in_every_order(number: int, order: tuple[str, ...]) -> None:
    factors = {"brightness": 1.6, "contrast": 0.6, "saturation": 1.4}
    drawn = {name: [1.0, factor] for name, factor in factors.items()}  # the first image stays as it is
    out = apply("colour_jitter", images(2), drawn | {"order": [0.0, float(number)]})
    expected = images(2)[1:]
    for name in order:
        expected = JITTERS[name](expected, factors[name])
    assert torch.allclose(out[1:], expected, atol=1e-5)
    assert torch.allclose(out[:1], images(2)[:1], atol=1e-5)


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


def test_the_trace_tells_what_was_done_to_each_image() -> None:
    chain = Chain([AugmentationStep(name="flip_horizontal", probability=0.5), AugmentationStep(name="crop")])
    out, applied = chain.trace(images(8), generator())
    assert torch.equal(out, chain(images(8), generator()))
    flipped = [steps[0].transform.name == "flip_horizontal" for steps in applied]
    assert any(flipped)
    assert not all(flipped)
    for picture, before, steps in zip(out, images(8), applied, strict=True):
        assert [step.transform.name for step in steps][-1] == "crop"
        mirrored = before.flip(-1) if len(steps) == 2 else before
        down, right = moves(steps[-1].text)
        assert torch.equal(picture, functional.affine(mirrored, 0, [right, down], 1.0, [0.0]))


def moves(text: str) -> tuple[int, int]:
    """Return what "… down +4 px, right −2 px …" says."""
    found = re.search(r"down ([+−]?\d+) px, right ([+−]?\d+) px", text)
    assert found is not None, text
    down, right = (int(number.replace("−", "-")) for number in found.groups())
    return down, right


def dot_after(name: str, seed: int, **settings: float) -> tuple[float, float, str]:
    """Draw one image with a bright spot in its middle; return how far the spot went, down and right, and the words."""
    side = 64
    places = torch.arange(side) - (side - 1) / 2
    spot = torch.exp(-(places.view(-1, 1) ** 2 + places**2) / 18)[None, None]
    chain = Chain([AugmentationStep(name=name, settings=settings)])
    out, applied = chain.trace(spot, generator(seed))
    share = out[0, 0] / out.sum()
    return float((share.sum(1) * places).sum()), float((share.sum(0) * places).sum()), applied[0][0].text


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("name", "settings", "pixels"),
    [
        ("crop", {"padding": 8}, 0.1),
        ("affine", {"degrees": 20.0, "translate": 0.1, "scale": 0.2, "shear": 10.0}, 0.4),
        ("resized_crop", {"smallest": 0.7}, 1.2),  # where its middle goes is told in whole pixels
    ],
)
def test_the_words_say_where_the_middle_of_the_picture_went(
    name: str, settings: dict[str, float], pixels: float, seed: int
) -> None:
    down, right, text = dot_after(name, seed, **settings)
    said = re.findall(r"(down|right) ([+−]?[\d.]+) px", text)
    assert [float(number.replace("−", "-")) for _, number in said] == pytest.approx([down, right], abs=pixels)


def test_words_of_every_transform_have_units_and_signs() -> None:
    said = {}
    for name, transform in transforms.items():
        settings = {setting.name: setting.default for setting in transform.settings}
        moment = {"indices": torch.zeros(1, dtype=torch.int64), "epoch": 0} if transform.takes_turns else {}
        drawn = transform.draw(1, generator(5), **moment, **settings)
        values = {key: float(value) for key, value in drawn.items()}
        said[name] = transform.tell(values, size=32, **settings)
    assert said["flip_horizontal"] == ""
    assert re.fullmatch(r"down [+−]?\d px, right [+−]?\d px", said["crop"])
    assert re.fullmatch(r"turned [+−]?\d+\.\d°", said["rotation"])
    assert re.fullmatch(
        r"down [+−]?\d\.\d px, right [+−]?\d\.\d px, turned [+−]?\d\.\d°, zoom ×\d\.\d\d", said["affine"]
    )
    assert re.fullmatch(r"corners \d to \d px inward", said["perspective"])
    assert re.fullmatch(r"\d+ px high and \d+ px wide, black from row \d+, column \d+", said["erasing"])
    assert re.fullmatch(r"σ \d\.\d\d px", said["blur"])
    assert said["colour_jitter"].count("×") == 3
    assert all(said[name] for name, transform in transforms.items() if transform.settings)


def test_a_turn_to_the_left_is_positive() -> None:
    upright = torch.zeros(1, 1, 9, 9)
    upright[:, :, 1, 4] = 1  # above the middle
    out = apply("rotation", upright, {"angle": [90.0]}, degrees=180.0)
    assert out[0, 0, 4, 1] == pytest.approx(1.0, abs=1e-3)  # to the left of it
    assert transforms["rotation"].tell({"angle": 90.0}, size=9, degrees=180.0) == "turned +90.0°"


def test_json_gives_the_same_chain_back() -> None:
    assert [step.name for step in chain_from_json(chain_json(COURSE_CHAIN))] == ["flip_horizontal", "crop"]


@pytest.mark.parametrize(
    "text", ["{", "3", '[{"name": "crop", "settings": {"padding": 99}}]', '[{"nme": "crop"}]', '[{"name": "warp"}]']
)
def test_json_that_is_no_chain_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        chain_from_json(text)
