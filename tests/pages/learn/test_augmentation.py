"""The Augmentation page: a chain that is edited, draws that follow the seed, and test images that stay as they are."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.transforms import transforms
from pages.learn._augmentation.sections import in_words
from tests.pages.visit import check, open_page, texts


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


def test_a_step_keeps_its_settings_when_it_moves(page: AppTest) -> None:
    add(page, "rotation")
    number = number_of(page, 2)
    page.number_input(key=f"chain_{number}_degrees").set_value(90.0).run()
    page.button(key=f"chain_{number}_arrow_upward").click().run()
    moved = page.session_state["chain_steps"][1][1]
    assert (moved.name, moved.settings["degrees"]) == ("rotation", 90.0)


def test_another_draw_is_the_next_seed_and_the_first_comes_back(page: AppTest) -> None:
    def values() -> list[str]:
        return [str(entry.proto.imgs[0].caption) for entry in page.image if entry.proto.imgs[0].caption[:2].strip(".")]

    first = values()
    page.button(key="chain_again").click().run()
    assert page.number_input(key="chain_seed").value == 1
    assert values() != first
    page.number_input(key="chain_seed").set_value(0).run()
    assert values() == first


def test_an_empty_chain_says_what_that_means(page: AppTest) -> None:
    page.button(key="chain_empty").click().run()
    assert "same pixels" in texts(check(page))


def test_training_takes_the_chain_over(page: AppTest) -> None:
    add(page, "blur")
    page.button(key="chain_train").click().run()
    names = [step.name for step in page.session_state["training_chain"]]
    assert names == ["flip_horizontal", "crop", "blur"]


def test_a_test_image_is_read_the_same_twice(page: AppTest) -> None:
    page.session_state["chain_tabs"] = "Test images stay as they are"
    page.run()
    readings = {entry.label: entry.value for entry in check(page).metric}
    assert readings["As a test image, read twice"] == "the same"
    assert readings["As a training image, read twice"].endswith("apart")


def test_code_and_json_of_the_chain_are_shown_and_json_is_taken_back(page: AppTest) -> None:
    page.session_state["chain_tabs"] = "Code and JSON"
    page.run()
    code, text = page.code[0].value, page.code[1].value
    assert "v2.RandomCrop(128, padding=4)" in code  # cats and dogs are 128 pixels wide
    turned = json.loads(text)[::-1]
    page.text_area(key="chain_json_text").set_value(json.dumps(turned)).run()
    page.button(key="chain_json_use").click().run()
    assert chain(check(page)) == ["crop", "flip_horizontal"]


@pytest.mark.parametrize(
    "text", ["", "no json", '[{"name": "no_such"}]', '[{"name": "crop", "settings": {"padding": 999}}]']
)
def test_json_that_is_no_chain_is_a_sentence(page: AppTest, text: str) -> None:
    page.session_state["chain_tabs"] = "Code and JSON"
    page.run()
    page.text_area(key="chain_json_text").set_value(text).run()
    page.button(key="chain_json_use").click().run()
    assert check(page).error
    assert chain(page) == ["flip_horizontal", "crop"]


def test_flips_of_digits_come_with_a_caution(page: AppTest) -> None:
    page.selectbox(key="chain_dataset").select("digits").run()
    assert "mirrored 2" in texts(check(page))
    page.selectbox(key="chain_dataset").select("cats_vs_dogs").run()
    assert "mirrored 2" not in texts(check(page))


def test_drawn_values_in_words() -> None:
    assert in_words({}) == "nothing applied"
    assert in_words({"1. flip_horizontal": {}, "2. crop": {"down": 3.0, "right": 5.0}}) == (
        "Flip left-right · Crop with padding: down 3, right 5"
    )
    assert in_words({"1. rotation": {"angle": -7.25}}) == "Rotation: angle −7.25"
