import numpy as np
import pytest

from core.errors import ConfigError
from core.explain.convolution.kernels import KERNEL_SIZES, PRESETS, preset, resize_kernel

EVERY = [(name, size) for name, entry in PRESETS.items() for size in entry.sizes]


@pytest.mark.parametrize(("name", "size"), EVERY)
def test_every_preset_is_a_square_grid_at_each_of_its_sizes(name: str, size: int) -> None:
    assert np.array(preset(name, size).kernel).shape == (size, size)
    assert size in KERNEL_SIZES


@pytest.mark.parametrize("entry", PRESETS.values(), ids=PRESETS)
def test_every_preset_says_what_to_look_for(entry) -> None:
    assert entry.look_for.endswith(".")
    assert preset(entry.name) == preset(entry.name, 3) == entry


@pytest.mark.parametrize(
    "name", ["horizontal_edges", "vertical_edges", "diagonal_edges", "sobel_x", "sobel_y", "laplacian"]
)
def test_edge_kernels_give_zero_on_a_flat_area(name: str) -> None:
    assert all(np.sum(preset(name, size).kernel) == 0 for size in PRESETS[name].sizes)


@pytest.mark.parametrize("name", ["identity", "sharpen", "emboss"])
def test_kernels_that_keep_the_brightness_add_up_to_one(name: str) -> None:
    assert all(np.sum(preset(name, size).kernel) == 1 for size in PRESETS[name].sizes)


def test_the_well_known_kernels_are_the_well_known_numbers() -> None:
    assert preset("gaussian").kernel == ((1, 2, 1), (2, 4, 2), (1, 2, 1))
    assert preset("sobel_x").kernel == ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    assert preset("sharpen").kernel == ((0, -1, 0), (-1, 5, -1), (0, -1, 0))
    assert preset("emboss").kernel == ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))
    assert preset("laplacian").kernel == ((0, 1, 0), (1, -4, 1), (0, 1, 0))


def test_a_larger_gaussian_is_a_row_of_pascals_triangle_times_itself() -> None:
    assert preset("gaussian", 5).kernel[0] == (1, 4, 6, 4, 1)
    assert preset("gaussian", 5).kernel[2] == (6, 24, 36, 24, 6)


def test_a_larger_sobel_is_smoothed_along_both_sides() -> None:
    assert preset("sobel_x", 5).kernel[2] == (-6, -12, 0, 12, 6)


def test_an_even_edge_kernel_has_no_middle_row() -> None:
    assert preset("horizontal_edges", 2).kernel == ((-1, -1), (1, 1))


def test_a_size_without_sense_is_refused_with_those_that_have() -> None:
    with pytest.raises(ConfigError, match="sharpen kernel has no size 4; it comes in 3, 5, 7"):
        preset("sharpen", 4)


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no kernel 'blurr'; there is identity, "):
        preset("blurr")


def test_growing_a_kernel_puts_zeros_around_its_centre() -> None:
    grown = np.array(resize_kernel(((1, 2, 3), (4, 5, 6), (7, 8, 9)), 5))
    assert (grown[1:4, 1:4] == np.arange(1, 10).reshape(3, 3)).all()
    assert grown.sum() == 45


def test_shrinking_a_kernel_keeps_its_centre() -> None:
    assert resize_kernel(((1, 2, 3), (4, 5, 6), (7, 8, 9)), 1) == ((5.0,),)


@pytest.mark.parametrize("size", [0, 8])
def test_a_size_outside_one_to_seven_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match=f"size {size} is not offered"):
        resize_kernel(((1.0,),), size)


def test_a_grid_with_uneven_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match="A kernel is square"):
        resize_kernel(((1, 2), (3,)), 3)
