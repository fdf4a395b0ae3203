"""The strip of probe photos beside a run: its answers by epoch, and the student's own photo laid beside it."""

from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.explain.probes import FOLDER, Answer, Page, brought
from core.photos.door import read_photo
from core.runs.folders import run_folder
from pages._ui import state
from pages.train._training.lesson.probes import told
from tests.pages import runs
from tests.pages.visit import check, jpeg, open_page, texts


def answered(home: Path, run_id: str, *, dead: str = "") -> Path:
    """Write the pages of two epochs, about one image of the data set."""
    folder = run_folder(home, run_id)
    (folder / FOLDER).mkdir(parents=True)
    for epoch, place in ((0, 3), (1, 0)):
        text = f'{{"schema": 1, "epoch": {epoch}, "answers": {{"0": {{"place": {place}, "probability": 0.75}}}},'
        (folder / FOLDER / f"epoch-{epoch:04d}.json").write_text(f'{text} "dead": "{dead}"}}')
    return folder


def watched(app: AppTest, run_id: str) -> AppTest:
    app.query_params["run"] = run_id
    return open_page(app, "train/training")


def strip(page: AppTest) -> str:
    return "".join(str(found.proto.body) for found in page.get("html") if "probe photo" in str(found.proto.body))


def test_what_each_epoch_answered_stands_side_by_side(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home)
    answered(home, run.id)
    shown = strip(watched(app, run.id))
    assert 'title="3, 75.0 %, wrong"' in shown
    assert 'title="0, 75.0 %, right"' in shown  # the first image of digits is a 0


def test_the_epochs_from_which_answers_stay_are_shown_however_many_there_are() -> None:
    first, second = [3, 3, 0, 1, 0, *[0] * 15], [3, 1, 1, *[1] * 17]
    pages = [
        Page(epoch=epoch, answers={"7": Answer(place=one, probability=0.5), "9": Answer(place=other, probability=0.5)})
        for epoch, (one, other) in enumerate(zip(first, second, strict=True))
    ]
    assert [page.epoch for page in told(pages)] == [0, 1, 4, 19]
    assert [page.epoch for page in told(pages[:1])] == [0]


def test_the_first_answer_to_a_photo_that_came_later_is_shown_though_it_never_changed() -> None:
    same, photo = Answer(place=3, probability=0.5), Answer(place=1, probability=0.5)
    pages = [Page(epoch=epoch, answers={"7": same} | ({"p": photo} if epoch >= 6 else {})) for epoch in range(20)]
    assert [page.epoch for page in told(pages)] == [0, 6, 19]


def test_a_dead_layer_is_told_below_the_chart(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home)
    answered(home, run.id, dead="conv2")
    assert "Layer conv2 is dead" in texts(watched(app, run.id))


def test_the_students_photo_is_laid_beside_a_run_that_goes_on(
    app: AppTest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _lease = runs.at_work(home)
    page = watched(app, run.id)
    assert f"probe_{run.id}" not in [button.key for button in page.button], "no photo was chosen"
    (tmp_path / "mine.jpg").write_bytes(jpeg())
    photo = read_photo(tmp_path / "mine.jpg")
    monkeypatch.setattr(state, "photo", lambda: photo)
    monkeypatch.setattr(state, "photo_is_to_begin", lambda: False)
    check(page.run()).button(key=f"probe_{run.id}").click().run()
    (path,) = brought(run_folder(home, run.id))
    with Image.open(path) as kept:
        assert kept.size == (80, 40)
    check(page)
