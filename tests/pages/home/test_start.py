"""The start page gives a result before any click, and leads on."""

import math
import re
from urllib.parse import parse_qsl

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._ui.glossary import TERMS
from pages._ui.guide import GUIDE
from tests.pages.visit import check, open_page, texts


@pytest.fixture
def app(app: AppTest) -> AppTest:
    """The start page, drawn."""
    return app.run()


def test_the_first_page_shows_a_photo_and_what_a_kernel_makes_of_it(app: AppTest) -> None:
    check(app)
    captions = [entry.value for entry in app.caption]
    assert len(app.image) >= 3
    assert any("light up" in caption for caption in captions)
    assert app.latex[0].value.count("&") == 6  # the kernel, three by three


def test_changing_the_numbers_begins_with_those_that_are_shown(app: AppTest) -> None:
    rows = re.findall(r"(?<=matrix} ).*(?= .end)", app.latex[0].value)[0].split(r"\\")
    shown = tuple(tuple(float(number) for number in row.split("&")) for row in rows)
    (link,) = [entry.proto for entry in app.page_link if entry.label == "Change the numbers yourself"]
    photo = app.session_state["photo_chosen"].sha256
    app.query_params.update(dict(parse_qsl(link.query_string)))
    open_page(app, "learn/convolution")
    assert app.session_state["kernel_values"] == shown
    assert app.session_state["photo_chosen"].sha256 == photo
    assert not app.warning


def test_the_lesson_leads_to_every_page(app: AppTest) -> None:
    linked = {entry.proto.page for entry in app.page_link}
    assert {"convolution", "feature-maps", "architecture", "augmentation", "training", "compare", "classify"} <= linked


def test_it_leads_to_every_page_of_the_guide(app: AppTest) -> None:
    linked = {entry.proto.query_string for entry in app.page_link if entry.proto.page == "guide"}
    assert linked == {f"page={name}" for name in GUIDE}


def test_it_says_what_is_ready_without_any_data_folder(app: AppTest) -> None:
    ready = {entry.label: entry.value for entry in app.metric}
    assert ready["Data sets ready"] == "2 of 6"


@pytest.mark.parametrize(
    "name",
    ["GELU", "whitening", "Sobel", "flatten", "head", "backbone", "recipe", "p value", "spread", "nats"],
)
def test_words_that_the_pages_use_are_in_the_glossary_in_one_or_two_sentences(name: str) -> None:
    assert 1 <= len(re.findall(r"[.](?= [A-Z]|$)", TERMS[name])) <= 2


def test_the_glossary_is_in_alphabetical_order() -> None:
    assert list(TERMS) == sorted(TERMS, key=str.casefold)


def test_numbers_in_the_glossary_are_right() -> None:
    assert f"{math.log(2):.2f} nats" in TERMS["nats"]
    assert f"−{-float(torch.nn.functional.gelu(torch.linspace(-3, 0, 3001)).min()):.2f}" in TERMS["GELU"]


def test_without_the_internet_is_said_as_such(app: AppTest) -> None:
    assert "works without the internet" in texts(check(app))


def test_the_glossary_finds_a_term_and_says_so_where_there_is_none(app: AppTest) -> None:
    assert not app.table  # a closed glossary would bring pandas to every first page
    app.session_state["start_glossary"] = True
    app.run()
    app.text_input(key="glossary_find").set_value("stride").run()
    found = app.table[0].value["term"].tolist()
    assert "stride" in found
    assert len(found) < len(TERMS)
    app.text_input(key="glossary_find").set_value("no such word").run()
    assert "No such term" in texts(check(app))
