"""A race of runs on one data set: validation accuracy over the epochs, and who leads, large enough for a wall."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.intervals import percent
from core.runs.classroom.overview import RunInClass
from pages._ui.component import beside
from pages._ui.run_words import STATES

MOST_RANKED = 12

_mount = st.components.v2.component("cnn_lab_race", **beside(__file__, html='<div class="race"></div>\n'))


def at_start(runs: Sequence[RunInClass]) -> list[RunInClass]:
    """Return runs in the order of the race: the best first, then who is furthest, then the first."""
    return sorted(runs, key=lambda run: (-(run.best or 0.0), -_share(run), run.place))


def race(runs: Sequence[RunInClass], *, key: str) -> None:
    """Draw the race: a line each, and the first `MOST_RANKED` in a list; runs come in the order of the race.

    Where somebody has several, each has its name as well.
    """
    owners = Counter(run.owner_name for run in runs)
    rows = [_row(run, several=owners[run.owner_name] > 1) for run in runs]
    _mount(key=key, data={"runs": rows, "ranked": MOST_RANKED}, height="content")


def _row(run: RunInClass, *, several: bool) -> dict[str, Any]:
    best = run.best
    return {
        "id": run.id,
        "who": f"{run.owner_name} · {run.name}" if several else run.owner_name,
        "name": run.name,
        "accuracy": percent(best, 1) if best is not None else "",
        "best": best or 0.0,
        "share": round(_share(run), 4),
        "said": STATES[run.status][0] if run.status != "running" else f"epoch {run.epochs_done} of {run.epochs}",
        "live": run.status in ("running", "stopping"),
        "line": [[place + 1, round(each, 4)] for place, each in enumerate(run.accuracies) if each is not None],
    }


def _share(run: RunInClass) -> float:
    """How much of its steps a run has done, in [0, 1]."""
    return min(1.0, run.step / run.steps_total) if run.steps_total else 0.0
