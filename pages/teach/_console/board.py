"""Everybody in a line each, and every run as a small curve, in one figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.data import datasets
from core.intervals import percent
from core.runs.classroom.overview import RunInClass
from core.runs.records import AT_WORK
from pages._ui.component import beside, sent
from pages._ui.run_words import STATES
from pages.teach._console.people import Person

_mount = st.components.v2.component("cnn_lab_class_board", **beside(__file__, html='<div class="board"></div>\n'))


def board(
    everybody: Sequence[Person],
    runs: Sequence[RunInClass],
    troubles: Mapping[str, str],
    *,
    key: str,
    on_stop: Callable[[str], None],
) -> None:
    """Show people and runs, those in trouble first; ``on_stop`` is called with the id of a run that is to stop."""
    known = {run.id for run in runs}
    ordered = sorted(runs, key=lambda run: run.id not in troubles)
    data = {
        "people": [
            {"name": one.name, "here": one.here, "where": one.where, "stuck": one.stuck, "joined": one.joined}
            for one in everybody
        ],
        "runs": [card(run, troubles.get(run.id, "")) for run in ordered],
    }

    def stop() -> None:
        run_id = sent(key, "stop")
        if isinstance(run_id, str) and run_id in known:
            on_stop(run_id)

    _mount(key=key, data=data, height="content", on_stop_change=stop)


def card(run: RunInClass, trouble: str) -> dict[str, Any]:
    """Return what is drawn of a run: losses over its steps and validation accuracies over its epochs, in [0, 1].

    The loss is drawn up to its largest value so far, steps over all that are planned.
    """
    highest = max((loss for _step, loss in run.losses), default=0.0) or 1.0
    width = max(run.steps_total, run.step, 1)
    word, colour = STATES[run.status][:2]
    said = f"{run.epochs_done} of {run.epochs} epochs"
    if run.status == "queued":
        said = f"place {run.position}" if run.position else "waiting"
    elif run.best is not None:
        said = f"{percent(run.best, 1)} validation, {said}"
    return {
        "id": run.id,
        "who": run.owner_name,
        "name": run.name,
        "what": f"{datasets.title_of(run.dataset)}, {run.model.replace('_', ' ')}, {run.recipe.replace('_', ' ')}",
        "state": word,
        "colour": colour,
        "said": said,
        "stuck": trouble,
        "stops": run.status in ("queued", "running"),
        "moves": run.status in AT_WORK,
        "losses": [[round(step / width, 4), round(loss / highest, 4)] for step, loss in run.losses],
        "highest": round(highest, 2),
        "accuracies": [
            [round((place + 1) / run.epochs, 4), round(accuracy, 4)]
            for place, accuracy in enumerate(run.accuracies)
            if accuracy is not None
        ],
    }
