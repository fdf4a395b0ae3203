"""The live curves of a run: loss by step, accuracy by epoch, and what to look for in them."""

import math
import threading
import time
from collections.abc import Sequence

import streamlit as st

from core.events import EpochDone
from core.intervals import percent
from core.runs import open_store
from core.runs.records import Run
from core.runs.store.store import Store
from pages._ui.draw.line_chart import Line, line_chart
from pages._ui.frame import look_for
from pages.train._training.step_curve import DrawnCurve, Points, StepCurve

READ_AT_ONCE = 10_000  # steps
FRESH = 0.4  # seconds for which what one session has read does for all; a worker writes every half second


class _Followed:
    """One run's figures, shared by all who look at it: each step and epoch is read once for the whole server."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.curve = StepCurve()
        self.drawn = self.curve.drawn()
        self.epochs: tuple[EpochDone, ...] = ()
        self.read = -math.inf
        self.seen: object = None

    def catch_up(self, store: Store, run: Run) -> tuple[DrawnCurve, tuple[EpochDone, ...]]:
        """Read what is new, and begin anew where the run went back to a saved state.

        A run that is known to have changed since is always read.
        """
        with self.lock:
            seen = (run.status, run.fence, run.epochs_done, run.step > 0)
            if seen != self.seen or time.monotonic() - self.read >= FRESH:
                self.epochs = self._epochs(store, run.id)
                self.drawn = self._curve(store, run.id)
                self.read, self.seen = time.monotonic(), seen
            return self.drawn, self.epochs

    def _epochs(self, store: Store, run_id: str) -> tuple[EpochDone, ...]:
        kept = self.epochs
        if kept:
            again = store.epochs(run_id, after=kept[-1].epoch - 1)
            if again and again[0] == kept[-1]:
                return kept + tuple(again[1:])
        return tuple(store.epochs(run_id))

    def _curve(self, store: Store, run_id: str) -> DrawnCurve:
        known = self.curve.last
        if known is not None:
            again = store.steps(run_id, after=known.step - 1, at_most=1)
            if not again or again[0] != known:
                self.curve = StepCurve()
        while steps := store.steps(run_id, after=self.curve.last_step, at_most=READ_AT_ONCE):
            self.curve.add(steps)
        return self.curve.drawn() if self.curve.last != self.drawn.last else self.drawn


@st.cache_resource(show_spinner=False, max_entries=64)
def _followed(path: str, run_id: str) -> _Followed:
    return _Followed()


def figures_of(run: Run) -> tuple[DrawnCurve, tuple[EpochDone, ...]]:
    """Return what is to be drawn of the steps that the run has taken until now, and its epochs."""
    store = open_store()
    return _followed(str(store.path), run.id).catch_up(store, run)


def charts(run: Run, curve: DrawnCurve, epochs: Sequence[EpochDone]) -> None:
    """Draw both charts side by side; what the reader zoomed into stays while points arrive."""
    an_epoch = run.steps_total / run.config.epochs if run.steps_total else 0
    raw, smooth = curve.raw, curve.smooth
    best = next((epoch.epoch for epoch in reversed(epochs) if epoch.is_best), None)
    ends = [epoch.epoch * an_epoch for epoch in epochs]
    left, right = st.columns(2, gap="medium")
    with left:
        line_chart(
            [
                Line(name="each step", x=raw[0], y=raw[1], colour=0, thin=True),
                Line(name="training", x=smooth[0], y=smooth[1], colour=0),
                Line(name="validation", x=ends, y=[epoch.val_loss for epoch in epochs], colour=1, dots=True),
            ],
            key=f"training_loss_{run.id}",
            title="Loss (nats)",
            alt=_loss_alt(smooth, epochs),
            x_label=f"step ({an_epoch:,.0f} an epoch)" if an_epoch else "step",
            x_name="step",
            x_from=0,
            x_total=run.steps_total or None,
            may_log=True,
        )
        look_for(_loss_hint(run))
    with right:
        numbers = [epoch.epoch for epoch in epochs]
        line_chart(
            [
                Line(name="training", x=numbers, y=[epoch.train_accuracy for epoch in epochs], colour=0, dots=True),
                Line(name="validation", x=numbers, y=[epoch.val_accuracy for epoch in epochs], colour=1, dots=True),
            ],
            key=f"training_accuracy_{run.id}",
            title="Accuracy (%)",
            alt=_accuracy_alt(epochs),
            x_label="epoch",
            x_name="epoch",
            y_kind="percent",
            x_from=0,
            x_total=run.config.epochs,
            marks=[(best, "best")] if best else [],
        )
        look_for(_accuracy_hint(run))


def _accuracy_hint(run: Run) -> str:
    trust = "Validation images were never trained on: trust their line."
    if "validation_from_training" in run.config.slips:
        trust = "Here validation images are trained on as well: their line flatters, only the test can be trusted."
    return f"{trust} Training is averaged over the epoch, while the network learns: early on it lies lower."


def _loss_hint(run: Run) -> str:
    text = "Both lines should fall. Where validation turns up while training still falls, it is over-fitting."
    if run.config.label_smoothing:
        text += " Both show plain cross-entropy; what is minimised asks for softer labels besides."
    harder = [
        word
        for word, on in (
            ("augmentation", run.config.augmentation),
            ("dropout", run.config.model_arguments.get("dropout")),
        )
        if on
    ]
    if harder:
        makes = "makes" if len(harder) == 1 else "make"
        text += f" Training may lie above validation: {' and '.join(harder)} {makes} training harder, not validation."
    return text


def _loss_alt(smooth: Points, epochs: Sequence[EpochDone]) -> str:
    if not smooth[1]:
        return "Loss over steps; nothing has been measured yet."
    text = f"Smoothed training loss went from {smooth[1][0]:.2f} to {smooth[1][-1]:.2f} nats in {smooth[0][-1]:,} steps"
    return text + (f"; validation loss is {epochs[-1].val_loss:.2f} nats." if epochs else ".")


def _accuracy_alt(epochs: Sequence[EpochDone]) -> str:
    if not epochs:
        return "Accuracy over epochs; the first epoch is not over yet."
    last = epochs[-1]
    return (
        f"After epoch {last.epoch}, accuracy is {percent(last.train_accuracy, 2)} on training and "
        f"{percent(last.val_accuracy, 2)} on validation images."
    )
