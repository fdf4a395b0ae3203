"""Not in my world: measured once where that is asked for, then said of every photo, with the nearest images."""

import dataclasses
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint
from core.explain.familiarity import measuring
from core.explain.familiarity.measuring import known_familiarity, measure, note_beside_card
from pages._ui import state
from tests.pages.networks import ship
from tests.pages.use.adding import add, picture
from tests.pages.visit import check, open_page, texts, visitor

FEW = {"training": 120, "others": 40}


@pytest.fixture
def network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    monkeypatch.setattr(measuring, "measure", partial(measure, **FEW))
    return ship(folder, "tiny")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def test_it_is_measured_where_that_is_asked_for_and_said_from_then_on(network: Checkpoint) -> None:
    page = open_page(visitor(), "use/classify")
    assert "AUROC" not in [metric.label for metric in page.metric]
    page.button(key="world_measure").click().run()
    found = known_familiarity(network)
    assert found is not None
    figures = found.outsiders
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["AUROC"] == f"{figures.auroc[figures.score]:.3f}"
    assert shown["False alarms"] == f"{figures.false_alarms:.1%}".replace("%", " %")
    assert "on 20 images of Shapes (generated) against 20 test images" in said(page)
    assert "of its validation images" in said(page)
    assert "The nearest training images" in said(page)
    assert "By class and distance" not in said(page), "the images are there"
    again = open_page(visitor(), "use/classify")
    assert "AUROC" in [metric.label for metric in again.metric], "it is known to everybody"


def test_a_network_that_ships_brings_what_was_measured(network: Checkpoint, folder: Path) -> None:
    found = measure(network, network.load_model(), **FEW)
    beyond = dataclasses.replace(
        found.known, steps={name: steps * 0 - 1e6 for name, steps in found.known.steps.items()}
    )
    note_beside_card(network, dataclasses.replace(found, known=beyond))
    page = open_page(visitor(), "use/classify")
    assert "Not in its world" in said(page)
    assert "Not of its world: stranger to it than 100 % of its validation images." in said(page)
    add(page, ("a.png", picture("red")), ("b.png", picture("blue")))
    assert "2 of them are not of its world" in said(page)


def test_without_its_training_images_nothing_can_be_measured(folder: Path) -> None:
    ship(folder, "photos", dataset="cifar10")
    page = open_page(visitor(), "use/classify")
    assert "is not on this machine, so nobody can say how near" in said(page)
    assert state.CLASSIFIED in page.session_state
