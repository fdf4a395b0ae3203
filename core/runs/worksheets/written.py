"""A student's worksheet as one HTML file that needs nothing of the lab: answers, pictures, and what was trained."""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from core.events import EpochDone
from core.export import page as html
from core.intervals import percent
from core.runs.records import Run
from core.runs.store.store import Store
from core.runs.worksheets.form import Part, Worksheet
from core.runs.worksheets.pictures import Curves, Figures
from core.runs.worksheets.work import KeptPicture, Work

MOST_RUNS = 12  # the newest ones
_WIDEST = 460  # pixels
_HEAD = (
    "run",
    "data set",
    "network",
    "recipe",
    "state",
    "epochs",
    "training time",
    "best validation",
    "test accuracy (95 % interval)",
)


@dataclass(frozen=True, kw_only=True)
class TrainedRun:
    """A run as a worksheet tells of it: its epochs, and its test accuracy in words ("": none)."""

    run: Run
    epochs: Sequence[EpochDone]
    tested: str


def trained_meanwhile(store: Store, owner: str, work: Work) -> Sequence[TrainedRun]:
    """Return the runs that go along with an owner's worksheet, the oldest first."""
    from core.judging.claims import tested  # here, because opening networks brings torch along

    found = []
    for run in store.list(owner, which=lambda run: run.id in work.runs, at_most=MOST_RUNS):
        metrics = tested(run.id) if run.status == "finished" else None
        words = ""
        if metrics is not None:
            low, high = metrics.test_ci95
            words = f"{percent(metrics.test_accuracy, 2)} ({percent(low, 2)} to {percent(high, 2)})"
        found.append(TrainedRun(run=run, epochs=store.epochs(run.id), tested=words))
    return found[::-1]


def student_page(sheet: Worksheet, work: Work, runs: Sequence[TrainedRun], *, name: str, at: float | None) -> bytes:
    """Return what somebody called ``name`` has written; ``at`` is when it was handed in (None: it was not)."""
    when = "not handed in" if at is None else f"handed in on {time.strftime('%Y-%m-%d at %H:%M', time.localtime(at))}"
    body = [html.paragraph(f"{name}, {when}.")]
    if sheet.lead:
        body.append(html.paragraph(sheet.lead, soft=True))
    for number, part in enumerate(sheet.parts, start=1):
        body.append(html.section(f"{number}. {part.title}", *_part(number, part, work)))
    if runs:
        said = f"The newest {len(runs)} of {len(work.runs)} runs." if len(work.runs) > len(runs) else ""
        body.append(html.section("Trained meanwhile", html.paragraph(said, soft=True), *_runs(runs)))
    return html.page(f"{sheet.title} \u2013 {name}", body)


def _part(number: int, part: Part, work: Work) -> Iterator[str]:
    yield html.paragraph(part.task, soft=True)
    for place, question in enumerate(part.questions, start=1):
        answer = work.answers.get(f"{number}.{place}", "")
        lines = "<br>".join(html.text(line) for line in answer.splitlines())
        yield f"<p><strong>{html.text(question.text)}</strong></p>"
        yield f"<blockquote>{lines}</blockquote>" if lines else html.paragraph("No answer.", soft=True)
    for kept in work.pictures:
        if kept.part == number:
            yield _picture(kept)


def _picture(kept: KeptPicture) -> str:
    drawn = kept.drawn
    if isinstance(drawn, Curves):
        lines = [(line.name, line.x, line.y) for line in drawn.lines]
        chart = html.line_chart(lines, alt=kept.caption, shares=drawn.shares, x_name=drawn.x_name)
        return html.figure(chart, kept.caption)
    if isinstance(drawn, Figures):
        return html.figure(html.table(("what", "how much"), drawn.rows), kept.caption)
    if kept.kind not in ("png", "jpeg"):
        return html.paragraph(f"{kept.caption}: it cannot be read any more.", soft=True)
    with Image.open(io.BytesIO(kept.data)) as image:
        width = min(_WIDEST, image.width)
    return html.figure(html.picture_file(kept.data, kept.kind, kept.caption, width=width), kept.caption)


def _runs(trained: Sequence[TrainedRun]) -> Iterator[str]:
    from core.data import datasets  # here, because the package brings NumPy along

    rows = []
    for each in trained:
        run, config = each.run, each.run.config
        title = datasets.title_of(config.dataset)
        best = "" if run.best_validation is None else percent(run.best_validation, 2)
        network, recipe = (name.replace("_", " ") for name in (config.model, config.recipe))
        done = f"{run.epochs_done} of {config.epochs}"
        time_ = "" if run.training_seconds is None else f"{run.training_seconds:,.0f} s"
        rows.append((run.name, title, network, recipe, run.status, done, time_, best, each.tested))
    yield html.table(_HEAD, rows)
    lines = [
        (each.run.name, [float(done.epoch) for done in each.epochs], [done.val_accuracy for done in each.epochs])
        for each in trained
        if each.epochs
    ]
    if lines:
        chart = html.line_chart(lines, alt="Validation accuracy by epoch", shares=True)
        yield html.figure(chart, "Validation accuracy after each epoch.")
