"""When a training would be done under the load there is, and what of it fits into the minutes that are left."""

import os
from collections.abc import Callable, Sequence

import streamlit as st

from core.config import TrainingConfig
from core.errors import LabError
from core.runs.executors.slots import slots_here
from core.runs.sharing import TOGETHER, is_small
from pages._ui import state
from pages._ui.choose.run_forecast import Cost, about, cost_of, start_words, work_before
from pages._ui.classroom.rules import hides
from pages._ui.frame import plain
from pages._ui.visitor import visitors_id

LOOK = 10.0  # seconds between two looks at who else trains
MINUTES = (2, 5, 10, 20)
_LEFT = "minutes_left"

Seconds = Callable[[TrainingConfig], float]


@st.fragment(run_every=LOOK)
def done_in(config: TrainingConfig) -> None:
    """Say when ``config`` would be done if it were queued now, and offer what is done in the minutes that are left."""
    cost = cost_of(config)
    if cost is None:
        return
    alone = cost.of(config)
    try:
        lanes = slots_here()
        before = [alone if left is None else left for left in work_before(visitors_id(), lanes=lanes)]
    except LabError as error:
        st.caption(plain(str(error)))
        return
    slower = _slower_by(config, trainings=len(before))
    takes = _under(before, cost, lanes=lanes, slower=slower)
    seconds = takes(config)
    busy = " The machine is busy just now, which is counted in." if about(seconds / slower) != about(seconds) else ""
    st.markdown(f"{_words(seconds, alone, len(before))}{start_words(config)}.{busy}")
    if hides("settings"):
        return  # what would fit could not be set
    left = st.pills(
        "It has to be done in",
        MINUTES,
        format_func=lambda minutes: f"{minutes} min",
        key=_LEFT,
        help="Of the lesson, say. Where it takes longer, one press sets what fits.",
    )
    if left and seconds > 60 * left:
        _offer(config, 60 * left, takes, images=cost.train)
    elif left:
        st.caption(f":material/check: It fits into {left} min as it is: nothing has to be changed.")


def _words(seconds: float, alone: float, others: int) -> str:
    done = f":material/timer: **Done in about {about(seconds)}**"
    if not others:
        return f"{done}, as nobody else is training"
    with_others = f"{done} with {others} {'other' if others == 1 else 'others'} training"
    return with_others if about(seconds) == about(alone) else f"{with_others} ({about(alone)} alone)"


def _slower_by(config: TrainingConfig, *, trainings: int) -> float:
    """How many times as long all takes beside what else keeps the processor busy just now, by its load; 1 elsewhere."""
    from core.compute.devices import best_device

    cores = os.cpu_count() or 1
    if not hasattr(os, "getloadavg") or best_device(config.device).type != "cpu":
        return 1.0
    others = os.getloadavg()[0] - (cores if trainings else 0)  # trainings are counted by themselves
    return max(1.0, (others + 1) / cores)


def _under(before: Sequence[float], cost: Cost, *, lanes: int, slower: float) -> Seconds:
    """How long a training takes beside these, on a machine that is ``slower`` by so much."""
    from core.training.forecast.sharing import done_after

    def takes(config: TrainingConfig) -> float:
        at_once = TOGETHER if is_small(config) else lanes
        return slower * done_after(cost.of(config), before, at_once=at_once, lanes=lanes)

    return takes


def _offer(config: TrainingConfig, seconds: float, takes: Seconds, *, images: int) -> None:
    from core.training.forecast.fitting import that_fit

    fitting = that_fit(config, seconds=seconds, takes=takes, images=images)
    if not fitting:
        st.caption("Neither fewer epochs nor fewer images are enough: a smaller network or smaller images might be.")
        return
    with st.container(horizontal=True):
        for one in fitting:
            pressed = st.button(
                f"{_instead(one, config)}: {about(takes(one))}",
                icon=":material/hourglass_bottom:",
                key=f"fits_{one.epochs}_{one.limit}",
                on_click=_set,
                args=(one,),
                help="Sets the fields above; all others stay.",
            )
            if pressed:
                st.rerun()


def _instead(one: TrainingConfig, config: TrainingConfig) -> str:
    changed = [f"{one.epochs} epochs"] if one.epochs != config.epochs else []
    changed += [f"{one.limit:,} images"] if one.limit != config.limit else []
    return " on ".join(changed)


def _set(config: TrainingConfig) -> None:
    form = state.training_form(config.dataset, config.model, config.recipe)
    st.session_state[f"{form}.epochs"] = str(config.epochs)
    st.session_state[f"{form}.limit"] = "" if config.limit is None else str(config.limit)
