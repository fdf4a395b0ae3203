"""What the Training page is made of, without a page: smoothing, words, one widget a setting."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.errors import ConfigError
from core.events import EpochDone, FeaturesKept, StepDone
from core.registry import Setting
from core.runs.records import Run
from core.runs.store.store import Store
from pages._ui.choose.setting_widgets import any_number, whole_numbers
from pages._ui.run_words import duration, from_start_to_end, place, saved, turns
from pages.train._training import run_curves
from pages.train._training.predictions import _outcome
from pages.train._training.run_curves import _accuracy_hint, figures_of
from pages.train._training.run_view import _pace
from pages.train._training.step_curve import SMOOTHING, STRETCHES, DrawnCurve, StepCurve
from tests.pages import runs


def steps(*losses: float, first: int = 1) -> list[StepDone]:
    return [
        StepDone(epoch=1, step=number, loss=loss, learning_rate=0.1, images=8, seconds=0.01)
        for number, loss in enumerate(losses, start=first)
    ]


def test_smoothing_starts_at_the_first_loss_and_follows() -> None:
    curve = StepCurve()
    curve.add(steps(2.0, 1.0))
    one, keep = SMOOTHING, 1 - SMOOTHING
    second = (keep * one * 2.0 + one * 1.0) / (keep * one + one)
    assert curve.drawn().smooth[1] == pytest.approx([2.0, second])


@pytest.mark.parametrize("count", [1, 255, 256, 257, 512, 7_560, 30_001])
def test_a_curve_is_the_same_whenever_it_is_opened(count: int) -> None:
    losses = [2.0 / (1 + number / 500) + 0.3 * math.sin(number) for number in range(count)]
    afterwards, followed = StepCurve(), StepCurve()
    afterwards.add(steps(*losses))
    for look in range(0, count, 37):  # a tab that looked every 37 steps
        followed.add(steps(*losses[look : look + 37], first=look + 1))
        followed.drawn()
    assert afterwards.drawn() == followed.drawn()


@pytest.mark.parametrize("count", [300, 7_560])
def test_the_smoothed_loss_runs_over_every_step(count: int) -> None:
    losses = [0.5 + 0.4 * math.sin(number) for number in range(count)]
    average = weight = 0.0
    for loss in losses:
        average, weight = 0.9 * average + 0.1 * loss, 0.9 * weight + 0.1
    curve = StepCurve()
    curve.add(steps(*losses))
    assert curve.drawn().smooth[1][-1] == pytest.approx(average / weight)


def test_steps_already_known_are_left_out() -> None:
    curve = StepCurve()
    curve.add(steps(2.0, 1.0))
    curve.add(steps(9.0, 9.0, 0.5))
    assert curve.drawn().raw == ([1, 2, 3], [2.0, 1.0, 0.5])


def test_a_loss_that_is_no_number_leaves_the_average_alone() -> None:
    curve = StepCurve()
    curve.add(steps(2.0, math.nan))
    assert curve.drawn().smooth[1] == pytest.approx([2.0, 2.0])
    assert curve.drawn().raw == ([1], [2.0])


def test_drawing_is_bounded_and_keeps_spikes_and_ends() -> None:
    curve = StepCurve()
    losses = [1.0] * 10_000
    losses[4_321] = 50.0
    curve.add(steps(*losses))
    drawn = curve.drawn()
    assert len(drawn.raw[0]) <= 2 * STRETCHES
    assert max(drawn.raw[1]) == 50.0
    assert (drawn.smooth[0][0], drawn.smooth[0][-1]) == (1, 10_000)
    assert len(drawn.rates[0]) <= STRETCHES + 1


def figures_now(run: Run) -> tuple[DrawnCurve, tuple[EpochDone, ...]]:
    """What a session sees that looks when what others have read is too old."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_curves, "FRESH", 0.0)
        return figures_of(run)


def test_a_run_that_goes_back_to_a_saved_state_is_drawn_as_it_is_trained_again(home: Path) -> None:
    run, lease = runs.at_work(home, epochs=2)
    assert figures_now(run)[0].smooth[0] == list(range(1, 11))
    lease.rewind(step=4, epoch=0)
    assert figures_now(run)[0].smooth[0] == [1, 2, 3, 4]
    lease.record([replace(runs.step(1, 5), loss=7.0)], [], pace=1.0)
    assert figures_now(run)[0].raw == ([1, 2, 3, 4, 5], [2.0, 1.0, pytest.approx(2 / 3), 0.5, 7.0])


def test_the_epochs_of_a_run_that_goes_back_are_those_that_are_trained_again(home: Path) -> None:
    run, lease = runs.at_work(home, epochs=2)
    assert [epoch.epoch for epoch in figures_now(run)[1]] == [1, 2]
    lease.rewind(step=5, epoch=1)
    assert [epoch.epoch for epoch in figures_now(run)[1]] == [1]
    again = replace(runs.epoch_done(2), val_accuracy=0.125)
    lease.record([], [(10, again)], pace=1.0)
    assert [epoch.val_accuracy for epoch in figures_now(run)[1]][1:] == [0.125]


def test_thirty_who_look_at_once_read_the_store_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _lease = runs.at_work(home, epochs=2)
    figures_of(run)
    reads: list[str] = []
    read = Store.steps

    def counted(store: Store, *arguments: Any, **named: Any) -> Sequence[StepDone]:
        reads.append("steps")
        return read(store, *arguments, **named)

    monkeypatch.setattr(run_curves, "FRESH", 60.0)
    monkeypatch.setattr(Store, "steps", counted)
    assert len({id(figures_of(run)[0]) for _look in range(30)}) == 1
    assert reads == []
    figures_of(replace(run, status="stopped"))
    assert reads != [], "a run that has changed is read at once"


def test_who_followed_a_long_run_and_who_opens_it_see_one_curve(home: Path) -> None:
    run, lease = runs.at_work(home, epochs=0)
    taken = [replace(runs.step(1, number), loss=1 + math.sin(number)) for number in range(1, 7_561)]
    for start in range(0, len(taken), 100):
        lease.record(taken[start : start + 100], [], pace=1.0)
        followed = figures_now(run)[0]
    st.cache_resource.clear()
    assert figures_now(run)[0] == followed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (8.4, "8 s"),
        (125, "2 min 5 s"),
        (3_780, "1 h 3 min"),
        (900, "15 min"),
        (None, "not known yet"),
        (math.nan, "not known yet"),
    ],
)
def test_durations_are_told_as_people_do(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


LOOKED = FeaturesKept(views=1, epoch_seconds=25.0, spent_seconds=0.0, look_seconds=25.0)


@pytest.mark.parametrize(
    ("computed", "whole", "cost", "words"),
    [
        (7.0, 43.0, None, "43 s from start to end, with loading, saving, the last judging and the turns of others."),
        (
            28.0,
            3.0,
            LOOKED,
            (
                "3 s from start to end: its backbone's look at the images, 25 s, was made in an earlier run and counts "
                "as training time."
            ),
        ),
        (7.0, 7.3, None, None),
        (7.0, 6.0, None, None),
        (None, 6.0, None, None),
    ],
)
def test_why_a_run_took_longer_or_less_long_than_its_training_time_is_said(
    home: Path, computed: float | None, whole: float, cost: FeaturesKept | None, words: str | None
) -> None:
    run = runs.ended(home, "finished", reason="completed")
    assert from_start_to_end(replace(run, training_seconds=computed, seconds_at_work=whole, features=cost)) == words
    assert from_start_to_end(replace(run, training_seconds=computed, seconds_at_work=whole, status="running")) is None


KEPT = FeaturesKept(views=1, epoch_seconds=30.0, spent_seconds=30.0)


@pytest.mark.parametrize(
    ("cost", "epochs", "words"),
    [
        (KEPT, 25, "The frozen backbone saw each image once instead of 25 times: about 12 min saved."),
        (KEPT, 2, "The frozen backbone saw each image once instead of 2 times: about 30 s saved."),
        (KEPT, 1, "The frozen backbone saw one version of each image; every further epoch saves 30 s."),
        (KEPT, 0, "The frozen backbone saw one version of each image; every further epoch saves 30 s."),
        (None, 25, None),
        (
            FeaturesKept(views=4, epoch_seconds=30.0, spent_seconds=110.0),
            25,
            "The frozen backbone saw 4 versions of each training image instead of 25: about 10 min saved.",
        ),
        (
            FeaturesKept(views=4, epoch_seconds=30.0, spent_seconds=110.0),
            4,
            "The frozen backbone saw 4 versions of each training image; every epoch after the first 4 saves 30 s.",
        ),
        (
            FeaturesKept(views=1, epoch_seconds=30.0, spent_seconds=0.0),
            1,
            "The frozen backbone had seen these images in an earlier run, and not again in 1 epoch: about 30 s saved.",
        ),
        (
            FeaturesKept(views=1, epoch_seconds=0.1, spent_seconds=0.1),
            3,
            "The frozen backbone saw each image once instead of 3 times: less than a second saved.",
        ),
        (FeaturesKept(views=1, epoch_seconds=30.0, spent_seconds=900.0), 25, None),  # evicted again and again
    ],
)
def test_what_looking_once_saved_is_said_where_it_is_anything(
    home: Path, cost: FeaturesKept | None, epochs: int, words: str | None
) -> None:
    run = replace(runs.queued(home, config=runs.digits(epochs=25)), features=cost, epochs_done=epochs)
    assert saved(run) == words


@pytest.mark.parametrize(
    ("every", "others", "words"),
    [
        (None, 0, ""),
        (1.24, 12, "a turn every 1.2 s, with 12 others training"),
        (0.31, 1, "a turn every 0.3 s, with 1 other training"),
    ],
)
def test_how_often_a_run_has_its_turn_is_said_where_it_has_others(
    home: Path, every: float | None, others: int, words: str
) -> None:
    run = replace(runs.at_work(home)[0], turn_every=every, others=others)
    assert turns(run) == words
    assert words in _pace(run, StepCurve().drawn())


def test_a_training_too_short_to_save_a_look_says_so(home: Path) -> None:
    cost = FeaturesKept(views=2, epoch_seconds=30.0, spent_seconds=50.0)
    run = replace(runs.queued(home, config=runs.digits(epochs=2)), features=cost, epochs_done=2)
    assert saved(run) == (
        "The frozen backbone saw 2 versions of each training image, one for each epoch; keeping what it said pays in "
        "longer trainings."
    )


@pytest.mark.parametrize(("position", "word"), [(1, "next"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd")])
def test_places_in_the_queue_are_ordinals(position: int, word: str) -> None:
    assert place(position) == word


@pytest.mark.parametrize("text", ["16, 32", "16 32", "16;32", " 16,32 "])
def test_lists_of_numbers_are_read(text: str) -> None:
    assert whole_numbers(text, of="channels") == (16, 32)


@pytest.mark.parametrize("text", ["", "16, x", "1.5", "-3", "9" * 40])
def test_what_is_no_list_of_numbers_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="channels takes whole numbers"):
        whole_numbers(text, of="channels")


@pytest.mark.parametrize(
    ("text", "number"), [("1,5", 1.5), (" 2 ", 2.0), ("−0.5", -0.5), ("1e-3", 0.001), (".25", 0.25), ("3.", 3.0)]
)
def test_a_number_may_have_a_comma_or_a_point(text: str, number: float) -> None:
    assert any_number(text, of="part") == number


@pytest.mark.parametrize("text", ["", "abc", "1,000.5", "1_0", "nan", "inf", "1e999", "٣"])
def test_a_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="part takes a number such as"):
        any_number(text, of="part")


SETTINGS = (
    Setting(name="flag", title="Flag", default=True),
    Setting(name="kind", title="Kind", default="b", choices=("a", "b")),
    Setting(name="count", title="Count", default=3, low=1, high=9),
    Setting(name="part", title="Part", default=0.5, low=0.0, high=1.0, unit="px"),
    Setting(name="widths", title="Widths", default=(4, 8), low=1, high=64),
)


def form() -> None:
    import streamlit as st

    from core.errors import ConfigError
    from pages._ui.choose.setting_widgets import settings_form
    from tests.pages.train.test_training_parts import SETTINGS

    try:
        st.session_state["found"] = settings_form(SETTINGS, {}, key="form")
    except ConfigError as error:
        st.session_state["refused"] = str(error)


def test_every_kind_of_setting_has_a_widget_that_starts_at_its_default() -> None:
    page = AppTest.from_function(form, default_timeout=30).run()
    assert not page.exception
    assert page.session_state["found"] == {setting.name: setting.default for setting in SETTINGS}
    assert page.text_input(key="form.part").label == "Part (px)"


def test_what_is_typed_is_checked_against_the_settings_own_bounds() -> None:
    page = AppTest.from_function(form, default_timeout=30).run()
    page.text_input(key="form.widths").set_value("4, 100").run()
    assert "must lie between 1 and 64" in page.session_state["refused"]
    assert not page.exception


def test_only_what_was_augmented_is_said_to_have_been() -> None:
    last = runs.epoch_done(2)
    assert _outcome(last, augmented=True)[1].endswith("while they are learned from, augmented.")
    assert _outcome(last, augmented=False)[1].endswith("while they are learned from.")


def test_validation_images_that_are_trained_on_are_not_to_be_trusted(home: Path) -> None:
    assert "never trained on: trust their line" in _accuracy_hint(runs.queued(home))
    slipped = runs.queued(home, config=runs.digits(slips=("validation_from_training",)))
    assert "trust their line" not in _accuracy_hint(slipped)
    assert "validation images are trained on as well" in _accuracy_hint(slipped)
