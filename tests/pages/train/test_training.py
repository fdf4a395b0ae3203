"""The Training page: the form offers only what fits, a run is queued, watched, stopped, found again and deleted."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.errors import RunError
from core.events import FeaturesKept
from core.intervals import wilson_interval
from core.models import models
from core.recipes import recipe_config
from core.rights import OPERATOR
from core.runs.records import Status
from core.runs.store.store import STORE_NAME, Store
from pages._ui import state
from pages._ui.run_table import rows
from tests.pages import runs
from tests.pages.networks import ship
from tests.pages.visit import ME, check, keeps, open_page, table_rows, texts, visitor


@pytest.fixture(autouse=True)
def supervised(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """Pages ask for a supervisor; none is started here."""
    asked: list[Store] = []
    parts = ("submit", "run_actions", "run_view")
    for module in (*(f"pages.train._training.{part}" for part in parts), "core.runs"):
        monkeypatch.setattr(f"{module}.ensure_supervisor", asked.append)
    return asked


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return open_page(app, "train/training")


def watch(app: AppTest, run_id: str) -> AppTest:
    keeps("cnn_lab_bets", "off-0")  # nobody bets here
    app.query_params["run"] = run_id
    return open_page(app, "train/training")


def controls(page: AppTest, run_id: str) -> list[str]:
    """The buttons that would change a run."""
    names = ("stop", "resume", "delete")
    found = [str(button.key) for button in page.button if button.key in [f"{name}_{run_id}" for name in names]]
    return found + [str(field.key) for field in page.text_input if field.key == f"name_{run_id}"]


def chosen(page: AppTest, dataset: str, model: str, recipe: str = "modern") -> AppTest:
    page.selectbox(key=state.TRAINING_DATASET).set_value(dataset).run()
    page.selectbox(key=state.training_model(dataset)).set_value(model).run()
    page.selectbox(key=state.TRAINING_RECIPE).set_value(recipe).run()
    return check(page)


def store(home: Path) -> Store:
    return Store(home / STORE_NAME)


def test_train_queues_what_the_form_says_and_shows_the_run(page: AppTest, home: Path, supervised: list[Store]) -> None:
    chosen(page, "digits", "lenet")
    page.text_input(key="training.digits.lenet.modern.epochs").set_value("3").run()
    page.text_input(key="training.digits.lenet.modern.seed").set_value("7").run()
    supervised.clear()
    check(page.button(key="train").click().run())
    (run,) = store(home).list()
    assert (run.owner, run.status, run.config.epochs, run.config.seed) == (ME, "queued", 3, 7)
    assert (run.config.dataset, run.config.model, run.config.recipe) == ("digits", "lenet", "modern")
    assert page.query_params["run"] == run.id
    assert "In the queue: next" in texts(page)
    assert supervised


def test_opening_the_page_wakes_the_supervisor_before_there_is_a_run(
    page: AppTest, home: Path, supervised: list[Store]
) -> None:
    assert store(home).list() == []
    assert [asked.path for asked in supervised] == [home / STORE_NAME]


def test_the_nickname_is_shown_and_owns_nothing(page: AppTest, home: Path) -> None:
    page.text_input(key=state.NICKNAME).set_value("Ada").run()
    page.button(key="train").click().run()
    (run,) = store(home).list()
    assert (run.owner, run.owner_name) == (ME, "Ada")
    assert "Ada" not in str(page.query_params)


def test_a_nickname_that_is_taken_is_refused(page: AppTest, home: Path) -> None:
    runs.queued(home, owner="Ada")  # from before, or from the command line
    page.text_input(key=state.NICKNAME).set_value("ada").run()
    assert "somebody else's in this lab" in texts(check(page)).replace("\\", "")
    page.button(key="train").click().run()
    assert [run.owner_name for run in store(home).list(owner=ME)] == [f"guest {ME[8:12]}"]


def test_a_link_from_before_makes_nobody_an_owner(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home, owner="Ada")
    app.query_params["owner"] = "Ada"
    page = watch(app, run.id)
    assert "owner" not in page.query_params
    assert controls(page, run.id) == []


def test_a_name_with_a_control_character_gets_a_sentence(page: AppTest, home: Path) -> None:
    page.text_input(key=state.NICKNAME).set_value("a\x07b").run()
    assert "control character" in texts(check(page))


def test_only_networks_that_fit_are_offered(page: AppTest) -> None:
    from core.recipes import fitting_models

    for dataset in ("digits", "shapes"):
        page.selectbox(key=state.TRAINING_DATASET).set_value(dataset).run()
        titles = page.selectbox(key=state.training_model(dataset)).options
        assert len(titles) == len(fitting_models(dataset))


def test_the_lesson_begins_with_the_quick_network_of_which_one_ships(page: AppTest) -> None:
    assert page.selectbox(key=state.TRAINING_DATASET).value == "digits"
    assert page.selectbox(key=state.training_model("digits")).value == "lenet"


def test_the_network_box_names_what_is_trained_through_every_change_of_the_data_set(page: AppTest) -> None:
    chosen(page, "digits", "enhanced_cnn")  # which cats and dogs do not offer
    for dataset in ("cats_vs_dogs", *datasets):
        page.selectbox(key=state.TRAINING_DATASET).set_value(dataset).run()
        boxes = [box for box in page.selectbox if box.label == "Network"]
        assert [box.key for box in boxes] == [state.training_model(dataset)]
        expected = "fast_cnn" if dataset == "cats_vs_dogs" else "enhanced_cnn"
        assert boxes[0].value == expected
        assert models[expected].title in page.text_input(key=f"training.name.{dataset}.{expected}").placeholder


def test_the_recipe_fills_in_the_numbers(page: AppTest) -> None:
    chosen(page, "digits", "lenet", "notebook")
    assert page.text_input(key="training.digits.lenet.notebook.learning_rate").value == "0.01"
    chosen(page, "digits", "lenet", "modern")
    assert page.text_input(key="training.digits.lenet.modern.learning_rate").value == "0.05"


def test_what_the_fast_network_is_trained_with_can_be_seen_and_set(page: AppTest, home: Path) -> None:
    chosen(page, "shapes", "fast_cnn", "modern")
    key = "training.shapes.fast_cnn.modern"
    assert page.text_input(key=f"{key}.norm_shift_rate").value == "64"
    assert page.toggle(key=f"{key}.mirror_at_test").value is True
    page.toggle(key=f"{key}.mirror_at_test").set_value(False).run()
    page.text_input(key=f"{key}.start_size.32").set_value("16").run()
    check(page.button(key="train").click().run())
    (run,) = store(home).list()
    assert (run.config.mirror_at_test, run.config.start_size, run.config.norm_shift_rate) == (False, 16, 64.0)


def test_only_networks_of_any_size_offer_growing_images(page: AppTest) -> None:
    chosen(page, "shapes", "lenet", "modern")
    assert not [field for field in page.text_input if "start_size" in str(field.key)]


def test_slips_are_offered_by_the_recipe_that_is_labelled_so_and_explained(page: AppTest, home: Path) -> None:
    assert not page.checkbox
    chosen(page, "digits", "lenet", "as_written")
    assert "The validation loader is built from the training images" in texts(page).replace("\\", "")
    page.checkbox(key="training.digits.lenet.as_written.slip.no_eval_mode").uncheck().run()
    page.button(key="train").click().run()
    assert store(home).list()[0].config.slips == ("validation_from_training", "shared_writers")


def test_a_run_that_shares_writers_is_not_said_to_have_a_test_accuracy(page: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home)
    made = ship(lease.folder, "final", wrong=9, split_fingerprint="7774cc37fa84762b6f95918ffd6984e1")
    lease.saved(made.folder, kind="final", step=10, epoch=2)
    lease.end("finished", reason="completed")
    said = texts(watch(page, run.id)).replace("\\", "")
    assert "but on writers that it has seen, so this is not a test accuracy" in said


def test_settings_that_contradict_each_other_get_a_sentence_and_no_button(page: AppTest) -> None:
    chosen(page, "digits", "lenet", "modern")
    page.text_input(key="training.digits.lenet.modern.momentum").set_value("0").run()
    assert "nesterov needs a momentum above 0" in texts(check(page)).replace("\\", "")
    assert "train" not in [button.key for button in page.button]


def test_a_network_that_halves_its_images_away_is_refused_before_it_is_queued(page: AppTest) -> None:
    chosen(page, "shapes", "fast_cnn")
    page.text_input(key="training.shapes.fast_cnn.modern.network.widths").set_value("8, 8, 8, 8, 8, 8").run()
    assert "use 4 widths or fewer" in texts(check(page)).replace("\\", "")
    assert page.text_input(key="training.shapes.fast_cnn.modern.network.widths").value == "8, 8, 8, 8, 8, 8"
    assert page.button(key="train").disabled


@pytest.mark.parametrize(("batch", "limit"), [(512, 500), (2_000, None)])  # of 1,288 training images
def test_fewer_images_than_a_batch_are_refused_before_the_button(page: AppTest, batch: int, limit: int | None) -> None:
    chosen(page, "digits", "lenet")
    key = "training.digits.lenet.modern"
    assert not page.button(key="train").disabled
    page.text_input(key=f"{key}.batch_size").set_value(str(batch)).run()
    page.text_input(key=f"{key}.limit").set_value(str(limit or "")).run()
    said = texts(check(page)).replace("\\", "")
    assert f"training images are fewer than one batch of {batch:,}; choose a smaller batch size or more images" in said
    assert page.button(key="train").disabled


@pytest.mark.parametrize(("field", "value"), [("epochs", 0), ("epochs", 501), ("batch_size", 1), ("limit", 1)])
def test_a_number_out_of_range_is_refused_with_its_range_and_no_button(page: AppTest, field: str, value: int) -> None:
    chosen(page, "digits", "lenet")
    page.text_input(key=f"training.digits.lenet.modern.{field}").set_value(str(value)).run()
    assert re.search(r"must lie between \d+ and \d+", texts(check(page)).replace("\\", ""))
    assert "train" not in [button.key for button in page.button]


@pytest.mark.parametrize("typed", ["2,5", "2.5", "1,000", "1e2", "x", ""])
@pytest.mark.parametrize(("field", "bounds"), [("epochs", "1 and 500"), ("batch_size", "2 and 4096")])
def test_what_is_no_whole_number_is_refused_with_its_range(page: AppTest, field: str, bounds: str, typed: str) -> None:
    page.text_input(key=f"training.digits.lenet.modern.{field}").set_value(typed).run()
    said = texts(check(page)).replace("\\", "")
    what = f"'{typed}'" if typed else "empty"
    assert f"is {what}; it must be a whole number, in digits alone, between {bounds}." in said
    assert "train" not in [button.key for button in page.button]


def test_a_field_that_may_be_empty_takes_whole_numbers_only(page: AppTest) -> None:
    page.text_input(key="training.digits.lenet.modern.limit").set_value("2,5").run()
    assert "is '2,5'; it must be a whole number" in texts(check(page)).replace("\\", "")


@pytest.mark.parametrize("text", ["abc", "", "1e999", "0.05.1"])
def test_what_is_no_number_is_said_and_there_is_no_button(page: AppTest, text: str) -> None:
    chosen(page, "digits", "lenet")
    page.text_input(key="training.digits.lenet.modern.learning_rate").set_value(text).run()
    assert f"takes a number such as 0.05; it has '{text}'" in texts(check(page)).replace("\\", "")
    assert "train" not in [button.key for button in page.button]


def test_a_comma_is_a_decimal_point(page: AppTest, home: Path) -> None:
    chosen(page, "digits", "lenet")
    page.text_input(key="training.digits.lenet.modern.learning_rate").set_value("0,02").run()
    check(page.button(key="train").click().run())
    assert store(home).list()[0].config.learning_rate == 0.02


def test_what_the_schedule_and_the_optimizer_ignore_is_not_shown(page: AppTest) -> None:
    key = "training.digits.lenet.modern"
    chosen(page, "digits", "lenet")

    def shown() -> set[str]:
        return {str(field.key).removeprefix(f"{key}.") for field in page.text_input} & {
            "step_size",
            "gamma",
            "momentum",
        }

    assert shown() == {"momentum"}  # one cycle, SGD
    page.selectbox(key=f"{key}.schedule").set_value("step").run()
    assert shown() == {"momentum", "step_size", "gamma"}
    page.selectbox(key=f"{key}.optimizer").set_value("adamw").run()
    assert shown() == {"step_size", "gamma"}
    check(page)


def test_a_time_is_said_before_train(page: AppTest) -> None:
    chosen(page, "digits", "lenet")
    assert re.search(r"Done in about \d+ (s|min).*, as nobody else is training\.", texts(page))


def test_a_time_is_said_where_the_images_are_not_decoded_yet(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("train._training.submit", "_ui.choose.run_forecast"):
        monkeypatch.setattr(f"pages.{file}.availability", lambda *_: "folder")
    chosen(page, "mnist", "lenet")
    assert re.search(r"Done in about \d+ (s|min).*, after the images have been decoded", texts(page))


def test_what_the_last_batch_leaves_out_is_said(page: AppTest) -> None:
    chosen(page, "shapes", "lenet")
    key = "training.shapes.lenet.modern"
    page.text_input(key=f"{key}.batch_size").set_value("64").run()
    page.text_input(key=f"{key}.limit").set_value("100").run()
    page.text_input(key=f"{key}.epochs").set_value("3").run()
    said = texts(check(page)).replace("\\", "")
    assert "100 of the training images are used, and all of the others." in said
    assert "An epoch is 1 step of 64 images (36 others, drawn anew each time, sit out)" in said
    assert "3 epochs are 3 steps" in said


def test_a_data_set_that_is_not_here_says_what_to_do(page: AppTest) -> None:
    page.selectbox(key=state.TRAINING_DATASET).set_value("mnist").run()
    said = texts(check(page)).replace("\\", "")
    assert "is not on this machine" in said
    assert page.button(key="train").disabled


def test_a_handed_over_chain_is_trained_with(app: AppTest, home: Path) -> None:
    from core.config import AugmentationStep

    app.session_state["training_chain"] = (AugmentationStep(name="flip_vertical", probability=0.25),)
    page = open_page(app, "train/training")
    page.button(key="train").click().run()
    (run,) = store(home).list()
    assert [(step.name, step.probability) for step in run.config.augmentation] == [("flip_vertical", 0.25)]


def test_a_run_at_work_shows_its_curves_and_stops_when_asked(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home)
    page = watch(app, run.id)
    assert {metric.label: metric.value for metric in page.metric} | {"Epoch": "3 of 4"} == {
        metric.label: metric.value for metric in page.metric
    }
    assert page.progress[0].text.startswith("Step 10 of 20 · learning rate 0.05 · 1,234 images a second")
    check(page.button(key=f"stop_{run.id}").click().run())
    assert store(home).get(run.id).status == "stopping"


def test_a_run_that_shares_the_machine_says_when_its_turn_comes(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home)
    other = runs.queued(home, owner="somebody else")
    with store(home).database.writing() as connection:
        connection.execute(
            "UPDATE runs SET status = 'running', shared = 1, turn_every = 1.24,"
            " handle = (SELECT handle FROM runs WHERE id = ?) WHERE id IN (?, ?)",
            (run.id, run.id, other.id),
        )
    assert watch(app, run.id).progress[0].text.endswith("a second · a turn every 1.2 s, with 1 other training")


def test_before_the_first_step_the_bar_shows_how_far_the_preparation_is(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=0)
    lease.describe(device="CPU", steps_total=0, split="abc")
    lease.say("The frozen backbone looks at every image once (40%)", 0.4)
    page = watch(app, run.id)
    bar = page.progress[0]
    assert (bar.value, bar.text.replace("\\", "")) == (40, "The frozen backbone looks at every image once (40%)")
    assert [metric.value for metric in page.metric] == ["1 of 4", "none yet", "none yet", "unknown"]


def test_after_the_last_step_the_bar_shows_how_far_judging_is(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=4)
    lease.say("Judging: 1,482 of 4,682 images (32%)", 0.32)
    page = watch(app, run.id)
    assert page.progress[0].value == 32
    assert page.progress[0].text.replace("\\", "") == "Step 20 of 20 · Judging: 1,482 of 4,682 images (32%)"
    assert "0 s" not in [metric.value for metric in page.metric]


def test_while_an_epoch_is_judged_the_bar_says_so(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=1)
    lease.record([runs.step(2, number) for number in range(6, 11)], [], pace=None)
    assert watch(app, run.id).progress[0].text == "Step 10 of 20 · Judging epoch 2 on the validation images"


def test_who_waits_is_told_what_the_run_before_does(app: AppTest, home: Path) -> None:
    _run, lease = runs.at_work(home, epochs=4, owner="Grace")
    waiting = runs.queued(home, name="second")
    lease.say("Judging: 1,482 of 4,682 images (32%)", 0.32)
    said = texts(check(watch(app, waiting.id))).replace("\\", "")
    assert "(Grace, Judging: 1,482 of 4,682 images (32%))" in said


def test_the_page_says_what_a_run_computes_in_while_it_trains_and_after(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home)
    assert "Computes in" not in texts(watch(app, run.id))  # a run from before this was noted
    said = "bfloat16: 1.9 times as fast here as float32 (measured in 0.4 s)"
    lease.describe(device="CPU, 1 thread", steps_total=20, split="abc", precision=said)
    assert f"Computes in {said}." in texts(check(watch(app, run.id))).replace("\\", "")
    lease.end("finished", reason="completed")
    assert f"Computes in {said}." in texts(check(watch(app, run.id))).replace("\\", "")


def test_precision_can_be_left_to_a_probe_or_set(page: AppTest, home: Path) -> None:
    chosen(page, "digits", "lenet", "notebook")
    field = page.selectbox(key="training.digits.lenet.notebook.precision")
    assert (field.options, field.value) == (["auto", "float32", "bfloat16"], "fp32")
    field.set_value("auto").run()
    check(page.button(key="train").click().run())
    assert [run.config.precision for run in store(home).list()] == ["auto"]


def frozen(**changes: object) -> TrainingConfig:
    return recipe_config("notebook", dataset="shapes", model="resnet18", **{"epochs": 4, **changes})


def test_what_looking_once_saved_is_told_also_after_a_restart(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=4, config=frozen())
    cost = FeaturesKept(views=1, epoch_seconds=60.0, spent_seconds=60.0)
    lease.describe(device="CPU", steps_total=20, split="abc", features=cost)
    lease.end("finished", reason="completed")
    page = check(watch(app, run.id))
    assert "The frozen backbone saw each image once instead of 4 times: about 3 min saved." in texts(page)


def test_a_network_that_saw_its_images_in_every_epoch_saved_nothing(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "finished", reason="completed")
    assert "saved." not in texts(check(watch(app, run.id)))


def test_a_frozen_backbone_that_only_guesses_points_to_the_preprocessing(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=0, config=frozen())
    for number in (1, 2):
        lease.record([], [(number, replace(runs.epoch_done(number), val_accuracy=0.17))], pace=None)
    assert "preprocessing" not in texts(check(watch(app, run.id)))  # two epochs are no verdict
    lease.record([], [(3, replace(runs.epoch_done(3), val_accuracy=0.17))], pace=None)
    said = texts(check(watch(app, run.id))).replace("\\", "")
    assert "the best validation accuracy is 17.0 %, and guessing gives 16.7 %" in said
    assert "Check the preprocessing: normalisation" in said


def test_a_finished_run_at_chance_is_not_green(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home, epochs=0)
    lease.record([], [(1, replace(runs.epoch_done(1), val_accuracy=0.095))], pace=None)
    lease.end("finished", reason="completed")
    said = texts(check(watch(app, run.id)))
    assert ":orange-badge[:material/troubleshoot: finished, only guesses]" in said
    assert "green" not in said
    assert ":green-badge[:material/check_circle: finished]" in texts(check(watch(visitor(), runs.finished(home).id)))


def test_a_frozen_backbone_that_learns_is_not_suspected(app: AppTest, home: Path) -> None:
    run, _lease = runs.at_work(home, epochs=4, config=frozen())
    assert "preprocessing" not in texts(check(watch(app, run.id)))


def test_a_run_that_its_settings_ended_offers_no_resume(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "failed", reason="unfit", message="10 training images, fewer than one batch of 32.")
    page = watch(app, run.id)
    assert "Resume" not in [button.label for button in page.button]
    with pytest.raises(RunError, match="train anew with others"):
        store(home).resume(run.id, by=OPERATOR)


def test_a_stopped_run_can_be_resumed(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    page = watch(app, run.id)
    assert "Resume goes on from where it was" in texts(page)
    check(page.button(key=f"resume_{run.id}").click().run())
    assert store(home).get(run.id).status == "queued"


def test_why_a_run_cannot_be_resumed_now_is_said(app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    monkeypatch.setattr("core.runs.store.store.WAITING_PER_OWNER", 0)
    page = check(watch(app, run.id).button(key=f"resume_{run.id}").click().run())
    assert "0 may wait" in " ".join(error.value for error in page.error)


@pytest.mark.parametrize("status", ["stopped", "finished", "failed", "diverged", "interrupted"])
def test_somebody_elses_run_can_be_read_and_not_changed(app: AppTest, home: Path, status: Status) -> None:
    run = runs.ended(home, status, reason="asked", owner="Grace")
    page = check(watch(app, run.id))
    assert "Grace's run" in texts(page).replace("\\", "")
    assert controls(page, run.id) == []


@pytest.mark.parametrize("button", ["stop", "delete"])
def test_a_press_that_reaches_the_server_is_asked_for_its_right_there(app: AppTest, home: Path, button: str) -> None:
    run = runs.queued(home)
    page = watch(app, run.id)
    page.session_state[state.SECRET] = "b" * 43  # somebody else's browser sends what this page would
    check(page.button(key=f"{button}_{run.id}").click().run())
    assert "only guest" in texts(page).replace("\\", "")
    assert store(home).get(run.id) == run


def test_who_runs_the_lab_may_stop_what_others_train(app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", "a key of the teacher's")
    run = runs.queued(home, owner="Grace")
    page = watch(app, run.id)
    assert controls(page, run.id) == []
    page.text_input(key=state.OPERATORS_KEY).set_value("a key of the teacher's").run()
    check(page.button(key=f"stop_{run.id}").click().run())
    assert "You stopped it" in texts(page)


def test_without_a_key_of_the_lab_none_can_be_entered(page: AppTest) -> None:
    assert state.OPERATORS_KEY not in [field.key for field in page.text_input]


def test_who_stopped_a_run_is_said(app: AppTest, home: Path) -> None:
    run = runs.queued(home)
    store(home).request_stop(run.id, by=OPERATOR)
    assert "Whoever runs the lab stopped it. Resume goes on from where it was." in texts(watch(app, run.id)).replace(
        "\\", ""
    )


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        ("diverged", "diverged", "diverged"),
        ("failed", "exception", "failed"),
        ("interrupted", "lost", "interrupted"),
        ("stopped", "asked", "stopped"),
        ("finished", "completed", "finished"),
    ],
)
def test_every_end_has_a_word_of_its_own(app: AppTest, home: Path, status, reason: str, word: str) -> None:  # type: ignore[no-untyped-def]
    run = runs.ended(home, status, reason=reason)
    assert f"{word}]" in texts(watch(app, run.id))


def test_a_failure_shows_its_sentence_and_the_last_lines(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "failed", reason="exception", message="It broke <b>here</b>.", log="Traceback\nlast line")
    page = watch(app, run.id)
    assert "It broke" in page.error[0].value
    assert "<b>" not in page.error[0].value.replace("\\<b", "")
    assert page.code[0].value == "Traceback\nlast line"


def test_names_cannot_write_markdown(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked", name="**bold** [x](http://e.org) <script>")
    said = texts(watch(app, run.id))
    assert "**bold**" not in said
    assert "](http" not in said


def test_a_run_that_is_gone_gets_a_sentence_and_a_way_out(app: AppTest) -> None:
    page = watch(app, "k7mq2xw9ab")
    assert "There is no run" in texts(page)
    assert "set up a new one" in texts(page)


def test_a_link_with_nonsense_in_it_does_no_harm(app: AppTest) -> None:
    assert "not the id of a run" in texts(watch(app, "../../etc/passwd"))


def all_runs(app: AppTest) -> AppTest:
    app.session_state[state.TRAINING_VIEW] = state.ALL_RUNS
    return open_page(app, "train/training")


def test_the_list_has_every_run_newest_first_and_whose_it_is(app: AppTest, home: Path) -> None:
    runs.many(home, 250, owner="Grace", called="try")  # more than were once shown at a time
    runs.queued(home, name="mine <b>*bold*</b>")
    found = table_rows(all_runs(app))
    assert [row["name"] for row in found] == ["mine <b>*bold*</b>", *(f"try {n}" for n in reversed(range(250)))]
    assert (found[0]["owner"], found[0]["state"]) == ("you", "waiting, next")
    assert (found[1]["owner"], found[1]["state"]) == ("Grace", "failed")
    assert ME not in str(found)


def test_rename_and_note_are_kept(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    page = watch(app, run.id)
    page.text_input(key=f"name_{run.id}").set_value("Better name")
    page.text_area(key=f"note_{run.id}").set_value("rate halved")
    next(button for button in page.button if button.label == "Save").click().run()
    kept = store(home).get(run.id)
    assert (kept.name, kept.note) == ("Better name", "rate halved")
    assert "Better name" in texts(check(page))


def test_an_empty_name_is_refused_with_a_sentence(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    page = watch(app, run.id)
    page.text_input(key=f"name_{run.id}").set_value(" ")
    next(button for button in page.button if button.label == "Save").click().run()
    assert "The name is empty" in texts(check(page))
    assert store(home).get(run.id).name == "My first run"


def test_delete_removes_the_run_and_leaves_the_list(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    page = watch(app, run.id)
    check(page.button(key=f"delete_{run.id}").click().run())
    assert store(home).list() == []
    assert "run" not in page.query_params
    assert "No run yet" in texts(page)


def test_the_shown_run_survives_a_page_switch(app: AppTest, home: Path) -> None:
    run = runs.ended(home, "stopped", reason="asked")
    watch(app, run.id)
    open_page(app, "judge/compare")
    page = open_page(app, "train/training")
    assert page.query_params["run"] == run.id
    assert "My first run" in texts(page)


def test_a_run_says_what_was_changed_and_can_be_set_up_again(app: AppTest, home: Path) -> None:
    run = runs.queued(home, config=runs.digits(learning_rate=1.0, epochs=3))
    page = watch(app, run.id)
    said = texts(page).replace("\\", "")
    assert "Changed from the recipe: epochs 3 (20), learning rate 1 (0.05)." in said
    assert "--epochs 3 --set learning_rate=1.0" in page.code[0].value
    page.button(key=f"again_{run.id}").click().run()
    assert check(page).text_input(key="training.digits.lenet.modern.learning_rate").value == "1"
    assert page.text_input(key="training.digits.lenet.modern.epochs").value == "3"


def test_the_list_says_accuracy_with_its_interval_and_what_was_changed(app: AppTest, home: Path) -> None:
    run = runs.finished(home, name="done", owner="Ada")
    runs.at_work(home, epochs=2)
    live, done = table_rows(all_runs(app))
    assert (live["validation"], live["done"], live["planned"]) == (pytest.approx(0.6), 2, 4)
    assert (live["accuracy"], live["trained"], live["changed"]) == (None, 0, "epochs 4 (20)")
    assert (done["images"], done["accuracy"]) == (367, pytest.approx(362 / 367, abs=1e-5))
    assert done["interval"] == pytest.approx(wilson_interval(362, 367), abs=1e-5)
    assert (done["parameters"] > 0, done["seconds"], done["data"]) == (
        True,
        run.training_seconds,
        "Digits (built in)",
    )


def test_an_accuracy_that_is_none_on_unseen_images_is_left_out(app: AppTest, home: Path) -> None:
    run, lease = runs.at_work(home)
    made = ship(lease.folder, "final", wrong=9, split_fingerprint="7774cc37fa84762b6f95918ffd6984e1")
    lease.saved(made.folder, kind="final", step=10, epoch=2)
    lease.end("finished", reason="completed")
    (row,) = table_rows(all_runs(app))
    assert (row["reference"], row["accuracy"]) == (run.id, None)
    assert row["parameters"]


def test_a_network_that_cannot_be_read_hides_no_run(app: AppTest, home: Path) -> None:
    run = runs.finished(home)
    (Path(str(run.checkpoint)) / "card.json").write_text("nonsense")
    (row,) = table_rows(all_runs(app))
    assert (row["reference"], row["accuracy"], row["changed"]) == (run.id, None, "epochs 4 (20)")


def test_a_long_list_opens_before_every_card_has_been_read(
    app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.finished(home, name="old", owner="Ada")
    runs.finished(home, name="new", owner="Ada")
    for look in ("LOOK", "FIRST_LOOK"):
        monkeypatch.setattr(rows, look, -1.0)
    page = all_runs(app)
    accuracies = {row["name"]: row["accuracy"] for row in table_rows(page)}
    assert accuracies["new"], "what is in sight comes first"
    assert accuracies["old"] is None
    assert "The accuracies of 1 older runs are being read" in texts(page)
    monkeypatch.setattr(rows, "LOOK", 1.0)
    assert all(row["accuracy"] for row in table_rows(check(page.run())))
    assert "being read" not in texts(page)
