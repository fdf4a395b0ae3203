"""Experiments on Compare: begun by one button, filled by whoever opens the address, drawn as points come."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import AugmentationStep, TrainingConfig
from core.rights import OPERATOR
from core.runs.experiments import kept
from core.runs.folders import run_folder
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from pages._ui.choose import run_forecast
from pages._ui.choose.run_forecast import Cost, about
from pages.judge._compare.experiments import form
from pages.judge._compare.experiments.section import _as_shown
from tests.pages.networks import ship
from tests.pages.visit import ME, check, open_page, texts, visitor


def experiments(shown: str = "new") -> AppTest:
    app = visitor()
    app.query_params["experiment"] = shown
    return open_page(app, "judge/compare")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def finish(home: Path, wrong: int) -> None:
    """Train the next run of the queue to a network that answers so many test images wrongly."""
    store = Store(home / STORE_NAME)
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    lease = Lease(store, claim.run_id, claim.fence)
    lease.begin("")
    lease.saved(ship(run_folder(home, claim.run_id), "final", wrong=wrong).folder, kind="final", step=1, epoch=1)
    lease.end("finished", reason="completed")


def test_a_series_over_the_training_images_is_queued_in_one_click(home: Path, folder: Path) -> None:
    page = experiments()
    page.pills(key="experiment_percents").set_value([10, 100]).run()
    page.slider(key="experiment_seeds").set_value(2).run()
    assert "4 trainings" in said(page)
    check(page.button(key="experiment_train").click().run())
    (experiment,) = kept.kept(home)
    assert page.query_params["experiment"] == experiment.id
    assert [arm.config.limit for arm in experiment.arms] == [117, None]
    assert "0 of 4 points, 4 waiting or at work." in said(page)
    assert {run.owner for run in Store(home / STORE_NAME).list()} == {ME}
    assert not [button for button in page.button if button.key == "experiment_train_None"], "nothing is open"


def test_the_wall_shows_an_experiment_as_its_points_come(home: Path, folder: Path) -> None:
    page = experiments()
    page.pills(key="experiment_percents").set_value([10, 100]).run()
    page.slider(key="experiment_seeds").set_value(1).run()
    check(page.button(key="experiment_train").click().run())
    finish(home, wrong=6)
    (experiment,) = kept.kept(home)
    app = visitor()
    app.query_params["experiment"] = experiment.id
    page = open_page(app, "teach/projector")
    assert "1 of 2 points, 1 waiting or at work" in said(page)
    assert len(page.get("vega_lite_chart")) == 1
    check(page.selectbox(key="on_the_wall").set_value("").run())
    assert "experiment" not in page.query_params
    assert "accuracy on validation images" in texts(page), "the race"
    kept.delete(home, experiment.id, by=OPERATOR)
    app = visitor()
    app.query_params["experiment"] = experiment.id
    page = open_page(app, "teach/projector")
    assert "none of what can be shown here" in said(page)
    assert not page.selectbox, "there is nothing to choose from"


CHAIN = (AugmentationStep(name="flip_vertical", probability=0.25),)


def test_a_chain_that_was_handed_over_is_what_every_value_is_trained_with(home: Path, folder: Path) -> None:
    app = visitor()
    app.session_state["training_chain"] = CHAIN
    app.query_params["experiment"] = "new"
    page = open_page(app, "judge/compare")
    assert "Flip upside down (25 %)." in said(page)
    check(page.button(key="experiment_leave").click().run())
    (experiment,) = kept.kept(home)
    assert [arm.config.augmentation for arm in experiment.arms] == [CHAIN] * 4


def test_the_own_chain_stands_against_the_recipes_and_none(home: Path, folder: Path) -> None:
    page = experiments()
    page.segmented_control(key="experiment_kind").set_value(form.CHAINS).run()
    assert "6 trainings" in said(page), "the recipe's and none"
    page.session_state["training_chain"] = CHAIN
    assert "9 trainings" in said(page.run())
    check(page.button(key="experiment_leave").click().run())
    (experiment,) = kept.kept(home)
    assert experiment.varied == "augmentation"
    assert [(arm.label, [step.name for step in arm.config.augmentation]) for arm in experiment.arms] == [
        ("your own", ["flip_vertical"]),
        ("the recipe's", ["affine"]),
        ("no", []),
    ]


def test_points_appear_as_they_finish_and_the_address_shows_them_to_anybody(home: Path, folder: Path) -> None:
    page = experiments()
    page.segmented_control(key="experiment_kind").set_value(form.WITH).run()
    page.selectbox(key="experiment_ingredient.digits.lenet").set_value("augmentation").run()
    check(page.button(key="experiment_train").click().run())
    (experiment,) = kept.kept(home)
    for wrong in (7, 30, 9, 33, 8, 29):
        finish(home, wrong)
    page = experiments(experiment.id)
    assert "6 of 6 points." in said(page)
    assert "with against without augmentation, all of it: +6." in said(page)
    assert "paired t test over the seeds" in said(page)
    assert list(page.table[0].value["Seeds"]) == ["3 of 3", "3 of 3"]
    assert len(page.get("vega_lite_chart")) == 1
    check(page.button(key="experiment_compare").click().run())
    assert "experiment" not in page.query_params
    assert "on the same 367 images" in said(page)


def test_a_class_fills_one_together(home: Path, folder: Path) -> None:
    page = experiments()
    page.pills(key="experiment_percents").set_value([100]).run()
    check(page.button(key="experiment_leave").click().run())
    (experiment,) = kept.kept(home)
    assert "0 of 3 points, 3 open." in said(page)
    other = visitor()
    other.session_state["visitor_secret"] = "b" * 43
    other.query_params["experiment"] = experiment.id
    other = open_page(other, "judge/compare")
    assert not [button for button in other.button if button.key == "experiment_delete"]
    check(other.button(key="experiment_train_1").click().run())
    assert "0 of 3 points, 1 waiting or at work, 2 open." in said(other)
    check(page.button(key="experiment_train_1").click().run())
    runs = Store(home / STORE_NAME).list()
    assert len({run.owner for run in runs}) == len({run.config.seed for run in runs}) == 2
    assert "Train all 1 that are open" in [button.label for button in page.button]


def test_an_experiment_is_deleted_by_who_began_it_and_its_runs_stay(home: Path, folder: Path) -> None:
    page = experiments()
    check(page.button(key="experiment_train").click().run())
    count = len(Store(home / STORE_NAME).list())
    check(page.button(key="experiment_delete").click().run())
    assert kept.kept(home) == []
    assert len(Store(home / STORE_NAME).list()) == count
    assert page.query_params["experiment"] == "new"


def left_to_the_class() -> AppTest:
    """The page of an experiment of one training that waits for somebody."""
    page = experiments()
    page.pills(key="experiment_percents").set_value([100]).run()
    return check(page.button(key="experiment_leave").click().run())


def test_a_press_on_delete_by_somebody_else_is_refused(home: Path, folder: Path) -> None:
    page = left_to_the_class()
    (experiment,) = kept.kept(home)
    page.session_state["visitor_secret"] = "b" * 43  # the button was there, and is pressed by whoever it is not for
    page.button(key="experiment_delete").click().run()
    assert "is somebody else's: only who began it, and whoever runs the lab, can delete it." in said(page)
    assert kept.kept(home) == [experiment]
    assert not [button for button in page.button if button.key == "experiment_delete"]


@pytest.mark.parametrize("pressed", ["experiment_train_None", "experiment_delete", None])
def test_one_that_was_deleted_in_another_tab_is_said_to_be_gone(home: Path, folder: Path, pressed: str | None) -> None:
    page = left_to_the_class()
    (experiment,) = kept.kept(home)
    check(experiments(experiment.id).button(key="experiment_delete").click().run())
    if pressed is None:
        page.run()  # as it looks again by itself while points are at work
    else:
        page.button(key=pressed).click().run()
        assert f"There is no experiment '{experiment.id}'; it may have been deleted." in said(page)
    assert "The experiment of this address is not here (any more)." in said(page)
    assert page.query_params["experiment"] == "new"
    assert Store(home / STORE_NAME).list() == []


def test_a_link_to_one_that_is_gone_says_so_and_offers_a_new_one(home: Path, folder: Path) -> None:
    for name in ("aaaaaaaaaa", "../../etc"):
        page = experiments(name)
        assert "not here (any more)" in said(page)
        assert page.button(key="experiment_train")


def test_a_link_to_networks_shows_networks(home: Path, folder: Path) -> None:
    ship(folder, "one"), ship(folder, "two", wrong=9)
    app = visitor()
    app.query_params["networks"] = "one,two"
    page = open_page(app, "judge/compare")
    assert "on the same 367 images" in said(page)


def test_a_link_to_networks_wins_over_the_experiment_that_was_looked_at(home: Path, folder: Path) -> None:
    ship(folder, "one"), ship(folder, "two", wrong=9)
    page = open_page(experiments(), "home/start")
    del page.query_params["experiment"]  # as a browser does that goes to another page
    page.query_params["networks"] = "one,two"
    page = open_page(page, "judge/compare")
    assert "on the same 367 images" in said(page)
    page = open_page(open_page(page, "home/start"), "judge/compare")
    assert "on the same 367 images" in said(page)


def test_two_networks_can_go_without_what_both_have(home: Path, folder: Path) -> None:
    page = experiments()
    page.segmented_control(key="experiment_kind").set_value(form.WITH).run()
    assert "batch_norm" not in page.selectbox(key="experiment_ingredient.digits.lenet").options
    page.multiselect(key="experiment_networks.digits").set_value(["lenet", "strided_cnn"]).run()
    both = page.selectbox(key="experiment_ingredient.digits.lenet.strided_cnn")
    assert "Weight decay" in both.options
    assert "12 trainings" in said(page)
    page.multiselect(key="experiment_networks.digits").set_value(["strided_cnn"]).run()
    alone = page.selectbox(key="experiment_ingredient.digits.strided_cnn")
    check(alone.set_value("batch_norm").run())
    page.text_input(key="experiment_limit").set_value("99999").run()
    assert "It cannot learn from 99,999 images: there are 1,170" in said(page)


def test_what_the_networks_do_not_have_in_common_is_said(home: Path, folder: Path) -> None:
    page = experiments()
    page.multiselect(key="experiment_networks.digits").set_value([]).run()
    assert "Choose a network." in said(page)


def test_what_is_no_whole_number_is_refused_with_its_range(home: Path, folder: Path) -> None:
    page = experiments()
    page.text_input(key="experiment_epochs").set_value("2,5").run()
    assert "Epochs is '2,5'; it must be a whole number, in digits alone, between 1 and 500." in said(page)
    page.text_input(key="experiment_epochs").set_value("").run()
    page.segmented_control(key="experiment_kind").set_value("With and without").run()
    page.text_input(key="experiment_limit").set_value("1").run()
    assert "limit is 1; it must lie between 2 and 10000000" in said(page)


def test_a_name_is_text_and_nothing_else(home: Path, folder: Path) -> None:
    page = experiments()
    page.text_input(key="experiment_name").set_value("<b>[x](http://y)</b> $a$").run()
    check(page.button(key="experiment_leave").click().run())
    assert "\\<b\\>\\[x\\]" in texts(page)


def test_runs_that_are_stopped_are_open_again(home: Path, folder: Path) -> None:
    page = experiments()
    page.pills(key="experiment_percents").set_value([100]).run()
    check(page.button(key="experiment_train").click().run())
    store = Store(home / STORE_NAME)
    store.request_stop(store.list()[0].id, by=OPERATOR)
    assert "1 open" in said(check(page.run()))


def test_an_experiment_at_rest_notices_a_classmates_point_and_that_it_was_deleted(home: Path, folder: Path) -> None:
    page = experiments()
    page.pills(key="experiment_percents").set_value([10, 100]).run()
    page.slider(key="experiment_seeds").set_value(1).run()
    check(page.button(key="experiment_leave").click().run())
    (experiment,) = kept.kept(home)
    assert _as_shown(experiment, still_open=2)
    kept.train_open(Store(home / STORE_NAME), experiment, owner="a classmate", at_most=1)
    assert not _as_shown(experiment, still_open=2)
    kept.delete(home, experiment.id, by=OPERATOR)
    assert not _as_shown(experiment, still_open=1)


def test_the_longest_training_is_the_slower_networks(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(config: TrainingConfig) -> Cost:
        return Cost(each=0.1 if config.model == "strided_cnn" else 0.001, train=1_170, validation=260, test=367)

    monkeypatch.setattr(run_forecast, "cost_of", cost)
    page = experiments()
    page.multiselect(key="experiment_networks.digits").set_value(["lenet", "strided_cnn"]).run()
    page.pills(key="experiment_percents").set_value([10, 100]).run()
    check(page.button(key="experiment_leave").click().run())
    (experiment,) = kept.kept(home)
    seconds = [cost(arm.config).of(arm.config) for arm in experiment.arms]
    assert seconds.index(max(seconds)) == 3, "the small CNN on all images"
    page = experiments()
    page.multiselect(key="experiment_networks.digits").set_value(["lenet", "strided_cnn"]).run()
    page.pills(key="experiment_percents").set_value([10, 100]).run()
    assert f"The longest: about {about(seconds[3])} with the machine to itself" in said(page)
