"""An own set on every page that offers data sets: whole, too small, empty, and deleted while somebody looks at it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import note_training, trained_folder
from core.data import kept_name
from core.data.own import OwnPictures, OwnSet, OwnSets, open_own_sets
from core.recipes import recipe_config
from core.training.session import Session
from pages._ui import state
from tests.core.data.own.conftest import ADA, new
from tests.pages.runs import queued
from tests.pages.visit import check, open_page, start_page, texts, visitor

CHOOSERS = {
    "train/training": state.TRAINING_DATASET,
    "learn/augmentation": "chain_dataset",
    "learn/architecture": "arch_dataset",
}


@pytest.fixture
def sets(home: Path) -> OwnSets:
    return open_own_sets()


def fill(sets: OwnSets, title: str, each: int, *, people: int = 4) -> OwnSet:
    """A set of two classes with so many pictures each."""
    own = sets.create(title, by=ADA, classes=("cup", "mug"))
    pictures = OwnPictures(sets)
    for seed in range(2 * each):
        brought = new(seed + 1000 * each, contributor=f"person {seed // 2 % people}")
        pictures.add(own.id, own.classes[seed % 2].id, brought, by=ADA)
    return sets.get(own.id)


@pytest.fixture
def mugs(sets: OwnSets) -> OwnSet:
    return fill(sets, "Mugs <b>*&* cups", 12)


def choose(page: AppTest, path: str, name: str) -> AppTest:
    page.selectbox(key=CHOOSERS[path]).select(name).run()
    return check(page)


@pytest.mark.parametrize("path", CHOOSERS)
def test_a_set_is_offered_by_its_title(mugs: OwnSet, path: str) -> None:
    page = open_page(visitor(), path)
    assert mugs.title in page.selectbox(key=CHOOSERS[path]).options
    choose(page, path, mugs.name)
    assert not page.error


def test_training_says_what_it_trains_on_and_judges_by(mugs: OwnSet) -> None:
    page = choose(open_page(visitor(), "train/training"), "train/training", mugs.name)
    said = texts(page)
    assert "24 own pictures of 2 classes" in said.replace("\\", "")
    assert "judged on other people's photos" in said.replace("\\", "")
    assert "Ready." in said
    assert not page.button(key="train").disabled


def test_the_split_on_the_page_follows_new_pictures(sets: OwnSets, mugs: OwnSet) -> None:
    page = choose(open_page(visitor(), "train/training"), "train/training", mugs.name)
    before = texts(page)
    for seed in range(8):
        OwnPictures(sets).add(mugs.id, mugs.classes[0].id, new(seed, contributor="person 1"), by=ADA)
    after = texts(check(page.run()))
    assert "32 own pictures" in after
    assert after != before


def test_a_set_that_is_too_small_is_said_and_cannot_be_trained(sets: OwnSets) -> None:
    tiny = fill(sets, "Tiny", 1)
    page = choose(open_page(visitor(), "train/training"), "train/training", tiny.name)
    assert page.button(key="train").disabled
    assert "two different pictures of each class" in "".join(entry.value for entry in page.error).replace("\\", "")
    open_page(page, "learn/augmentation")
    choose(page, "learn/augmentation", tiny.name)


def test_an_empty_set_is_not_offered_and_breaks_nothing(sets: OwnSets) -> None:
    empty = sets.create("Empty", by=ADA, classes=("a", "b"))
    app = visitor()
    for path, key in CHOOSERS.items():
        assert "Empty" not in open_page(app, path).selectbox(key=key).options
    assert empty.pictures == 0


@pytest.mark.parametrize("path", CHOOSERS)
def test_a_set_that_is_deleted_while_it_is_chosen_leaves_the_page_whole(sets: OwnSets, mugs: OwnSet, path: str) -> None:
    page = choose(open_page(visitor(), path), path, mugs.name)
    sets.delete(mugs.id, by=ADA)
    check(page.run())
    assert mugs.title not in page.selectbox(key=CHOOSERS[path]).options


def test_two_sets_of_one_title_can_be_told_apart(sets: OwnSets) -> None:
    first, second = fill(sets, "Mugs", 1), fill(sets, "Mugs", 2)
    options = open_page(visitor(), "train/training").selectbox(key=state.TRAINING_DATASET).options
    assert [each for each in options if "Mugs" in each] == [f"Mugs · {each.name[-6:]}" for each in (second, first)]
    assert second.name != first.name


def test_a_run_is_of_the_version_that_it_was_submitted_with_and_can_be_set_up_again(
    home: Path, sets: OwnSets, mugs: OwnSet
) -> None:
    config = recipe_config("modern", dataset=mugs.name, model="lenet", epochs=3)
    run = queued(home, config=config, name="On mugs")
    assert run.config.dataset == kept_name(mugs.name)
    app = visitor()
    app.query_params[state.RUN] = run.id
    page = open_page(app, "train/training")
    assert "Mugs" in texts(page)
    page.button(key=f"again_{run.id}").click().run()
    check(page)
    assert page.selectbox(key=state.TRAINING_DATASET).value == mugs.name
    assert page.session_state[f"training.{mugs.name}.lenet.modern.epochs"] == "3"


@pytest.mark.parametrize("deleted", [False, True])
def test_every_page_shows_a_network_of_an_own_set_also_of_one_that_is_gone(
    home: Path, sets: OwnSets, mugs: OwnSet, deleted: bool
) -> None:
    config = recipe_config("modern", dataset=mugs.name, model="simple_nn", epochs=1, image_size=28, device="cpu")
    run = queued(home, config=config, name="On mugs")
    folder = trained_folder() / "on-mugs"
    assert list(Session(config, folder, title="Knows mugs").events())
    note_training(folder)
    if deleted:
        sets.delete(mugs.id, by=ADA)
    app = visitor()
    app.query_params[state.RUN] = run.id
    app.query_params[state.COMPARED] = "on-mugs,digits-lenet"
    app.query_params[state.CHECKPOINT] = "on-mugs"
    for path in ("train/training", "judge/compare", "use/classify", "learn/feature_maps", "home/start"):
        open_page(app, path)


def test_a_title_is_text_in_every_tooltip(sets: OwnSets) -> None:
    fill(sets, "[x](http://a.b) **y** `z`", 2)
    app = start_page()
    tips = [app.metric[0].help]
    tips += [open_page(app, path).selectbox(key=key).help for path, key in CHOOSERS.items()]
    for tip in tips:
        assert "x" in tip
        assert "](http" not in tip
        assert "**y**" not in tip
