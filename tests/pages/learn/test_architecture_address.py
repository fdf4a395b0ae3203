"""The address of the Architecture page: a link shows what its sender saw, and what it cannot show it says."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.learn._architecture.build import chain
from tests.pages.visit import check, open_page, texts, visitor


def at(**address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, "learn/architecture")


def in_address(page: AppTest) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}


def figures(page: AppTest) -> dict[str, str]:
    return {entry.label: entry.value for entry in page.metric}


def test_what_is_as_at_first_is_not_in_the_address(home: Path) -> None:
    assert in_address(at()) == {}


def test_a_link_shows_the_network_with_its_settings(home: Path) -> None:
    link = {"network": "simple_nn@digits", "with": '{"hidden":64}'}
    page = at(**link)
    assert figures(page)["Parameters"] == "50,890"  # 785·64 + 65·10
    assert in_address(page) == link
    assert not page.warning


def test_another_choice_is_in_the_address_at_once(home: Path) -> None:
    page = at()
    page.selectbox(key="arch_model_cifar10").select("enhanced_cnn").run()
    assert in_address(check(page)) == {"network": "enhanced_cnn@cifar10"}
    page.text_input(key="arch_cifar10_enhanced_cnn.widths").set_value("8, 16").run()
    assert in_address(check(page)) == {"network": "enhanced_cnn@cifar10", "with": '{"widths":[8,16]}'}
    page.text_input(key="arch_cifar10_enhanced_cnn.widths").set_value("many").run()
    assert in_address(check(page)) == {"network": "enhanced_cnn@cifar10"}, "what is no setting is not passed on"


def test_a_link_shows_the_layers_of_its_sender(home: Path) -> None:
    link = {"part": "build", "layers": "conv-4-3x3-s2-p1_relu_flatten_dense-classes", "data": "digits", "size": "20"}
    page = at(**link)
    # 4·9 + 4; 4·10·10·10 + 10
    assert figures(page)["Parameters"] == "4,050"
    assert page.text_input(key="arch_own_size").value == "20"
    assert in_address(page) == link
    assert not page.warning


def test_an_address_is_the_same_network_whatever_images_are_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = "conv-4-3x3_flatten_dense-classes"
    first = at(part="build")
    assert in_address(first) == {"part": "build", "data": "shapes"}, "images that are here"
    of_old = at(part="build", layers=layers)
    assert in_address(of_old) == {"part": "build", "layers": layers, "data": "cifar10"}
    own = at(network="own", layers=layers)
    assert in_address(own)["data"] == "cifar10"
    monkeypatch.setattr(chain, "availability", lambda _name: "decoded")
    for before in (first, of_old, own):
        again = at(**in_address(before))
        assert in_address(again) == in_address(before)
        assert again.session_state[chain.DATASET] == before.session_state[chain.DATASET]


def test_a_step_of_the_lesson_leaves_what_it_does_not_name_as_it_was(home: Path) -> None:
    page = at(part="build", layers="conv-4-3x3_flatten_dense-classes", data="digits")
    page.query_params.clear()
    page.query_params["part"] = "sizes"
    page.query_params["step"] = "3"
    page.run()
    found = in_address(check(page))
    assert (found["part"], found["layers"], found["data"]) == ("sizes", "conv-4-3x3_flatten_dense-classes", "digits")


def test_ones_own_layers_are_shown_as_any_other_network(home: Path) -> None:
    page = at(network="own", layers="conv-4-3x3_flatten_dense-classes", data="digits")
    assert page.dataframe[0].value["layer"].tolist() == ["conv1", "flatten1", "fc1"]
    page = at(network="own", layers="dense-classes", data="digits")
    assert "These layers are no network yet" in texts(check(page))


@pytest.mark.parametrize(
    ("link", "key", "value"),
    [
        ({"part": "sizes", "why_image": "40", "why_kernel": "3", "why_padding": "1", "why_pool": "4"}, "why_image", 40),
        ({"part": "sizes", "in_features": "576"}, "why_in_features", "576"),
        ({"part": "dummy", "dummy": "64"}, "dummy_size", 64),
        ({"part": "sees", "of": "conv2"}, "arch_sees_layer", "conv2"),
    ],
)
def test_every_view_has_an_address_of_its_own(home: Path, link: dict[str, str], key: str, value: object) -> None:
    page = at(**link)
    assert page.session_state[key] == value
    assert in_address(page) == link
    assert not page.warning


def test_a_trained_network_and_the_view_of_it_are_in_the_address(shipped: Path) -> None:
    link = {"checkpoint": "tiny", "network": "trained", "part": "sees", "of": "1.0"}
    page = at(checkpoint="tiny", part="sees", of="1.0")
    assert in_address(page) == link
    page.segmented_control(key="arch_source").set_value("lab").run()
    assert "checkpoint" not in in_address(check(page))
    page.segmented_control(key="arch_source").set_value("trained").run()
    assert in_address(check(page))["checkpoint"] == "tiny"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"part": "nowhere"}, "part = 'nowhere'; it can be network, build, sees, sizes, dummy"),
        ({"network": "vgg@cifar10"}, "network = 'vgg@cifar10'; it can be own, trained, or a network and a data set"),
        ({"network": "lenet@digits@x"}, "network = 'lenet@digits@x'; it can be own"),
        ({"with": '{"hidden":64}'}, "with = '{\"hidden\":64}'; LeNet-style CNN has no setting 'hidden'; it has none."),
        ({"with": "[["}, "with = '[['; it is not JSON"),
        ({"network": "simple_nn@digits", "with": '{"hidden":1}'}, "hidden is 1; it must lie between 4 and 1024"),
        ({"layers": "conv-6-99x99"}, "Layer 1 is 'conv-6-99x99'; kernel is 99; it must lie between 1 and 11"),
        ({"layers": "relu_" * 300}, "The layers take 1,500 characters; they may take 1,000"),
        ({"data": "own-nobody"}, "data = 'own-nobody'; it can be mnist"),
        ({"size": "4000"}, "size = '4000'; it must lie between 8 and 224"),
        ({"size": "²"}, "size = '²'; it must lie between 8 and 224"),
        ({"part": "sees", "of": "fc9"}, "of = 'fc9'; this network has no such layer"),
        ({"over": "cats"}, "over = 'cats'; it can be noise, images"),
        ({"why_image": "11"}, "why_image = '11'; it must lie between 12 and 64"),
        ({"in_features": "0"}, "in_features = '0'; it must lie between 1 and 300000"),
        ({"dummy": "17"}, "dummy = '17'; it can be 16, 20"),
    ],
)
def test_what_an_address_cannot_mean_is_a_sentence(home: Path, link: dict[str, str], said: str) -> None:
    page = at(**link)
    assert said in texts(page).replace("\\", "").replace("\u2060", "")  # which keeps an address from becoming a link
    if "part" not in link:
        (name,) = set(link) - {"network"} or {"network"}
        assert name not in in_address(page)
    page.run()
    assert not check(page).warning, "it is said once"


def test_after_a_visit_to_another_page_everything_is_in_the_address_again(home: Path) -> None:
    link = {"part": "build", "layers": "flatten_dense-classes", "data": "digits", "network": "own", "why_padding": "2"}
    page = at(**link)
    open_page(page, "learn/convolution")
    page.query_params.clear()
    open_page(page, "learn/architecture")
    assert in_address(page) == link
