"""What a place sees: the square by the formula, what counts in it, and the images that it is averaged over."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.learn.test_architecture_address import at, figures, in_address
from tests.pages.visit import check, texts


@pytest.fixture
def page(home: Path) -> AppTest:
    return at(part="sees")


def test_the_last_layer_with_a_middle_is_shown_first(page: AppTest) -> None:
    assert page.selectbox(key="arch_sees_layer").value == "pool_1"  # LeNet's, 16 maps of 5×5
    assert figures(page)["By the formula"] == "16 px"
    assert 3 < float(figures(page)["What counts"].removesuffix(" px")) <= 16


def test_a_single_convolution_uses_its_whole_square(page: AppTest) -> None:
    page.selectbox(key="arch_sees_layer").select("conv1").run()
    assert figures(check(page)) == {
        "By the formula": "5 px", "What counts": "5.0 px", "Half lies in": "5 px",
    }  # fmt: skip
    assert in_address(page) == {"part": "sees", "of": "conv1"}


def test_ones_own_layers_are_looked_at_as_well(home: Path) -> None:
    page = at(part="sees", network="own", layers="conv-4-7x7_flatten_dense-classes", data="digits")
    assert figures(page)["By the formula"] == "7 px"


def test_a_trained_network_is_averaged_over_its_images(shipped: Path) -> None:
    page = at(part="sees", checkpoint="tiny", over="images")
    assert figures(check(page))["By the formula"] == "7 px"  # 3, 7: of the maps that have a middle, 7×7
    assert "not on this machine" not in texts(page)


def test_images_that_are_not_here_are_replaced_by_noise_and_it_is_said(home: Path) -> None:
    page = at(part="sees", over="images")  # CIFAR-10, which is not in this home
    assert "Noise stands in." in texts(page)
    assert page.metric


def test_a_network_without_maps_says_so(home: Path) -> None:
    page = at(part="sees", network="simple_nn@digits")
    assert "This network has no maps" in texts(page)
    page = at(part="sees", network="own", layers="flatten_dense-classes")
    assert "This network has no maps" in texts(page)
