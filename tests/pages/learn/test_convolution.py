"""The Convolution page: kernels are edited, sizes follow, and what does not fit is a sentence."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import find as checkpoint
from core.data.catalogue import ink_frame
from core.explain.convolution.batch_norm import batch_norm_steps
from core.explain.convolution.convolve import VIEWS, Filter, convolve
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.puzzle import levels
from core.judging.classification import scores
from core.models.received import receive
from core.photos.samples import sample_photos
from pages.learn._convolution.batch_norm_section import what_it_did
from pages.learn._convolution.controls import Convolution
from pages.learn._convolution.kernel_grid import checked
from pages.learn._convolution.predictions import size_question
from pages.learn._convolution.sections import output_colours
from tests.pages.visit import check, jpeg, open_page, texts, upload, visitor


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return open_page(app, "learn/convolution")


def kernel(page: AppTest) -> tuple[tuple[float, ...], ...]:
    found: tuple[tuple[float, ...], ...] = page.session_state["kernel_values"]
    return found


def test_every_preset_fills_the_grid_and_says_what_to_look_for(page: AppTest) -> None:
    for name, preset in PRESETS.items():
        page.selectbox(key="conv_preset").select(name).run()
        assert kernel(check(page)) == preset.kernel
        assert preset.look_for in texts(page)


def test_a_blur_is_divided_by_its_sum(page: AppTest) -> None:
    page.selectbox(key="conv_preset").select("box_blur").run()
    assert page.toggle(key="conv_divide").value is True
    page.selectbox(key="conv_preset").select("sobel_x").run()
    assert page.toggle(key="conv_divide").value is False


def test_another_size_redraws_the_preset_or_makes_the_numbers_ones_own(page: AppTest) -> None:
    page.select_slider(key="conv_size").set_value(5).run()
    assert len(kernel(check(page))) == 5
    assert page.selectbox(key="conv_preset").value == "vertical_edges"
    page.selectbox(key="conv_preset").select("emboss").run()
    assert len(kernel(page)) == 3
    page.select_slider(key="conv_size").set_value(7).run()
    assert page.selectbox(key="conv_preset").value == "own"
    assert len(kernel(check(page))) == 7


OWN = ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0))


def with_own_numbers() -> AppTest:
    page = visitor()
    page.query_params["kernel"] = "_".join(f"{number:g}" for row in OWN for number in row)
    return open_page(page, "learn/convolution")


@pytest.mark.parametrize("size", range(1, 8))
def test_another_size_and_back_brings_ones_own_numbers_back(home: object, size: int) -> None:
    page = with_own_numbers()
    page.select_slider(key="conv_size").set_value(size).run()
    assert kernel(check(page))[size // 2][size // 2] == OWN[1][1] if size % 2 else len(kernel(page)) == size
    page.select_slider(key="conv_size").set_value(3).run()
    assert (kernel(check(page)), page.selectbox(key="conv_preset").value) == (OWN, "own")


@pytest.mark.parametrize("name", ["box_blur", "emboss"])
def test_after_a_named_kernel_ones_own_numbers_are_there_again(home: object, name: str) -> None:
    page = with_own_numbers()
    page.selectbox(key="conv_preset").select(name).run()
    page.select_slider(key="conv_size").set_value(5).run()
    page.selectbox(key="conv_preset").select("sharpen").run()
    page.selectbox(key="conv_preset").select("own").run()
    assert (kernel(check(page)), page.select_slider(key="conv_size").value) == (OWN, 3)
    assert page.toggle(key="conv_divide").value is False


def test_after_a_named_kernel_ones_own_numbers_are_divided_as_they_were(home: object) -> None:
    page = with_own_numbers()
    page.toggle(key="conv_divide").set_value(True).run()
    page.selectbox(key="conv_preset").select("sharpen").run()
    assert page.toggle(key="conv_divide").value is False
    page.selectbox(key="conv_preset").select("own").run()
    assert check(page).toggle(key="conv_divide").value is True


def test_after_a_named_kernel_those_of_ones_own_numbers_are_there_that_have_its_size(home: object) -> None:
    page = with_own_numbers()
    open_page(page, "learn/architecture")
    page.query_params["kernel"] = "1_2_3_4"
    open_page(page, "learn/convolution")
    assert len(kernel(check(page))) == 2
    page.selectbox(key="conv_preset").select("emboss").run()
    page.select_slider(key="conv_size").set_value(3).run()
    page.selectbox(key="conv_preset").select("own").run()
    assert kernel(check(page)) == OWN, "not the latest, which are of another size"


def test_another_size_and_back_brings_a_named_kernel_back(page: AppTest) -> None:
    page.selectbox(key="conv_preset").select("emboss").run()
    page.select_slider(key="conv_size").set_value(1).run()
    assert page.selectbox(key="conv_preset").value == "own"
    page.select_slider(key="conv_size").set_value(3).run()
    assert (kernel(check(page)), page.selectbox(key="conv_preset").value) == (PRESETS["emboss"].kernel, "emboss")


def test_a_named_kernel_is_brought_back_after_another_page_as_well(home: object) -> None:
    page = visitor()
    page.query_params["kernel"] = "sobel_x"
    open_page(page, "learn/convolution")
    page.select_slider(key="conv_size").set_value(4).run()
    brought = page.query_params["kernel"]
    open_page(page, "judge/compare")
    page.query_params["kernel"] = brought
    open_page(page, "learn/convolution")
    page.select_slider(key="conv_size").set_value(3).run()
    assert page.selectbox(key="conv_preset").value == "sobel_x"


def test_a_named_kernel_leaves_the_bias_as_it_is(page: AppTest) -> None:
    page.session_state["conv_bias"] = 0.3
    page.selectbox(key="conv_preset").select("emboss").run()
    assert check(page).session_state["conv_bias"] == 0.3


def test_every_view_of_the_photo_can_be_convolved(page: AppTest) -> None:
    for view in VIEWS:
        page.selectbox(key="conv_view").select(view).run()
        assert not check(page).error


def test_stride_padding_and_dilation_change_the_size_as_the_formula_says(page: AppTest) -> None:
    page.text_input(key="conv.stride").set_value("2").run()
    page.text_input(key="conv.padding").set_value("1").run()
    page.session_state["conv_tabs"] = "How large is the result?"
    page.run()
    formulas = [entry.value for entry in check(page).latex]
    # 640×427 is shown 448 wide and 299 high: floor((299 + 2 − 2 − 1) / 2) + 1 = 150
    assert any("= 150" in formula for formula in formulas)
    assert any("= 224" in formula for formula in formulas)


def test_the_settings_are_still_there_after_a_visit_to_another_page(page: AppTest) -> None:
    page.selectbox(key="conv_preset").select("sharpen").run()
    page.text_input(key="conv.stride").set_value("3").run()
    open_page(page, "learn/architecture")
    open_page(page, "learn/convolution")
    assert page.selectbox(key="conv_preset").value == "sharpen"
    assert page.text_input(key="conv.stride").value == "3"
    assert kernel(page) == PRESETS["sharpen"].kernel


def test_the_code_has_the_kernel_of_the_grid(page: AppTest) -> None:
    page.session_state["kernel_values"] = ((1.5, -2.0), (0.25, 4.0))
    page.session_state["conv_tabs"] = "PyTorch code"
    page.run()
    assert "1.5, -2.0" in check(page).code[0].value
    (file,) = [entry.proto for entry in page.get("download_button")]
    assert "photo.png" in file.label, "what the code reads"


def test_batch_norm_standardises_what_the_kernels_made(page: AppTest) -> None:
    page.session_state["conv_tabs"] = "BatchNorm"
    page.run()
    page.session_state["bn_gamma"], page.session_state["bn_beta"] = 2.0, 1.0
    page.run()
    captions = [entry.value for entry in check(page).caption]
    assert sum("mean 0.00, spread 1.00" in caption for caption in captions) == 3
    assert sum("mean 1.00, spread 2.00" in caption for caption in captions) == 3


def data_of(page: AppTest, key: str) -> dict[str, Any]:
    """What a component of this key was given."""
    (found,) = [each.proto for each in page.get("bidi_component") if key in each.proto.id]
    return json.loads(found.json)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["max", "average", "global"])
def test_pooling_takes_the_map_of_the_kernel(page: AppTest, kind: str) -> None:
    page.session_state["conv_tabs"] = "Pooling"
    page.run()
    page.segmented_control(key="pool_size").set_value(3).run()
    page.segmented_control(key="pool_kind").set_value(kind).run()
    data = data_of(check(page), "pool_window")
    assert (data["kind"], data["height"], data["width"]) == (kind, 25, 38)  # 40×27 without a border
    assert (data["output_height"], data["output_width"]) == ((1, 1) if kind == "global" else (8, 12))


def test_softmax_has_the_scores_of_a_trained_network(shipped: Path, page: AppTest) -> None:
    page.session_state["conv_tabs"] = "Softmax"
    page.run()
    data = data_of(check(page), "conv_softmax")
    found = checkpoint("tiny")
    given = receive(sample_photos()["china.jpg"].image, found.format, ink_frame("digits"))
    assert data["scores"] == [round(score, 2) for score in scores(found, given)]
    assert data["classes"] == list(found.card.classes)


@pytest.mark.parametrize("tab", ["Move the window", "Pooling", "How large is the result?", "PyTorch code", "BatchNorm"])
def test_a_kernel_that_does_not_fit_the_photo_is_a_sentence(page: AppTest, tab: str) -> None:
    upload(page, "strip.jpg", jpeg(size=(200, 20)))
    page.select_slider(key="conv_size").set_value(7).run()
    page.session_state["conv_tabs"] = tab
    page.text_input(key="conv.dilation").set_value("4").run()
    # It spans 4·(7 − 1) + 1 = 25 pixels, the strip has 20 rows.
    assert "does not fit" in texts(check(page))


@pytest.mark.parametrize(
    "sent",
    [None, "x", [[1, 2]], [[1, 2], [3]], [[1, float("nan")], [3, 4]], [[1, "a"], [3, 4]], [[1, 2], [3, 4], [5, 6]]],
)
def test_a_grid_that_is_not_a_kernel_is_refused(sent: object) -> None:
    assert checked(sent, 2) is None


def test_a_grid_within_bounds_is_taken_and_one_with_a_larger_number_is_not() -> None:
    assert checked([[1, 2], [3, -999]], 2) == ((1.0, 2.0), (3.0, -999.0))
    assert checked([[1, 2], [3, 1e5]], 2) is None


def test_a_weight_has_no_more_digits_than_the_grid_shows() -> None:
    assert checked([[0.123456]], 1) == ((0.1235,),)


def set_to(name: str, *, view: str = "grey", **settings: Any) -> Convolution:
    return Convolution(filter=Filter(kernel=PRESETS[name].kernel, **settings), preset=name, view=view)


def test_what_to_look_for_follows_the_settings() -> None:
    edges = f"{PRESETS['vertical_edges'].look_for} The weights add up to 0: flat areas give 0."
    assert set_to("vertical_edges").look_for == edges
    assert set_to("vertical_edges", bias=0.3).look_for == f"{edges} The bias then adds 0.3 to every number."
    assert set_to("vertical_edges", relu=True).look_for == f"{edges} ReLU makes what is negative 0."
    assert "Divided by their sum, 9," in set_to("box_blur", divide_by_sum=True).look_for
    assert "Divided by their sum, 27," in set_to("box_blur", divide_by_sum=True, view="rgb").look_for
    assert "The weights add up to 9: flat areas become that many times as bright." in set_to("box_blur").look_for


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("view", ["grey", "rgb"])
@pytest.mark.parametrize(
    "settings", [{}, {"divide_by_sum": True}, {"bias": 0.25}, {"relu": True, "stride": 2}], ids=str
)
def test_flat_areas_become_what_is_said_of_them(name: str, view: str, settings: dict[str, Any]) -> None:
    chosen = set_to(name, view=view, **settings)
    flat = torch.full((3 if view == "rgb" else 1, 12, 12), 0.5)
    found = float(convolve(flat, replace(chosen.filter, bias=0.0, relu=False))[0, 0]) / 0.5
    said = chosen.look_for
    if "flat areas give 0" in said:
        assert found == 0
    elif "keep" in said:
        assert found == pytest.approx(1)
    else:
        assert f"The weights add up to {found:g}: flat areas become that many times as bright." in said
    assert ("added up" in said) == (view == "rgb")


@pytest.mark.parametrize("mode", ["clip", "stretch", "signed"])
def test_a_switch_without_effect_has_a_word(page: AppTest, mode: str) -> None:
    page.segmented_control(key="conv_mode").set_value(mode).run()
    page.toggle(key="conv_relu").set_value(True).run()
    page.toggle(key="conv_divide").set_value(True).run()
    said = texts(check(page))
    assert "÷ sum changes nothing: the weights add up to 0" in said
    assert ("ReLU changes nothing that you can see" in said) == (mode == "clip")


def test_gamma_and_beta_change_neither_the_axis_nor_the_colours(page: AppTest) -> None:
    page.session_state["conv_tabs"] = "BatchNorm"
    page.run()

    def seen() -> tuple[list[str], list[str]]:
        bodies = [entry.proto.body for entry in check(page).get("html") if "Histogram" in entry.proto.body]
        captions = [entry.value for entry in page.caption if "mean" in entry.value]
        return bodies, captions

    before, _ = seen()
    page.session_state["bn_gamma"], page.session_state["bn_beta"] = 3.0, -2.0
    page.run()
    after, captions = seen()
    assert before[:6] == after[:6]  # the maps before, and standardised
    assert before[6:] != after[6:]
    assert all("<span>−6</span>" in body and "<span>6</span>" in body for body in after)
    assert "beyond ±6" in " ".join(captions[6:])
    assert "γ makes the histograms 3.0 times as wide; β moves them by −2.0." in texts(page)


def test_a_flat_map_is_not_said_to_speak_as_loud_as_the_others(page: AppTest) -> None:
    page.session_state["kernel_values"] = ((0.0,) * 3,) * 3
    page.session_state["conv_tabs"] = "BatchNorm"
    page.run()
    assert "The map of your kernel is the same everywhere" in texts(check(page))


def test_a_map_that_hardly_varies_is_not_said_to_speak_as_loud_as_the_others() -> None:
    maps = (
        torch.randn(3, 40, 40, generator=torch.Generator().manual_seed(0))
        * torch.tensor([1.0, 1.0, 1e-3])[:, None, None]
    )
    steps = batch_norm_steps(maps)
    said = what_it_did(steps, 1.0, 0.0)
    assert "all the others speak equally loud" in said
    spread = steps.standardised[2].std(correction=0).item()
    assert spread == pytest.approx(1e-3 / (1e-6 + 1e-5) ** 0.5, rel=0.1)
    assert "The map of Laplacian hardly varies" in said
    assert f"a spread of {spread:.2f}." in said


@pytest.mark.parametrize("turn", range(6))
def test_what_is_asked_of_a_small_picture_fits_it(turn: int) -> None:
    kernel = ((0.0,) * 7,) * 7  # with dilation 2 it covers 13 pixels
    question = size_question(8, 8, Convolution(filter=Filter(kernel=kernel), preset="own", view="grey"), turn)
    assert question.right in question.options


@pytest.mark.parametrize(("name", "typed"), [("stride", 0), ("stride", 9), ("padding", 7), ("dilation", 5)])
def test_a_move_out_of_range_is_said_with_its_range(page: AppTest, name: str, typed: int) -> None:
    page.text_input(key=f"conv.{name}").set_value(str(typed)).run()
    assert f"{name} is {typed}; it must lie between" in texts(check(page)).replace("\\", "")
    assert "Each cell is pixel × weight" not in texts(page)
    page.text_input(key=f"conv.{name}").set_value("1,5").run()
    assert "is '1,5'; it must be a whole number, in digits alone, between" in texts(check(page)).replace("\\", "")
    page.text_input(key=f"conv.{name}").set_value("2").run()
    assert "must lie between" not in texts(check(page))
    assert "Each cell is pixel × weight" in texts(page)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[-2.0, 1.0]], "orange is positive, blue negative, in full colour at ±2"),
        ([[0.5, 1.25]], "black is 0, white 1.25"),
        ([[0.0, 0.0]], "0 everywhere"),
    ],
)
def test_the_colours_of_the_windows_output_are_said(values: list[list[float]], said: str) -> None:
    assert said in output_colours(np.array(values))


@pytest.mark.parametrize(
    ("gamma", "beta", "said"),
    [
        (1.0, 0.0, "With γ = 1 and β = 0 the last column is the middle one."),
        (0.0, 0.5, "γ = 0 leaves nothing but β: every number is 0.5."),
        (1.0, 0.5, "γ keeps the width; β moves them by 0.5. A ReLU after it would cut less than with β = 0."),
        (2.0, -1.0, "2.0 times as wide; β moves them by −1.0. A ReLU after it would cut more than with β = 0."),
        (0.5, 0.0, "γ makes the histograms 0.5 times as wide; they stay in place."),
    ],
)
def test_what_gamma_and_beta_did_is_true_of_the_numbers(gamma: float, beta: float, said: str) -> None:
    maps = torch.randn(3, 40, 40, generator=torch.Generator().manual_seed(0))
    maps *= torch.tensor([9.0, 1.0, 0.1]).view(3, 1, 1)
    steps = batch_norm_steps(maps, gamma, beta)
    assert what_it_did(steps, gamma, beta).endswith(said + (" Move them." if gamma == 1 and not beta else ""))
    cut, before = (float((values <= 0).float().mean()) for values in (steps.after, gamma * steps.standardised))
    assert "less" not in said or cut < before
    assert "more" not in said or cut > before


@pytest.fixture
def learning(page: AppTest) -> AppTest:
    page.session_state["conv_part"] = "Learn this kernel"
    return page.run()


def test_a_secret_kernel_is_found_on_the_photo(learning: AppTest) -> None:
    assert "Found: after 2,000 steps no weight is further than 0.01" in texts(check(learning))
    data = data_of(learning, "learn_player")
    assert np.abs(np.array(data["kernels"][-1]) - data["secret"]).max() <= 0.0101  # in five digits and four
    assert len(data["steps"]) == len(data["losses"]) == len(data["kernels"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("learn_side", 6, "the picture is too small. The output gives 8 equations for 9 unknowns"),
        ("learn_noise", 0.5, "Noise hides it"),
        ("learn_rate", 0.5, "It diverges"),
        ("learn_steps", 20, "Not yet: after 20 steps"),
    ],
)
def test_where_it_is_not_found_the_sentence_says_why(learning: AppTest, key: str, value: float, said: str) -> None:
    learning.select_slider(key=key).set_value(value).run()
    assert said in texts(check(learning))


def test_a_rate_that_is_too_large_is_said_after_few_steps_as_well(learning: AppTest) -> None:
    for key, value in (("learn_momentum", 0.0), ("learn_rate", 0.1), ("learn_steps", 20)):
        learning.select_slider(key=key).set_value(value).run()
    assert "It diverges" in texts(check(learning))
    assert "more momentum" not in texts(learning)


@pytest.mark.parametrize("name", list(sample_photos()))
def test_the_learning_rate_that_is_to_fail_does_so_on_this_photo(learning: AppTest, name: str) -> None:
    file = io.BytesIO()
    sample_photos()[name].image.save(file, "PNG")
    upload(learning, "photo.png", file.getvalue())
    (rate,) = re.findall(r"Take a learning rate of ([\d.]+),", texts(learning))
    learning.select_slider(key="learn_rate").set_value(float(rate)).run()
    assert "It diverges" in texts(check(learning))


def test_a_flat_photo_says_how_many_unknowns_its_equations_fix(learning: AppTest) -> None:
    upload(learning, "red.jpg", jpeg())
    assert "the picture is the same everywhere" in texts(check(learning))
    assert "only 1 of them says anything new (rank 1)" in texts(learning)


@pytest.fixture
def puzzle(page: AppTest) -> AppTest:
    page.session_state["conv_part"] = "Kernel puzzle"
    return page.run()


def test_every_level_of_the_puzzle_opens_with_its_kernels_and_gives_all_its_hints(puzzle: AppTest) -> None:
    for number, level in enumerate(levels(1), start=1):
        puzzle.segmented_control(key="puzzle_level").set_value(number).run()
        assert f"Level {number}: {level.title}." in texts(check(puzzle))
        data = data_of(puzzle, f"puzzle_board_1_{number}")
        assert data["kernels"] == json.loads(json.dumps(level.begin))
        for place, hint in enumerate(level.hints, start=1):
            assert hint not in texts(puzzle)
            (button,) = [each for each in puzzle.button if each.label == f"Hint {place} of {len(level.hints)}"]
            button.click().run()
            assert hint in texts(check(puzzle))


def test_another_seed_has_other_levels_and_one_that_is_not_offered_is_a_sentence(puzzle: AppTest) -> None:
    puzzle.segmented_control(key="puzzle_level").set_value(6).run()
    before = data_of(puzzle, "puzzle_board_1_6")["target"]
    puzzle.text_input(key="puzzle_seed").set_value("2").run()
    assert data_of(check(puzzle), "puzzle_board_2_6")["target"] != before
    puzzle.text_input(key="puzzle_seed").set_value("-1").run()
    assert "seed is -1; it must lie between 0 and 999999" in texts(check(puzzle)).replace("\\", "")


def test_a_flat_photo_cannot_be_a_puzzle_and_says_so(puzzle: AppTest) -> None:
    upload(puzzle, "red.jpg", jpeg())
    puzzle.segmented_control(key="puzzle_level").set_value(2).run()
    assert "solved before it begins" in texts(check(puzzle))
