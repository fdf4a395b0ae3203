"""The Augmentation page: a chain that is edited, draws that follow the seed, and test images that stay as they are."""

import json
import re

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.config import AugmentationStep
from core.explain.augmentation.draws import draw
from core.models.input_format import InputFormat
from core.photos.samples import sample_photos
from core.transforms import transforms
from pages.learn._augmentation.chain.draws_section import what_the_draws_are
from tests.pages.visit import check, live_sliders, open_page, texts


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return open_page(app, "learn/augmentation")


def chain(page: AppTest) -> list[str]:
    return [step.name for _number, step in page.session_state["chain_steps"]]


def number_of(page: AppTest, position: int) -> int:
    return int(page.session_state["chain_steps"][position][0])


def add(page: AppTest, name: str) -> None:
    page.selectbox(key="chain_add").select(name).run()
    page.button(key="chain_add_button").click().run()
    check(page)


def test_it_begins_with_the_courses_chain(page: AppTest) -> None:
    assert chain(page) == ["flip_horizontal", "crop"]


def test_every_transform_can_be_added_and_drawn(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    for name in transforms:
        add(page, name)
        assert chain(page)[-1] == name
        assert not page.error


def test_a_flip_that_takes_turns_is_added_for_every_image_and_one_by_chance_for_half(page: AppTest) -> None:
    add(page, "flip_alternating")
    add(page, "flip_vertical")
    assert [step.probability for _number, step in page.session_state["chain_steps"][2:]] == [1.0, 0.5]


def test_steps_change_places_and_go(page: AppTest) -> None:
    add(page, "rotation")
    page.button(key=f"chain_{number_of(page, 2)}_arrow_upward").click().run()
    assert chain(page) == ["flip_horizontal", "rotation", "crop"]
    page.button(key=f"chain_{number_of(page, 0)}_delete").click().run()
    assert chain(check(page)) == ["rotation", "crop"]


@pytest.mark.parametrize("loses", ["empty", "course", "delete"])
def test_a_chain_that_was_replaced_or_cut_comes_back_with_its_settings(page: AppTest, loses: str) -> None:
    add(page, "rotation")
    number = number_of(page, 2)
    page.session_state[f"chain_{number}_degrees"] = 90.0
    page.run()
    page.button(key=f"chain_{number}_delete" if loses == "delete" else f"chain_{loses}").click().run()
    if loses != "delete":
        page.button(key=f"chain_{loses}").click().run()
    assert "rotation" not in chain(check(page))
    page.button(key="chain_undo").click().run()
    assert chain(check(page)) == ["flip_horizontal", "crop", "rotation"]
    assert page.session_state["chain_steps"][2][1].settings["degrees"] == 90.0
    assert "chain_undo" not in {button.key for button in page.button}


def test_a_move_is_a_change_that_ends_undo(page: AppTest) -> None:
    add(page, "rotation")
    page.button(key=f"chain_{number_of(page, 2)}_delete").click().run()
    page.button(key=f"chain_{number_of(page, 0)}_arrow_downward").click().run()
    assert chain(check(page)) == ["crop", "flip_horizontal"]
    assert "chain_undo" not in {button.key for button in page.button}


def test_the_empty_chain_comes_back_as_any_other(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    page.button(key="chain_course").click().run()
    page.button(key="chain_undo").click().run()
    assert chain(check(page)) == []


def test_a_step_keeps_its_settings_when_it_moves(page: AppTest) -> None:
    add(page, "rotation")
    number = number_of(page, 2)
    page.session_state[f"chain_{number}_degrees"] = 90.0
    page.run()
    page.button(key=f"chain_{number}_arrow_upward").click().run()
    moved = page.session_state["chain_steps"][1][1]
    assert (moved.name, moved.settings["degrees"]) == ("rotation", 90.0)


def test_another_draw_is_the_next_seed_and_the_first_comes_back(page: AppTest) -> None:
    def values() -> list[str]:
        return [str(entry.proto.imgs[0].caption) for entry in page.image if entry.proto.imgs[0].caption[:2].strip(".")]

    first = values()
    page.button(key="chain_again").click().run()
    assert page.text_input(key="chain_seed").value == "1"
    assert values() != first
    page.text_input(key="chain_seed").set_value("0").run()
    assert values() == first


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-1", "seed is -1; it must lie between 0 and 2147483647"),
        ("2147483648", "seed is 2147483648; it must lie between 0 and 2147483647"),
        ("2,5", "Seed is '2,5'; it must be a whole number, in digits alone, between 0 and 2147483647."),
    ],
)
def test_a_seed_that_is_none_is_a_sentence_and_another_draw_begins_anew(page: AppTest, typed: str, said: str) -> None:
    page.text_input(key="chain_seed").set_value(typed).run()
    assert said in texts(check(page)).replace("\\", "")
    turn_to(page, "Test images")
    assert f"{said.rstrip('.')}. It is set under Draws." in texts(page).replace("\\", "")
    turn_to(page, "Draws")
    page.button(key="chain_again").click().run()
    assert check(page).text_input(key="chain_seed").value == "0"


def test_what_was_done_to_the_photo_before_any_draw_is_said(page: AppTest) -> None:
    assert "cut to its centre square, which leaves out 33 % of it; made smaller, from 427×427 to 128×128 px" in texts(
        check(page)
    )


@pytest.mark.parametrize("name", [name for name, transform in transforms.items() if transform.settings])
def test_no_number_of_a_step_can_leave_its_range(page: AppTest, name: str) -> None:
    page.button(key="chain_empty").click().run()
    add(page, name)
    sliders = live_sliders(page)
    for setting in transforms[name].settings:
        if not setting.choices:
            slider = next(one for one in sliders if one["label"].startswith(setting.title))
            assert (slider["low"], slider["high"]) == (setting.low, setting.high)
            assert slider["value"] == setting.default


def test_an_empty_chain_says_what_that_means(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    assert "same pixels" in texts(check(page))


def test_training_takes_the_chain_over(page: AppTest) -> None:
    add(page, "blur")
    page.button(key="chain_train").click().run()
    names = [step.name for step in page.session_state["training_chain"]]
    assert names == ["flip_horizontal", "crop", "blur"]


def turn_to(page: AppTest, view: str) -> AppTest:
    page.session_state["chain_tabs"] = view
    return check(page.run())


def test_a_test_image_is_read_the_same_twice(page: AppTest) -> None:
    turn_to(page, "Test images")
    readings = {entry.label: entry.value for entry in check(page).metric}
    assert readings["As a test image, read twice"] == "the same"
    assert readings["As a training image, read twice"].endswith("apart")


def test_code_and_json_of_the_chain_are_shown_and_json_is_taken_back(page: AppTest) -> None:
    turn_to(page, "Code and JSON")
    code, text = page.code[0].value, page.code[1].value
    assert "v2.RandomCrop(128, padding=4)" in code  # cats and dogs are 128 pixels wide
    assert "(128, 128), method" in code  # and photos of every size, which the network cannot take
    asked = json.loads(text)
    assert (asked["dataset"], asked["seed"], asked["draws"]) == ("cats_vs_dogs", 0, 7)
    other = {**asked, "steps": asked["steps"][::-1], "seed": 5, "dataset": "digits"}
    for written in (other, other["steps"]):  # a chain alone is taken as well
        page.text_area(key="chain_json_text").set_value(json.dumps(written)).run()
        page.button(key="chain_json_use").click().run()
        assert chain(check(page)) == ["crop", "flip_horizontal"]
        assert page.selectbox(key="chain_dataset").value == "digits"
        assert page.session_state["chain_seed"] == "5"


def test_the_program_draws_the_pictures_of_the_page(page: AppTest) -> None:
    add(page, "affine")
    page.text_input(key="chain_seed").set_value("3").run()
    turn_to(page, "Code and JSON")
    page.segmented_control(key="chain_code_kind").set_value("draws").run()
    code = check(page).code[0].value
    assert "seed=3" in code
    assert "import core" not in code
    photo = next(iter(sample_photos().values())).image
    steps = [step for _number, step in page.session_state["chain_steps"]]
    format = InputFormat(channels=3, size=128, mean=(0.5,) * 3, std=(0.25,) * 3)
    draws = draw(photo, steps, format=format, count=7, seed=3)
    names: dict[str, object] = {"__name__": "program"}
    exec(code, names)  # our own text, and it is the thing under test
    augment = names["augment"]
    assert callable(augment)
    assert torch.equal(augment(draws.before.expand(7, -1, -1, -1).contiguous(), 3), draws.after)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        '[{"name": "no_such"}]',
        '[{"name": "crop", "settings": {"padding": 999}}]',
        '{"steps": [], "seed": -1}',
        '{"steps": [], "dataset": "no_such"}',
        '{"seed": 1}',
    ],
)
def test_json_that_is_no_chain_is_a_sentence(page: AppTest, text: str) -> None:
    turn_to(page, "Code and JSON")
    page.text_area(key="chain_json_text").set_value(text).run()
    page.button(key="chain_json_use").click().run()
    assert check(page).error
    assert chain(page) == ["flip_horizontal", "crop"]


def test_flips_of_digits_come_with_a_caution_and_the_way_to_see_it(page: AppTest) -> None:
    page.selectbox(key="chain_dataset").select("digits").run()
    assert "mirrored 2" in texts(check(page))
    page.button(key="chain_see_flip_horizontal").click().run()
    assert page.segmented_control(key="safety_risk").value == "mirror"
    turn_to(page, "Draws")
    page.selectbox(key="chain_dataset").select("cats_vs_dogs").run()
    assert "mirrored 2" not in texts(check(page))


def captions(page: AppTest) -> list[str]:
    """Return what stands below the draws, without the image before them."""
    shown = (str(image.caption).replace("\\", "") for entry in check(page).image for image in entry.proto.imgs)
    return [caption.split(". ", 1)[1] for caption in shown if ". " in caption]


def test_below_each_draw_stands_how_far_it_moved(page: AppTest) -> None:
    said = captions(page)
    assert len(said) == 7
    assert all(re.search(r"Crop with padding: down ([+−]\d|0) px, right ([+−]\d|0) px", one) for one in said)
    assert "counter-clockwise" in texts(page)


def test_draws_that_are_all_alike_say_so(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    assert "Nothing was applied" in texts(check(page))
    add(page, "flip_horizontal")
    page.session_state[f"chain_{number_of(page, 0)}_probability"] = 1.0
    page.run()
    assert "nothing in this chain is left to chance" in texts(check(page))
    add(page, "rotation")
    assert "Every draw is a new training image" in texts(page)


GREY = InputFormat(channels=1, size=16, mean=(0.0,), std=(1.0,))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([AugmentationStep(name="flip_horizontal", probability=0.01)], "By chance nothing was applied"),
        ([AugmentationStep(name="flip_horizontal", probability=0.99)], "By chance the same was done to each"),
        (
            [AugmentationStep(name="flip_horizontal", probability=0.0)],
            "Nothing was applied to any of them: every epoch",
        ),
        ([AugmentationStep(name="greyscale", probability=0.5)], "leaves to chance changes nothing in this picture"),
    ],
)
def test_what_is_alike_by_chance_alone_is_not_said_to_be_so_in_every_epoch(
    steps: list[AugmentationStep], said: str
) -> None:
    draws = draw(next(iter(sample_photos().values())).image, steps, format=GREY, count=7, seed=0)
    told = what_the_draws_are(draws, steps)
    assert said in told
    assert ("every epoch" in told) == ("By chance" not in told)


def histograms(page: AppTest) -> dict[str, str]:
    """Return the columns and labels of every histogram by its name."""
    bodies = (entry.proto.body for entry in check(page).get("html"))
    return {re.search(r'aria-label="([^"]*)"', body).group(1): body for body in bodies if "Histogram" in body}  # type: ignore[union-attr]


def test_each_histogram_is_of_the_picture_above_it_on_an_axis_that_stays(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    add(page, "colour_jitter")
    turn_to(page, "Network's input")
    first = histograms(page)
    before, middle, after = first.values()
    columns = [re.findall(r"height:[\d.]+%", one) for one in (before, after)]
    assert columns[0] == columns[1]  # un-normalised: the first again
    page.segmented_control(key="chain_which").set_value(3).run()
    third = histograms(page)
    assert third != first
    labels = [re.findall(r"<span>([^<]*)</span>", body) for body in (middle, list(third.values())[1])]
    assert labels[0] == labels[1]
