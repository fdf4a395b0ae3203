"""When a training would be done beside those of others, and the press that makes it fit."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._ui.choose.run_forecast import work_before
from pages.train._training.lesson.done_in import _slower_by
from tests.pages import runs
from tests.pages.visit import check, open_page, texts

KEY = "training.digits.lenet.modern"


@pytest.fixture
def page(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The form for LeNet on digits, each image of which takes a millisecond here."""
    monkeypatch.setattr("core.training.forecast.steps._remembered", {})
    monkeypatch.setattr("core.training.forecast.steps.image_seconds", lambda *_, **_about: 1e-3)
    monkeypatch.setattr("os.getloadavg", lambda: (0.2, 0.2, 0.2))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    return open_page(app, "train/training")


def test_it_is_said_when_a_training_alone_is_done(page: AppTest) -> None:
    # 3 s to start, 20 epochs of 36 batches of 32 and of 260 validation images at a third, and 367 test images
    assert "Done in about 30 s**, as nobody else is training." in texts(page)


def test_other_work_that_keeps_the_machine_busy_is_counted_in_and_said(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "busy just now" not in texts(page)
    monkeypatch.setattr("os.getloadavg", lambda: (5.0, 5.0, 5.0))  # on two cores: a third of the machine is left
    page.run()
    said = texts(check(page))
    assert "Done in about 1 min 25 s**" in said
    assert "The machine is busy just now, which is counted in." in said


@pytest.mark.parametrize(("device", "slower"), [("cpu", 3.0), ("cuda", 1.0)])
def test_the_load_of_the_processor_says_nothing_of_another_device(
    device: str, slower: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (5.0, 5.0, 5.0))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("core.compute.devices.best_device", lambda _asked: torch.device(device))
    assert _slower_by(runs.digits(), trainings=0) == slower


def test_others_who_train_are_counted_in(page: AppTest, home: Path) -> None:
    for owner in ("Ada", "Ben", "Ada"):  # Ada's second one waits for everybody's first
        runs.queued(home, owner=owner, config=runs.digits(epochs=20))
    page.run()
    assert "Done in about 1 min 25 s** with 2 others training (30 s alone)" in texts(check(page))


def test_what_others_have_left_is_what_is_not_done_yet_and_the_verdict(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.forecast.steps.kept", lambda *_: 1e-3)
    run, _lease = runs.at_work(home)
    assert run.step / run.steps_total == 0.5
    epoch, verdict = (1_152 + 260 / 3) / 1_000, 367 / 3 / 1_000
    assert work_before("me", lanes=1) == pytest.approx([2 * epoch + verdict])
    runs.queued(home, owner="Ben")
    assert work_before("me", lanes=1) == pytest.approx([2 * epoch + verdict, 3 + 4 * epoch + verdict])


def test_one_press_sets_what_fits_the_minutes_that_are_left(page: AppTest) -> None:
    page.text_input(key=f"{KEY}.epochs").set_value("200").run()
    assert not [button for button in page.button if str(button.key).startswith("fits")]
    page.pills(key="minutes_left").set_value(20).run()
    assert "It fits into 20 min as it is: nothing has to be changed." in texts(check(page))
    page.pills(key="minutes_left").set_value(2).run()
    assert "It fits" not in texts(page)
    offers = {button.label: button for button in page.button if str(button.key).startswith("fits")}
    assert len(offers) == 2, list(offers)
    (fewer,) = [label for label in offers if "epochs" in label]
    check(offers[fewer].click().run())
    epochs = int(page.text_input(key=f"{KEY}.epochs").value)
    assert fewer.startswith(f"{epochs} epochs")
    assert 1.9 < (3 + (epochs * (1_152 + 260 / 3) + 367 / 3) / 1_000) / 60 <= 2
    assert not [button for button in page.button if str(button.key).startswith("fits")]
    assert "It fits into 2 min as it is" in texts(page)
