"""Adversarial examples: what is changed, by how much at most, and what a network that can be worked out makes of it."""

import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.explain.doubt.fooling import BOUNDS, fool
from core.models.input_format import InputFormat, normalise
from tests.core.explain.nets import assert_untouched, dense, fingerprint, registered

FORMAT = InputFormat(channels=1, size=2, mean=(0.5,), std=(0.25,))
LEVELS = torch.tensor([[[[100.0, 100.0], [100.0, 1.0]]]]) / 255


def linear(rows: list[list[float]]) -> nn.Module:
    return nn.Sequential(nn.Flatten(), dense(rows)).eval()


def batch() -> torch.Tensor:
    return normalise(LEVELS, FORMAT)


def test_every_pixel_goes_against_its_weight_as_far_as_the_bound() -> None:
    # Normalised the picture is (−0.43, −0.43, −0.43, −1.98), so class 0 has 1.98 and class 1 nothing.
    found = fool(linear([[1, -1, 0, -1], [0, 0, 0, 0]]), batch(), FORMAT)
    assert (found.start, found.target) == (0, None)
    for place, bound in enumerate(BOUNDS):
        assert found.difference(place).flatten().tolist() == [-bound, bound, 0, bound]
    assert found.changed.dtype == torch.uint8


def test_every_pixel_goes_with_the_weight_of_the_target() -> None:
    # Class 1, which has −29, is to win over class 0, which has −1.98: weights 9 − 1, 9 + 1, 9, 9 − 1.
    found = fool(linear([[1, -1, 0, 1], [9, 9, 9, 9]]), batch(), FORMAT, target=1)
    assert (found.start, found.target) == (0, 1)
    assert found.difference(4).flatten().tolist() == [16, 16, 16, 16]


def test_no_pixel_leaves_what_a_picture_can_hold() -> None:
    # Class 0 would fall further if the first pixel were darker than black, and the second brighter than white.
    picture = normalise(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), FORMAT)
    found = fool(linear([[1, -1, 0, 0], [0, 0, 5, -5]]), picture, FORMAT)
    assert found.start == 0
    assert found.difference(4).flatten().tolist() == [0, 0, 16, -16]


def test_probabilities_are_those_of_the_pictures_that_are_shown() -> None:
    model = linear([[1, -1, 0.5, -1], [0, 0, 0, 0]])
    found = fool(model, batch(), FORMAT)
    shown = normalise(found.changed.float() / 255, FORMAT)
    torch.testing.assert_close(found.after, model(shown).detach().softmax(1))
    torch.testing.assert_close(found.before, model(batch()).detach().softmax(1)[0])


def test_a_larger_bound_never_makes_the_answer_surer_and_random_changes_hardly_move_it() -> None:
    torch.manual_seed(0)
    format = InputFormat(channels=1, size=28, mean=(0.5,), std=(0.25,))
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 3)).eval()
    picture = normalise(torch.rand(1, 1, 28, 28), format)
    found = fool(model, picture, format)
    chances = [float(found.before[found.start]), *found.after[:, found.start].tolist()]
    assert chances == sorted(chances, reverse=True)
    assert found.turned is not None
    assert all(noise > after for noise, after in zip(found.noise[1:], found.after[1:, found.start], strict=True))


def test_what_was_found_within_a_bound_is_not_lost_within_a_larger_one() -> None:
    """A network whose answer falls over a narrow valley that large steps jump across."""

    class Valley(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            away = (x[:, 0, 0, 0] - x[:, 0, 1, 0]).abs()  # 3 grey levels at first
            return torch.stack([10 * away, torch.zeros_like(away)], 1)

    levels = torch.tensor([[[[103.0, 0.0], [100.0, 0.0]]]]) / 255
    found = fool(Valley(), normalise(levels, FORMAT), FORMAT)
    chances = found.after[:, 0].tolist()
    assert chances == sorted(chances, reverse=True)


def test_an_answer_that_is_certain_to_all_its_digits_still_falls() -> None:
    found = fool(linear([[-90, 0, 0, -90], [0, 0, 0, 0]]), batch(), FORMAT)
    assert float(found.before[0]) == 1.0
    assert found.difference(4).flatten().tolist() == [16, 0, 0, 16]


def test_what_is_kept_never_is_worse_than_no_change() -> None:
    found = fool(linear([[0, 0, 0, 0], [0, 0, 0, 0]]), batch(), FORMAT)
    assert not found.difference(4).any()
    assert found.turned is None


def test_turned_names_the_smallest_bound() -> None:
    picture = torch.full((1, 1, 2, 2), 124 / 255)  # the middle, from which class 1 wins, lies 3.5 levels above
    assert fool(linear([[-1, 0, 0, 0], [0, 0, 0, 0]]), normalise(picture, FORMAT), FORMAT).turned == 4


def test_a_target_that_is_not_reached_has_not_turned() -> None:
    dark = normalise(torch.full((1, 1, 2, 2), 64 / 255), FORMAT)  # class 1 wins from the middle on, 63.5 levels above
    found = fool(linear([[-9, 0, 0, 0], [0, 0, 0, 0], [-8, 0, 0, 0]]), dark, FORMAT, target=1)
    assert found.turned is None
    assert not found.has_turned(4)


@pytest.mark.parametrize(
    ("target", "sentence"), [(5, "no class 5; this network has 2"), (0, "gives this class already")]
)
def test_a_target_that_makes_no_sense_is_refused(target: int, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        fool(linear([[-1, 0, 0, 0], [0, 0, 0, 0]]), batch(), FORMAT, target=target)


@pytest.mark.parametrize(("name", "mirrored"), [("lenet", True), ("strided_cnn", False), ("simple_nn", False)])
def test_a_network_is_left_alone_with_its_mirror_images_or_without(name: str, mirrored: bool) -> None:
    model, channels, size = registered(name)
    before = fingerprint(model)
    format = InputFormat(channels=channels, size=size, mean=(0.5,) * channels, std=(0.25,) * channels)
    picture = normalise(torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(0)), format)
    with torch.inference_mode():
        found = fool(model, picture, format, mirrored=mirrored)
    assert found.changed.shape == (len(BOUNDS), channels, size, size)
    largest = [int(found.difference(place).abs().max()) for place in range(len(BOUNDS))]
    assert all(0 < most <= bound for most, bound in zip(largest, BOUNDS, strict=True))
    assert_untouched(model, before)
