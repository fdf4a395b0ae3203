import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ConfigError, ModelError
from core.explain.drawing.colours import FRAME
from core.explain.inside.receptive_field import Box, field_of, outline
from tests.core.explain.nets import registered


def box(model: nn.Module, layer: str, row: int, col: int, image_size: int) -> tuple[int, int, int, int]:
    found = field_of(model, layer, row, col, image_size=image_size)
    return found.top, found.left, found.bottom, found.right


def test_rows_and_columns_are_those_of_the_place() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 2, 3)), "0", 2, 4, 10) == (2, 4, 5, 7)


def test_the_field_is_clipped_where_the_window_lies_in_padding() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 5, padding=2)), "0", 0, 8, 9) == (0, 6, 3, 9)


def test_batch_norm_and_dead_weights_make_no_difference() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1), nn.ReLU())
    model[0].weight.data.zero_()
    model[1].weight.data.fill_(-1)
    assert box(model, "2", 0, 0, 6) == (0, 0, 3, 3)


def test_the_field_holds_exactly_the_pixels_that_change_the_number() -> None:
    model, channels, size = registered("lenet")
    found = field_of(model, "conv2", 4, 6, image_size=size)
    image = torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(0), requires_grad=True)
    maps = model.conv2(model.pool(model.conv1(image).sigmoid()))  # smooth, so that few gradients vanish
    (gradient,) = torch.autograd.grad(maps[0, :, 4, 6].sum(), image)
    touched = gradient[0].abs().sum(0) > 0
    outside = touched.clone()
    outside[found.top : found.bottom, found.left : found.right] = False
    assert not outside.any()
    assert touched.any()


def test_a_place_outside_the_map_is_refused() -> None:
    with pytest.raises(ConfigError, match="The maps have 8×8 places; row 8, column 0 is not one of them"):
        box(nn.Sequential(nn.Conv2d(1, 1, 3)), "0", 8, 0, 10)


def test_a_layer_without_maps_is_refused() -> None:
    with pytest.raises(ModelError, match="no layer with maps"):
        box(registered("simple_nn")[0], "1", 0, 0, 28)


def test_the_sentence_counts_the_last_row_and_column_inside() -> None:
    assert "sees 3×2 pixels of the input: rows 1 to 3, columns 5 to 6" in Box(top=1, left=5, bottom=4, right=7).sentence


def test_the_outline_frames_the_box_and_dims_the_rest() -> None:
    picture = outline(np.full((4, 4, 3), 200, dtype=np.uint8), Box(top=1, left=1, bottom=3, right=3), side=40)
    assert picture.shape == (40, 40, 3)
    assert (picture[10, 10] == FRAME).all()
    assert (picture[20, 20] == 200).all()
    assert (picture[5, 5] == 80).all()
    assert (picture[9, 20] == 80).all()
