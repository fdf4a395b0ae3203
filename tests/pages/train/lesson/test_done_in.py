"""When a training would be done beside those of others, and the press that makes it fit."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import runs
from tests.pages.visit import check, open_page, texts

KEY = "training.digits.lenet.modern"


@pytest.fixture
def page(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The form for LeNet on digits, each image of which takes a millisecond here."""
    monkeypatch.setattr("core.training.forecast.steps._remembered", {})
    monkeypatch.setattr("core.training.forecast.steps.image_seconds", lambda *_, **_about: 1e-3)
    return open_page(app, "train/training")


def test_it_is_said_when_a_training_alone_is_done(page: AppTest) -> None:
    # 20 epochs of 36 batches of 32, and of 260 validation images at a third
    assert "Done in about 25 s**, as nobody else is training, after a few seconds to start." in texts(page)


@pytest.mark.parametrize("load", [0.2, 500.0])
def test_where_other_work_keeps_the_machine_busy_that_is_said(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, load: float
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    page.run()
    assert ("busy with other work just now, so it takes longer" in texts(check(page))) == (load > 1)


def test_others_who_train_are_counted_in(page: AppTest, home: Path) -> None:
    for owner in ("Ada", "Ben", "Ada"):  # Ada's second one waits for everybody's first
        runs.queued(home, owner=owner, config=runs.digits(epochs=20))
    page.run()
    assert "Done in about 1 min 15 s** with 2 others training (25 s alone)" in texts(check(page))


def test_one_press_sets_what_fits_the_minutes_that_are_left(page: AppTest) -> None:
    page.text_input(key=f"{KEY}.epochs").set_value("200").run()
    assert not [button for button in page.button if str(button.key).startswith("fits")]
    page.pills(key="minutes_left").set_value(2).run()
    offers = {button.label: button for button in page.button if str(button.key).startswith("fits")}
    assert len(offers) == 2, list(offers)
    (fewer,) = [label for label in offers if "epochs" in label]
    check(offers[fewer].click().run())
    epochs = int(page.text_input(key=f"{KEY}.epochs").value)
    assert fewer.startswith(f"{epochs} epochs")
    assert 1.9 < epochs * (1_152 + 260 / 3) / 60_000 <= 2
    assert not [button for button in page.button if str(button.key).startswith("fits")]
