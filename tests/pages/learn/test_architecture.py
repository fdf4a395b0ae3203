"""The Architecture page: figures that can be worked out by hand, and PyTorch's own error beside the arithmetic."""

import json
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.data import datasets
from core.explain import ingredients
from core.explain.sizes.linear_size import follow
from core.models import architecture, build_model, models
from core.models.architecture.receptive_field import receptive_fields
from core.models.sequential.layers import read
from core.models.sequential.sizes import follow as follow_chain
from core.models.sequential.table import layer_rows
from core.registry import Value
from pages.learn._architecture import diagram as architecture_diagram
from pages.learn._architecture.chosen import architectures
from pages.learn._architecture.linear_size_section import what_changes
from pages.learn._architecture.sections import reach
from tests.pages.visit import check, open_page, texts, visitor


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return open_page(app, "learn/architecture")


@pytest.fixture
def why(app: AppTest) -> AppTest:
    app.query_params["part"] = "sizes"
    return open_page(app, "learn/architecture")


def figures(page: AppTest) -> dict[str, str]:
    return {entry.label: entry.value for entry in page.metric}


def test_lenet_on_cifar_has_the_parameters_of_the_lesson(page: AppTest) -> None:
    # 456 + 2,416 + 48,120 + 10,164 + 850
    assert figures(page)["Parameters"] == "62,006"
    assert figures(page)["Receptive field"] == "16 px"
    assert page.dataframe[0].value["output"].tolist()[:2] == ["6 × 28 × 28", "6 × 14 × 14"]


@pytest.mark.parametrize("dataset", datasets)
def test_every_network_that_fits_a_data_set_is_drawn(page: AppTest, dataset: str) -> None:
    page.selectbox(key="arch_dataset").select(dataset).run()
    for model in architectures(dataset):
        page.selectbox(key=f"arch_model_{dataset}").select(model).run()
        check(page)
        assert not page.error
        assert len(page.dataframe[0].value) > 2


def test_a_frozen_backbone_is_told_from_the_head_that_learns(page: AppTest) -> None:
    page.selectbox(key="arch_model_cifar10").select("resnet18").run()
    assert figures(page)["Trainable"] == "5,130"  # 512 · 10 + 10
    assert set(page.dataframe[0].value["weights"]) == {"frozen", "trainable", "none"}


def test_whitening_weights_are_frozen_and_only_the_others_are_counted_as_trainable(page: AppTest) -> None:
    page.selectbox(key="arch_model_cifar10").select("fast_cnn").run()
    # 24 whitening kernels of 3·2·2 numbers are set before the training and stay; their 24 biases learn
    assert (figures(check(page))["Parameters"], figures(page)["Trainable"]) == ("1,972,792", "1,972,504")
    table = page.dataframe[0].value.set_index("layer")
    assert table.loc["whiten", "weights"] == "288 frozen"
    assert table.loc["head", "weights"] == "trainable"


def test_a_resize_in_front_is_a_layer_with_a_size_of_its_own(page: AppTest) -> None:
    page.selectbox(key="arch_model_cifar10").select("resnet18").run()
    page.text_input(key="arch_cifar10_resnet18.input_size").set_value("48").run()
    rows = check(page).dataframe[0].value[["layer", "output", "sees (px)"]].to_numpy().tolist()
    assert rows[0] == ["resize", "3 × 48 × 48", "2×2"]
    assert rows[1] == ["backbone.conv1", "64 × 24 × 24", "6×6"]


def test_a_setting_that_is_no_list_of_numbers_is_a_sentence(page: AppTest) -> None:
    page.selectbox(key="arch_model_cifar10").select("enhanced_cnn").run()
    page.text_input(key="arch_cifar10_enhanced_cnn.widths").set_value("many").run()
    assert "whole numbers" in texts(check(page)).replace("\\", "")


def test_a_wrong_in_features_shows_pytorchs_error_and_the_right_number(why: AppTest) -> None:
    why.text_input(key="why_in_features").set_value("576").run()
    said = " ".join(entry.value for entry in check(why).code)
    assert "RuntimeError" in said
    assert "1x400 and 576x120" in said
    assert "16 · 6 · 6" in texts(why).replace("\\", "")


def test_putting_the_right_number_in_makes_it_run(why: AppTest) -> None:
    why.slider(key="why_padding").set_value(2).run()
    assert "1024" in next(entry.label for entry in why.button if entry.label.startswith("Put"))
    next(entry for entry in why.button if entry.label.startswith("Put")).click().run()
    assert why.text_input(key="why_in_features").value == "1024"  # 16 · 8 · 8
    assert why.success


def test_sizes_that_run_out_are_a_sentence(why: AppTest) -> None:
    why.slider(key="why_image").set_value(12).run()
    why.slider(key="why_kernel").set_value(7).run()
    assert "does not fit" in texts(check(why))


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("padding", [0, 1, 2, 3])
@pytest.mark.parametrize("pool", [1, 2])
def test_what_each_layer_does_to_the_side_is_said_as_it_is(kernel: int, padding: int, pool: int) -> None:
    sizes = [line.size for line in follow(image_size=40, kernel=kernel, padding=padding, pool=pool).lines]
    said = what_changes(kernel, padding, pool)
    change = sizes[1] - sizes[0]
    if change < 0:
        assert f"= {-change} off the side" in said
    elif change > 0:
        assert f"= {change} to the side" in said
    else:
        assert "leave the side as it is" in said
    assert sizes[2] == sizes[1] // pool
    assert ("divides it by 2" in said) == (pool == 2)


def test_no_summary_says_what_a_setting_can_change() -> None:
    of_defaults = r"\d+ hidden|ten logits|six layers|eight on|only its new head|[Tt]wo conv|whitening"
    assert [name for name, spec in models.items() if re.search(of_defaults, spec.summary)] == []


@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_dummy_tensor_counts_for_any_image_size(page: AppTest, size: int) -> None:
    page.session_state["arch_view"] = "A dummy tensor"
    page.run()
    page.select_slider(key="dummy_size").set_value(size).run()
    assert f"{64 * (size // 2) ** 2:,}" in texts(check(page))


def test_the_first_size_of_the_dummy_can_be_doubled_as_the_page_asks(page: AppTest) -> None:
    page.session_state["arch_view"] = "A dummy tensor"
    slider = page.run().select_slider(key="dummy_size")
    assert str(2 * int(slider.value)) in slider.options


@pytest.mark.parametrize(
    ("layers", "size", "said"),
    [
        ("conv-8-11x11-p5_conv-8-11x11-p5_conv-8-11x11-p5", 28, "one at the edge less"),  # 31 pixels of 28
        ("_".join(["conv-8-11x11-p5"] * 6), 28, "such a place sees all of it"),
        ("conv-8-5x5_max-2x2", 28, "where no border cuts it."),
        ("flatten", 28, "This network has no maps"),
    ],
)
def test_what_the_last_place_sees_is_said_as_it_is(layers: str, size: int, said: str) -> None:
    line = f"{layers.removesuffix('flatten')}_flatten_dense-classes".removeprefix("_")
    rows = layer_rows(follow_chain(read(line), channels=1, image_size=size, classes=10), channels=1, image_size=size)
    tip = reach([row for row in rows if len(row.output_shape) == 3], size)
    assert said in tip
    network = build_model("sequential", channels=1, image_size=size, classes=10, arguments={"layers": line})
    fields = [field for field in receptive_fields(network, image_size=size).values() if field is not None]
    if "such a place sees all of it" in tip:
        assert (set(fields[-1].first), set(fields[-1].end)) == ({0}, {size})
    if "one at the edge less" in tip:
        assert fields[-1].end[0] < size
    if "has no maps" in tip:
        assert not fields


def test_more_units_are_drawn_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(architecture_diagram, "drawing", lambda svg, *, alt, key: drawn.append(svg))
    sizes = follow_chain(read("flatten_dense-2048_dense-4096_dense-classes"), channels=1, image_size=8, classes=10)
    rows = layer_rows(sizes, channels=1, image_size=8)
    architecture_diagram.architecture_diagram(rows, channels=1, image_size=8, key="drawn")
    _image, some, more, few = re.findall(r'<rect [^>]*height="([\d.]+)"', drawn[0])
    assert float(few) < float(some) < float(more)


def test_a_trained_network_is_drawn_from_its_checkpoint(shipped: Path) -> None:
    page = open_page(visitor(), "learn/architecture")
    page.segmented_control(key="arch_source").set_value("trained").run()
    # 1→4→8→10 channels of 3×3; biases only where no BatchNorm follows: 36 + 8 + 288 + 16 + 720 + 10
    assert figures(check(page))["Parameters"] == "1,078"


def test_without_a_trained_network_there_is_a_way_out(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.checkpoints.shipped", list)
    st.cache_resource.clear()
    page.segmented_control(key="arch_source").set_value("trained").run()
    assert "No trained network" in texts(check(page))
    assert "training" in {entry.proto.page for entry in page.page_link}


@pytest.fixture
def ablation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of results with one ablation in it, in place of the lab's own."""
    fields = json.loads((Path(__file__).parents[2] / "benchmark_results.json").read_text(encoding="utf-8"))["ablation"]
    (tmp_path / "2026-11-20-ablation.json").write_text(json.dumps(fields), encoding="utf-8")
    monkeypatch.setattr(ingredients, "RESULTS", tmp_path)
    return tmp_path


def test_the_fast_network_comes_with_what_each_ingredient_is_worth(ablation: Path, page: AppTest) -> None:
    page.selectbox(key="arch_model_cifar10").select("fast_cnn").run()
    assert "What is each ingredient worth?" in [entry.value for entry in check(page).header]
    rows = page.table[1].value
    assert rows.iloc[0].tolist() == [
        "Without whitening: the first layer learns",
        "−3.5 ± 0.5",
        "Neighbouring pixels say nearly the same.",
    ]
    assert "20,000 images of CIFAR-10 for 3 epochs, 2 times" in texts(page)


def test_other_networks_have_no_ingredients(ablation: Path, page: AppTest) -> None:
    assert len(page.dataframe) == 1
    assert "What is each ingredient worth?" not in [entry.value for entry in check(page).header]


def test_without_a_measurement_nothing_is_said_of_ingredients(ablation: Path, page: AppTest) -> None:
    (ablation / "2026-11-20-ablation.json").unlink()
    page.selectbox(key="arch_model_cifar10").select("fast_cnn").run()
    assert "What is each ingredient worth?" not in [entry.value for entry in check(page).header]


def heights(model: str, *, image_size: int = 32, **arguments: Value) -> tuple[list[float], str]:
    """Return the height of every box of a drawing, the input first, and the sentence that explains it."""
    network = build_model(model, channels=3, image_size=image_size, classes=10, arguments=arguments)
    rows = architecture(network, channels=3, image_size=image_size)
    drawn: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture_diagram, "drawing", lambda svg, *, alt, key: drawn.append(svg))
        architecture_diagram.architecture_diagram(rows, channels=3, image_size=image_size, key="drawn")
    return [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', drawn[0])], (
        architecture_diagram.what_is_drawn(rows)
    )


def test_heights_are_to_scale_and_the_sentence_names_only_what_is_there() -> None:
    tall, said = heights("lenet")
    assert tall[1] / tall[0] == pytest.approx(28 / 32, abs=0.01)  # conv1: 28 of 32
    assert tall[3] / tall[0] == pytest.approx(10 / 32, abs=0.01)  # conv2: 10 of 32
    assert "to scale" in said
    assert "blue convolves" in said
    assert "frozen" not in said
    assert "resizes" not in said
    assert "convolves" not in heights("simple_nn")[1]
    enlarged, said = heights("resnet18", input_size=64)
    assert enlarged[0] / enlarged[1] == pytest.approx(32 / 64, abs=0.01)  # the image, and the same enlarged
    assert "purple resizes" in said
    assert "dashed is frozen" in said


def test_what_is_frozen_in_part_says_how_much_of_it() -> None:
    drawn: list[str] = []
    network = build_model("fast_cnn", channels=3, image_size=32, classes=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture_diagram, "drawing", lambda svg, *, alt, key: drawn.append(svg))
        rows = architecture(network, channels=3, image_size=32)
        architecture_diagram.architecture_diagram(rows, channels=3, image_size=32, key="drawn")
    assert "288 of 312 frozen" in drawn[0]


def test_a_pool_over_the_whole_map_is_drawn_as_a_box_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(architecture_diagram, "drawing", lambda _svg, *, alt, key: said.append(alt))
    model = build_model("fast_cnn", channels=3, image_size=32, classes=10)
    rows = architecture(model, channels=3, image_size=32)
    architecture_diagram.architecture_diagram(rows, channels=3, image_size=32, key="drawn")
    assert "Conv2d, AdaptiveMaxPool2d, Linear. The table" in said[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "in_features is 0; it must lie between 1 and 300000"),
        ("300001", "in_features is 300001; it must lie between 1 and 300000"),
        ("57,6", "in_features is '57,6'; it must be a whole number, in digits alone, between 1 and 300000."),
    ],
)
def test_in_features_that_cannot_be_are_a_sentence(why: AppTest, typed: str, said: str) -> None:
    why.text_input(key="why_in_features").set_value(typed).run()
    assert said in texts(check(why)).replace("\\", "")
