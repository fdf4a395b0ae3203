"""Classify's heat map beside those that say whether to trust it."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.explain.doubt.sanity import Sanity
from core.explain.inside.grad_cam import Heat
from pages.use._classify.doubt.maps import FOLD, said_of_other, said_of_untrained
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, texts, visitor


@pytest.fixture
def page(folder: Path) -> AppTest:
    ship(folder, "tiny", wrong=5)
    page = visitor()
    page.session_state[FOLD] = True
    return open_page(page, "use/classify")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def heat(*values: float) -> Heat:
    return Heat(values=torch.tensor([values], dtype=torch.float32), method="HiResCAM", layer="0")


def test_the_map_stands_beside_that_of_another_class_and_of_an_untrained_network(page: AppTest) -> None:
    (question,) = [box for box in page.selectbox if box.label == "Why, or why not"]
    answer, second, third = (option.split(" ")[0] for option in question.options[:3])
    (other,) = [box for box in page.selectbox if box.label == "The other class"]
    assert other.value == second
    for title in (
        f"**{answer}**, as above",
        f"**{second}**, the other class",
        f"**{answer}**, by an untrained network",
    ):
        assert title in said(page)
    assert "such networks" in said(page) or "cannot be compared" in said(page)
    other.select_index(1).run()
    assert f"**{third}**, the other class" in said(page)


def test_a_flat_map_says_that_it_tells_nothing(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "This map is flat" not in said(page)
    monkeypatch.setattr("core.explain.doubt.sanity.FLAT", 0.0)
    page.run()
    assert "This map is flat: on average a place has" in said(page)


def test_a_network_without_maps_has_nothing_to_compare(folder: Path) -> None:
    ship(folder, "dense", model="simple_nn")
    page = open_page(visitor(), "use/classify")
    assert "no maps" in said(page)
    assert not any(fold.label == "Can this map be trusted?" for fold in page.expander)


def test_nobody_waits_for_other_maps_who_has_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ship(folder, "tiny", wrong=5)
    monkeypatch.setattr("pages.use._classify.doubt.maps.untrained_network", pytest.fail)
    page = check(open_page(visitor(), "use/classify"))
    assert any(fold.label == "Can this map be trusted?" for fold in page.expander)


def test_what_is_said_of_the_maps() -> None:
    likely, unlike, empty = heat(1, 0.5, 0), heat(0, 0.5, 1), heat(0, 0, 0)

    def found(other: Heat, untrained: Heat) -> Sanity:
        return Sanity(heat=likely, other=other, untrained=(untrained,) * 3)

    assert said_of_other(found(likely, empty), "cat", "dog") == (
        "Nearly the same map (correlation 1.00): it says where the network looks, not why it is cat rather than dog."
    )
    assert said_of_other(found(unlike, empty), "cat", "dog") == (
        "Another map (correlation −1.00): it does depend on the class."
    )
    assert said_of_other(found(empty, empty), "cat", "dog") == "Nothing in this layer speaks for dog."
    assert said_of_untrained(found(empty, likely), "cat") == (
        "Nearly the same map (correlation 1.00, mean of 3 such networks): do not trust it. It shows the picture, not "
        "what was learned of cat."
    )
    assert "what was learned has made the one above" in said_of_untrained(found(empty, unlike), "cat")
    assert "cannot be compared" in said_of_untrained(found(empty, empty), "cat")
