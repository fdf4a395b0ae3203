import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import ConfigError, ModelError
from core.explain.drawing.colours import FRAME
from core.explain.inside.feature_maps import layers
from core.explain.inside.receptive_field import Box, field_of, outline
from core.models import LayerRow, architecture
from tests.core.explain.nets import WITH_MAPS, Residual, assert_untouched, fingerprint, registered


def box(model: nn.Module, layer: str, row: int, col: int, image_size: int) -> tuple[int, int, int, int]:
    found = field_of(model, layer, row, col, channels=1, image_size=image_size)
    return found.top, found.left, found.bottom, found.right


def test_one_convolution_sees_its_kernel() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 2, 3)), "0", 2, 4, 10) == (2, 4, 5, 7)


def test_two_convolutions_of_three_see_five() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 3)), "2", 0, 3, 10) == (0, 3, 5, 8)


def test_stride_makes_later_kernels_reach_further() -> None:
    # place 2 of the second map: 2·2 … 2·2+2 of the first, which start at 8 and end at 2·6 + 2 = 14
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Conv2d(2, 2, 3, stride=2))
    assert box(model, "1", 2, 0, 20) == (8, 0, 15, 7)


def test_a_pool_sees_all_its_places_and_not_only_the_largest() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 5), nn.MaxPool2d(2)), "1", 1, 0, 12) == (2, 0, 8, 6)


def test_a_pool_over_the_whole_map_sees_all_of_it() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveMaxPool2d(1)), "1", 0, 0, 9) == (0, 0, 9, 9)


def test_dilation_widens_the_field() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 3, dilation=2)), "0", 0, 1, 9) == (0, 1, 5, 6)


def test_the_field_is_clipped_where_the_window_lies_in_padding() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 5, padding=2)), "0", 0, 8, 9) == (0, 6, 3, 9)


def test_rows_that_a_stride_drops_are_seen_by_nobody_even_through_padding() -> None:
    # 8 rows, stride 2: the first map ends at row 6. The padding of the second reaches past it, into nothing.
    model = nn.Sequential(nn.Conv2d(1, 1, 1, stride=2), nn.Conv2d(1, 1, 3, padding=1))
    assert box(model, "1", 3, 3, 8) == (4, 4, 7, 7)


def test_a_residual_block_sees_what_its_longest_path_sees() -> None:
    assert box(Residual(), "relu_1", 4, 4, 9) == (2, 2, 7, 7)
    assert box(Residual(), "relu", 4, 4, 9) == (3, 3, 6, 6)


def test_batch_norm_and_dead_weights_make_no_difference() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1), nn.ReLU())
    model[0].weight.data.zero_()
    model[1].weight.data.fill_(-1)
    assert box(model, "2", 0, 0, 6) == (0, 0, 3, 3)


def test_a_mean_over_the_whole_map_sees_everything() -> None:
    assert box(nn.Sequential(nn.Conv2d(1, 1, 1), nn.AdaptiveAvgPool2d(1)), "1", 0, 0, 6) == (0, 0, 6, 6)


class Enlarging(nn.Module):
    """Doubles the side of its input first, as ResNet-18 does with small images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 1, H, W) to the same size."""
        return self.conv(functional.interpolate(x, scale_factor=2, mode="nearest"))


def test_the_field_is_in_pixels_of_the_input_even_where_the_network_resizes_it() -> None:
    assert box(Enlarging(), "conv", 3, 1, 6) == (3, 1, 4, 2)


@pytest.mark.parametrize("name", WITH_MAPS)
def test_registered_networks_see_as_far_as_the_architecture_table_says(name: str) -> None:
    model, channels, size = registered(name)
    rows: dict[str, LayerRow] = {}
    for row in architecture(model, channels=channels, image_size=size):
        rows[f"{row.name}_1" if row.name in rows else row.name] = row
    checked = 0
    for layer in layers(model, channels=channels, image_size=size):
        _, height, width = layer.shape
        if "downsample" in layer.name or height < 3:  # a shortcut's own field is smaller than its block's
            continue
        found = field_of(model, layer.name, height // 2, width // 2, channels=channels, image_size=size)
        if found.top > 0 and found.bottom < size:
            assert found.height == found.width == rows[layer.name].receptive_field
            checked += 1
    assert checked >= 2


def test_the_field_holds_exactly_the_pixels_that_change_the_number() -> None:
    model, channels, size = registered("lenet")
    found = field_of(model, "conv2", 4, 6, channels=channels, image_size=size)
    image = torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(0), requires_grad=True)
    maps = model.conv2(model.pool(model.conv1(image).sigmoid()))  # smooth, so that few gradients vanish
    (gradient,) = torch.autograd.grad(maps[0, :, 4, 6].sum(), image)
    touched = gradient[0].abs().sum(0) > 0
    outside = touched.clone()
    outside[found.top : found.bottom, found.left : found.right] = False
    assert not outside.any()
    assert touched.any()


@pytest.mark.parametrize("name", WITH_MAPS)
def test_asking_does_not_change_a_registered_network(name: str) -> None:
    model, channels, size = registered(name)
    last = layers(model, channels=channels, image_size=size)[-1].name
    before = fingerprint(model)
    field_of(model, last, 0, 0, channels=channels, image_size=size)
    assert_untouched(model, before)


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
