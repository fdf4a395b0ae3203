"""The views of the Augmentation page that ask trained networks, train two of them, and make batches again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint
from core.config import AugmentationStep
from core.data import load
from core.explain.augmentation.sweep import SWEEPS, Curve
from core.recipes import recipe_config
from core.runs.records import Run
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.training.replay import Replay
from core.training.session import Session
from pages.learn._augmentation.arms.section import both
from pages.learn._augmentation.curve import sweeper as sweeper_component
from pages.learn._augmentation.curve.section import where_it_breaks
from pages.learn._augmentation.labels.section import chosen_images
from pages.learn._augmentation.seen.section import numbers_of
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, texts, visitor


def at(**address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, "learn/augmentation")


def in_address(page: AppTest) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}


def captions(page: AppTest) -> list[str]:
    return [str(image.caption).replace("\\", "") for entry in page.image for image in entry.proto.imgs]


# ---- the address ------------------------------------------------------------------------------


def test_what_is_as_at_first_is_not_in_the_address(home: Path, folder: Path) -> None:
    assert in_address(at()) == {}


def test_a_link_shows_chain_seed_and_data_set_and_an_edit_goes_back_into_it(home: Path, folder: Path) -> None:
    link = {"chain": "rotation-p0.5-90~crop-6-reflect", "seed": "12", "data": "digits"}
    page = at(**link)
    steps = [step for _number, step in page.session_state["chain_steps"]]
    assert [(step.name, step.probability) for step in steps] == [("rotation", 0.5), ("crop", 1.0)]
    assert (steps[0].settings["degrees"], steps[1].settings["padding"]) == (90.0, 6)
    assert page.text_input(key="chain_seed").value == "12"
    assert page.selectbox(key="chain_dataset").value == "digits"
    assert in_address(page) == link
    page.button(key="chain_empty").click().run()
    page.button(key="chain_again").click().run()
    assert in_address(check(page)) == {"chain": "none", "seed": "13", "data": "digits"}
    page.button(key="chain_course").click().run()
    assert "chain" not in in_address(check(page))
    assert not any("address" in entry.value for entry in page.warning)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("chain", "crop-999-black", "padding is 999; it must lie between 1 and 32"),
        ("chain", "<b>no</b>", "no transform"),
        ("chain", "~".join(["flip_vertical"] * 13), "13 steps, and 12 can be edited"),
        ("seed", "-1", "it must lie between 0 and 2147483647"),
        ("seed", "1e400", "it must be a number"),
        ("data", "imagenet", "it can be mnist"),
        ("look", "no_such", "it can be draws, received"),
    ],
)
def test_a_damaged_value_is_a_sentence_and_the_first_one_is_shown(
    home: Path, folder: Path, name: str, text: str, said: str
) -> None:
    page = at(**{name: text})
    (warning,) = (entry.value.replace("\\", "") for entry in page.warning)
    assert said in warning
    assert in_address(page) == {}
    assert not page.error


@pytest.mark.parametrize("look", ["draws", "received", "test", "labels", "curve", "arms", "seen", "code"])
def test_every_view_says_what_to_try_and_asks_a_question(shipped: Path, home: Path, look: str) -> None:
    page = at(look=look)
    assert "Try this" in texts(page)
    assert any(fold.label.endswith("?") for fold in page.expander)
    assert in_address(page).get("look", "draws") == look
    assert not page.error


# ---- label safety -----------------------------------------------------------------------------


def test_digits_turned_by_half_are_read_as_others_and_the_network_is_asked(folder: Path, home: Path) -> None:
    ship(folder, "one")
    page = at(look="labels", change="half")
    said = captions(page)
    assert len(said) == 10
    assert any(one.startswith("Label 6. A reader: 9. The network: ") for one in said)
    assert any("A reader: no digit" in one for one in said)
    assert any("A reader: still 8" in one for one in said)
    assert "a 6 becomes a 9, a 9 becomes a 6; 3, 4, 7 are no digits any more" in texts(page)
    figures = {entry.label: entry.value for entry in page.metric}
    assert list(figures) == ["As they are: called by their label", "Turned by 180°: called by their label"]
    assert "Measured on 200 test images" in texts(page)
    assert list(page.dataframe[0].value["label"]) == [str(digit) for digit in range(10)]


def test_other_images_come_and_another_change_has_another_verdict(folder: Path, home: Path) -> None:
    ship(folder, "one")
    page = at(look="labels", of="digits")
    pictures = [image.url for entry in page.image for image in entry.proto.imgs]
    page.button(key="safety_again").click().run()
    assert [image.url for entry in check(page).image for image in entry.proto.imgs] != pictures
    page.segmented_control(key="safety_risk").set_value("corner").run()
    assert "A crop decides that for each image anew" in texts(check(page))
    assert in_address(page) == {"look": "labels", "of": "digits", "change": "corner", "images": "1"}


def test_images_without_a_network_are_shown_without_its_answers(folder: Path, home: Path) -> None:
    page = at(look="labels", of="shapes", change="upside_down")
    assert len(captions(page)) == 6
    assert not any("network" in one for one in captions(page))
    assert any("still star" in one for one in captions(page))
    assert "No trained network of this data set is asked" in texts(page)
    assert not page.metric


def test_as_many_images_of_each_class_are_chosen_and_the_next_ones_at_each_turn() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert chosen_images(labels, 10, turn=0) == [0, 3]
    assert chosen_images(labels, 10, turn=1) == [1, 4]
    assert chosen_images(labels, 10, turn=3) == [0, 3]


# ---- confidence curve -------------------------------------------------------------------------


def test_two_networks_are_asked_at_every_step_and_it_is_said_where_they_break(folder: Path, home: Path) -> None:
    ship(folder, "plain")
    ship(folder, "turned", settings={"augmentation": (AugmentationStep(name="affine"),)})
    page = at(look="curve", checkpoint="plain")
    assert page.selectbox(key="curve_second").value == "turned", "at first one that differs in being augmented"
    said = texts(page).replace("\\", "")
    assert said.count("to the picture as it is, and") == 2
    assert "Trained with: Affine." in said
    assert in_address(page) == {"look": "curve", "checkpoint": "plain"}
    page.selectbox(key="curve_second").select("none").run()
    page.selectbox(key="curve_sweep").select("brightness").run()
    assert in_address(check(page)) == {
        "look": "curve", "checkpoint": "plain", "second": "none", "sweep": "brightness",
    }  # fmt: skip
    assert texts(page).replace("\\", "").count("to the picture as it is, and") == 1


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        ([1, 1, 1], "and 9 from 1.05 times on upwards."),
        ([1, 0, 0], "and 9 from 1.05 times upwards, then something else again."),
        ([1, 1, 2], "and 9 from 1.05 times upwards, then something else again."),
        ([0, 0, 0], "and nothing else from 0.85 times to 1.15 times."),
    ],
)
def test_an_answer_that_does_not_stay_is_not_said_to_go_on(beyond: list[int], said: str) -> None:
    sweep = replace(SWEEPS["brightness"], low=0.85, count=7)
    sure = torch.nn.functional.one_hot(torch.tensor([0, 0, 0, 0, *beyond]), 3).float()
    assert where_it_breaks(Curve(sweep=sweep, probabilities=sure), ("6", "9", "0")).endswith(said)


def test_less_than_all_is_not_sent_to_the_curve_as_all(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(sweeper_component, "_view", lambda *, key, data, on_place_change, height: told.append(data))
    one = sweeper_component.Answered(name="a", probabilities=[0.99998, 0.00002], answers="66", sure="--", breaks=[])
    sweeper_component.sweeper(
        [one],
        values=["1", "2"],
        rest=0,
        place=0,
        sheet="",
        columns=1,
        title="",
        label="6",
        of="",
        on_rest=print,
        key="k",
    )
    assert 0 < told[0]["networks"][0]["probabilities"][1] < told[0]["networks"][0]["probabilities"][0] < 1


def test_a_link_opens_the_curve_at_its_value(folder: Path, home: Path) -> None:
    ship(folder, "plain")
    page = at(look="curve", sweep="angle", at="40")
    assert page.session_state["curve_value"] == 40
    assert in_address(page)["at"] == "40"
    page.selectbox(key="curve_sweep").select("zoom").run()
    assert "at" not in in_address(check(page)), "another sweep begins where the picture is as it was"


def test_grey_images_are_offered_no_saturation(folder: Path, home: Path) -> None:
    ship(folder, "plain")
    assert "Saturation" not in at(look="curve").selectbox(key="curve_sweep").options


def test_a_second_network_that_is_not_here_is_said(folder: Path, home: Path) -> None:
    ship(folder, "plain")
    page = at(look="curve", second="gone")
    assert "second network of this address is not here" in texts(page)


# ---- with and without -------------------------------------------------------------------------


def arms(home: Path) -> list[Run]:
    return sorted(Store(home / STORE_NAME).list(), key=lambda run: run.position or 0)


def test_one_button_queues_both_arms_that_differ_in_the_chain_alone(home: Path, folder: Path) -> None:
    page = at(look="arms", chain="rotation-30", epochs="3", limit="200", arms_seed="7")
    assert "puts **two** runs of 3 epochs into the queue" in texts(page)
    page.button(key="arms_train").click().run()
    first, second = arms(home)
    assert [step.name for step in first.config.augmentation] == ["rotation"]
    assert second.config == both(first.config, ())[1]
    assert (first.config.seed, first.config.epochs, first.config.limit) == (7, 3, 200)
    assert in_address(check(page))["arms"] == f"{first.id},{second.id}"
    assert "Compare opens when they have ended" in texts(page)


def test_nothing_is_queued_where_the_chain_is_empty_or_a_field_does_not_fit(home: Path, folder: Path) -> None:
    page = at(look="arms", chain="none")
    assert page.button(key="arms_train").disabled
    assert "both trainings would be the same" in "".join(entry.value for entry in page.error)
    page = at(look="arms", epochs="3")
    for key, typed, said in (
        ("arms_epochs", "0", "epochs is 0; it must lie between 1 and 500"),
        ("arms_epochs", "2,5", "Epochs is '2,5'; it must be a whole number, in digits alone, between 1 and 500."),
        ("arms_limit", "1", "limit is 1; it must lie between 2 and 10000000"),
        ("arms_seed", "", "Seed of both is empty; it must be a whole number"),
    ):
        before = page.text_input(key=key).value
        page.text_input(key=key).set_value(typed).run()
        assert said in "".join(e.value for e in check(page).error).replace("\\", "")
        assert not [button for button in page.button if button.key == "arms_train"]
        page.text_input(key=key).set_value(before).run()
    assert page.button(key="arms_train")


def test_where_the_queue_takes_no_two_more_none_is_queued(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.store.store.WAITING_PER_OWNER", 1)
    page = at(look="arms")
    page.button(key="arms_train").click().run()
    assert "may wait; let some finish first" in "".join(entry.value for entry in check(page).error)
    assert arms(home) == []


def test_both_runs_are_followed_and_compare_opens_when_they_have_ended(home: Path, folder: Path) -> None:
    page = at(look="arms")
    page.button(key="arms_train").click().run()
    store = Store(home / STORE_NAME)
    ids = [run.id for run in arms(home)]
    for run_id in ids:
        claim = Queue(store).claim(slots=2)
        assert claim is not None
        lease = Lease(store, run_id, claim.fence)
        lease.begin('{"pid": 1, "started": 0.0}')
        checkpoint = ship(store.home / "runs" / run_id, "final")
        lease.saved(checkpoint.folder, kind="final", step=1, epoch=1)
        lease.end("finished", reason="completed")
    check(page.run())
    assert page.title[0].value == "Compare"
    assert in_address(page)["networks"] == ",".join(ids)
    back = at(look="arms", arms=",".join(ids))
    assert back.title[0].value == "Augmentation", "who did not watch them is not sent away"
    assert texts(back).count("finished after") == 2
    check(back.button(key="arms_experiment").click().run())
    assert (back.title[0].value, in_address(back)["experiment"]) == ("Compare", "new")
    assert back.session_state["training_chain"], "the chain goes with whoever wants to know more"


def test_runs_that_are_not_here_are_said(home: Path, folder: Path) -> None:
    page = at(look="arms", arms="k7mq2xw9ab,nonsense")
    assert "are not both here" in texts(page)


# ---- what a run saw ---------------------------------------------------------------------------


@pytest.fixture
def trained(home: Path, folder: Path) -> Checkpoint:
    return train(folder / "mine", AugmentationStep(name="affine"))


def train(folder: Path, *chain: AugmentationStep) -> Checkpoint:
    config = recipe_config(
        "notebook", dataset="digits", model="strided_cnn", epochs=2, limit=100, batch_size=32, device="cpu",
        augmentation=chain,
    )  # fmt: skip
    session = Session(config, folder)
    for _event in session.events():
        pass
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    return checkpoint


def test_the_batches_of_a_training_are_shown_with_what_was_done(
    trained: Checkpoint, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    (folder / "mine" / "final").rename(folder / "made")
    page = at(look="seen", checkpoint="made", seen_epochs="2", batch="3")
    said = texts(page).replace("\\", "")
    assert "**Epoch 2, batch 3**: the first 8 of 32 images." in said
    assert "Trained with: Affine. Seed 0, 32 images a batch." in said
    again = Replay(trained, load("digits", size=trained.card.image_size))
    index = int(again.batch(1, 2).indices[0])
    assert f"number {index:,}: as it is stored" in said
    assert in_address(page) == {"look": "seen", "checkpoint": "made", "seen_epochs": "2", "batch": "3"}
    assert page.button(key="seen_batch_Next").disabled
    page.button(key="seen_batch_Previous").click().run()
    assert in_address(check(page))["batch"] == "2"
    for typed, said in (("4", "batch is 4; it must lie between 1 and 3"), ("2,5", "must be a whole number")):
        page.text_input(key="seen_batch").set_value(typed).run()
        assert said in texts(check(page)).replace("\\", "")


@pytest.mark.parametrize(
    ("chain", "said"),
    [((), ": nothing was augmented."), ((AugmentationStep(name="flip_vertical", probability=0.001),), ".")],
)
def test_an_image_that_chance_has_left_alike_is_not_said_to_be_never_augmented(
    home: Path, folder: Path, chain: tuple[AugmentationStep, ...], said: str
) -> None:
    train(folder / "mine", *chain)
    (folder / "mine" / "final").rename(folder / "made")
    page = at(look="seen", checkpoint="made")
    assert any(one.value.replace("\\", "").endswith(f"It was the same every time{said}") for one in page.caption)


def test_where_the_images_are_others_it_is_a_sentence(folder: Path, home: Path) -> None:
    ship(folder, "other", split_fingerprint="another")
    page = at(look="seen", checkpoint="other")
    assert "cannot be made again without its images" in texts(page)
    assert not page.error


def test_epochs_of_the_address_are_numbers_that_there_were() -> None:
    assert numbers_of("1,2,2", 3) == [1, 2]
    assert [numbers_of(text, 3) for text in ("0", "4", "1,2,3,1", "x", "", "٣", "99999")] == [None] * 7
