"""The address of Training's form: a link fills it as its sender had it, and what it cannot mean is a sentence."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.runs.store.store import STORE_NAME, Store
from pages._ui import state
from tests.pages import runs
from tests.pages.visit import check, open_page, texts, visitor

MODERN = "training.digits.lenet.modern"


def at(**address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, "train/training")


def in_address(page: AppTest) -> dict[str, str]:
    found = {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}
    return {name: value for name, value in found.items() if name != "run"}


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def test_the_form_as_it_is_at_first_is_not_in_the_address(home: Path) -> None:
    assert in_address(at()) == {}


def test_what_was_changed_goes_into_the_address_and_a_link_brings_it(home: Path) -> None:
    page = at()
    page.text_input(key=f"{MODERN}.epochs").set_value("3").run()
    page.text_input(key=f"{MODERN}.learning_rate").set_value("0,1").run()
    page.text_input(key=f"{MODERN}.limit").set_value("500").run()
    link = in_address(check(page))
    assert (link["data"], link["network"], link["recipe"]) == ("digits", "lenet", "modern")
    assert json.loads(link["set"]) == {"epochs": 3, "learning_rate": 0.1, "limit": 500}
    other = at(**link)
    assert other.text_input(key=f"{MODERN}.epochs").value == "3"
    assert other.text_input(key=f"{MODERN}.learning_rate").value == "0.1"
    assert in_address(other) == link
    assert not other.warning
    check(other.button(key="train").click().run())
    (run,) = Store(home / STORE_NAME).list()
    assert (run.config.epochs, run.config.learning_rate, run.config.limit) == (3, 0.1, 500)
    assert in_address(other) == {}, "the run is shown, and not the form"


def test_what_was_changed_is_no_set_of_pictures(home: Path) -> None:
    page = at()
    page.text_input(key=f"{MODERN}.epochs").set_value("3").run()
    page.query_params.clear()  # as the menu does
    assert "This set has been deleted" not in said(open_page(page, "train/pictures"))


@pytest.mark.parametrize(
    "link",
    [
        {"data": "shapes", "network": "fast_cnn", "recipe": "modern", "set": '{"start_size":16}'},
        {"data": "shapes", "network": "fast_cnn", "recipe": "modern", "set": '{"model_arguments":{"widths":[8,16]}}'},
        {"data": "digits", "network": "lenet", "recipe": "as_written", "set": '{"slips":["no_eval_mode"]}'},
        {"data": "digits", "network": "strided_cnn", "recipe": "notebook"},
        {
            "data": "shapes",
            "network": "lenet",
            "recipe": "modern",
            "set": '{"augmentation":[{"name":"rotation","probability":1.0,"settings":{"degrees":10.0}}]}',
        },
        {"data": "shapes", "network": "lenet", "recipe": "modern", "set": '{"greyscale":true,"optimizer":"adamw"}'},
    ],
)
def test_every_kind_of_setting_comes_back_as_it_was_sent(home: Path, link: dict[str, str]) -> None:
    page = at(**link)
    assert not page.warning
    assert in_address(page) == link


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ({"data": "moon"}, "There is no data set 'moon'"),
        ({"data": "mnist", "network": "transformer"}, "There is no model 'transformer'"),
        ({"recipe": "secret"}, "There is no recipe 'secret'"),
        ({"set": "{"}, "'set' cannot be read"),
        ({"set": "[1]"}, "'set' cannot be read"),
        ({"set": '{"epochs":0}'}, "epochs is 0; it must lie between 1 and 500"),
        ({"set": '{"epochs":"many"}'}, "epochs"),
        ({"set": '{"colour":1}'}, "colour"),
        ({"set": '{"dataset":"mnist"}'}, "'set' holds dataset"),
        ({"set": '{"model_arguments":7}'}, "'set' holds model_arguments"),
        ({"set": '{"model_arguments":{"wings":2}}'}, "wings"),
        ({"set": '{"augmentation":[{"name":"dance"}]}'}, "dance"),
        ({"set": '{"momentum":0}'}, "nesterov needs a momentum above 0"),
        ({"set": '{"limit":1}'}, "limit is 1"),
    ],
)
def test_what_an_address_cannot_mean_is_a_sentence_and_the_form_is_as_at_first(
    home: Path, link: dict[str, str], why: str
) -> None:
    page = at(**link)
    assert "The address describes no training: " in said(page)
    assert why in said(page)
    assert page.selectbox(key=state.TRAINING_DATASET).value == "digits"
    assert not page.button(key="train").disabled
    page.run()
    assert not check(page).warning, "it is said once"


def test_beside_a_run_the_form_is_named_so_that_a_reload_shows_it(home: Path) -> None:
    run = runs.finished(home)
    page = at(run=run.id)
    assert in_address(page) == {}
    page.session_state[state.TRAINING_OPEN] = state.SET_UP
    page.run()
    assert in_address(check(page)) == {"data": "digits", "network": "lenet", "recipe": "modern"}
    again = at(run=run.id, **in_address(page))
    assert again.button(key="train")


def test_whoever_named_the_run_is_not_in_the_address(home: Path) -> None:
    page = at()
    page.text_input(key="training.name.digits.lenet").set_value("Ada").run()
    assert in_address(check(page)) == {}
