"""Is a network as right as it is sure? The reliability diagram, and the expected calibration error with its bins."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.intervals import percent, percent_span
from core.judging.calibration import BINS, CalibrationBin, calibration, calibration_error, error_by_chance
from core.judging.evaluation import Evaluation
from core.names import counted
from pages._ui.draw import vega
from pages._ui.frame import look_for, plain
from pages._ui.glossary import sentence
from pages.judge._compare.figures import unlike
from pages.judge._compare.judged import Judged


def calibration_section(networks: Sequence[Judged]) -> None:
    """Draw accuracy against confidence for every network that was judged, with its error and its bins."""
    ready = [network for network in networks if network.evaluation is not None]
    titles = unlike([network.title for network in ready])
    judged = {title: network.evaluation for title, network in zip(titles, ready, strict=True) if network.evaluation}
    bins = {title: calibration(evaluation.predictions) for title, evaluation in judged.items()}
    errors = {title: calibration_error(evaluation.predictions) for title, evaluation in judged.items()}
    _draw(bins, errors)
    rows = [_row(title, evaluation, errors[title]) for title, evaluation in judged.items()]
    st.table(rows, hide_index=True, border="horizontal", alt="How sure and how right each network is")
    look_for(
        "Below the dashed line a network is surer than it is right, above it more modest than it need be. "
        f"{sentence('calibration error')}"
    )
    with st.expander(f"The {BINS} bins", icon=":material/table_rows:"):
        _bins(bins)
        off_by = max(evaluation.predictions.off_by for evaluation in judged.values())
        if off_by:
            st.caption(f"Confidences are kept in 256 steps, so each may be off by {off_by * 100:.1f} points.")


def _draw(bins: Mapping[str, Sequence[CalibrationBin]], errors: Mapping[str, float]) -> None:
    rows = [_dot(title, part) for title, parts in bins.items() for part in parts]
    every = [part for parts in bins.values() for part in parts]
    left, lowest = min(part.low for part in every) * 100, min(min(part.low, part.ci95[0]) for part in every) * 100
    start = max(left, lowest - 1)
    words = "; ".join(f"{title}: calibration error {percent(error, 1)}" for title, error in errors.items())
    vega.chart(
        [
            vega.dashed((start, start), (100, 100), "as right as it is sure"),
            vega.whiskers(rows, along="y", thick=1.5),
            vega.joined(rows, thick=2),
            vega.dots(rows),
        ],
        x=vega.percents("confidence of the answer", ends=(left, 101)),
        y=vega.percents("answers that are right", ends=(lowest - 1, 101)),
        lines=list(bins),
        height=400,
        key="compare_calibration",
        alt=f"Accuracy against confidence. {words}",
    )


def _dot(title: str, part: CalibrationBin) -> vega.Dot:
    low, high = part.ci95
    where = {"x": part.confidence * 100, "y": part.accuracy * 100}
    return vega.Dot(line=title, **where, ends=(low * 100, high * 100), says=_told(part))


def _told(part: CalibrationBin) -> str:
    low, high = part.ci95
    return (
        f"{counted(part.n, 'image')}: {percent(part.confidence, 1)} sure, "
        f"{percent(part.accuracy, 1)} right ({percent(low, 1)} to {percent(high, 1)})"
    )


def _row(title: str, evaluation: Evaluation, error: float) -> dict[str, str]:
    sure = float(evaluation.predictions.confidence.mean())
    return {
        "Network": plain(title),
        "Sure, on average": percent(sure, 1),
        "Right": percent(evaluation.accuracy, 1),
        "Calibration error": percent(error, 1),
        "By chance alone": percent(error_by_chance(evaluation.predictions), 1),
    }


def _bins(bins: Mapping[str, Sequence[CalibrationBin]]) -> None:
    """A row a bin, a column a network, the surest first."""
    told = {title: {part.low: _told(part) for part in parts} for title, parts in bins.items()}
    edges = sorted({(part.low, part.high) for parts in bins.values() for part in parts}, reverse=True)
    rows = [
        {"Confidence": percent_span(low, high)}
        | {plain(title): parts.get(low, "no image") for title, parts in told.items()}
        for low, high in edges
    ]
    st.table(rows, hide_index=True, border="horizontal", alt="Images, confidence and accuracy in each bin")
