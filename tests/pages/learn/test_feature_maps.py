"""The Feature maps page: an untrained network at once, a trained one where there is one, and every layer of it."""

import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from tests.pages.visit import check, open_page, start_page, texts, upload


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> AppTest:
    """The page of a lab in which no trained network is to be found."""
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: tmp_path / "none")
    return open_page(start_page(), "learn/feature_maps")


def layer(page: AppTest) -> Selectbox:
    return next(entry for entry in page.selectbox if entry.label == "Layer")


def test_with_no_trained_network_an_untrained_one_is_shown(page: AppTest) -> None:
    assert page.segmented_control(key="maps_source").value == "untrained"
    assert page.number_input(key="maps_chosen").value == 0
    assert "random" in texts(page)


def test_asking_for_a_trained_one_then_has_a_way_out(page: AppTest) -> None:
    page.segmented_control(key="maps_source").set_value("trained").run()
    assert "No trained network" in texts(check(page))
    assert "training" in {entry.proto.page for entry in page.page_link}


def test_a_dense_network_has_no_maps_and_says_so(page: AppTest) -> None:
    page.selectbox(key="maps_model_shapes").select("simple_nn").run()
    assert "has no maps" in texts(check(page))


@pytest.mark.parametrize(("model", "scale"), [("enhanced_cnn", "map"), ("lenet", "layer"), ("strided_cnn", "network")])
def test_every_layer_can_be_opened(page: AppTest, model: str, scale: str) -> None:
    page.selectbox(key="maps_model_shapes").select(model).run()
    page.segmented_control(key="maps_scale").set_value(scale).run()
    for position in range(len(layer(page).options)):
        layer(page).select_index(position).run()
        assert not check(page).error


def test_a_map_is_enlarged_by_its_number_and_stays_in_range_in_a_smaller_layer(page: AppTest) -> None:
    layer(page).select_index(3).run()  # 64 maps
    page.number_input(key="maps_chosen").set_value(60).run()
    assert "Values from" in texts(check(page))
    layer(page).select_index(0).run()
    assert page.number_input(key="maps_chosen").value == 31
    check(page)


def test_a_shipped_network_is_chosen_at_once(shipped: Path) -> None:
    page = open_page(start_page(), "learn/feature_maps")
    assert page.segmented_control(key="maps_source").value == "trained"
    assert "strided\\_cnn · Digits" in texts(page)
    assert not page.error


def test_a_link_opens_the_network_it_names_and_a_wrong_one_the_first(shipped: Path) -> None:
    for reference in ("tiny", "../../etc", "no-such"):
        app = start_page()
        app.query_params["checkpoint"] = reference
        page = open_page(app, "learn/feature_maps")
        assert "Tiny strided CNN" in str(next(e for e in page.selectbox if e.label == "Trained network").options)
        assert not page.error


def test_a_damaged_network_is_a_sentence(shipped: Path) -> None:
    weights = shipped / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\1\2\3")
    page = open_page(start_page(), "learn/feature_maps")
    assert "altered" in texts(check(page))


def test_handwriting_is_made_as_on_classify_and_the_switch_is_the_same(shipped: Path) -> None:
    sheet = Image.new("RGB", (90, 60), "white")
    sheet.paste("black", (60, 10, 66, 40))
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    app = start_page()
    upload(app, "one.png", stream.getvalue())
    page = open_page(app, "learn/feature_maps")
    said = captions(page)
    assert "Inverted, to bright on black; cut to the ink, 6×30 of 90×60 px" in said
    page.toggle(key="photo_made_digits").set_value(False).run()
    assert "Cut to its centre square" in captions(page)
    page = open_page(page, "use/classify")
    assert page.toggle(key="photo_made_digits").value is False


def captions(page: AppTest) -> str:
    """The captions of all pictures."""
    return " ".join(image.caption for entry in page.get("image") for image in entry.proto.imgs)
