"""Broken on purpose: set up by one press, said wherever the run is listed, never the best, and told afterwards."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data import load, make_split
from core.recipes import recipe_config
from core.recipes.broken import broken
from core.runs.store.store import STORE_NAME, Store
from pages._ui.choose.checkpoints import checkpoint_references
from tests.pages import runs
from tests.pages.visit import check, open_page, table_rows, texts


@pytest.fixture
def page(app: AppTest) -> AppTest:
    app.session_state["break_it"] = True
    return open_page(app, "train/training")


@pytest.mark.parametrize(
    ("slip", "network", "field", "value"),
    [
        ("rate_too_high", "lenet", "learning_rate", "2"),
        ("shuffled_labels", "lenet", "learning_rate", "0.05"),
        ("no_relu", "sequential", "learning_rate", "0.05"),
    ],
)
def test_one_press_breaks_it_and_the_run_says_so(
    page: AppTest, home: Path, slip: str, network: str, field: str, value: str
) -> None:
    page.selectbox(key="break_how").set_value(slip).run()
    assert "Look " in texts(page)
    check(page.button(key="break_now").click().run())
    form = f"training.digits.{network}.modern"
    assert page.text_input(key=f"{form}.{field}").value == value
    assert page.checkbox(key=f"{form}.slip.{slip}").value
    assert "**Broken on purpose.**" in texts(page)
    check(page.button(key="train").click().run())
    (run,) = Store(home / STORE_NAME).list()
    assert (run.config.model, run.config.slips) == (network, (slip,))
    assert "broken on purpose]" in texts(page)


def test_it_is_mended_by_the_same_place(page: AppTest, home: Path) -> None:
    page.selectbox(key="break_how").set_value("shuffled_labels").run()
    page.button(key="break_now").click().run()
    page.checkbox(key="training.digits.lenet.modern.slip.shuffled_labels").uncheck().run()
    assert not check(page).checkbox
    page.button(key="train").click().run()
    assert Store(home / STORE_NAME).list()[0].config.slips == ()


def test_a_broken_run_says_so_wherever_it_is_listed_and_is_never_the_best(app: AppTest, home: Path) -> None:
    failing = broken(runs.digits(), "shuffled_labels")
    run = runs.finished(home, config=failing, name="A good figure")
    runs.finished(home, name="Honest")
    app.query_params["run"] = run.id
    shown = texts(open_page(app, "train/training"))
    assert "Broken on purpose: shuffled labels." in shown
    assert "In the last epoch training 60.0 %, validation 60.0 %" in shown.replace("\\", "")
    assert "what it learned helps nobody" in shown
    app.session_state["training_view"] = "All runs"
    app.run()
    rows = {row["name"]: row for row in table_rows(check(app))}
    assert (rows["A good figure"]["broken"], rows["Honest"]["broken"]) == (1, 0)
    assert rows["A good figure"]["changed"].startswith("broken on purpose: shuffled labels")
    assert checkpoint_references()[run.id].endswith(" · broken on purpose")


def test_a_run_goes_on_from_the_best_epoch_of_another(
    app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.recipes.choice.check_beginning", lambda *_, **_about: None)  # any network does here
    run = runs.finished(home)
    app.query_params["run"] = run.id
    page = open_page(app, "train/training")
    (button,) = [button for button in page.button if button.key == f"fork_{run.id}"]
    epoch = button.label.split()[4]
    check(button.click().run())
    assert page.checkbox(key="training.digits.lenet.modern.goes_on").value
    assert page.checkbox(key="training.digits.lenet.modern.goes_on").label == f"Go on from epoch {epoch} of {run.name}"
    page.checkbox(key="training.digits.lenet.modern.goes_on").uncheck().run()
    assert "begins_from" not in str(check(page).query_params)
    page.checkbox(key="training.digits.lenet.modern.goes_on").check().run()
    assert f"{run.id}@{epoch}" in str(check(page).query_params)


def going_on(app: AppTest, home: Path, *, split: str, **settings: Any) -> AppTest:
    """Set up what goes on from a small network that was trained so: its form."""
    config = recipe_config("modern", dataset="digits", model="strided_cnn", epochs=4, **settings)
    config = replace(config, model_arguments={"channels": (4, 8)})  # of the others nothing is said
    network = {"settings": {**settings, "image_size": config.image_size}, "split_fingerprint": split}
    run = runs.finished(home, config=config, network=network)
    app.query_params["run"] = run.id
    page = open_page(app, "train/training")
    return check(page.button(key=f"fork_{run.id}").click().run())


def test_what_goes_on_with_nothing_else_said_can_be_trained(app: AppTest, home: Path) -> None:
    page = going_on(app, home, split=make_split(load("digits")).fingerprint)
    assert page.checkbox(key="training.digits.strided_cnn.modern.goes_on").value
    assert not page.error
    assert not page.button(key="train").disabled


def test_what_would_be_judged_on_images_that_it_began_with_is_refused_before_it_is_trained(
    app: AppTest, home: Path
) -> None:
    split = make_split(load("digits"), slips=("shared_writers",))
    page = going_on(app, home, split=split.fingerprint, slips=("shared_writers",))
    assert not page.button(key="train").disabled
    form = "training.digits.strided_cnn.modern"
    page.checkbox(key=f"{form}.slip.shared_writers").uncheck().run()
    assert "images that would judge it here, because the images were split otherwise" in page.error[0].value
    assert page.button(key="train").disabled
    page.checkbox(key=f"{form}.goes_on").uncheck().run()
    assert not check(page).button(key="train").disabled
