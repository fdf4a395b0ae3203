"""The address of the Convolution page: a link shows what its sender saw, and what it cannot show it says."""

import pytest
from streamlit.testing.v1 import AppTest

from core.explain.convolution.kernels import PRESETS, preset
from tests.pages.visit import check, open_page, texts, visitor


def at(**address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, "learn/convolution")


def in_address(page: AppTest) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}


def test_what_is_as_at_first_is_not_in_the_address(home: object) -> None:
    assert in_address(at()) == {}


def test_a_link_shows_the_kernel_the_moves_and_the_view_of_its_sender(home: object) -> None:
    link = {
        "kernel": "sobel_x-5", "divide": "1", "bias": "-0.25", "relu": "1", "stride": "2", "padding": "3",
        "dilation": "2", "look": "rgb", "show": "signed", "tab": "code",
    }  # fmt: skip
    page = at(**link)
    assert page.session_state["kernel_values"] == preset("sobel_x", 5).kernel
    code = page.code[0].value
    assert "stride=2, padding=3, dilation=2" in code
    assert "weight = weight / weight.sum()" not in code, "its weights add up to 0"
    assert (page.selectbox(key="conv_preset").value, page.session_state["conv_bias"]) == ("sobel_x", -0.25)
    assert (page.toggle(key="conv_relu").value, page.selectbox(key="conv_view").value) == (True, "rgb")
    assert page.segmented_control(key="conv_mode").value == "signed"
    assert in_address(page) == link
    assert not page.warning


def test_ones_own_numbers_and_a_preset_go_there_and_come_back(home: object) -> None:
    page = at(kernel="0.5_-2_0.3333_4")
    assert page.session_state["kernel_values"] == ((0.5, -2.0), (0.3333, 4.0))
    assert page.selectbox(key="conv_preset").value == "own"
    assert in_address(page) == {"kernel": "0.5_-2_0.3333_4"}
    page.selectbox(key="conv_preset").select("gaussian").run()
    page.text_input(key="conv.stride").set_value("3").run()
    assert in_address(check(page)) == {"kernel": "gaussian-2", "stride": "3"}, "divided by its sum, as the preset is"
    page.toggle(key="conv_divide").set_value(False).run()
    assert in_address(check(page))["divide"] == "0"


def test_ones_own_numbers_of_a_link_come_back_divided_as_the_link_said(home: object) -> None:
    link = {"kernel": "1_2_3_4_5_6_7_8_9", "divide": "1"}
    page = at(**link)
    page.selectbox(key="conv_preset").select("sharpen").run()
    assert not page.toggle(key="conv_divide").value
    page.selectbox(key="conv_preset").select("own").run()
    assert in_address(check(page)) == link


@pytest.mark.parametrize(
    ("link", "key", "value"),
    [
        ({"view": "learn", "secret": "emboss", "rate": "0.2", "noise": "0.1"}, "learn_secret", "emboss"),
        ({"view": "learn", "secret_seed": "77", "side": "8", "momentum": "0.99"}, "learn_seed", "77"),
        ({"view": "puzzle", "seed": "5", "level": "3"}, "puzzle_level", 3),
        ({"tab": "batchnorm", "gamma": "2.5", "beta": "-1"}, "bn_gamma", 2.5),
        ({"tab": "pooling", "pool": "average", "pool_size": "3"}, "pool_kind", "average"),
    ],
)
def test_every_view_has_an_address_of_its_own(home: object, link: dict[str, str], key: str, value: object) -> None:
    page = at(**link)
    assert page.session_state[key] == value
    assert in_address(page) == link
    assert not page.warning


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"stride": "9"}, "stride = '9'; it must lie between 1 and 4"),
        ({"padding": "two"}, "padding = 'two'; it must be a number"),
        ({"bias": "nan"}, "bias = 'nan'; it must lie between −1 and 1"),
        ({"look": "infrared"}, "look = 'infrared'; it can be grey, red, green, blue, rgb"),
        ({"kernel": "1_2_3"}, "kernel = '1_2_3'; it can be identity"),
        ({"kernel": "emboss-7"}, "kernel = 'emboss-7'; The emboss kernel has no size 7"),
        ({"kernel": "1_2_3_1e9"}, "the numbers of a square between −999 and 999"),
        ({"divide": "yes"}, "divide = 'yes'; it can be 0, 1"),
        ({"view": "nowhere"}, "view = 'nowhere'; it can be kernel, learn, puzzle"),
        ({"view": "puzzle", "level": "99"}, "level = '99'; it must lie between 1 and 7"),
        ({"view": "puzzle", "seed": "-4"}, "seed = '-4'; it must lie between 0 and 999999"),
    ],
)
def test_what_an_address_cannot_mean_is_a_sentence(home: object, link: dict[str, str], said: str) -> None:
    page = at(**link)
    assert said in texts(page).replace("\\", "")
    assert page.session_state["kernel_values"] == PRESETS["vertical_edges"].kernel
    (name,) = set(link) - {"view"} or {"view"}
    assert name not in in_address(page)
    page.run()
    assert not check(page).warning, "it is said once"


def test_after_a_visit_to_another_page_everything_is_in_the_address_again(home: object) -> None:
    page = at(view="puzzle", seed="5", level="3", kernel="sharpen")
    open_page(page, "learn/architecture")
    page.query_params.clear()
    open_page(page, "learn/convolution")
    assert in_address(page) == {"view": "puzzle", "seed": "5", "level": "3", "kernel": "sharpen"}


def test_a_link_that_names_what_is_shown_at_first_stays_as_it_is() -> None:
    app = visitor()
    app.query_params["view"] = "kernel"  # as the lesson's link does; written anew, it would cost a second Back
    page = check(open_page(app, "learn/convolution"))
    assert page.query_params["view"] == "kernel"


def test_a_size_that_a_preset_does_not_have_is_refused_in_sentences_with_one_end_each(home: object) -> None:
    (warning,) = (entry.value.replace("\\", "") for entry in at(kernel="sobel_x-7").warning)
    assert "it comes in 3, 5. What the page begins with is shown instead." in warning
