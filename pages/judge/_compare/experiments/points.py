"""The points of an experiment as tables and files."""

from collections.abc import Sequence

import streamlit as st

from core.export.series import series_report
from core.export.spreadsheet import csv_file
from core.intervals import percent
from core.runs import open_store
from core.runs.experiments import kept
from core.runs.experiments.kept import Point
from core.runs.experiments.plan import Experiment
from core.runs.experiments.results import Found, found, progress_words, spread_words
from pages._ui.choose.take_home import download
from pages._ui.experiments.chart import places
from pages._ui.experiments.figures import figure_of
from pages._ui.frame import plain
from pages._ui.run_words import place, state_word
from pages._ui.visitor import who_owns


def mean_rows(arms: Sequence[Found]) -> list[dict[str, str]]:
    """Return a row a value: its mean, spread and interval, and how many of its seeds are there."""
    return [
        {
            "Network": plain(arm.arm.line),
            "Value": plain(arm.arm.label),
            "Mean ± spread": spread_words(arm),
            "95 % interval": f"{percent(arm.ci95[0], 1)} to {percent(arm.ci95[1], 1)}" if arm.ci95 else "none yet",
            "Seeds": f"{len(arm.figures)} of {arm.seeds}",
        }
        for arm in arms
    ]


_HEAD = ("Network", "Value", "Seed", "Test accuracy", "Low", "High", "Images", "State", "Whose", "Run")


def _every(points: Sequence[Point]) -> list[tuple[object, ...]]:
    """Every point in a row, as `_HEAD` names its cells; accuracies in [0, 1]."""
    rows: list[tuple[object, ...]] = []
    for point in points:
        run = point.run
        metrics = figure_of(run) if run is not None and run.status == "finished" else None
        figures = (metrics.test_accuracy, *metrics.test_ci95, metrics.test_n) if metrics else (None,) * 4
        said = "open" if run is None else state_word(run) + (f", {place(run.position)}" if run.position else "")
        about = (said, who_owns(run), run.id) if run is not None else (said, "", "")
        rows.append((point.arm.line, point.arm.label, point.arm.config.seed, *figures, *about))
    return rows


def every_point(points: Sequence[Point]) -> None:
    """Show every point with its figure, whose it is, and a link to its run."""
    share = st.column_config.NumberColumn(format="percent")
    link = st.column_config.LinkColumn(display_text="open")
    rows = [dict(zip(_HEAD, row, strict=True)) for row in _every(points)]
    for row in rows:
        row["Run"] = f"training?run={row['Run']}" if row["Run"] else None
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Test accuracy": share, "Low": share, "High": share, "Run": link},
        alt="Every point of this experiment",
    )


def take_experiment_home(experiment: Experiment, points: Sequence[Point]) -> None:
    """Offer the experiment as one page and as a table; each is made when it is asked for."""

    def report() -> bytes:
        now = kept.points(open_store(), experiment)
        arms, contrasts = found(experiment, now, figure_of)
        at = places(experiment)
        means: dict[str, tuple[list[float], list[float]]] = {}
        for line in experiment.lines:
            known = [
                (x, arm.spread.mean) for x, arm in zip(at, arms, strict=True) if arm.arm.line == line and arm.spread
            ]
            means[line] = [x for x, _mean in known], [mean for _x, mean in known]
        return series_report(
            experiment.name,
            f"Varied: {experiment.varied}. {progress_words(now, arms)}. Made with CNN Lab.",
            x_name=experiment.varied,
            means=means if all(arm.at is not None for arm in experiment.arms) else {},
            intervals=[
                (f"{arm.arm.line}, {arm.arm.label}", arm.spread.mean, arm.ci95)
                for arm in arms
                if arm.spread and arm.ci95
            ],
            said=[contrast.sentence for contrast in contrasts],
            head=_HEAD,
            rows=[[_written(cell) for cell in row] for row in _every(now)],
        )

    download("Report", report, "experiment.html", "text/html", key="experiment_report", tip="To print or to hand in.")
    download("CSV", lambda: csv_file([_HEAD, *_every(points)]), "experiment.csv", "text/csv", key="experiment_csv")


def _written(cell: object) -> object:
    if isinstance(cell, float):
        return percent(cell, 2)
    return "" if cell is None else cell
