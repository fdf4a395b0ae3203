import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ConfigError, ModelError
from core.explain.drawing.colours import FRAME
from core.explain.inside.receptive_field import PADDING, Box, field_at, layer_field, outline
from core.models.architecture.receptive_field import receptive_fields
from core.models.efficientnet_lite0 import SamePad
from tests.core.explain.nets import WITH_MAPS, registered


def box(model: nn.Module, layer: str, row: int, col: int, image_size: int) -> tuple[int, int, int, int]:
    found = field_at(layer_field(model, layer, image_size=image_size), row, col, image_size=image_size)
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
    found = field_at(layer_field(model, "conv2", image_size=size), 4, 6, image_size=size)
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


def beyond(model: nn.Module, layer: str, row: int, col: int, image_size: int) -> tuple[int, int, int, int] | None:
    return field_at(layer_field(model, layer, image_size=image_size), row, col, image_size=image_size).beyond


def test_what_reaches_past_the_picture_is_counted_on_each_side() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.Conv2d(1, 1, 3, padding=1))  # sees 7, three to each side
    assert beyond(model, "1", 0, 8, 9) == (3, 0, 0, 3)
    assert beyond(model, "1", 4, 4, 9) == (0, 0, 0, 0)
    assert beyond(model, "1", 7, 1, 9) == (0, 2, 2, 0)


def test_same_padding_of_an_odd_map_is_on_both_sides_and_of_an_even_one_below() -> None:
    for size, expected in ((9, (1, 1, 0, 0)), (8, (0, 0, 0, 0))):
        model = nn.Sequential(SamePad(3, 2), nn.Conv2d(1, 1, 3, stride=2))
        assert beyond(model, "1", 0, 0, size) == expected
    assert beyond(nn.Sequential(SamePad(3, 2), nn.Conv2d(1, 1, 3, stride=2)), "1", 3, 3, 8) == (0, 0, 1, 1)


@pytest.mark.parametrize("name", WITH_MAPS)
def test_where_a_field_is_cut_it_reaches_beyond_by_what_it_lacks(name: str) -> None:
    model, _channels, size = registered(name)
    for layer, field in receptive_fields(model, image_size=size).items():
        if field is None or field.size is None or field.jump is None or field.jump % 1:  # not between pixels
            continue
        for place, (first, end) in enumerate(zip(field.first, field.end, strict=True)):
            above, _, below, _ = field_at(field, place, place, image_size=size).beyond or (0, 0, 0, 0)
            assert above == 0 or first == 0, layer
            if first > 0 and end < size:  # a stride may drop the last rows
                assert above + below + end - first <= field.size, layer
            elif end < size:
                assert above + end - first == field.size, layer


def test_padding_is_drawn_striped_around_the_picture() -> None:
    white = np.full((4, 4, 3), 255, dtype=np.uint8)
    picture = outline(white, Box(top=0, left=0, bottom=2, right=2, beyond=(1, 1, 0, 0)), side=60)
    assert picture.shape == (60, 60, 3)  # one pixel of padding on each side, ten screen pixels each
    assert (picture[0, 0] == FRAME).all()
    assert set(map(tuple, picture[4:8, 14:18].reshape(-1, 3))) <= set(PADDING)
    assert (picture[15, 15] == 255).all()


def test_the_sentence_tells_of_the_padding() -> None:
    assert "by so many pixels: 2 above, 1 on the right." in (
        Box(top=0, left=5, bottom=4, right=7, beyond=(2, 0, 0, 1)).sentence
    )
    assert Box(top=0, left=0, bottom=0, right=0).sentence.startswith("This number sees no pixel")
