"""The learning rate before it is trained with: how it changes over the epochs, and a sweep that finds one."""

import threading
from dataclasses import fields

import streamlit as st

from core.config import TrainingConfig
from core.errors import LabError
from core.training.rate_sweep import STEPS, Sweep, scheduled_rates, sweep
from pages._ui import cached, state
from pages._ui.choose.run_forecast import decoded, why_refused
from pages._ui.draw.line_chart import Line, line_chart
from pages._ui.frame import look_for, problem

_MOST_AT_ONCE = threading.BoundedSemaphore(1)
_FOUND = "rate_sweep"
_NO_MATTER = (
    *("recipe", "learning_rate", "schedule", "step_size", "gamma", "epochs", "patience"),
    *("start_size", "mirror_at_test", "precision", "device"),  # it sees full images, judges none, and is the CPU's
)


def rates(config: TrainingConfig) -> None:
    """Offer, folded, the schedule's rates and the sweep for what the form says."""
    fold = st.expander(
        "Learning rate: its schedule, and a sweep", icon=":material/show_chart:", key="rates_fold", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        left, right = st.columns(2, gap="medium")
        with left:
            _schedule(config)
        with right:
            _sweep(config)


def _schedule(config: TrainingConfig) -> None:
    at, values = scheduled_rates(config)
    line_chart(
        [Line(name="learning rate", x=at, y=values, colour=2)],
        key="rates_schedule",
        title="Learning rate",
        alt=f"The learning rate over {config.epochs} epochs, schedule {config.schedule.replace('_', ' ')}: from "
        f"{values[0]:.2g} to {values[-1]:.2g}, {max(values):.2g} at most.",
        x_label="epoch",
        x_name="epoch",
        x_kind="number",
        x_from=0,
        x_total=config.epochs,
        height=220,
    )
    look_for("Large steps find the valley, small ones its floor.")


def _sweep(config: TrainingConfig) -> None:
    able = decoded(config) and why_refused(config) is None
    st.button(
        "Try rates on a few batches",
        icon=":material/search:",
        key="rates_sweep",
        on_click=_find,
        args=(config,),
        disabled=not able,
        help=f"At most {STEPS} steps with a rate that grows, for some seconds; nothing of them is kept.",
    )
    found: tuple[TrainingConfig, Sweep | LabError] | None = st.session_state.get(_FOUND)
    if found is None or _decides(found[0]) != _decides(config):
        st.caption("A network is trained on a few batches while the rate grows from 0.0001. Where does the loss fall?")
        return
    tried = found[1]
    if isinstance(tried, LabError):
        problem(tried)
        return
    line_chart(
        [Line(name="training loss, smoothed", x=list(range(len(tried.rates))), y=list(tried.losses), colour=0)],
        key="rates_found",
        title="Loss (nats)",
        alt=_alt(tried),
        x_label="step; the rate grows by the same factor with each",
        x_name="step",
        x_from=0,
        marks=[] if tried.suggested is None else [(_place(tried), f"{tried.suggested:g}")],
        height=220,
    )
    if tried.suggested is None:
        look_for("The loss fell at no rate: more images, another network or other settings come first.")
        return
    st.button(
        f"Take {tried.suggested:g}", icon=":material/check:", key="rates_take", on_click=_take, args=(config, tried)
    )
    look_for(told(tried))


def told(tried: Sweep) -> str:
    """Return what to see in a sweep that suggests a rate, from its own numbers."""
    mark, turned = tried.suggested or 0.0, tried.turned
    if turned is None:
        return f"The loss falls fastest at the mark, and does not turn up before {tried.rates[-1]:.2g}, where it ends."
    if mark == tried.steepest:
        times = turned / mark
        many = f"{times:.0f}" if times >= 10 else f"{times:.2g}"
        return f"The loss falls fastest at the mark. From {many} times as much, {turned:.2g}, it turns up again."
    return (
        f"The loss falls fastest near {tried.steepest:g}, but from {turned:.2g} it turns up again: the mark keeps its "
        "distance from there."
    )


def _decides(config: TrainingConfig) -> dict[str, object]:
    """What a sweep depends on: all but the rate itself, how it changes, how long is trained, and where."""
    names = (field.name for field in fields(config))
    return {name: getattr(config, name) for name in names if name not in _NO_MATTER}


def _alt(tried: Sweep) -> str:
    if not tried.losses:
        return "Loss over growing learning rates; the first step already ran away."
    return (
        f"The smoothed loss went from {tried.losses[0]:.2f} to {min(tried.losses):.2f} nats and ended at "
        f"{tried.losses[-1]:.2f}, for rates from {tried.rates[0]:g} to {tried.rates[-1]:.2g}."
    )


def _place(tried: Sweep) -> int:
    wanted = tried.suggested or 0.0
    return min(range(len(tried.rates)), key=lambda place: abs(tried.rates[place] - wanted))


def _find(config: TrainingConfig) -> None:
    try:
        with _MOST_AT_ONCE:  # of a class, one after the other
            data = cached.dataset(config.dataset, config.image_size)
            split = cached.split(config.dataset, config.image_size, config.slips)
            st.session_state[_FOUND] = (config, sweep(config, data, split))
    except LabError as error:
        st.session_state[_FOUND] = (config, error)


def _take(config: TrainingConfig, tried: Sweep) -> None:
    form = state.training_form(config.dataset, config.model, config.recipe)
    st.session_state[f"{form}.learning_rate"] = f"{tried.suggested:g}"
