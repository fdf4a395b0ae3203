import numpy as np
import pytest
import torch

from core.explain.drawing.colours import DIVERGING, SEQUENTIAL, colour_bar, colour_map, lightness


def test_zero_in_a_signed_map_is_the_middle_of_the_scale() -> None:
    picture = colour_map(np.array([[-2.0, 0.0, 1.0]]))
    assert (picture[0, 1] == DIVERGING[126]).all()
    assert lightness(picture)[0, 1] > 0.95


def test_signed_maps_give_their_largest_magnitude_the_full_colour() -> None:
    picture = colour_map(np.array([[-2.0, 0.0, 1.0]]))
    assert (picture[0, 0] == DIVERGING[0]).all()
    assert (picture[0, 2] == DIVERGING[126 + 63]).all()  # half way: 0.5 · 126 = 63


def test_maps_without_a_negative_number_run_from_dark_to_bright() -> None:
    picture = colour_map(torch.tensor([[0.0, 3.0]]))
    assert (picture[0] == SEQUENTIAL[[0, -1]]).all()


def test_a_flat_zero_map_is_drawn_as_zero() -> None:
    assert (colour_map(np.zeros((2, 2))) == SEQUENTIAL[0]).all()


def test_values_past_the_limit_and_missing_ones_are_drawn_too() -> None:
    picture = colour_map(np.array([[9.0, np.inf, np.nan]]), signed=False, limit=1.0)
    assert (picture[0] == SEQUENTIAL[[-1, -1, 0]]).all()


def test_the_sequential_scale_becomes_lighter_all_the_way_at_an_even_pace() -> None:
    steps = np.diff(lightness(SEQUENTIAL)[::15])
    assert len(steps) == 16
    assert steps.min() > 0.02
    assert steps.max() < 0.09


def test_both_sides_of_zero_are_about_as_dark() -> None:
    light = lightness(DIVERGING)
    assert len(DIVERGING) == 253
    assert np.abs(light[::-1] - light).max() < 0.08


def test_both_sides_of_zero_differ_for_readers_who_see_no_red_or_no_green() -> None:
    # Such readers keep the blue-yellow contrast: on one side blue must lead, on the other red and green.
    blue_lead = DIVERGING.astype(int)[:, 2] - DIVERGING.astype(int)[:, :2].mean(axis=1)
    assert (blue_lead[:100] > 10).all()
    assert (blue_lead[-100:] < -10).all()


@pytest.mark.parametrize("signed", [True, False])
def test_the_legend_has_the_size_asked_for_and_both_ends(signed: bool) -> None:
    bar = colour_bar(signed=signed, width=50, height=4)
    table = DIVERGING if signed else SEQUENTIAL
    assert bar.shape == (4, 50, 3)
    assert (bar[:, 0] == table[0]).all()
    assert (bar[:, -1] == table[-1]).all()
