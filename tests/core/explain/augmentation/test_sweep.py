"""The confidence curve: each sweep is at rest where the picture is, and the network answers as it does anywhere."""

import pytest
import torch
from torch import Tensor, nn

from core.explain.augmentation.sweep import SWEEPS, Curve, curve, swept
from core.models.input_format import InputFormat, normalise
from core.transforms import transforms

FORMAT = InputFormat(channels=3, size=16, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.2))


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SWEEPS)
def test_at_rest_the_picture_is_as_it_was_and_beside_it_only_a_little_different(name: str, image: Tensor) -> None:
    sweep = SWEEPS[name]
    assert sweep.values[sweep.resting] == pytest.approx(sweep.rest)
    pictures = swept(image, sweep)
    assert pictures.shape == (sweep.count, 3, 16, 16)
    assert torch.equal(pictures[sweep.resting], image)
    value = torch.tensor([sweep.values[sweep.resting]], dtype=torch.float32)
    untouched = sweep.change(image[None].clone(), value, 1.0)  # the transform itself, at rest
    assert float((untouched - image).abs().max()) < 1e-4  # what interpolation rounds
    assert not torch.equal(pictures[0], pictures[-1])
    assert float(pictures.min()) >= 0
    assert float(pictures.max()) <= 1 + 1e-6


def test_half_a_turn_is_two_flips_and_a_shift_moves_whole_pixels(image: Tensor) -> None:
    assert torch.allclose(swept(image, SWEEPS["angle"])[0], image.flip(-1, -2), atol=1e-4)
    shift = SWEEPS["right"]
    moved = swept(image, shift)[shift.values.index(25.0)]  # a quarter of 16 pixels
    assert torch.allclose(moved[:, :, 4:], image[:, :, :-4], atol=1e-4)
    assert float(moved[:, :, :3].max()) == pytest.approx(0, abs=1e-4)


def test_twice_as_large_a_picture_is_blurred_by_twice_as_many_pixels() -> None:
    blur = SWEEPS["blur"]
    dot = torch.zeros(1, 65, 65)
    dot[0, 32, 32] = 1
    place = blur.values.index(1.0)
    small, large = swept(dot, blur)[place], swept(dot, blur, scale=2.0)[place]
    assert float(small[0, 32, 32] / large[0, 32, 32]) == pytest.approx(4, rel=0.05)


def test_a_networks_curve_is_what_it_answers_to_each_picture(image: Tensor) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4)).eval()
    pictures = swept(image, SWEEPS["angle"])
    found = curve(model, pictures, FORMAT, SWEEPS["angle"])
    with torch.no_grad():
        expected = model(normalise(pictures, FORMAT)).softmax(1)
    assert torch.allclose(found.probabilities, expected, atol=1e-6)
    assert found.answers == expected.argmax(1).tolist()
    mirrored = curve(model, pictures, FORMAT, SWEEPS["angle"], mirrored=True)
    with torch.no_grad():
        both = (model(normalise(pictures, FORMAT)) + model(normalise(pictures.flip(-1), FORMAT))) / 2
    assert torch.allclose(mirrored.probabilities, both.softmax(1), atol=1e-6)


def test_it_breaks_at_the_first_other_answer_on_either_side() -> None:
    sweep = SWEEPS["angle"]
    answers = torch.zeros(sweep.count, dtype=torch.int64)
    rest = sweep.resting
    answers[rest + 3], answers[rest + 4], answers[rest - 5] = 1, 0, 2
    found = Curve(sweep=sweep, probabilities=nn.functional.one_hot(answers, 3).float())
    assert found.first == 0
    assert found.breaks() == (rest - 5, rest + 3)
    assert sweep.words(sweep.values[rest - 5]) == "−50°"
    still = Curve(sweep=sweep, probabilities=torch.ones(sweep.count, 1))
    assert still.breaks() == (None, None)


def test_a_value_lies_in_what_its_transform_can_draw_or_is_said_to_go_beyond() -> None:
    assert {"rotation", "affine", "resized_crop", "colour_jitter", "blur", "erasing"} <= set(transforms)
    assert SWEEPS["angle"].values[0] == -180
    assert all(len(set(sweep.values)) == sweep.count for sweep in SWEEPS.values())
