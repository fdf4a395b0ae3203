import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from core.errors import ConfigError
from core.explain.sizes.output_size import output_size, output_sizes, remarks


def test_without_padding_the_size_is_n_minus_f_plus_one() -> None:
    assert output_size(28, 3).special == "28 − 3 + 1 = 26"


def test_the_formula_holds_the_live_numbers() -> None:
    work = output_size(28, 3, stride=2, padding=1)
    assert work.formula == "floor((28 + 2·1 − 1·(3 − 1) − 1) / 2) + 1 = floor(27 / 2) + 1 = 14"
    assert work.special is None


def test_the_six_layer_network_of_the_course_comes_down_to_one_pixel() -> None:
    sizes = [28]
    for _ in range(6):
        sizes.append(output_size(sizes[-1], 3, stride=2, padding=1).size)
    assert sizes == [28, 14, 7, 4, 2, 1, 1]


@pytest.mark.parametrize(("n", "f", "stride", "dropped"), [(28, 3, 1, 0), (28, 3, 2, 1), (29, 3, 2, 0), (10, 3, 4, 3)])
def test_the_floor_drops_what_is_left_after_the_last_step(n: int, f: int, stride: int, dropped: int) -> None:
    assert output_size(n, f, stride=stride).dropped == dropped


@given(
    n=st.integers(1, 20),
    f=st.integers(1, 7),
    stride=st.integers(1, 4),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
def test_pytorch_agrees_about_every_size(n: int, f: int, stride: int, padding: int, dilation: int) -> None:
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    image, kernel = torch.zeros(1, 1, n, n), torch.zeros(1, 1, f, f)
    try:
        expected = functional.conv2d(image, kernel, **settings).shape[-1]
    except RuntimeError:
        with pytest.raises(ConfigError, match=f"does not fit a {n}×{n} map"):
            output_size(n, f, **settings)
    else:
        assert output_size(n, f, **settings).size == expected


def test_a_kernel_that_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigError, match=r"^kernel 7 does not fit a 5×5 map; take a smaller one or add padding\.$"):
        output_size(5, 7)


def test_a_dilated_kernel_that_does_not_fit_names_its_reach() -> None:
    with pytest.raises(ConfigError, match=r"kernel 3 \(spread over 7 pixels by dilation 3\) does not fit a 5×5 map"):
        output_size(5, 3, dilation=3)


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"padding": -1}, {"dilation": 0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="it must be at least"):
        output_size(8, 3, **wrong)


def test_padding_k_half_keeps_the_size_and_says_why() -> None:
    assert remarks(28, 28, 5, padding=2) == (
        "Padding k // 2 = 5 // 2 = 2 keeps the size, because k is odd and the stride is 1: 28 + 2·2 − 5 + 1 = 28.",
    )


def test_other_padding_is_told_which_would_keep_the_size() -> None:
    assert "The map is 26×38. Padding k // 2 = 3 // 2 = 1 would keep 28×40" in remarks(28, 40, 3)[0]


def test_an_even_kernel_cannot_keep_the_size() -> None:
    assert "28×40 becomes 27×39 or 29×41 with padding 1 or 2" in remarks(28, 40, 4)[0]


def test_a_picture_that_is_not_square_is_refused_with_both_sides() -> None:
    with pytest.raises(ConfigError, match=r"^kernel 5 does not fit a 3×40 map; take a smaller one or add padding\.$"):
        output_sizes(3, 40, 5)
    with pytest.raises(ConfigError, match="a 40×3 map with padding 1"):
        output_sizes(40, 3, 7, padding=1)


@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 4),
)
def test_every_remark_is_true_of_the_numbers_it_is_made_from(
    height: int, width: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        said = " ".join(remarks(height, width, kernel, **settings))
    except ConfigError:
        return
    image, weight = torch.zeros(1, 1, height, width), torch.zeros(1, 1, kernel, kernel)

    def size(padding: int, stride: int = 1) -> str:
        try:
            made = functional.conv2d(image, weight, stride=stride, padding=padding, dilation=dilation)
        except RuntimeError:
            return "nothing"
        return f"{made.shape[2]}×{made.shape[3]}"

    assert "k is odd" not in said or (kernel % 2 == 1 and dilation == 1)
    if "keeps the size" in said and "no padding keeps" not in said:
        assert size(padding, stride) == f"{height}×{width}"
    for kept, would in re.findall(r"= (\d+)(?: and stride 1 the size)? would (?:keep|stay) (\d+×\d+)", said):
        assert size(int(kept)) == would
    for sizes, pads in re.findall(r"becomes ([\d×or ]+) with padding ([\d or]+)\.", said):
        assert sizes.split(" or ") == [size(int(pad)) for pad in pads.split(" or ")]
        assert f"{height}×{width}" not in sizes.split(" or ")
    for becomes in re.findall(r"makes it (\d+×\d+)", said):
        assert becomes == size(padding, stride)
    for before, after, part in re.findall(r"([\d,]+) places become ([\d,]+), about (a quarter|one in \d+)", said):
        ratio = int(before.replace(",", "")) / int(after.replace(",", ""))
        assert round(ratio) == (4 if part == "a quarter" else int(part.split()[-1]))


def test_an_even_kernel_with_an_even_dilation_keeps_the_size_for_another_reason() -> None:
    first = remarks(28, 28, 4, padding=3, dilation=2)[0]
    assert "keeps the size, because d·(k − 1) = 6 is even" in first
    assert "k is odd" not in first


def test_dilation_is_part_of_the_padding_that_keeps_the_size() -> None:
    first, second = remarks(28, 28, 3, padding=2, dilation=2)
    assert "2·(3 − 1) / 2 = 2 keeps the size" in first
    assert "3 of them reach over 5 pixels" in second


def test_stride_two_quarters_the_map() -> None:
    assert any("784 places become 196, about a quarter" in remark for remark in remarks(28, 28, 3, stride=2, padding=1))


def test_dropped_rows_and_columns_are_named() -> None:
    assert remarks(10, 9, 3, stride=4)[-1] == (
        "The floor drops 3 rows and 2 columns at the bottom and on the right: there is no room for another step."
    )


def test_nothing_dropped_is_not_mentioned() -> None:
    assert not any("drops" in remark for remark in remarks(9, 9, 3, stride=2))
