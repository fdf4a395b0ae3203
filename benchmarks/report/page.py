"""From result files to ``docs/speed.md`` and its chart. No figure in there is written by hand."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report.bar_chart import Bar, bar_chart
from benchmarks.report.pairs import pairs_page
from benchmarks.results import Fields, Kind
from benchmarks.rows import ShippedCurve, median
from core.intervals import minus, signed

DOCS = Path(__file__).resolve().parents[2] / "docs"
CHART = DOCS / "images" / "speed.svg"
PAGE = DOCS / "speed.md"

MOST_MB = 1200  # of a web server with a class
BACK_TO = 1.15  # times what it held before the first student, ten minutes after the last
LESS, LESS_WAITING = 0.7, ("page", "slider", "photo")

_HEAD = """# How fast the lab is

This page is written by `python -m benchmarks report` from the files in `benchmarks/results`; a test compares the two,
so it says what those files say; a row that was measured later than the others of its file says when.

**Naive** is the loop that courses teach (`benchmarks/training/naive.py`, short and made to be read): one image at a
time is opened with Pillow and sent through torchvision's transforms, a `DataLoader` without workers puts the batch
together, the network computes in float32, plain SGD steps, the loss is read after every batch, and a frozen backbone is
run again in every epoch. **Ours** is the lab's own `Trainer`, with the same network, the same batch size, the same
images and the same augmentation, in the precision that a trial before the training found to pay (column "in").

Machines differ, and a shared one is now faster, now slower: the notes below the tables have figures from another hour,
when both sides ran at up to 1.8 times this pace. So they are measured in turns (naive, ours, naive, ours, …) in one
process, after a warm-up that does not count. A figure is the median of the turns, and the ratio of the medians is what
counts. In brackets: the smallest and the largest ratio of a pair of turns.

"To reach" and "goal" are what the project set out to reach on two such cores; **missed** stands where it does not.
"""
_FOOT = """## Measure it yourself

```bash
pip install -r requirements-dev.txt
export CNN_LAB_DATA=…                     # where the data sets lie; or fetch them: python -m core fetch
python -m benchmarks throughput           # naive and ours in turns, about ten minutes
python -m benchmarks profile              # where a step's time goes, two minutes
python -m benchmarks accuracy --naive     # seconds to an accuracy; --long adds hours; goes on where it was stopped
python -m benchmarks screen               # through a Chromium
python -m benchmarks lesson               # the lesson of ten minutes, as a newcomer does it; ten minutes
python -m benchmarks class                # thirty press Train in one second; --before CHECKOUT, half an hour
python -m benchmarks class-pictures       # thirty phones send photos to one set; --kills
python -m benchmarks strangers            # thirty tabs, each with a photo of its own: is another's shown?
python -m benchmarks class-load           # a class of thirty on one server, 17 minutes; --against CHECKOUT
python -m benchmarks clicks               # what a click costs one web server; --against CHECKOUT, a minute
python -m benchmarks ablation             # the fast network without each ingredient, about an hour
python -m benchmarks heat-maps            # how often a heat map is blank (measured.md), three minutes
python -m benchmarks learning-curve       # accuracy by training images (measured.md), an hour; writes into checkpoints/
python -m benchmarks own-pictures         # what kept features save for own pictures, five minutes
python -m benchmarks handwriting          # digits that are not as MNIST's (measured.md), two minutes
python -m benchmarks endurance            # what must never happen, tried often (measured.md); hours in full
python -m benchmarks defaults             # whether every pair that is offered learns: docs/pairs.md
python -m benchmarks report               # writes this page
```

Leave the machine alone meanwhile: the load before says whether it was, and the load after should be about the number of
threads. `--only NAME` measures one row, `--threads`, `--pairs` and `--seconds` say how. A row whose data set is not
there is skipped, and says so.
"""


def documents(found: Mapping[Kind, Fields], shipped: Sequence[ShippedCurve]) -> dict[Path, str]:
    """Return the page and its chart, by the paths that they belong to."""
    texts = {PAGE: page(found, shipped)}
    if "throughput" in found and (bars := _bars(found["throughput"])):
        texts[CHART] = bar_chart(bars, title="Times as fast as the naive loop")
    if "defaults" in found:
        texts[DOCS / "pairs.md"] = pairs_page(found["defaults"], origin=_origin)
    return texts


def page(found: Mapping[Kind, Fields], shipped: Sequence[ShippedCurve] = ()) -> str:
    """Return docs/speed.md for the results of each kind that there are, and the trainings of what ships."""
    parts = [_HEAD]
    if "throughput" in found:
        fields = found["throughput"]
        parts.append(f"## Images a second\n\n{_origin(fields)}\n")
        if _bars(fields):
            parts.append(f"![Ratios as bars]({CHART.relative_to(DOCS).as_posix()})\n")
        parts.append(throughput_table(fields) + "\n")
    if "profile" in found:
        fields = found["profile"]
        words = (
            "What stands in the way of higher ratios: the parts of the lab's own steps, medians of each. "
            "Making a batch is all that a faster data path could save; forward and backward are the network's "
            "arithmetic, which the naive loop does as well. The last columns compare that arithmetic with what this "
            "machine does in products of large matrices (2,048 × 2,048) between the steps: small layers of few "
            "channels, pooling, BatchNorm and activations keep a network below it. Compare the shares, not the "
            "milliseconds, with the table above: the machine may have been faster or slower in another hour."
        )
        parts.append(f"### Where a step's time goes\n\n{_origin(fields)}\n\n{words}\n\n{profile_table(fields)}\n")
    if "accuracy" in found:
        fields = found["accuracy"]
        words = (
            "Seconds of training, validation included, until the first epoch whose validation accuracy reaches the "
            "target. The test images are looked at once, by the last model of each training. A dash: not in all seeds."
        )
        parts.append(f"## Time to accuracy\n\n{_origin(fields)}\n\n{words}\n\n{accuracy_table(fields)}\n")
    if shipped:
        words = (
            "By the cards of `checkpoints/`: the trainings whose models ship, one seed each, on a machine that may "
            "have had other work, and without the seconds before the first step (whitening, the trial of precisions). "
            "Threads and filters may be others than in the table above; the cards and `docs/measured.md` name them."
        )
        parts.append(f"### The models that ship\n\n{words}\n\n{shipped_table(shipped)}\n")
    if "screen" in found:
        fields = found["screen"]
        words = (
            "Measured in the browser, from the click or key to the frame that shows the answer. The browsers run on "
            "the same machine as the lab, which makes every figure worse than on a student's own."
        )
        tables = [f"{_origin(part)}\n\n{screen_table(part)}\n" for part in fields.get("parts", [fields])]
        parts.append("\n".join([f"## The screen\n\n{words}\n", *tables]))
    if "class" in found:
        fields = found["class"]
        words = (
            "Every student is a tab that speaks Streamlit's protocol, without a browser (`benchmarks/class_load`): "
            "pages by the menu and by links, sliders, photos of 12 megapixels, a training's curves, and every picture "
            "fetched as a browser does. Memory is that of the web server alone, as the system counts it."
        )
        parts.append(f"## A class at once\n\n{_origin(fields)}\n\n{words}\n\n{class_table(fields)}\n")
    if "ablation" in found:
        fields = found["ablation"]
        whole = fields["rows"][0]
        words = (
            f"The fast network on {whole['images']:,} training images of CIFAR-10, {whole['epochs']} epochs, "
            f"{len(whole['accuracies'])} seeds; each row lacks one ingredient. Validation accuracy after the last "
            f"epoch, n = {whole['n']:,}. So short a training shows what helps at once; it does not over-fit yet, so "
            "that what makes its images harder (erasing, shifts) has a cost and no use. After ±: the standard error of "
            "the difference, taken seed by seed; of so few seeds, what lies within four of them may be chance."
        )
        parts.append(f"## What each ingredient is worth\n\n{_origin(fields)}\n\n{words}\n\n{ablation_table(fields)}\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in [*parts, _FOOT])


def _origin(fields: Fields) -> str:
    """Say when, where and with what; the load says whether the machine was left alone."""
    machine = fields["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in fields["versions"].items())
    loads = {name: fields[name] for name in ("load_before", "load_after")}
    trainings = [training for row in fields["rows"] for training in row.get("trainings", ())]
    if trainings:  # a table made from a log: the load of those hours, not of the moment when it was read
        loads = {name: max((training[name] for training in trainings), key=lambda load: load[0]) for name in loads}
    before, after = (_loads(loads[name]) for name in ("load_before", "load_after"))
    whose = " the busiest training" if trainings else ""
    commit = f", commit `{fields['commit']}`" if fields["commit"] else ""
    return (
        f"Measured on {fields['date'][:10]} on {machine['name']} ({machine['system']}){commit}. "
        f"Load averages over 1, 5 and 15 minutes: {before} before{whose}, {after} after{whose}. "
        f"{packages[:1].upper()}{packages[1:]}."
    )


def _loads(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)


def throughput_table(fields: Fields) -> str:
    """Return the rows of a throughput result as a Markdown table, with the notes below it."""
    head = ("job", "batch", "naive", "ours", "in", "ratio (smallest to largest)", "to reach")
    notes = _Notes()
    lines = []
    for row in fields["rows"]:
        if row["skipped"]:
            lines.append(
                (row["title"] + notes.mark(f"Skipped: {row['skipped']}."), row["batch"], *["–"] * 4, _goal(row))
            )
            continue
        ratio = "–"
        if row["ratio"] is not None:
            ratio = f"**{row['ratio']:.1f}** ({row['ratio_low']:.1f} to {row['ratio_high']:.1f})"
        figures = [_figure(row[f"{side}_median"], row["unit"]) for side in ("naive", "ours")]
        lines.append(
            (row["title"] + notes.mark(row["note"]), row["batch"], *figures, row["precision"], ratio, _goal(row))
        )
    return _table(head, lines) + notes.text()


def _goal(row: Fields) -> str:
    goals = []
    if row["target_ratio"] is not None:
        met = None if row["ratio"] is None else row["ratio"] >= row["target_ratio"]
        goals.append(_against(f"≥ {row['target_ratio']:g}", met))
    if row["target"] is not None:
        met = None if row["ours_median"] is None else row["ours_median"] <= row["target"]
        goals.append(_against(f"≤ {row['target']:g} {row['unit']}", met))
    return ", ".join(goals) or "–"


def _against(goal: str, met: bool | None) -> str:
    """Say whether a goal was met; None: nothing was measured."""
    return f"{goal}, **missed**" if met is False else goal


def accuracy_table(fields: Fields) -> str:
    """Return the rows of an accuracy result as a Markdown table, with the test accuracies below it."""
    head = ("training", "validation reaches", "ours, median", "each seed", "naive, median", "ratio", "to reach")
    notes = _Notes()
    lines, ends = [], []
    for row in fields["rows"]:
        title = row["title"] + notes.mark(f"Skipped: {row['skipped']}." if row["skipped"] else row.get("note", ""))
        if row["naive_title"]:
            title += notes.mark(f"Naive: {row['naive_title']}.")
        if not row["targets"]:
            lines.append((title, *["–"] * 6))
        for reached in row["targets"]:
            ratio = "–" if reached["ratio"] is None else f"**{reached['ratio']:.1f}**"
            limit = "–"
            if reached["reach"] is not None:
                seconds = reached["ours_median"]  # None where a seed never got there
                met = (seconds is not None and seconds <= reached["reach"]) if reached["ours"] else None
                limit = _against(f"≤ {_seconds(reached['reach'])}", met)
            each = ", ".join(_seconds(value) for value in reached["ours"]) or "–"
            middle = [_seconds(reached[f"{side}_median"]) for side in ("ours", "naive")]
            naive = middle[1] if row["naive_title"] else "not measured"
            lines.append((title, _percent(reached["target"], 1), middle[0], each, naive, ratio, limit))
        for end in row["trainings"]:
            low, high = end["test_ci95"]
            ends.append(
                (
                    row["title"] if end["side"] == "ours" else f"{row['naive_title']}, naive",
                    end["seed"],
                    end["epochs"],
                    _seconds(end["seconds"]),
                    _percent(end["best_validation"]),
                    f"{_percent(end['test_accuracy'])} ({_percent(low)} to {_percent(high)})",
                    f"{end['test_n']:,}",
                )
            )
    text = _table(head, lines) + notes.text()
    if ends:
        columns = ("training", "seed", "epochs", "seconds in all", "best validation", "test, last model (95 %)", "n")
        text += "\n" + _table(columns, ends)
    return text


def shipped_table(curves: Sequence[ShippedCurve]) -> str:
    """Return what the cards of shipped models say of their trainings as a Markdown table."""
    head = ("model", "date", "on", "epochs", "seconds in all", "best validation", "validation reaches", "after", "goal")
    lines = [
        (
            curve.title,
            curve.date,
            curve.device,
            curve.epochs,
            _seconds(curve.seconds),
            _percent(curve.best_validation),
            _percent(curve.target, 1),
            "never" if curve.reached is None else _seconds(curve.reached),
            _against(f"≤ {_seconds(curve.reach)}", curve.reached is not None and curve.reached <= curve.reach),
        )
        for curve in curves
    ]
    return _table(head, lines)


def profile_table(fields: Fields) -> str:
    """Return the rows of a profile as a Markdown table."""
    parts = ("batch", "forward", "backward", "optimizer")
    head = ("job", "images", "in", "a step", *parts, "GFLOP/s", "of a large product")
    notes = _Notes()
    lines: list[tuple[Any, ...]] = []
    for row in fields["rows"]:
        if row["skipped"]:
            lines.append((row["title"] + notes.mark(f"Skipped: {row['skipped']}."), row["batch"], *["–"] * 8))
            continue
        lines.append(
            (
                row["title"],
                row["batch"],
                row["precision"],
                _figure(1000 * row["step_seconds"], "ms"),
                *(_percent(row["shares"][part], 0) if part in row["shares"] else "–" for part in parts),
                f"{row['flops_a_second'] / 1e9:,.0f}",
                _percent(row["of_product"], 0),
            )
        )
    return _table(head, lines) + notes.text()


def ablation_table(fields: Fields) -> str:
    """Return the rows of an ablation as a Markdown table, the whole recipe first."""
    lines = []
    for place, row in enumerate(fields["rows"]):
        spread = "" if row["spread"] is None else f" ± {100 * row['spread']:.1f}"
        worth = "–" if place == 0 else f"**{signed(100 * row['difference'], digits=1)}**{spread}"
        each = ", ".join(f"{accuracy:.1%}" for accuracy in row["accuracies"])
        lines.append(
            (
                row["title"],
                f"{row['mean']:.2%}".replace("%", " %"),
                each.replace("%", " %"),
                worth,
                row["reason"] or "–",
            )
        )
    return _table(("recipe", "mean", "each seed", "difference in points", "why the ingredient is there"), lines)


def screen_table(fields: Fields) -> str:
    """Return the rows of a screen result as a Markdown table."""
    head = ("what", "median", "p95", "tries", "to reach")
    notes = _Notes()
    lines: list[tuple[Any, ...]] = []
    for row in fields["rows"]:
        if row["skipped"]:
            lines.append((row["title"] + notes.mark(f"Skipped: {row['skipped']}."), "–", "–", "–", _limit(row)))
            continue
        title = row["title"] + notes.mark(row["note"])
        if row["slowdown"] is not None:
            median = f"**{_percent(row['slowdown'], 1)}**"
            lines.append((title, median, "–", len(row["values"]), _limit(row)))
            continue
        figures = [_figure(row[name], row["unit"]) for name in ("median", "p95")]
        if row["statistic"] in ("median", "p95"):
            place = ("median", "p95").index(row["statistic"])
            figures[place] = f"**{figures[place]}**"
        lines.append((title, *figures, len(row["values"]), _limit(row)))
    return _table(head, lines) + notes.text()


def class_table(fields: Fields) -> str:
    """Return the lessons of a class result as a Markdown table: each figure before, now, and their ratio."""
    rows = [row for row in fields["rows"] if not row["before"]]
    before = [row for row in fields["rows"] if row["before"]]
    lines: list[tuple[Any, ...]] = []

    def line(title: str, of: Callable[[Fields], float | None], unit: str, goal: str, met: bool | None) -> None:
        old, new = (_middle([of(row) for row in some]) for some in (before, rows))
        ratio = "–" if not old or new is None or not unit else f"**{new / old:.2f}**"
        figures = [_figure(value, unit) if unit or value is None else f"{value:g}" for value in (old, new)]
        lines.append((title, *figures, ratio, _against(goal, met) if goal else "–"))

    def now(of: Callable[[Fields], float | None]) -> float:
        return _middle([of(row) for row in rows]) or 0.0

    def share(of: Callable[[Fields], float | None], most: float) -> bool | None:
        old = _middle([of(row) for row in before])
        return None if not old else now(of) / old <= most

    line("Memory before the first student", lambda row: row["start_mb"], "MB", "", None)
    highest = _field("highest_mb")
    met = now(highest) <= MOST_MB and share(highest, 0.5) is not False
    line("Memory at its highest", highest, "MB", f"≤ {MOST_MB:,} MB, ratio ≤ 0.5", met)
    line("… of it not shared with any other process", _field("highest_own_mb"), "MB", "", None)
    line("Memory when all have left", _field("left_mb"), "MB", "", None)
    away = rows[0]["away_seconds"] / 60
    met = now(_field("after_mb")) <= BACK_TO * now(_field("start_mb"))
    line(f"Memory {away:.0f} min later", _field("after_mb"), "MB", f"≤ {BACK_TO:g} times the start", met)
    for wait in rows[0]["waits"]:
        p95 = _wait_of(wait["name"])
        if wait["target"] is not None:
            line(f"{wait['title']}, p95", p95, "s", f"≤ {wait['target']:g} s", now(p95) <= wait["target"])
        elif wait["name"] in LESS_WAITING:
            line(f"{wait['title']}, p95", p95, "s", f"ratio ≤ {LESS:g}", share(p95, LESS))
        else:
            line(f"{wait['title']}, p95", p95, "s", "", None)
    line("Pictures that were answered 404", _field("not_found"), "", "0", now(_field("not_found")) == 0)
    errors = _errors
    line("Errors", errors, "", "0", now(errors) == 0)
    row = rows[0]
    text = (
        f"{row['sessions']} sessions for {row['lesson_seconds'] / 60:g} min, {row['trainings']} trainings, then "
        f"all watch one for {row['watch_seconds']:g} s. "
    )
    sides = [f"{len(some)} × `{some[0]['commit']}`" for some in (before, rows) if some]
    head = ("what", "before", "now", "ratio", "to reach")
    return f"{text}Lessons: {' and '.join(sides)}, in turns.\n\n{_table(head, lines)}"


def _field(name: str) -> Callable[[Fields], float | None]:
    def of(row: Fields) -> float | None:
        found: float | None = row[name]
        return found

    return of


def _wait_of(name: str) -> Callable[[Fields], float | None]:
    return lambda row: next((float(wait["p95"]) for wait in row["waits"] if wait["name"] == name), None)


def _errors(row: Fields) -> float:
    return float(sum(row["errors"].values()) + row["tracebacks"])


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known)


def _limit(row: Fields) -> str:
    if row["target"] is None:
        return "–"
    figure = row[row["statistic"]]
    met = None if figure is None else figure <= row["target"]
    if row["statistic"] == "slowdown":
        return _against(f"≤ {_percent(row['target'], 0)}", met)
    return _against(f"{row['statistic']} ≤ {row['target']:g} {row['unit']}", met)


class _Notes:
    """Remarks below a table, numbered in the order in which they are first made."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """Return the mark of a remark, and remember the remark; nothing for an empty one."""
        if not text:
            return ""
        if text not in self._texts:
            self._texts.append(text)
        return f" [{self._texts.index(text) + 1}]"

    def text(self) -> str:
        """Return the remarks as lines."""
        if not self._texts:
            return ""
        return "\n" + "\n".join(f"[{number}] {text}  " for number, text in enumerate(self._texts, start=1)) + "\n"


def _table(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows) + "\n"


def _figure(value: float | None, unit: str) -> str:
    """Three digits that count, and the unit."""
    if value is None:
        return "–"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{min(digits, 3)}f} {unit}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 100:
        return f"{value:.1f} s" if value % 1 else f"{value:.0f} s"
    return f"{value / 60:.1f} min" if (value / 60) % 1 else f"{value / 60:.0f} min"


def _percent(value: float, digits: int = 2) -> str:
    return minus(f"{100 * value:.{digits}f} %")


def _bars(fields: Fields) -> list[Bar]:
    return [
        Bar(
            label=row["title"],
            value=row["ratio"],
            low=row["ratio_low"],
            high=row["ratio_high"],
            target=row["target_ratio"],
        )
        for row in fields["rows"]
        if row["ratio"] is not None
    ]
