"""Occlusion: a square of one colour at every place, and which is the smallest that turns the answer."""

import pytest
import torch
from torch import nn

from core.explain.doubt.hiding import FILLINGS, Filling, filling_value, hide, sides, until_none_turns
from core.models.input_format import InputFormat, denormalise
from tests.core.explain.nets import assert_untouched, dense, fingerprint

FORMAT = InputFormat(channels=1, size=4, mean=(0.5,), std=(0.25,))
WHITE = torch.full((1, 1, 4, 4), 2.0)  # (1 − 0.5) / 0.25


class Kept(nn.Module):
    """Class 0 has the sum of the first pixel times 4, class 1 always 1; all pictures that were asked about are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x)
        return torch.stack([4 * x[:, 0, 0, 0], torch.ones(len(x))], 1)


def test_the_answer_falls_where_the_pixel_that_counts_is_hidden_and_nowhere_else() -> None:
    found = hide(Kept(), WHITE, FORMAT, side=2)
    assert found.starts == (0, 1, 2)
    assert (found.start, found.side) == (0, 2)
    before, hidden = torch.tensor([8.0, 1]).softmax(0), torch.tensor([0.0, 1]).softmax(0)
    torch.testing.assert_close(found.before, before)
    torch.testing.assert_close(found.after[0, 0], hidden)
    assert found.falls[0, 0] == before[0] - hidden[0]
    assert not found.falls.flatten()[1:].any()
    assert found.worst == (0, 0)
    assert found.turned.tolist() == [[True, False, False], [False] * 3, [False] * 3]


@pytest.mark.parametrize(("filling", "value"), [("mean", 0.0), ("black", -2.0), ("white", 2.0)])
def test_the_square_has_its_colour_and_the_rest_stays(filling: Filling, value: float) -> None:
    model = Kept()
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    hide(model, picture, FORMAT, side=3, filling=filling)
    shown = torch.cat(model.seen[1:])
    assert len(shown) == 4
    expected = picture[0].clone()
    expected[:, 1:4, 0:3] = value
    assert torch.equal(shown[2], expected)  # row 1, column 0
    assert torch.equal(picture, torch.arange(16.0).view(1, 1, 4, 4))
    shade = filling_value(filling, FORMAT)
    assert denormalise(torch.full((1, 1, 1, 1), value), FORMAT).flatten().tolist() == shade.tolist()


@pytest.mark.parametrize("size", [8, 28, 32, 96, 128])
def test_squares_of_every_size_leave_no_pixel_out(size: int) -> None:
    format = InputFormat(channels=1, size=size, mean=(0.5,), std=(0.25,))
    tried = sides(size)
    assert list(tried) == sorted(set(tried), reverse=True)
    for side in tried:
        found = hide(
            nn.Sequential(nn.Flatten(), nn.Linear(size * size, 2)), torch.rand(1, 1, size, size), format, side=side
        )
        covered = {pixel for start in found.starts for pixel in range(start, start + side)}
        assert covered == set(range(size))
        assert found.after.shape == (len(found.starts), len(found.starts), 2)


def test_squares_are_tried_down_to_the_first_that_turns_the_answer_nowhere() -> None:
    # Class 0 needs one of two pixels: a square of 1 hides one, a square of 2 both.
    model = nn.Sequential(nn.Flatten(), dense([[1, 1, *[0] * 14], [0, 0, *[0] * 13, 1]])).eval()
    tried = [hide(model, WHITE, FORMAT, side=side) for side in (2, 1)]
    assert [bool(one.turned.any()) for one in tried] == [True, False]
    assert until_none_turns(tried) == tried
    assert until_none_turns(tried[1:] + tried) == tried[1:]


def test_the_network_is_left_alone() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)).eval()
    before = fingerprint(model)
    hide(model, WHITE, FORMAT, side=2, mirrored=True)
    assert_untouched(model, before)


def test_every_filling_has_its_colour() -> None:
    colour = InputFormat(channels=3, size=4, mean=(0.1, 0.2, 0.3), std=(1.0,) * 3)
    torch.testing.assert_close(
        torch.stack([filling_value(filling, colour) for filling in FILLINGS]),
        torch.tensor([[0.1, 0.2, 0.3], [0.0] * 3, [1.0] * 3]),
    )
