"""Receptive fields against numbers worked out by hand, and against gradients through the registered networks."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models import build_model, models
from core.models.architecture.receptive_field import WIDEST, Field, _Window, receptive_fields
from core.models.architecture.watched_twin import watched_twin
from tests.core.explain.nets import Residual, assert_untouched, fingerprint

# name → channels, image size, arguments besides the suggested ones
CASES = {
    **{name: (name, 3, 32, {}) for name in models},
    "strided_cnn on photos": ("strided_cnn", 3, 128, {}),
    "fast_cnn on photos": ("fast_cnn", 3, 64, {}),
    "resnet18 as it is": ("resnet18", 3, 64, {"input_size": 0}),
    "resnet18 shrinking by a third": ("resnet18", 3, 72, {"input_size": 48}),
    "resnet18 enlarging by half": ("resnet18", 3, 32, {"input_size": 48}),
}


def field(model: nn.Module, layer: str, image_size: int) -> Field:
    found = receptive_fields(model, image_size=image_size)[layer]
    assert found is not None
    return found


def test_windows_grow_and_jumps_multiply() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Conv2d(2, 1, 3), nn.MaxPool2d(2))
    fields = receptive_fields(model, image_size=20)
    sizes = [(one.size, one.jump) for one in fields.values() if one is not None]
    # 3; 3 + 2·2 = 7; 7 + 1·2 = 9, four pixels apart
    assert sizes == [(3, 2), (3, 2), (7, 2), (9, 4)]


def test_dilation_widens_the_field() -> None:
    assert field(nn.Sequential(nn.Conv2d(1, 1, 3, dilation=2)), "0", 9).size == 5


def test_a_residual_block_sees_what_its_longest_path_sees() -> None:
    # written "+=": the sum is made in the convolution's own output
    assert field(Residual(), "relu_1", 9).size == 5
    assert field(Residual(), "relu", 9).size == 3


def test_a_shortcut_sees_from_where_it_leaves_and_not_what_it_passes_by() -> None:
    model = build_model("resnet18", channels=3, image_size=64, classes=10, arguments={"input_size": 0})
    fields = receptive_fields(model, image_size=64)
    assert fields["backbone.layer2.0.conv2"] is not None
    assert fields["backbone.layer2.0.downsample.0"] is not None
    assert fields["backbone.layer2.0.conv2"].size == 67
    assert fields["backbone.layer2.0.downsample.0"].size == 43


@pytest.mark.parametrize(("image", "inside", "stem", "stage"), [(128, 96, 11, 59), (32, 48, 6, 30), (64, 64, 7, 43)])
def test_a_resize_is_counted_in_pixels_of_the_image(image: int, inside: int, stem: int, stage: int) -> None:
    model = build_model("resnet18", channels=3, image_size=image, classes=10, arguments={"input_size": inside})
    fields = receptive_fields(model, image_size=image)
    first, last = fields["backbone.conv1"], fields["backbone.layer1.1.conv2"]
    assert first is not None
    assert last is not None
    assert (first.size, last.size) == (stem, stage)
    assert first.jump == pytest.approx(2 * image / inside)


def test_a_pool_over_the_whole_map_sees_all_that_the_map_sees() -> None:
    found = field(nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(1)), "1", 9)
    assert (found.first, found.end) == ((0,), (9,))
    assert found.size == 9


def test_a_place_whose_window_lies_in_the_padding_sees_nothing() -> None:
    found = field(nn.Sequential(nn.Conv2d(1, 1, 1, padding=1)), "0", 3)
    assert list(zip(found.first, found.end, strict=True)) == [(0, 0), (0, 1), (1, 2), (2, 3), (0, 0)]


def test_rows_that_a_stride_drops_are_seen_by_nobody_even_through_padding() -> None:
    # 8 rows, stride 2: the first map ends at row 6. The padding of the second reaches past it, into nothing.
    model = nn.Sequential(nn.Conv2d(1, 1, 1, stride=2), nn.Conv2d(1, 1, 3, padding=1))
    found = field(model, "1", 8)
    assert (found.first[3], found.end[3]) == (4, 7)


def test_a_field_too_large_to_follow_has_no_number_and_still_its_rows() -> None:
    # seven strides of 2 and seven kernels of 7: 7 + 6·(2 + 4 + … + 2048) pixels
    model = nn.Sequential(*(nn.Conv2d(1, 1, 7, stride=2, padding=3) for _ in range(12)))
    found = field(model, "11", 64)
    assert found.size is None
    assert WIDEST < 7 + 6 * 4094
    assert (found.first, found.end) == ((0,), (64,))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(("side", "stride", "padding"), [(1, 1, 0), (1, 2, 0), (2, 2, 0), (3, 1, 1), (5, 3, 2)])
def test_a_window_reaches_as_far_as_a_pool_of_torch(
    side: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> None:
    for rows in range(9, 17):
        lit = (torch.rand(1, 1, rows, 5, generator=torch.Generator().manual_seed(rows)) > 0.8).float()
        found = _Window(side, stride, padding, dilation, ceil_mode=ceil_mode)(lit)
        pool = functional.max_pool2d(lit, (side, 1), (stride, 1), (padding, 0), (dilation, 1), ceil_mode=ceil_mode)
        assert torch.equal(found, pool.clamp(min=0))  # a window that lies in the padding holds nothing


def test_a_dense_layer_has_no_field() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(16, 2))
    assert [one is None for one in receptive_fields(model, image_size=6).values()] == [False, True, True]


def _all_positive(model: nn.Module) -> nn.Module:
    """Make of a network one whose gradients vanish nowhere: positive weights, no maxima, no ceiling."""
    model = model.double().eval()
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if isinstance(child, nn.MaxPool2d):
                parent._modules[name] = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
            elif isinstance(child, nn.AdaptiveMaxPool2d):
                parent._modules[name] = nn.AdaptiveAvgPool2d(1)
            elif isinstance(child, nn.ReLU6):
                parent._modules[name] = nn.ReLU()
    for parameter in model.parameters():
        parameter.data = parameter.data.abs() + 0.01
    return model


@pytest.mark.parametrize("case", CASES)
def test_gradients_through_a_registered_network_find_the_same(case: str) -> None:
    name, channels, size, more = CASES[case]
    arguments = {**models[name].suggest(channels=channels, image_size=size), **more}
    model = _all_positive(build_model(name, channels=channels, image_size=size, classes=10, arguments=arguments))
    maps: dict[str, Tensor] = {}

    def witness(layer: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if after.dim() == 4 and not isinstance(module, nn.ReLU | nn.GELU | nn.BatchNorm2d | nn.Dropout):
            maps[layer] = after.clone()

    image = torch.ones(1, channels, size, size, dtype=torch.float64, requires_grad=True)
    watched_twin(model, witness)(image)
    fields = receptive_fields(model, image_size=size)
    for layer, values in maps.items():
        found = fields[layer]
        assert found is not None
        places = sorted({0, values.shape[2] // 2, values.shape[2] - 1})
        for place in places:
            (gradient,) = torch.autograd.grad(values[0, :, place, values.shape[3] // 2].sum(), image, retain_graph=True)
            rows = gradient[0].abs().sum((0, 2))
            seen = torch.nonzero(rows > 1e-14 * rows.max()).flatten().tolist()  # a resize leaves rounding of 1e-17
            expected = (seen[0], seen[-1] + 1) if seen else (0, 0)  # a zero of the padding sees nothing
            assert (found.first[place], found.end[place]) == expected, layer
            if seen and seen[0] > 0 and seen[-1] < size - 1 and found.size is not None and found.jump is not None:
                between_pixels = found.jump % 1 != 0  # after a resize some places see a row less
                assert found.size - between_pixels <= len(seen) <= found.size, layer


@pytest.mark.parametrize("name", models)
def test_asking_does_not_change_a_registered_network(name: str) -> None:
    model = build_model(name, channels=3, image_size=32, classes=10).eval()
    before = fingerprint(model)
    receptive_fields(model, image_size=32)
    assert_untouched(model, before)


def test_a_resize_in_between_would_be_noticed() -> None:
    # What a network does to its maps outside of its layers cannot be drawn. No registered one does it (next test).
    class Enlarging(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(functional.interpolate(x, scale_factor=2))

    assert not _sizes_change_in_layers_only(Enlarging(), 1, 8)


@pytest.mark.parametrize("case", CASES)
def test_registered_networks_change_sizes_in_layers_only(case: str) -> None:
    name, channels, size, more = CASES[case]
    arguments = {**models[name].suggest(channels=channels, image_size=size), **more}
    model = build_model(name, channels=channels, image_size=size, classes=10, arguments=arguments)
    assert _sizes_change_in_layers_only(model, channels, size)


def _sizes_change_in_layers_only(model: nn.Module, channels: int, size: int) -> bool:
    """Whether every layer is given maps of a size that the image or a layer before it has."""
    known = {(size, size)}
    fits: list[bool] = []

    def witness(layer: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if before.dim() == 4:
            fits.append(tuple(before.shape[2:]) in known)
            known.add(tuple(after.shape[2:]))

    watched_twin(model, witness)(torch.zeros(1, channels, size, size))
    return all(fits)
