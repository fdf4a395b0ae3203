"""Layers as people count them, for networks whose numbers are known."""

from core.explain.inside.layers import map_layers
from core.explain.inside.stages import first_to_show, layer_titles, stages
from core.models import build_model


def test_convolutions_are_counted_and_what_follows_belongs_to_them() -> None:
    model = build_model("lenet", channels=1, image_size=32, classes=10)
    found = stages(map_layers(model, channels=1, image_size=32))
    assert [stage.title for stage in found] == ["Convolution 1 of 2", "Convolution 2 of 2"]
    assert [list(stage.parts) for stage in found] == [["Convolution", "Max pooling"]] * 2
    assert layer_titles(found)["pool_1"] == "Max pooling after convolution 2 of 2"
    assert first_to_show(found) == 0


def test_whitening_is_named_and_passed_over() -> None:
    model = build_model("fast_cnn", channels=3, image_size=32, classes=10)
    found = stages(map_layers(model, channels=3, image_size=32))
    assert found[0].title == f"Convolution 1 of {len(found)}, not learned"
    assert found[first_to_show(found)].title == f"Convolution 2 of {len(found)}"


def test_a_resize_is_a_stage_of_its_own_and_no_convolution() -> None:
    model = build_model("resnet18", channels=3, image_size=32, classes=10, arguments={"input_size": 64})
    found = stages(map_layers(model, channels=3, image_size=32))
    assert [stage.title for stage in found[:2]] == ["Resize", "Convolution 1 of 20"]
    assert first_to_show(found) == 1


def test_where_all_is_frozen_nothing_is_called_so() -> None:
    model = build_model("lenet", channels=1, image_size=32, classes=10).requires_grad_(False)
    found = stages(map_layers(model, channels=1, image_size=32))
    assert found[first_to_show(found)].title == "Convolution 1 of 2"


def test_a_network_without_maps_has_no_stages() -> None:
    assert stages(()) == ()
