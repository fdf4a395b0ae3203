"""The run that is shown: its state, its live curves, what can be done with it, and what came out."""

import contextlib
import time
from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.events import EpochDone
from core.intervals import percent
from core.recipes.words import broken_words, changed_words
from core.runs import ensure_supervisor, open_store
from core.runs.records import AT_WORK, Run, StoreError
from pages._ui.at_rest import look_again
from pages._ui.choose.checkpoints import with_names
from pages._ui.draw.line_chart import Line, line_chart
from pages._ui.frame import empty_state, facts, plain, problem
from pages._ui.glossary import term
from pages._ui.run_words import badge, duration, from_start_to_end, meaning, place, saved, turns, what
from pages._ui.visitor import visitor, who_owns, who_stopped, whose
from pages.train._training.lesson.broken import what_happened
from pages.train._training.lesson.coach import coach
from pages.train._training.lesson.fork import go_on_from
from pages.train._training.lesson.probes import probe_strip
from pages.train._training.predictions import how_it_ended
from pages.train._training.run_actions import controls
from pages.train._training.run_curves import charts, figures_of
from pages.train._training.run_result import result
from pages.train._training.settings_table import settings_table
from pages.train._training.step_curve import DrawnCurve
from pages.train._training.watchers import AT_FIRST, at_first, pace

SLOW_START = 60.0  # seconds after which a queue that nobody serves is said to be so


def show_run(run_id: str) -> None:
    """Show one run, and follow it as long as it can change.

    Only what changes with every step is drawn by the fragment that polls; a change of state redraws the page once.
    """
    try:
        run = open_store().get(run_id)
    except RunError as error:
        problem(error)
        empty_state("Choose another run under All runs, or set up a new one.")
        return
    with st.container():  # one place on the page however much is said: a chart that moves is mounted anew
        _head(run)
        controls(run)
        how_it_ended(run, figures_of(run)[1])
    _follow(run)
    settings_table(run)
    if not run.live:
        what_happened(run, figures_of(run)[1])
        if run.checkpoint:
            go_on_from(run)
            result(run)
        _numbers(run, *figures_of(run))
        look_again(lambda: _as_shown(run))


def _as_shown(shown: Run) -> bool:
    """Whether a run that has ended is as it was: it may be resumed, renamed or deleted from elsewhere."""
    try:
        now = open_store().get(shown.id)
    except StoreError:  # it refuses just now, and what is shown still holds
        return True
    except RunError:
        return False
    return (now.status, now.name, now.note) == (shown.status, shown.name, shown.note)


def _follow(before: Run) -> None:
    begun, hurry = before.step > 0, at_first(before)
    usual = pace() if before.live else None

    @st.fragment(run_every=AT_FIRST if hurry else usual)
    def follow() -> None:
        try:
            run = open_store().get(before.id)
        except RunError as error:
            problem(error)
            return
        same = (run.status, run.device, run.step > 0) == (before.status, before.device, begun)
        if not same or hurry != at_first(run) or (before.live and not hurry and pace() != usual):
            st.rerun()
        curve, epochs = figures_of(run)
        with st.container():
            if run.status == "queued":
                _queue(run)
            _figures(run, curve, epochs)
        charts(run, curve, epochs)
        coach(run, curve, epochs)
        probe_strip(run)
        if run.live:
            _numbers(run, curve, epochs)

    follow()


def _head(run: Run) -> None:
    on_purpose = " :orange-badge[:material/heart_broken: broken on purpose]" if run.config.slips else ""
    st.markdown(f"## {plain(run.name)} {badge(run)}{on_purpose}")
    st.caption(
        f"{plain(what(run))} · {plain(whose(run))}" + (f" · {plain(run.device)}" if run.device else ""),
        help=None if visitor().may_change(run.owner) else _READING,
    )
    if run.precision:
        st.caption(f"Computes in {plain(run.precision)}.", help=term("precision"))
    if failing := broken_words(run.config):
        st.caption(f":material/heart_broken: {failing.capitalize()}.")
    if changed := changed_words(run.config):
        st.caption(f"Changed from the recipe: {plain(with_names(changed, run.config))}.")
    if run.note:
        st.markdown(f"> {plain(run.note)}")
    if run.notice:
        st.warning(plain(run.notice), icon=":material/info:")
    if run.status not in ("queued", "running", "finished") or run.reason == "early_stopped":
        _say(run)
    if run.log:
        with st.expander("The last lines that the training wrote", icon=":material/terminal:"):
            st.code(run.log, language=None)


def _say(run: Run) -> None:
    sentence = plain(f"{who_stopped(run)} stopped it. {meaning(run)}" if run.status == "stopped" else meaning(run))
    if run.status in ("failed", "diverged"):
        st.error(sentence, icon=":material/error:")
    elif run.status in ("interrupted", "stopped", "stopping"):
        st.warning(sentence, icon=":material/info:")
    else:
        st.info(sentence, icon=":material/info:")


def _queue(run: Run) -> None:
    with contextlib.suppress(RunError):
        ensure_supervisor(open_store())
    at_work = open_store().list(statuses=("running", "stopping"))
    now = "; ".join(f"{plain(other.name)} ({plain(who_owns(other))}, {_until_the_end(other)})" for other in at_work[:3])
    if run.message:
        ahead = plain(run.message)
    elif now:
        ahead = f"Training now: {now}."
    elif time.time() - max(run.created, run.ended or 0) < SLOW_START:
        ahead = "It starts as soon as the training process is up: a few seconds."
    else:
        ahead = "Nothing is training, and the training process has not come up. `python -m core doctor` says why."
    st.info(f"In the queue: {place(run.position or 1)}. {ahead}", icon=":material/hourglass_empty:")


def _figures(run: Run, curve: DrawnCurve, epochs: Sequence[EpochDone]) -> None:
    _steps, smooth = curve.smooth
    best = max((epoch.val_accuracy for epoch in epochs), default=None)
    facts(
        [
            (
                "Epoch",
                f"{min(run.epochs_done + (run.status in AT_WORK), run.config.epochs)} of {run.config.epochs}",
                term("epoch"),
            ),
            (
                "Training loss",
                f"{smooth[-1]:.3f} nats" if smooth else "none yet",
                f"{term('loss')} Smoothed over the last twenty steps.",
            ),
            ("Best validation", "none yet" if best is None else percent(best, 2), term("validation split")),
            _time_left(run) if run.live else _training_time(run),
        ]
    )
    if run.live:
        st.progress(_share(run), text=_pace(run, curve))
    for icon, sentence in (("timer", from_start_to_end(run)), ("bolt", saved(run))):
        if sentence:
            st.caption(f":material/{icon}: {sentence}")


def _time_left(run: Run) -> tuple[str, str, str]:
    return "Time left", "unknown" if run.seconds_left is None else duration(run.seconds_left), _LEFT  # fits a phone


def _training_time(run: Run) -> tuple[str, str, str]:
    seconds = run.training_seconds
    return "Training time", "none yet" if seconds is None else duration(seconds), term("training time")


def _until_the_end(run: Run) -> str:
    """What is left of a run at work, for those who wait: a time, or what it does outside the loop."""
    if run.seconds_left is not None:
        return f"{duration(run.seconds_left)} left"
    return plain(_outside_the_loop(run) or "time left not known yet")


def _outside_the_loop(run: Run) -> str:
    """What a run at work does while no step is taken; empty while it steps."""
    if run.status not in AT_WORK:
        return ""
    if run.message:
        return run.message
    if not run.steps_total:
        return "Starting: loading the images"
    if run.step * run.config.epochs == (run.epochs_done + 1) * run.steps_total:
        return f"Judging epoch {run.epochs_done + 1} on the validation images"
    return ""


def _share(run: Run) -> float:
    """How much is done, in [0, 1]: of what happens outside the loop while that is said, or else of the steps."""
    if run.status in AT_WORK and run.message:
        return min(1.0, run.message_share)
    return min(1.0, run.step / run.steps_total) if run.steps_total else 0.0


def _pace(run: Run, curve: DrawnCurve) -> str:
    doing = plain(_outside_the_loop(run))
    if not run.steps_total:
        return doing or "Waiting for its turn"
    words = [f"Step {run.step:,} of {run.steps_total:,}"]
    if doing:
        return " · ".join([*words, doing])
    if curve.last is not None:
        words.append(f"learning rate {curve.last.learning_rate:.4g}")
    if run.images_per_second:
        words.append(f"{run.images_per_second:,.0f} images a second")
    if said := turns(run):
        words.append(said)
    return " · ".join(words)


def _numbers(run: Run, curve: DrawnCurve, epochs: Sequence[EpochDone]) -> None:
    fold = st.expander(
        "Learning rate, and the figures of every epoch",
        icon=":material/table_chart:",
        key=f"training_numbers_{run.id}",
        on_change="rerun",
    )
    if not fold.open:  # a table costs more than both charts together
        return
    with fold:
        steps, rates = curve.rates
        line_chart(
            [Line(name="learning rate", x=steps, y=rates, colour=2)],
            key=f"training_rate_{run.id}",
            title="Learning rate",
            alt=f"Learning rate over the steps, schedule {run.config.schedule}.",
            x_label="step",
            x_name="step",
            x_from=0,
            x_total=run.steps_total or None,
            height=180,
        )
        if epochs:
            st.dataframe([_row(epoch) for epoch in reversed(epochs)], hide_index=True, alt="Figures of every epoch")
        else:
            st.caption("The first epoch is not over yet.")


def _row(epoch: EpochDone) -> dict[str, object]:
    return {
        "Epoch": epoch.epoch,
        "Training loss (nats)": round(epoch.train_loss, 4),
        "Validation loss (nats)": round(epoch.val_loss, 4),
        "Training accuracy": percent(epoch.train_accuracy, 2),
        "Validation accuracy": percent(epoch.val_accuracy, 2),
        "Seconds": round(epoch.seconds, 1),
        "Best so far": "★" if epoch.is_best else "",
    }


_READING = "You can look at it. Only the browser that started it, and whoever runs the lab, can change it."
_LEFT = "The steps to come at the present pace, larger images included, and judging as long as it took before."
