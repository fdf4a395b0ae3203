"""Build your own: what the list gives Python, what is said, and the ways to a training and to code."""

from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.models import build_model
from core.models.sequential.layers import Dense, Dropout, ReLU, read, write
from core.models.sequential.starts import LENET, strided
from pages.learn._architecture.build.chain_list import taken
from tests.pages.learn.test_architecture_address import at, figures, in_address
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, texts, visitor


@pytest.fixture
def page(home: Path) -> AppTest:
    return at(part="build", data="cifar10")


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    return check(page)


def test_without_cifar10_it_begins_with_images_that_are_here(home: Path) -> None:
    page = at(part="build")
    assert page.selectbox(key="arch_own_dataset").value == "shapes"
    page.button(key="arch_train").click().run()
    assert page.selectbox(key="training_dataset").value == "shapes"
    assert not page.button(key="train").disabled


@pytest.mark.data
def test_it_begins_with_cifar10_where_it_is_here(data_folder: Path) -> None:
    assert at(part="build").selectbox(key="arch_own_dataset").value == "cifar10"


def test_of_images_that_are_not_here_it_says_so(page: AppTest) -> None:
    assert "Not on this machine: needs a download." in texts(page)


def test_it_begins_with_lenet(page: AppTest) -> None:
    assert figures(page)["Parameters"] == "62,006"
    assert not page.button(key="arch_train").disabled
    assert "self.conv2 = nn.Conv2d(6, 16, 5)" in page.code[0].value


def test_the_course_s_stack_and_an_empty_list_are_a_button_away(page: AppTest) -> None:
    press(page, "Stride 2 throughout")
    assert in_address(page)["layers"] == strided(32)
    press(page, "Empty")
    assert in_address(page)["layers"] == "empty"
    assert page.button(key="arch_train").disabled
    press(page, "Add Flatten and Dense")
    assert in_address(page)["layers"] == "flatten_dense-classes"
    assert figures(page)["Parameters"] == "30,730"  # 3,073·10
    press(page, "LeNet-style")
    assert in_address(page) == {"part": "build", "data": "cifar10"}


def test_a_chain_that_was_replaced_comes_back(home: Path) -> None:
    line = "conv-4-3x3-p1_relu_flatten_dense-classes"
    page = at(part="build", layers=line)
    press(page, "Empty")
    press(page, "Empty")
    press(page, "Undo")
    assert in_address(page)["layers"] == line
    assert "Undo" not in {button.label for button in page.button}


def test_another_data_set_brings_its_own_side(page: AppTest) -> None:
    page.selectbox(key="arch_own_dataset").select("digits").run()
    assert page.text_input(key="arch_own_size").value == "28"
    assert in_address(check(page)) == {"part": "build", "data": "digits"}
    page.text_input(key="arch_own_size").set_value("7").run()
    assert "The side is 7; it must lie between 8 and 224." in texts(check(page)).replace("\\", "")


def test_what_does_not_fit_can_neither_be_trained_nor_printed(home: Path) -> None:
    page = at(part="build", layers="conv-6-5x5_dense-classes")
    assert page.button(key="arch_train").disabled
    assert not page.code
    assert "As soon as every layer fits, it can be trained." in texts(page)


def test_train_it_opens_the_training_page_with_these_layers_for_these_images(home: Path) -> None:
    line = "conv-4-3x3-p1_batchnorm_relu_max-2x2_flatten_dense-classes"
    page = at(part="build", layers=line, data="shapes", size="24")
    page.button(key="arch_train").click().run()
    assert check(page).title[0].value == "Training"
    assert page.selectbox(key="training_dataset").value == "shapes"
    assert page.selectbox(key="training_model.shapes").value == "sequential"
    assert page.text_input(key="training.shapes.sequential.modern.network.layers").value == line
    assert page.text_input(key="training.shapes.sequential.modern.image_size").value == "24"
    assert not page.error


def test_layers_that_do_not_fit_are_refused_before_a_training(home: Path) -> None:
    page = at(part="build", layers="flatten_dense-classes", data="digits")
    page.button(key="arch_train").click().run()
    open_page(page, "train/training")  # AppTest does not stay where a page has led to
    page.text_input(key="training.digits.sequential.modern.network.layers").set_value("dense-classes").run()
    assert "Layer 1 (dense-classes): A dense layer takes one row" in texts(check(page)).replace("\\", "")
    assert page.button(key="train").disabled
    page.text_input(key="training.digits.sequential.modern.network.layers").set_value("what").run()
    assert "Layer 1 is 'what'; a layer begins with conv" in texts(check(page)).replace("\\", "")


def test_the_printed_code_answers_as_the_network_that_would_be_trained(page: AppTest) -> None:
    names: dict[str, Any] = {}
    exec(page.code[0].value, names)
    printed = names["Network"]()
    ours = build_model("sequential", channels=3, image_size=32, classes=10, arguments={"layers": LENET})
    printed.load_state_dict(ours.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(ours(images), printed(images))


def layer(kind: str, **values: object) -> dict[str, object]:
    return {"kind": kind, "values": values}


def test_what_the_list_sends_becomes_the_chain() -> None:
    sent = [layer("conv", filters=6, kernel=5, stride=1, padding=0), layer("relu"), layer("dropout", share=0.5)]
    assert taken([*sent, layer("dense", units=0.0)]) == (
        *read("conv-6-5x5"), ReLU(), Dropout(share=0.5), Dense(units=0)
    )  # fmt: skip
    assert taken([]) == ()


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        "relu",
        [None],
        [layer("lambda")],
        [{"kind": ["relu"], "values": {}}],
        [layer("dense", units=9999)],
        [layer("dense", units="8")],
        [layer("dense", units=True)],
        [layer("dense", units=0.5)],
        [layer("dense")],
        [layer("dropout", share=float("nan"))],
        [layer("relu")] * 33,
    ],
)
def test_what_is_no_chain_is_not_taken(sent: object) -> None:
    assert taken(sent) is None


def test_a_chain_with_all_there_is_can_be_drawn(home: Path) -> None:
    line = "relu_conv-8-3x3-p1_batchnorm_avg-2x2_dropout-0.2_flatten_batchnorm_dense-32_relu_dense-classes"
    assert write(read(line)) == line
    page = at(part="build", layers=line, data="cifar10")
    assert figures(page)["Parameters"] == "70,234"  # 224 + 16 + 2·2,048 + 2,049·32 + 33·10


@pytest.mark.parametrize("look", ["maps", "place", "kernel", "off", "nine", "epochs"])
@pytest.mark.parametrize(
    "line",
    [
        "conv-4-5x5_avg-2x2_batchnorm_relu_flatten_dense-classes",
        "relu_max-2x2_dropout-0.5_flatten_batchnorm_dense-classes",
    ],
)
def test_layers_of_ones_own_are_looked_into_like_any_network(folder: Path, line: str, look: str) -> None:
    ship(folder, "mine", model="sequential", arguments={"layers": line})
    app = visitor()
    app.query_params["checkpoint"], app.query_params["look"] = "mine", look
    page = open_page(app, "learn/feature_maps")
    assert not page.error


def test_layers_of_ones_own_are_compared_and_asked(folder: Path) -> None:
    for name, line in (("one", "conv-4-3x3_flatten_dense-classes"), ("other", "flatten_dense-classes")):
        ship(folder, name, model="sequential", arguments={"layers": line}, wrong=len(name))
    app = visitor()
    app.query_params["networks"] = "one,other"
    page = open_page(app, "judge/compare")
    assert not page.error
    assert not page.warning
    assert page.metric
    app.query_params["checkpoint"] = "one"
    assert not open_page(app, "use/classify").error
