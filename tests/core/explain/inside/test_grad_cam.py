import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.errors import ConfigError, ModelError
from core.explain.drawing.colours import SEQUENTIAL
from core.explain.inside.grad_cam import METHODS, Method, cam_layer, cam_layers, grad_cam, heat_map, overlay
from core.models.fast_cnn import fast_cnn
from tests.core.explain.nets import (
    WITH_MAPS,
    Broken,
    Residual,
    Spy,
    assert_untouched,
    conv,
    dense,
    fingerprint,
    registered,
)

PICTURE = torch.tensor([[[[1.0, 2.0], [-3.0, 4.0]]]])


@pytest.fixture
def two_maps() -> nn.Module:
    """Maps A₀ = x and A₁ = −x. Class 0 reads one place of A₀, class 1 all of A₁, class 2 is against A₀."""
    return nn.Sequential(
        conv([[[[1]]], [[[-1]]]]),
        nn.Flatten(),
        dense([[4, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2, 2, 2], [-1, -1, -1, -1, 0, 0, 0, 0]]),
    ).eval()


def test_heat_worked_out_by_hand(two_maps: nn.Module) -> None:
    # α = (mean of 4 0 0 0, mean of 0 0 0 0) = (1, 0), so the heat is ReLU(x), its peak made 1.
    assert grad_cam(two_maps, PICTURE, 0, "0").tolist() == [[0.25, 0.5], [0, 1]]


def test_hirescam_takes_each_place_by_itself(two_maps: nn.Module) -> None:
    # ∂logit/∂A₀ is 4 at the first place and 0 elsewhere: only x = 1 there counts.
    heat = heat_map(two_maps, PICTURE, 0, layer="0")
    assert heat.values.tolist() == [[1, 0], [0, 0]]
    assert (heat.method, heat.layer, heat.silent) == ("HiResCAM", "0", ())


def test_where_the_places_disagree_their_mean_is_blank_and_each_by_itself_is_not() -> None:
    model = nn.Sequential(conv([[[[1]]]]), nn.Flatten(), dense([[3, -1, -1, -1]])).eval()
    picture = torch.ones(1, 1, 2, 2)
    assert not heat_map(model, picture, 0, method="Grad-CAM").values.any()  # α = (3 − 1 − 1 − 1) / 4 = 0
    assert heat_map(model, picture, 0).values.tolist() == [[1, 0], [0, 0]]


class DeadEnd(nn.Module):
    """Adds its input, which the first layer says something of, to a map on which nothing depends."""

    def __init__(self) -> None:
        super().__init__()
        self.silent = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 0 * self.silent(-x)


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_with_nothing_to_say_passes_the_question_on(method: Method) -> None:
    model = nn.Sequential(conv([[[[1]]]]), nn.ReLU(), DeadEnd(), nn.Flatten(), dense([[1] * 9])).eval()
    picture = torch.ones(1, 1, 3, 3)
    heat = heat_map(model, picture, 0, method=method)
    assert (heat.layer, heat.silent) == ("1", ("2.silent",))
    assert heat.values.min() == 1
    asked = heat_map(model, picture, 0, method=method, layer="2.silent")
    assert (asked.layer, asked.silent, bool(asked.values.any())) == ("2.silent", (), False)


def test_a_class_that_no_layer_speaks_for_says_which_were_asked() -> None:
    model = nn.Sequential(conv([[[[1]]]]), nn.ReLU(), nn.ReLU(), nn.Flatten(), dense([[-1] * 9])).eval()
    heat = heat_map(model, torch.ones(1, 1, 3, 3), 0)
    assert not heat.values.any()
    assert (heat.layer, heat.silent) == ("1", ("2",))


def test_another_class_has_another_map(two_maps: nn.Module) -> None:
    # α = (0, 2): ReLU(2 · −x) is 6 at the one negative pixel.
    assert grad_cam(two_maps, PICTURE, 1, "0").tolist() == [[0, 0], [1, 0]]


def test_a_class_that_nothing_speaks_for_has_no_heat(two_maps: nn.Module) -> None:
    assert not grad_cam(two_maps, PICTURE.abs(), 2, "0").any()


def test_maps_are_kept_from_a_relu_in_place() -> None:
    model = nn.Sequential(
        conv([[[[1]]], [[[-1]]]]), nn.ReLU(inplace=True), nn.Flatten(), dense([[1] * 4 + [-1] * 4])
    ).eval()
    # gradient at the convolution: 1 where A₀ > 0 (3 of 4 places), −1 where A₁ > 0 (1 of 4): α = (¾, −¼), heat ReLU(x)
    assert grad_cam(model, PICTURE, 0, "0").tolist() == [[0.25, 0.5], [0, 1]]


def test_a_network_that_adds_in_place_can_be_asked_at_each_call() -> None:
    model = nn.Sequential(Residual(), nn.Flatten(), dense([[1, 1, 1, 1]])).eval()
    assert grad_cam(model, PICTURE, 0, "0.relu_1").tolist() == [[1 / 4, 2 / 4], [3 / 4, 1]]


def test_heat_is_enlarged_to_the_picture() -> None:
    model = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), dense([[1, 1, 1, 1]])).eval()
    picture = torch.zeros(1, 1, 4, 4)
    picture[..., :2, :2] = 1
    heat = grad_cam(model, picture, 0)
    assert heat.shape == (4, 4)
    assert heat[0, 0] == 1
    assert heat[3, 3] == 0
    assert heat.dtype == torch.float32


def test_the_last_layer_larger_than_one_pixel_is_asked_by_default() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    assert cam_layer(model, channels=1, image_size=8) == "1"
    assert [layer.name for layer in cam_layers(model, channels=1, image_size=8)] == ["0", "1"]


def test_maps_that_only_tell_quarters_apart_are_not_asked_by_default() -> None:
    halved = [nn.Conv2d(1, 2, 3, stride=2, padding=1), *(nn.Conv2d(2, 2, 3, stride=2, padding=1) for _ in range(2))]
    model = nn.Sequential(*halved, nn.Flatten()).eval()  # 16 → 8 → 4 → 2
    assert cam_layer(model, channels=1, image_size=16) == "1"
    assert cam_layer(model, channels=1, image_size=4) == "0"  # 4 → 2 → 1 → 1: nothing larger to ask
    assert [layer.name for layer in cam_layers(model, channels=1, image_size=16)] == ["0", "1", "2"]


def test_an_activation_is_asked_rather_than_what_leads_to_the_next_one() -> None:
    model = fast_cnn(in_channels=1, image_size=32, classes=2, widths=(8, 8, 8, 8)).eval()  # 31 → 15 → 7 → 3 → 1
    assert cam_layer(model, channels=1, image_size=32) == "blocks.2.act2"
    assert cam_layer(model, channels=1, image_size=64) == "blocks.3.act2"  # 63 → 31 → 15 → 7 → 3


def test_a_dense_network_has_no_heat_map_and_says_what_to_do() -> None:
    model, channels, size = registered("simple_nn")
    with pytest.raises(ModelError, match=r"no place to colour\. Choose a convolutional network"):
        grad_cam(model, torch.zeros(1, channels, size, size), 0)


@pytest.mark.parametrize("name", WITH_MAPS)
def test_every_registered_network_gives_heat_in_range(name: str) -> None:
    model, channels, size = registered(name)
    picture = torch.rand(1, channels, size, size, generator=torch.Generator().manual_seed(0))
    heats = torch.stack([grad_cam(model, picture, index) for index in range(10)])
    assert heats.shape == (10, size, size)
    assert torch.isfinite(heats).all()
    assert heats.min() >= 0
    assert {round(float(heat.max()), 5) for heat in heats} <= {0.0, 1.0}
    assert heats.max() == 1


@pytest.mark.parametrize("name", WITH_MAPS)
@pytest.mark.parametrize("frozen", [True, False])
def test_asking_does_not_change_a_network_frozen_or_not(name: str, frozen: bool) -> None:
    model, channels, size = registered(name)
    model.requires_grad_(not frozen)
    before = fingerprint(model)
    with torch.no_grad():  # as callers that only predict have it
        heat = grad_cam(model, torch.rand(1, channels, size, size), 1)
    assert not heat.requires_grad
    assert_untouched(model, before)


def test_callers_in_inference_mode_get_the_same_heat(two_maps: nn.Module) -> None:
    with torch.inference_mode():
        heat = grad_cam(two_maps, PICTURE * 1.0, 0, "0")
    assert heat.tolist() == [[0.25, 0.5], [0, 1]]


def test_the_shared_network_has_no_hook_even_during_the_pass() -> None:
    spy = Spy()
    model = nn.Sequential(conv([[[[1]]]]), spy, nn.Flatten(), dense([[1, 1, 1, 1]])).eval()
    spy.watched.append(model)
    grad_cam(model, PICTURE, 0, "0")
    assert spy.notes == [(False, 0)]


def test_a_pass_that_fails_leaves_no_hook() -> None:
    model = nn.Sequential(conv([[[[1]]]]), Broken()).eval()
    before = fingerprint(model)
    with pytest.raises(RuntimeError, match="out of memory"):
        grad_cam(model, PICTURE, 0, "0")
    assert_untouched(model, before)


def test_an_unknown_layer_lists_the_known_ones(two_maps: nn.Module) -> None:
    with pytest.raises(ModelError, match="no layer '7' with maps in this network; there is 0"):
        grad_cam(two_maps, PICTURE, 0, "7")


@pytest.mark.parametrize("index", [-1, 3])
def test_a_class_that_is_not_there_is_refused(two_maps: nn.Module, index: int) -> None:
    with pytest.raises(ConfigError, match=f"no class {index}; this network has 3"):
        grad_cam(two_maps, PICTURE, index, "0")


def test_more_than_one_picture_is_refused(two_maps: nn.Module) -> None:
    with pytest.raises(ConfigError, match="one picture"):
        grad_cam(two_maps, PICTURE.expand(2, -1, -1, -1), 0)


@pytest.mark.parametrize(("opacity", "expected"), [(0, (0, 100, 200)), (1, tuple(SEQUENTIAL[-1].tolist()))])
def test_the_opacity_runs_from_the_picture_to_the_heat(opacity: float, expected: tuple[int, ...]) -> None:
    painted = overlay(Image.new("RGB", (6, 4), (0, 100, 200)), np.ones((2, 2)), opacity)
    assert painted.size == (6, 4)
    assert painted.getpixel((5, 3)) == expected


def test_a_grey_picture_can_be_painted_over() -> None:
    assert overlay(Image.new("L", (8, 8)), torch.zeros(4, 4)).mode == "RGB"


def test_an_opacity_outside_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"opacity is 1.5; it must lie between 0 and 1"):
        overlay(Image.new("RGB", (2, 2)), np.ones((2, 2)), 1.5)


def test_the_layers_of_a_model_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(
        conv([[[[1]]], [[[-1]]]]), nn.Flatten(), dense([[4, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2, 2, 2]])
    ).eval()
    batch = PICTURE
    first = heat_map(model, batch, 0)
    monkeypatch.setattr("core.explain.inside.grad_cam.map_layers", pytest.fail)
    again = heat_map(model, batch, 0)
    assert (again.layer, again.silent) == (first.layer, first.silent)
    assert torch.equal(again.values, first.values)
