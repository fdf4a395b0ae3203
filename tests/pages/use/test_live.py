"""The live camera's server half: a picture in, bars or a sentence out, and nothing kept."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint
from core.explain.familiarity.measuring import measure
from core.judging.classification import Guess, classify
from core.photos.door import open_photo
from pages._ui import state
from pages.use._classify.live import answered, bars
from pages.use._classify.world.familiarity import remember
from tests.pages.networks import ship
from tests.pages.visit import check, jpeg, open_page, texts, visitor


@pytest.fixture
def network(folder: Path) -> Checkpoint:
    return ship(folder, "tiny")


def sent(number: int = 7, data: bytes | None = None) -> dict[str, Any]:
    return {"number": number, "jpeg": base64.b64encode(jpeg() if data is None else data).decode()}


def told(page: AppTest) -> dict[str, Any]:
    """What the camera's component was given."""
    (proto,) = [each.proto for each in page.get("bidi_component") if each.proto.component_name.endswith("live_camera")]
    told: dict[str, Any] = json.loads(proto.json)
    return told


def test_a_picture_is_answered_as_the_same_photo_would_be(network: Checkpoint) -> None:
    answer = answered(sent(), network, made=True)
    expected = {guess.label: guess.probability for guess in classify(network, open_photo(jpeg()), top=10)}
    assert answer["number"] == 7
    assert {bar["name"]: pytest.approx(bar["part"]) for bar in answer["bars"]} == expected
    assert [bar["name"] for bar in answer["bars"]] == list(network.card.classes)
    (first,) = [bar["name"] for bar in answer["bars"] if bar["first"]]
    assert first == max(expected, key=lambda label: expected[label])
    assert answer["foreign"] == "", "nobody has measured what its world is"


def test_a_picture_from_outside_its_world_is_said_to_be_as_a_photo_is(network: Checkpoint) -> None:
    found = measure(network, network.load_model(), training=120, others=40)
    everything = {name: steps * 0 - 1e6 for name, steps in found.known.steps.items()}
    nothing = {name: steps * 0 + 1e6 for name, steps in found.known.steps.items()}
    for steps, said in (
        (everything, "Not of its world: stranger to it than 100 % of its validation images."),
        (nothing, ""),
    ):
        remember(network, dataclasses.replace(found, known=dataclasses.replace(found.known, steps=steps)))
        answers = [answered(sent(number), network, made=True) for number in (1, 2)]
        assert [answer["foreign"] for answer in answers] == [said, said], "one picture after the other"
        expected = {guess.label: guess.probability for guess in classify(network, open_photo(jpeg()), top=10)}
        assert {bar["name"]: pytest.approx(bar["part"]) for bar in answers[1]["bars"]} == expected


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (sent(data=b"hello"), "not a picture the lab can open"),
        (sent(data=jpeg()[:200]), "cut short or damaged"),
        ({"number": 7, "jpeg": 3}, "did not arrive whole"),
    ],
)
def test_what_is_no_picture_is_a_sentence_and_the_camera_goes_on(
    network: Checkpoint, what: dict[str, Any], sentence: str
) -> None:
    answer = answered(what, network, made=False)
    assert (answer["number"], answer["bars"], answer["foreign"]) == (7, [], "")
    assert sentence in answer["problem"]


@pytest.mark.parametrize("what", [None, [], "x", {"number": "7"}])
def test_whatever_else_a_browser_sends_breaks_nothing(network: Checkpoint, what: object) -> None:
    assert answered(what, network, made=False)["number"] == 0


def test_of_many_classes_the_likeliest_few_have_a_bar() -> None:
    classes = [f"c{place}" for place in range(12)]
    guesses = [Guess(name, 0.5 / (1 + place)) for place, name in enumerate(reversed(classes))]
    assert [bar["name"] for bar in bars(guesses, classes)] == ["c11", "c10", "c9", "c8", "c7"]
    assert [bar["name"] for bar in bars(guesses[:10], classes[2:])] == classes[2:]


def test_the_page_answers_what_has_come_and_keeps_none_of_it(network: Checkpoint) -> None:
    page = open_page(visitor(), "use/classify")
    assert told(page)["number"] == 0
    page.session_state[state.LIVE_PICTURE] = sent(9)
    check(page.run())
    assert told(page)["number"] == 9
    assert state.LIVE_PICTURE not in page.session_state
    assert "Camera" not in texts(page)
    check(page.run())
    assert told(page)["number"] == 0, "it is answered once"


def test_where_no_browser_opens_a_camera_the_sentence_stands_and_the_way_out(
    network: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "url", "http://192.168.1.20:8501/classify")
    page = open_page(visitor(), "use/classify")
    assert "only over HTTPS or on localhost. Upload photos instead" in texts(page)
    assert not [each for each in page.get("bidi_component") if "live" in each.proto.component_name]
