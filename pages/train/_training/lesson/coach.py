"""What the curve of a run tells, below its chart: at most two sentences, and none where it tells nothing."""

from collections.abc import Sequence

import streamlit as st

from core.data import datasets
from core.events import EpochDone
from core.judging.curve.coach import Kind, remarks
from core.runs.records import Run
from pages._ui.frame import plain
from pages.train._training.lesson.probes import dead_layer
from pages.train._training.step_curve import DrawnCurve

_ICONS: dict[Kind, str] = {
    "diverged": "trending_up",
    "nothing learned": "troubleshoot",
    "dead layer": "block",
    "rate too high": "speed",
    "over-fitting": "call_split",
    "by heart": "menu_book",
    "plateau": "trending_flat",
    "still learning": "trending_up",
}


def coach(run: Run, curve: DrawnCurve, epochs: Sequence[EpochDone]) -> None:
    """Say what the curve of ``run`` tells so far."""
    if run.config.dataset not in datasets:  # an own set that is gone
        return
    found = remarks(
        run.config,
        epochs,
        losses=curve.raw,
        completed=run.status == "finished",
        diverged=run.status == "diverged",
        silent=dead_layer(run),
    )
    for remark in found:
        show = st.info if remark.kind in ("by heart", "plateau", "still learning") else st.warning
        show(plain(remark.sentence), icon=f":material/{_ICONS[remark.kind]}:")
