import numpy as np
import pytest
import torch

from core.errors import ConfigError
from core.explain.drawing.colours import DIVERGING, FRAME, SEQUENTIAL
from core.explain.drawing.mosaic import SEPARATOR, full_colour, is_signed, mosaic, mosaic_grid, upscale


def at(picture: np.ndarray, grid, index: int) -> np.ndarray:
    """Return the pixels of one map of a mosaic."""
    x, y = grid.corner(index)
    return picture[y : y + grid.height * grid.zoom, x : x + grid.width * grid.zoom]


def test_each_number_becomes_a_sharp_square_of_one_colour() -> None:
    maps = torch.tensor([[[0.0, 1.0]]])
    grid = mosaic_grid(1, 1, 2, max_side=24)
    drawn = at(mosaic(maps, max_side=24), grid, 0)
    assert grid.zoom == 10
    assert (drawn[:, :10] == SEQUENTIAL[0]).all()
    assert (drawn[:, 10:] == SEQUENTIAL[-1]).all()


def test_everything_between_maps_is_the_separator() -> None:
    grid = mosaic_grid(3, 5, 4, max_side=100)
    picture = mosaic(torch.ones(3, 5, 4), max_side=100)
    for index in range(3):
        assert (at(picture, grid, index) == SEQUENTIAL[-1]).all()
        at(picture, grid, index)[:] = SEPARATOR
    assert (picture == SEPARATOR).all()


def test_the_mosaic_has_the_size_its_grid_says_and_stays_within_the_limit() -> None:
    for count, height, width in [(6, 28, 28), (64, 16, 16), (1, 7, 7), (10, 1, 1), (512, 2, 2), (5, 9, 31)]:
        grid = mosaic_grid(count, height, width)
        picture = mosaic(np.zeros((count, height, width)))
        assert picture.shape == (*grid.shape, 3)
        assert max(picture.shape) <= 960


def test_large_maps_are_never_shrunk() -> None:
    assert mosaic_grid(64, 112, 112, max_side=400).zoom == 1


def test_a_zoom_is_the_largest_that_fits() -> None:
    grid = mosaic_grid(64, 16, 16)
    assert (grid.columns, grid.rows, grid.zoom) == (8, 8, 7)  # 8·(16·7 + 2) + 2 = 914; zoom 8 would take 1042


def test_every_pixel_finds_its_map_again() -> None:
    grid = mosaic_grid(5, 3, 4, max_side=80)
    for index in range(5):
        x, y = grid.corner(index)
        assert grid.index_at(x, y) == grid.index_at(x + 4 * grid.zoom - 1, y + 3 * grid.zoom - 1) == index


@pytest.mark.parametrize("place", [(0, 0), (-5, 10), (10_000, 10), (10, 10_000)])
def test_a_click_between_maps_or_outside_finds_none(place: tuple[int, int]) -> None:
    assert mosaic_grid(4, 3, 3, max_side=80).index_at(*place) is None


def test_an_empty_last_cell_is_no_map() -> None:
    grid = mosaic_grid(3, 4, 4, columns=2)
    x, y = grid.corner(3)
    assert grid.index_at(x + 1, y + 1) is None


def test_columns_can_be_chosen() -> None:
    grid = mosaic_grid(18, 3, 3, columns=3)
    assert (grid.columns, grid.rows) == (3, 6)


def test_signed_maps_are_centred_on_zero() -> None:
    picture = mosaic(torch.tensor([[[-1.0, 0.0, 2.0]]]), max_side=7)
    assert (picture[2, 2:5] == DIVERGING[[63, 126, -1]]).all()  # −1 is half way: 0.5 / 2 · 252 = 63


def test_a_signed_layer_shows_even_its_positive_maps_zero_centred() -> None:
    picture = mosaic(torch.tensor([[[0.0]], [[-1.0]]]), max_side=4, columns=1)
    assert (picture[2, 2] == DIVERGING[126]).all()


@pytest.mark.parametrize(("scale", "entry"), [("map", 252), ("layer", 50), (10.0, 25)])
def test_the_scale_decides_what_gets_the_full_colour(scale: str | float, entry: int) -> None:
    maps = torch.tensor([[[1.0]], [[5.0]]])
    picture = mosaic(maps, scale=scale, max_side=4, columns=1)
    assert (picture[2, 2] == SEQUENTIAL[entry]).all()  # 1 of 1, of 5, of 10


def test_the_chosen_map_gets_a_frame_and_no_other() -> None:
    grid = mosaic_grid(2, 3, 3, columns=2)
    picture = mosaic(np.zeros((2, 3, 3)), columns=2, chosen=1)
    x, y = grid.corner(1)
    assert (picture[y - 1, x] == FRAME).all()
    assert (picture[y - 1, grid.corner(0)[0]] == SEPARATOR).all()
    assert (at(picture, grid, 1) == SEQUENTIAL[0]).all()


def test_no_maps_are_refused() -> None:
    with pytest.raises(ConfigError, match="There are 0 maps"):
        mosaic(np.zeros((0, 3, 3)))


def test_the_full_colour_stands_at_the_99th_percentile_of_all_layers() -> None:
    many = torch.arange(1, 1001) / 1000
    assert full_colour([many[:600].view(1, 20, 30), -many[600:].view(1, 20, 20)]) == pytest.approx(0.99, abs=0.002)
    assert full_colour([]) == 0


def test_one_outlier_does_not_bleach_the_scale() -> None:
    maps = torch.rand(4, 20, 20, generator=torch.Generator().manual_seed(0))
    maps[0, 0, 0] = 1000
    assert full_colour([maps]) < 1


def test_a_map_with_a_single_spot_keeps_its_colour() -> None:
    spot = torch.zeros(1, 30, 30)
    spot[0, 3, 3] = 0.5
    assert full_colour([spot]) == 0.5


def test_zeros_do_not_count_for_the_full_colour() -> None:
    values = torch.arange(1.0, 101.0).view(1, 10, 10)
    assert full_colour([values, torch.zeros(3, 100, 100)]) == full_colour([values]) == 100
    assert full_colour([torch.zeros(1, 4, 4)]) == 0


def test_places_past_the_last_map_have_the_fillers_colour_and_no_map_has() -> None:
    filler = (1, 2, 3)
    picture = mosaic(torch.zeros(5, 4, 4), columns=3, max_side=60, filler=filler)
    grid = mosaic_grid(5, 4, 4, columns=3, max_side=60)
    x, y = grid.corner(4)
    assert (picture[y:, x + grid.width * grid.zoom + grid.gap :] == filler).all()
    for index in range(5):
        assert (at(picture, grid, index) == SEQUENTIAL[0]).all()


def test_one_negative_number_makes_maps_signed() -> None:
    assert is_signed(torch.tensor([0.0, -0.1]))
    assert not is_signed(torch.tensor([0.0, 0.1]))


def test_one_map_is_enlarged_by_whole_pixels() -> None:
    picture = upscale(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), side=101)
    assert picture.shape == (100, 100, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 2
