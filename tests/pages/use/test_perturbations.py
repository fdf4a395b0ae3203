"""Classify's perturbations: a square that hides a part, and a network that is fooled."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.explain.doubt.fooling import BOUNDS, Fooling
from core.explain.doubt.hiding import Hidden
from pages.use._classify.doubt.fool import in_words
from pages.use._classify.doubt.hide import verdict
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, texts, visitor

CLASSES = ("cat", "dog", "ship")


@pytest.fixture
def page(folder: Path) -> AppTest:
    ship(folder, "tiny", wrong=5)
    return open_page(visitor(), "use/classify")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def test_a_link_opens_a_perturbation_and_one_to_none_says_so(folder: Path) -> None:
    ship(folder, "tiny")
    page = visitor()
    page.query_params["try"] = "fool"
    assert "your own network" in said(open_page(page, "use/classify"))
    page = visitor()
    page.query_params["try"] = "ears"
    assert "There is no perturbation 'ears' here; there is hide and fool." in said(open_page(page, "use/classify"))


def test_a_network_without_maps_can_be_put_to_the_test(folder: Path) -> None:
    ship(folder, "dense", model="simple_nn")
    page = open_page(visitor(), "use/classify")
    page.button(key="hide_go").click().run()
    assert "turns the answer" in said(page)


def test_every_place_is_tried_when_asked_for_each_photo_and_each_size(page: AppTest) -> None:
    assert "turns the answer" not in said(page)
    page.button(key="hide_go").click().run()
    assert "turns the answer" in said(page)
    assert page.button(key="hide_go").disabled
    (side,) = [slider for slider in page.select_slider if slider.label == "Side of the square (pixels)"]
    assert side.options == ["2", "4", "5", "7", "9", "14"]
    side.set_value(14).run()
    page.segmented_control(key="hide_filling").set_value("white").run()
    assert "turns the answer" in said(page)
    page.button(key="photo_sample_3").click().run()
    assert "turns the answer" not in said(page)
    assert not page.button(key="hide_go").disabled


def test_a_network_is_fooled_within_a_bound_that_can_be_chosen(page: AppTest) -> None:
    page.segmented_control(key="classify_perturbation").set_value("fool").run()
    assert page.query_params["try"] == "fool"
    assert "your own network" in said(page)
    assert "Random changes of the same size leave" not in said(page)
    page.button(key="fool_go").click().run()
    assert "Random changes of the same size leave" in said(page)
    (bound,) = [slider for slider in page.select_slider if slider.label.startswith("How far each pixel may go")]
    bound.set_value(16).run()
    assert "Within 16 grey levels" in said(page)
    (target,) = [box for box in page.selectbox if box.label == "Make it say"]
    wanted = target.options[2]
    target.select_index(2).run()
    assert f"the answer is {wanted} (" in said(page) or f"{wanted} comes to" in said(page)


def test_what_is_said_of_a_network_that_was_fooled() -> None:
    after = torch.tensor([[0.6, 0.3, 0.1], *[[0.2, 0.7, 0.1]] * (len(BOUNDS) - 1)])
    picture = torch.zeros(1, 2, 2, dtype=torch.uint8)

    def found(target: int | None) -> Fooling:
        return Fooling(
            start=0,
            target=target,
            before=torch.tensor([0.9, 0.06, 0.04]),
            after=after,
            noise=torch.tensor([0.89] * len(BOUNDS)),
            original=picture,
            changed=picture.repeat(len(BOUNDS), 1, 1, 1),
        )

    noise = "Random changes of the same size leave cat at 89.0 %."
    assert in_words(found(None), 0, CLASSES) == (
        f"Within 1 grey level cat falls from 90.0 % to 60.0 %, and is the answer still. {noise}"
    )
    assert in_words(found(None), 1, CLASSES) == (
        f"Within 2 grey levels cat falls from 90.0 % to 20.0 %, and the answer is dog (70.0 %). {noise}"
    )
    assert "ship comes to 10.0 % only." in in_words(found(2), 1, CLASSES)
    assert (found(None).turned, found(1).turned, found(2).turned) == (2, 2, None)


def test_what_is_said_of_squares() -> None:
    def hidden(side: int, *, turns: bool) -> Hidden:
        after = torch.tensor([0.8, 0.1, 0.1]).repeat(2, 2, 1)
        if turns:
            after[0, 1] = torch.tensor([0.3, 0.1, 0.6])
        return Hidden(side=side, starts=(0, 10 - side), before=torch.tensor([0.9, 0.05, 0.05]), after=after)

    assert verdict([hidden(5, turns=False)], CLASSES, 10) == (
        "No square of 5×5 of the 10×10 pixels turns the answer: cat it stays."
    )
    tried = [hidden(5, turns=True), hidden(2, turns=True)]
    assert verdict([*tried, hidden(1, turns=False)], CLASSES, 10).endswith("are hidden. None of 1×1 does.")
    assert verdict(tried, CLASSES, 10) == (
        "The smallest square that turns the answer has 2×2 pixels, 4.0 % of the picture: cat becomes ship where rows 0 "
        "to 1 and columns 8 to 9 are hidden. Smaller ones were not tried."
    )
