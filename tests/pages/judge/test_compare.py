"""The Compare page: alive on first start, honest about chance and about images that may have been seen."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from core.checkpoints import find
from core.command_line.program import main
from core.config import TrainingConfig
from core.export.model_card import model_card
from core.export.report import of_checkpoints
from core.intervals import percent
from core.judging.calibration import calibration, calibration_error
from core.judging.learning_curve import Point, write_curve
from core.models import models
from core.runs import open_store
from core.runs.folders import run_folder
from core.runs.store.listed import listed
from core.runs.whole_time import with_whole_time
from pages._ui import cached, state
from pages._ui.frame import plain
from pages._ui.guidance import progress
from pages._ui.run_table.rows import run_rows
from pages._ui.run_words import duration
from pages.judge._compare.disagreement import A_PAGE
from pages.judge._compare.fair_play import CIRCUMSTANCES
from tests.pages import runs
from tests.pages.networks import ship
from tests.pages.visit import check, component_data, keeps, open_page, table_rows, texts, visitor


def compare(*names: str) -> AppTest:
    """Open the page after the networks are there: lists of them are cached for half a minute."""
    app = visitor()
    if names:
        app.query_params[state.COMPARED] = ",".join(names)
    return open_page(app, "judge/compare")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def figures(page: AppTest) -> dict[str, list[str]]:
    table = page.table[0].value
    return {row.iloc[0]: list(row.iloc[1:]) for _index, row in table.iterrows()}


def charts(page: AppTest) -> list[dict[str, Any]]:
    """Return how each chart is specified, in the order of the page."""
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


def test_images_that_are_not_here_are_linked_to_once(home: Path) -> None:
    page = compare("cats_vs_dogs-strided_cnn", "cats_vs_dogs-fast_cnn")
    assert said(page).count("Cats vs dogs is not on this machine.") == 1
    assert [entry.label for entry in page.page_link if entry.label.startswith("Get the images")] == [
        "Get the images of Cats vs dogs"
    ]


def test_with_nothing_trained_there_is_a_way_out(folder: Path) -> None:
    page = compare()
    assert "nothing to compare yet" in said(page)


def test_on_first_start_two_networks_are_compared_already(folder: Path) -> None:
    ship(folder, "good", wrong=5)
    ship(folder, "poor", wrong=100)
    page = compare()
    assert "good on digits is better: 98.6 % against 72.8 %" in said(page)
    assert "the same 367 images" in said(page)
    assert figures(page)["Accuracy"] == ["98.64 %", "72.75 %"]
    assert figures(page)["Images judged"] == ["367", "367"]
    assert figures(page)["Is it a test accuracy?"] == ["yes", "yes"]
    assert len(page.get("vega_lite_chart")) == 3


def test_the_lessons_step_waits_until_another_network_stands_there(folder: Path) -> None:
    for name in ("one", "two", "three"):
        ship(folder, name, wrong=7)
    keeps(progress.COOKIE, "compare~~shown")
    page = compare()
    pair = page.multiselect(key="compared").value
    done = ":green[:material/check_circle: **done**]"
    assert len(pair) == 2
    assert done not in said(page)
    (third,) = {"one", "two", "three"} - set(pair)
    page.multiselect(key="compared").set_value([pair[0], third]).run()
    assert done in said(page)


def test_a_small_difference_is_no_victory(folder: Path) -> None:
    ship(folder, "one", wrong=10)
    ship(folder, "two", wrong=12)
    words = said(compare())
    assert "No clear winner" in words
    assert "All settings of their trainings are alike." in words


def test_trainings_of_the_same_settings_and_seed_on_other_machines_are_said_to_round_differently(folder: Path) -> None:
    ship(folder, "one", wrong=10, device="CPU, 1 thread")
    ship(folder, "two", wrong=12, device="CPU, 2 threads")
    page = compare()
    assert "But CPU, 1 thread, float32 and CPU, 2 threads, float32 round differently" in said(page)
    assert figures(page)["Computed on"] == ["CPU, 1 thread, float32", "CPU, 2 threads, float32"]


def test_what_else_differs_is_named(folder: Path) -> None:
    ship(folder, "one", wrong=10)
    ship(folder, "two", wrong=100, settings={"mirror_at_test": True, "batch_size": 32})
    ship(folder, "elsewhere", wrong=100, settings={"batch_size": 32}, device="one GPU")
    words = said(compare("one", "two"))
    assert "They differ in a second opinion on the mirror image, batch size (64 and 32)." in words
    assert "They differ in batch size (64 and 32), what they were computed on." in said(compare("one", "elsewhere"))


def test_what_one_number_is_in_each_is_said_and_a_schedule_is_none(folder: Path) -> None:
    ship(folder, "one", wrong=10, settings={"learning_rate": 0.05})
    ship(folder, "two", wrong=100, settings={"learning_rate": 0.005})
    ship(folder, "cycle", wrong=100, settings={"learning_rate": 0.05, "schedule": "one_cycle"})
    assert "They differ in learning rate (0.05 and 0.005)." in said(compare("one", "two"))
    assert "They differ in schedule." in said(compare("one", "cycle"))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"patience": 5}, "patience (0 and 5)"),
        ({"norm_shift_rate": 64.0}, "norm shift rate (1 and 64)"),
        ({"momentum": 0.9}, "momentum (0 and 0.9)"),
        ({"step_size": 8}, "step size (5 and 8)"),
        ({"epochs": 20, "patience": 5}, "number of epochs"),
    ],
)
def test_one_number_is_named_as_the_setting_that_it_is(folder: Path, settings: dict[str, Any], what: str) -> None:
    ship(folder, "one", wrong=10)
    ship(folder, "two", wrong=100, settings=settings)
    assert f"They differ in {what}." in said(compare("one", "two"))


def test_what_a_network_has_by_itself_is_no_difference_where_one_training_says_it(folder: Path) -> None:
    ship(folder, "one", wrong=10)
    ship(folder, "two", wrong=12, settings={"model_arguments": models["strided_cnn"].all_arguments({})})
    ship(folder, "wide", wrong=12, settings={"model_arguments": {"dropout": 0.5}})
    assert "All settings of their trainings are alike." in said(compare("one", "two"))
    assert "They differ in network." in said(compare("one", "wide"))


def test_no_setting_of_a_training_is_left_out_of_the_comparison() -> None:
    fields = {field.name for field in dataclasses.fields(TrainingConfig)}
    of_the_machine = {"precision", "device"}
    compared = {name for names in CIRCUMSTANCES.values() for name in names}
    assert compared == fields - {"dataset"} - of_the_machine


def test_a_heads_training_time_names_its_backbones_own(folder: Path) -> None:
    def head(name: str, weights: str) -> None:
        settings = {"model": "resnet18", "model_arguments": {"weights": weights}}
        ship(folder, name, wrong=10, called="resnet18", settings=settings)

    ship(folder, "cifar10-resnet18", wrong=10)  # the lab's backbone, by its name
    head("here", "lab"), head("there", "imagenet"), head("nowhere", "random")
    shown = figures(compare("here", "there", "nowhere"))["Training time"]
    assert shown == ["12 s, after 12 s for its backbone", "12 s, after its backbone's, which is not known here", "12 s"]


def test_a_runs_training_time_is_the_same_on_compare_in_the_table_of_runs_and_on_training(
    folder: Path, home: Path
) -> None:
    run, other = runs.finished(home, name="ours"), runs.finished(home, name="another")
    assert run.training_seconds is not None
    words = duration(run.training_seconds)
    assert figures(compare(run.id, other.id))["Training time"] == [words, words]
    assert run_rows(listed(open_store()))[0][0].seconds == run.training_seconds
    app = visitor()
    app.query_params["run"] = run.id
    (shown,) = [each.value for each in check(open_page(app, "train/training")).metric if each.label == "Training time"]
    assert shown == words


def test_a_stopped_runs_training_time_is_that_of_all_its_epochs_in_files_as_well(folder: Path, home: Path) -> None:
    run, lease = runs.at_work(home, name="stopped")
    best = ship(run_folder(home, run.id), "best-0001", wrong=5)  # its card says 12 s
    lease.saved(best.folder, kind="best", step=1, epoch=1)
    for epoch in range(3, 33):
        lease.record([], [(5 * epoch, runs.epoch_done(epoch))], pace=None)
    lease.end("stopped", reason="asked")
    seconds = open_store().get(run.id).training_seconds
    assert seconds == 32 != best.card.seconds
    ship(folder, "other", wrong=5)
    page = compare(run.id, "other")
    assert figures(page)["Training time"] == [duration(32), duration(12)]
    checkpoint = with_whole_time(find(run.id))
    report = of_checkpoints([checkpoint, with_whole_time(find("other"))]).decode()
    assert "<td>32 s</td>" in report
    assert "<td>12 s</td>" in report
    assert " in 32 s; the weights" in model_card(checkpoint)
    out = home / "card.md"
    assert CliRunner().invoke(main, ["export", run.id, "--as", "card", "--out", str(out)]).exit_code == 0
    assert " in 32 s; the weights" in out.read_text()


def test_a_stored_confidence_is_never_certain(folder: Path) -> None:
    for name in ("one", "two"):
        ship(folder, name, wrong=7, confidence=0.9982, split_fingerprint="by-writer-another")  # a table of mistakes
    assert set(compare().dataframe[0].value["Confidence"]) == {"over 99.8 %"}


def test_images_that_may_have_been_seen_are_no_test(folder: Path) -> None:
    ship(folder, "honest", wrong=10)
    ship(folder, "doubtful", wrong=2, unseen=False)
    page = compare()
    assert "may have been trained on" in said(page)
    assert figures(page)["Is it a test accuracy?"][figures(page)["Accuracy"].index("99.46 %")].startswith("no")
    layers = [layer for layer in charts(page)[0]["layer"] if layer["mark"]["type"] == "point"]
    drawn = {dot["line"]: layer["mark"]["filled"] for layer in layers for dot in layer["data"]["values"]}
    assert drawn == {"honest on digits": True, "doubtful on digits": False}


def test_digits_that_were_split_at_random_are_no_test(folder: Path) -> None:
    ship(folder, "now", wrong=10)
    ship(folder, "before", wrong=2, split_fingerprint="7774cc37fa84762b6f95918ffd6984e1")
    page = compare("now", "before")
    assert figures(page)["Is it a test accuracy?"] == ["yes", "no, on writers that it has seen"]
    assert "drawn at random: whoever wrote them also wrote training images" in said(page)
    assert "different images" in said(page)


def test_other_test_images_are_said_to_be_so(folder: Path) -> None:
    ship(folder, "here", wrong=10)
    ship(folder, "elsewhere", wrong=100, split_fingerprint="by-writer-another")
    assert "different images" in said(compare("here", "elsewhere"))


def test_the_p_value_is_explained_by_the_test_that_made_it(folder: Path) -> None:
    ship(folder, "here", wrong=10)
    ship(folder, "again", wrong=100)
    ship(folder, "elsewhere", wrong=100, split_fingerprint="by-writer-another")
    same = tips(compare("here", "again"))["p value"]
    assert "McNemar" in same
    assert "Fisher" not in same
    other = tips(compare("here", "elsewhere"))["p value"]
    assert "Fisher's exact test" in other
    assert "McNemar" not in other


def tips(page: AppTest) -> dict[str, str]:
    """Return the tooltip of every figure."""
    return {entry.label: str(entry.proto.help) for entry in page.metric}


def test_the_images_behind_a_cell_and_the_worst_mistakes_are_shown(folder: Path) -> None:
    ship(folder, "one", wrong=7)
    ship(folder, "two", wrong=0)
    page = compare("one", "two")
    assert "The commonest mistake" in said(page)
    assert len(page.get("image")) >= 7


def test_where_the_data_is_another_copy_no_image_is_named(folder: Path) -> None:
    ship(folder, "one", wrong=7, split_fingerprint="by-writer-another")
    ship(folder, "two", wrong=9, split_fingerprint="by-writer-another")
    page = compare()
    assert "or its order, is not the one" in said(page)
    assert len(page.get("image")) == 0
    assert list(page.dataframe[0].value.columns) == ["Test image", "True", "Answer", "Confidence"]


def test_a_network_that_was_not_judged_can_be_judged_here(folder: Path) -> None:
    ship(folder, "one", wrong=7)
    ship(folder, "unjudged", judged=False)
    page = compare("one", "unjudged")
    assert figures(page)["Accuracy"] == ["98.09 %", "none yet"]
    check(page.button(key="judge_unjudged").click().run())
    assert figures(page)["Accuracy"][1].endswith(" %")


def test_a_verdict_made_here_goes_with_its_network(folder: Path) -> None:
    ship(folder, "one", wrong=7)
    ship(folder, "unjudged", judged=False)
    page = compare("one", "unjudged")
    check(page.button(key="judge_unjudged").click().run())
    assert figures(page)["Accuracy"][1] != "none yet"
    ship(folder, "unjudged", judged=False, arguments={"channels": (4, 9)})  # another one is trained into its folder
    cached.checkpoint.clear()  # half a minute later
    assert figures(compare("one", "unjudged"))["Accuracy"][1] == "none yet"


def test_judged_on_another_copy_of_the_data_it_is_no_test_accuracy(folder: Path) -> None:
    ship(folder, "one", wrong=7, split_fingerprint="by-writer-another")
    ship(folder, "two", wrong=9, split_fingerprint="by-writer-another")
    page = compare("one", "two")
    assert figures(page)["Is it a test accuracy?"] == ["yes", "yes"]
    check(page.button(key="judge_again_one").click().run())
    assert figures(page)["Is it a test accuracy?"] == ["no, on images it may have seen", "yes"]
    assert "may have been trained on" in said(page)
    assert "different images" in said(page)


def test_one_network_alone_asks_for_a_second(folder: Path) -> None:
    ship(folder, "only", wrong=7)
    assert "Choose a second network" in said(compare())


def test_a_link_with_networks_that_are_gone_says_which_and_takes_no_other(folder: Path) -> None:
    for name in ("one", "two", "three"):
        ship(folder, name)
    page = compare("one", "no-such", "../../etc")
    assert "'no-such', is gone: its run was deleted, or it never was here. Choose another under Networks." in said(page)
    assert "'../../etc', is gone" in said(page)
    assert page.multiselect[0].value == ["one"]
    page = compare("no-such")
    assert "'no-such', is gone" in said(page)
    assert page.multiselect[0].value == []
    page.multiselect[0].set_value(["two", "three"]).run()
    assert "is gone" not in said(page)


def test_an_address_that_names_more_networks_than_are_compared_is_cut_with_a_word(folder: Path) -> None:
    names = [f"net{number}" for number in range(8)]
    for name in names:
        ship(folder, name, wrong=7)
    page = compare(*names, "net0", *["net1"] * 1_000)
    assert "The address names 8 networks; the first 6 are compared." in said(page)
    assert len(page.multiselect[0].value) == 6


def test_networks_of_old_runs_can_be_compared_by_their_address(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages._ui.choose.checkpoints.AT_MOST", 1)
    ids = [runs.finished(home, name=name).id for name in ("oldest", "older", "newest")]
    page = compare(*ids[:2])
    assert page.multiselect[0].value == ids[:2]
    assert "The newest 1 trained runs are offered; an older one is in the table." in said(page)


def test_the_choice_goes_into_the_address(folder: Path) -> None:
    for name in ("one", "two", "three"):
        ship(folder, name, wrong=7)
    page = compare("one", "two")
    check(page.multiselect[0].set_value(["two", "three"]).run())
    assert page.query_params[state.COMPARED] == "two,three"
    assert list(page.table[0].value.columns)[1:] == ["two on digits", "three on digits"]


def test_a_damaged_network_gets_a_sentence_and_the_others_stay(folder: Path) -> None:
    ship(folder, "whole", wrong=7)
    ship(folder, "damaged", wrong=9)
    (folder / "damaged" / "predictions.safetensors").write_bytes(b"nonsense")
    page = compare("whole", "damaged")
    assert page.error
    assert figures(page)["Accuracy"] == ["98.09 %"]


def test_the_courses_comparison_leads_to_its_training(folder: Path) -> None:
    page = compare()
    page.button(key="course_resnet18").click().run()
    assert page.session_state[state.TRAINING_DATASET] == "cats_vs_dogs"
    assert page.session_state[state.TRAINING_MODEL] == "resnet18"


def test_the_courses_comparison_is_shown_first_where_both_exist(folder: Path) -> None:
    ship(folder, "a-digits", wrong=7)
    ship(folder, "b-transfer", wrong=9, dataset="cats_vs_dogs", called="resnet18")
    ship(folder, "c-scratch", wrong=30, dataset="cats_vs_dogs")
    page = compare()
    assert list(page.table[0].value.columns)[1:] == [plain("c-scratch on digits"), plain("b-transfer on digits")]
    assert "stands side by side above" in said(page)
    page = compare("a-digits", "b-transfer")
    check(page.button(key="course_show").click().run())
    assert page.query_params[state.COMPARED] == "c-scratch,b-transfer"


def test_it_opens_on_the_pair_that_is_fair_where_both_exist(folder: Path) -> None:
    ship(folder, "b-transfer", wrong=9, dataset="cats_vs_dogs", called="resnet18")
    ship(folder, "c-scratch", wrong=30, dataset="cats_vs_dogs")
    ship(folder, "d-fair", wrong=5, dataset="cats_vs_dogs", called="efficientnet_lite0")
    assert list(compare().table[0].value.columns)[1:] == [plain("c-scratch on digits"), plain("d-fair on digits")]


def learning_curve(folder: Path, answers: dict[tuple[str, int], list[int]]) -> None:
    """A curve of ten test images, of which each training gets so many right."""
    points, predicted = [], []
    for (model, images), right in answers.items():
        for seed, count in enumerate(right):
            points.append(Point(model=model, images=images, seed=seed, epochs=16))
            predicted.append([0] * count + [1] * (10 - count))
    write_curve(
        folder / "digits-learning-curve.safetensors",
        dataset="digits",
        split_fingerprint="f",
        points=points,
        labels=np.zeros(10, dtype=np.uint8),
        predicted=np.array(predicted, dtype=np.uint8),
    )


@pytest.mark.parametrize(
    ("scratch", "sentence"),
    [
        ({100: [5, 6], 1_000: [9, 9]}, "needs 1,000 for that."),
        ({100: [5, 6], 1_000: [7, 7]}, "does not get there with 1,000: 70.0 %."),
    ],
)
def test_the_curve_says_how_many_images_each_needs(folder: Path, scratch: dict[int, list[int]], sentence: str) -> None:
    ship(folder, "one", wrong=7), ship(folder, "two", wrong=9)
    assert "How many images does it take?" not in said(compare())
    curve = {("lenet", images): right for images, right in scratch.items()}
    learning_curve(folder, curve | {("efficientnet_lite0", 100): [8, 8]})
    page = compare()
    assert "With 100 images EfficientNet-Lite0 (transfer) is right on 80.0 %." in said(page)
    assert sentence in said(page)
    assert "2 trainings a point" in said(page)


def test_the_curve_says_that_some_points_have_fewer_trainings(folder: Path) -> None:
    ship(folder, "one", wrong=7), ship(folder, "two", wrong=9)
    learning_curve(folder, {("lenet", 100): [5, 6, 6], ("lenet", 500): [9]})
    assert "1 to 3 trainings a point" in said(compare())


def test_a_damaged_curve_is_a_sentence_and_the_rest_stays(folder: Path) -> None:
    ship(folder, "one", wrong=7), ship(folder, "two", wrong=9)
    (folder / "digits-learning-curve.safetensors").write_bytes(b"nonsense")
    page = compare()
    assert "digits-learning-curve.safetensors' cannot be read" in said(page)
    assert len(page.get("vega_lite_chart")) == 3


def test_curves_can_be_switched(folder: Path) -> None:
    ship(folder, "one", wrong=7)
    page = compare()
    check(page.segmented_control(key="compare_curve").set_value("train_loss").run())


def chosen_networks(page: AppTest) -> list[str]:
    return next(box for box in page.multiselect if box.label == "Networks").value


def test_a_network_is_paired_with_one_of_the_same_data_or_with_none(folder: Path) -> None:
    for name, dataset in (("a_cat", "cats_vs_dogs"), ("ours", "digits"), ("sibling", "digits"), ("z", "mnist")):
        ship(folder, name, dataset=dataset, split_fingerprint=name, settings={"dataset": dataset})
    assert chosen_networks(open_page(visitor_with("ours"), "judge/compare")) == ["ours", "sibling"]
    assert chosen_networks(open_page(visitor_with("z"), "judge/compare")) == ["z"]


def test_siblings_come_first_in_the_list_and_in_the_table(folder: Path, home: Path) -> None:
    for name, split in (("a_cat", "cats"), ("b_twin", "same"), ("c_cousin", "other"), ("d_unjudged", "same")):
        dataset = "cats_vs_dogs" if split == "cats" else "digits"
        ship(folder, name, dataset=dataset, split_fingerprint=f"by-writer-{split}", judged=name != "d_unjudged")
    ship(folder, "ours", split_fingerprint="by-writer-same")
    mine = runs.finished(home, name="mine")
    page = open_page(visitor_with("ours"), "judge/compare")
    assert chosen_networks(page) == ["ours", "b_twin"], "a judged one of the same test images"
    box = next(box for box in page.multiselect if box.label == "Networks")
    names = [option.split(" on ")[0].split(" · ")[0] for option in box.options]
    assert names == ["b_twin", "d_unjudged", "ours", "c_cousin", "mine", "a_cat"]
    page.session_state["compare_table_fold"] = True
    page.run()
    rows = [row["reference"] for row in table_rows(check(page))]
    assert rows == ["b_twin", "d_unjudged", "ours", "c_cousin", mine.id, "a_cat"]
    titles = [group["title"] for group in component_data(page, "run_table")["groups"]]
    assert titles == ["Same test images as ours on digits", "Same data set, other test images", "Other data"]


def test_a_first_run_that_asks_to_be_compared_meets_its_sibling(folder: Path, home: Path) -> None:
    ship(folder, "a_cat", dataset="cats_vs_dogs", split_fingerprint="cats")
    ship(folder, "digits-lenet", wrong=7)
    run = runs.finished(home, name="mine")
    assert chosen_networks(compare(run.id)) == [run.id, "digits-lenet"]


def visitor_with(networks: str) -> AppTest:
    fresh = visitor()
    fresh.query_params["networks"] = networks
    return fresh


def test_the_list_can_be_narrowed_to_one_data_set(folder: Path) -> None:
    for name, dataset in (("ours", "digits"), ("sibling", "digits"), ("z", "mnist")):
        ship(folder, name, dataset=dataset, settings={"dataset": dataset})
    page = open_page(visitor_with("ours,sibling"), "judge/compare")
    box = next(box for box in page.multiselect if box.label == "Networks")
    assert len(box.options) == 3
    page.pills(key="compare_only").set_value("digits").run()
    assert len(next(box for box in check(page).multiselect if box.label == "Networks").options) == 2


def test_no_network_wins_over_one_of_other_data(folder: Path) -> None:
    for name, dataset, wrong in (("ours", "digits", 0), ("z", "mnist", 90)):
        ship(folder, name, dataset=dataset, wrong=wrong, settings={"dataset": dataset})
    said = texts(open_page(visitor_with("ours,z"), "judge/compare")).replace("\\", "")
    assert "They were judged on different pictures" in said
    assert "emoji_events" not in said


def test_a_link_shows_whose_mistakes_which_cell_and_which_curve(folder: Path) -> None:
    ship(folder, "one", wrong=7), ship(folder, "two", wrong=9)
    app = visitor_with("one,two")
    for name, value in {"of": "two", "cell": "3,4", "curve": "val_loss", "only": "digits"}.items():
        app.query_params[name] = value
    page = open_page(app, "judge/compare")
    assert page.segmented_control(key="mistakes_of_one,two").value == "two"
    assert "3 taken for 4: " in said(page)
    assert page.segmented_control(key="compare_curve").value == "val_loss"
    assert not page.warning
    page.segmented_control(key="mistakes_of_one,two").set_value("one").run()
    assert "of" not in check(page).query_params, "the first one needs no word"
    assert "cell" not in page.query_params, "it was the other network's"


@pytest.mark.parametrize(
    ("name", "value"), [("of", "three"), ("cell", "3"), ("cell", "3,10"), ("curve", "x"), ("cell", "a,b")]
)
def test_what_an_address_of_compare_cannot_mean_is_said_once(folder: Path, name: str, value: str) -> None:
    ship(folder, "one", wrong=7), ship(folder, "two", wrong=9)
    app = visitor_with("one,two")
    app.query_params[name] = value
    page = open_page(app, "judge/compare")
    assert f"'{value}' is none of what can be shown here ({name})" in said(page)
    assert name not in page.query_params
    assert not check(page.run()).warning


def test_calibration_says_how_sure_and_how_right_each_network_is(folder: Path) -> None:
    ship(folder, "one", wrong=5), ship(folder, "two", wrong=100)
    page = compare("one", "two")
    checkpoint = find("two")
    answers = checkpoint.predictions()
    assert answers is not None
    table, bins = page.table[1].value, page.table[2].value
    assert list(table["Network"]) == [plain("one on digits"), plain("two on digits")]
    assert table["Calibration error"][1] == percent(calibration_error(answers), 1)
    assert table["Right"][1] == "72.8 %"
    assert bins["Confidence"][0] == "90 to 100 %"
    assert bins[plain("two on digits")][0].startswith(f"{calibration(answers)[-1].n} images: ")
    assert "may be off by 0.2 points" in said(page)


def gallery(page: AppTest, right: str) -> AppTest:
    page.pills(key="disagree_one_two").set_value(right).run()
    return check(page)


def test_where_two_disagree_both_heat_maps_stand_beside_the_image(folder: Path) -> None:
    ship(folder, "one", wrong=3), ship(folder, "two", wrong=13)
    page = compare("one", "two")
    before = len(page.get("image"))
    only = [":gray[10: one on digits]", ":gray[0: two on digits]"]
    assert list(page.pills(key="disagree_one_two").options) == only
    page = gallery(page, "first")
    assert page.query_params["right"] == "first"
    assert len(page.get("image")) == before + A_PAGE
    assert said(page).count(", right") == said(page).count("(98.8 %), wrong") == A_PAGE
    page.pagination(key="page_disagree_one_two_first").set_value(2).run()
    assert len(check(page).get("image")) == before + 10 - A_PAGE
    assert "There is no such image." in said(gallery(page, "second"))


def test_networks_that_never_disagree_have_no_gallery(folder: Path) -> None:
    ship(folder, "one", wrong=3), ship(folder, "two", wrong=3)
    page = compare("one", "two")
    assert "Whatever one of them gets right, the other gets right as well." in said(page)
    assert len(page.pills) == 0


def test_a_network_without_maps_says_so_in_the_gallery(folder: Path) -> None:
    ship(folder, "one", wrong=3), ship(folder, "two", wrong=5, model="simple_nn")
    page = gallery(compare("one", "two"), "first")
    assert said(page).count("This network has no maps") == 1


def test_networks_judged_on_different_images_have_no_gallery(folder: Path) -> None:
    ship(folder, "one", wrong=3), ship(folder, "two", wrong=5, split_fingerprint="by-writer-another")
    assert "Where they disagree" not in texts(compare("one", "two"))


def test_the_gallery_of_a_link_is_open(folder: Path) -> None:
    ship(folder, "one", wrong=3), ship(folder, "two", wrong=5)
    app = visitor_with("one,two")
    app.query_params["right"] = "first"
    assert open_page(app, "judge/compare").pills(key="disagree_one_two").value == "first"
