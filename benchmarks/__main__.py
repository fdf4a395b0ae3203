"""``python -m benchmarks …``: how fast the lab is, and the document that says so.

Exit status 0 on success, 2 on bad usage, 1 on failure with one sentence on standard error.
"""

from pathlib import Path
from typing import Any

import click

from benchmarks.results import FOLDER, Measurement, newest, write
from core.config import PRECISIONS
from core.errors import LabError

_AGAINST = click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Checkout of the lab that is measured first, in turns with this one.",
)
_OUT = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the results (default: benchmarks/results/<date>-<kind>.json; with --only, none).",
)
_ONLY = click.option("--only", multiple=True, metavar="NAME", help="Measure this row alone; can be repeated.")
_THREADS = click.option("--threads", type=click.IntRange(1, 256), help="torch's threads (default: its own choice).")


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except LabError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure the lab against the loop that courses teach, in turns, and write down what came out."""


@main.command()
@_ONLY
@_THREADS
@click.option("--pairs", default=3, show_default=True, type=click.IntRange(1, 100), help="Turns of each side.")
@click.option("--seconds", default=6.0, show_default=True, type=click.FloatRange(0.01, 600), help="Length of a turn.")
@click.option(
    "--precision",
    default="auto",
    show_default=True,
    type=click.Choice(PRECISIONS),
    help="What the lab computes in; auto: what pays here. The naive side is always fp32.",
)
@_OUT
def throughput(
    only: tuple[str, ...],
    threads: int | None,
    pairs: int,
    seconds: float,
    precision: str,
    out: Path | None,
) -> None:
    """Images a second, naive and ours: about ten minutes on two quiet cores."""
    from benchmarks.report.page import throughput_table
    from benchmarks.training.jobs import JOBS, chosen
    from benchmarks.training.throughput import measure

    _use_threads(threads)
    _known(only, [job.name for job in JOBS])
    measurement = Measurement("throughput")
    rows = measure(chosen(only), pairs=pairs, seconds=seconds, tell=_tell, precision=precision)
    fields = measurement.fields(rows)
    click.echo(throughput_table(fields))
    _keep(fields, out, only)


@main.command()
@_ONLY
@_THREADS
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1, 20), help="Trainings of each row.")
@click.option("--epochs", type=click.IntRange(1, 500), help="Epochs of the lab's trainings (default: the recipe's).")
@click.option(
    "--naive",
    is_flag=True,
    help="Train the naive loop with the notebook's recipe as well; what the log has of it is shown in any case.",
)
@click.option("--long", is_flag=True, help="Also the rows that take over ten minutes, one training each.")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON-lines file of finished trainings, which are not repeated (default: in the lab's home).",
)
@_OUT
def accuracy(
    only: tuple[str, ...],
    threads: int | None,
    seeds: int,
    epochs: int | None,
    naive: bool,
    long: bool,
    log: Path | None,
    out: Path | None,
) -> None:
    """Seconds of training until the validation accuracy reaches a target, for several seeds.

    Ctrl-C loses the training that is under way; the same command goes on with those that are missing.
    """
    from benchmarks.report.page import accuracy_table
    from benchmarks.training.accuracy import GOALS, chosen, default_log, measure

    _use_threads(threads)
    _known(only, [goal.name for goal in GOALS])
    measurement = Measurement("accuracy")
    rows = measure(
        chosen(only, long=long), seeds=seeds, naive=naive, epochs=epochs, log=log or default_log(), tell=_tell
    )
    fields = measurement.fields(rows)
    click.echo(accuracy_table(fields))
    _keep(fields, out, only)


@main.command()
@_ONLY
@click.option("--times", default=20, show_default=True, type=click.IntRange(1, 200), help="How often each is tried.")
@click.option(
    "--pairs", default=3, show_default=True, type=click.IntRange(1, 20), help="Turns with and without watchers."
)
@click.option(
    "--seconds", default=20.0, show_default=True, type=click.FloatRange(1, 600), help="Length of such a turn."
)
@click.option("--watchers", default=5, show_default=True, type=click.IntRange(1, 50), help="Browsers that watch a run.")
@_OUT
def screen(only: tuple[str, ...], times: int, pairs: int, seconds: float, watchers: int, out: Path | None) -> None:
    """What a student waits for on the screen, through a real Chromium."""
    from benchmarks.report.page import screen_table
    from benchmarks.screen import MEASURES, measure

    _known(only, list(MEASURES))
    measurement = Measurement("screen", packages=("streamlit", "playwright"))
    rows = measure(only or tuple(MEASURES), times=times, pairs=pairs, seconds=seconds, watched_by=watchers, tell=_tell)
    fields = measurement.fields(rows)
    click.echo(screen_table(fields))
    _keep(fields, out, only)


@main.command()
@_THREADS
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1, 20), help="Trainings of each row.")
@click.option("--epochs", default=4, show_default=True, type=click.IntRange(1, 500), help="Epochs of each training.")
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(512), help="Training images.")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON-lines file of finished trainings, which are not repeated (default: in the lab's home).",
)
@_OUT
def ablation(threads: int | None, seeds: int, epochs: int, limit: int, log: Path | None, out: Path | None) -> None:
    """What each ingredient of the fast network is worth in a short training: about an hour on two quiet cores."""
    from benchmarks.report.page import ablation_table
    from benchmarks.training.ablation import VARIANTS, default_log, measure

    _use_threads(threads)
    measurement = Measurement("ablation")
    rows = measure(VARIANTS, seeds=seeds, epochs=epochs, limit=limit, log=log or default_log(), tell=_tell)
    fields = measurement.fields(rows)
    click.echo(ablation_table(fields))
    _keep(fields, out, ())


@main.command()
@_ONLY
@_THREADS
@click.option(
    "--seconds", default=20.0, show_default=True, type=click.FloatRange(1, 3600), help="Processor time a pair."
)
@click.option(
    "--seeds", default=3, show_default=True, type=click.IntRange(1, 20), help="Trainings of what the page begins with."
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON-lines file of finished trainings, which are not repeated (default: in the lab's home).",
)
@_OUT
def defaults(
    only: tuple[str, ...], threads: int | None, seconds: float, seeds: int, log: Path | None, out: Path | None
) -> None:
    """Whether every pair of data set, network and recipe leaves chance far behind: three quarters of an hour."""
    from benchmarks.report.pairs import pairs_table
    from benchmarks.training.defaults import OFFERS, default_log, measure

    _use_threads(threads)
    _known(only, [offer.name for offer in OFFERS])
    measurement = Measurement("defaults")
    wanted = [offer for offer in OFFERS if not only or offer.name in only]
    rows = measure(wanted, seeds=seeds, seconds=seconds, log=log or default_log(), tell=_tell)
    fields = measurement.fields(rows)
    click.echo(pairs_table(fields))
    _keep(fields, out, only)


@main.command()
@_ONLY
@_THREADS
@click.option("--seconds", default=8.0, show_default=True, type=click.FloatRange(0.01, 600), help="Time for each row.")
@_OUT
def profile(only: tuple[str, ...], threads: int | None, seconds: float, out: Path | None) -> None:
    """Where the time of a step goes, in training and in judging: about two minutes on two quiet cores."""
    from benchmarks.report.page import profile_table
    from benchmarks.training.jobs import Job
    from benchmarks.training.step_profile import JOBS, measure

    _use_threads(threads)
    _known(only, [job.name for job in JOBS])
    measurement = Measurement("profile")
    wanted: list[Job] = [job for job in JOBS if not only or job.name in only]
    fields = measurement.fields(measure(wanted, seconds=seconds, tell=_tell))
    click.echo(profile_table(fields))
    _keep(fields, out, only)


@main.command("class-load")
@_AGAINST
@click.option("--turns", default=1, show_default=True, type=click.IntRange(1, 20), help="Lessons of each side.")
@click.option("--sessions", default=30, show_default=True, type=click.IntRange(1, 500), help="Students, a tab each.")
@click.option("--minutes", default=5.0, show_default=True, type=click.FloatRange(0.05, 600), help="Length of a lesson.")
@click.option(
    "--watch",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds that all watch a training.",
)
@click.option(
    "--away", default=10.0, show_default=True, type=click.FloatRange(0, 600), help="Minutes after the last has left."
)
@click.option("--all-training", is_flag=True, help="Every student has a training of their own, and follows that.")
@_OUT
def class_load(
    against: Path | None,
    turns: int,
    sessions: int,
    minutes: float,
    watch: float,
    away: float,
    all_training: bool,
    out: Path | None,
) -> None:
    """What a class at once takes of the web server, over the websocket: memory, waits, errors. A lesson: 17 minutes."""
    from benchmarks.class_load.lesson import Plan, hold
    from benchmarks.report.page import class_table
    from benchmarks.rows import Lesson

    measurement = Measurement("class", packages=("streamlit",))
    rows: list[Lesson] = []
    for turn in range(turns):
        plan = Plan(
            sessions=sessions, lesson=60 * minutes, watch=watch, away=60 * away, seed=turn, all_train=all_training
        )
        if against is not None:
            rows.append(hold(plan, checkout=against.resolve(), name=against.name, before=True, tell=_tell))
        rows.append(hold(plan, tell=_tell))
    fields = measurement.fields(rows)
    click.echo(class_table(fields))
    whole = sessions >= Plan.sessions and 60 * minutes >= Plan.lesson and 60 * away >= Plan.away
    _keep(fields, out, () if whole and not all_training else ("a part",))


@main.command()
@_AGAINST
@click.option("--turns", default=1, show_default=True, type=click.IntRange(1, 20), help="Of each side.")
@click.option("--browsers", default=8, show_default=True, type=click.IntRange(1, 100), help="That click at once.")
@click.option("--seconds", default=25.0, show_default=True, type=click.FloatRange(1, 600), help="Length of a turn.")
def clicks(against: Path | None, turns: int, browsers: int, seconds: float) -> None:
    """Browsers that change pages and move sliders without a pause: answers a second, and what one costs. A minute."""
    from benchmarks.class_load.clicks import Clicks, hold, table

    rows: list[Clicks] = []
    for _turn in range(turns):
        if against is not None:
            rows.append(hold(checkout=against.resolve(), name=against.name, browsers=browsers, seconds=seconds))
        rows.append(hold(browsers=browsers, seconds=seconds))
        _tell(table(rows[-2 if against else -1 :]))
    click.echo(table(rows))


@main.command("class")
@click.option(
    "--before",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Checkout of the lab that is measured first, in turns with this one.",
)
@click.option(
    "--job", default="mnist", show_default=True, type=click.Choice(["mnist", "digits"]), help="What is trained."
)
@click.option("--owners", default=30, show_default=True, type=click.IntRange(1, 100), help="Students who press Train.")
@click.option("--epochs", type=click.IntRange(1, 500), help="Epochs of each training (default: the recipe's).")
@click.option("--limit", type=click.IntRange(2), help="Training images of each (default: all).")
@click.option("--turns", default=1, show_default=True, type=click.IntRange(1, 20), help="Lessons of each side.")
def class_(before: Path | None, job: str, owners: int, epochs: int | None, limit: int | None, turns: int) -> None:
    """Students who press Train in the same second: first steps, when all are through, memory. Half an hour."""
    from benchmarks.class_turns import measure, table
    from benchmarks.machine import load

    _tell(f"load {load()}")
    lessons = measure(before=before, job=job, owners=owners, epochs=epochs, limit=limit, turns=turns, tell=_tell)
    _tell(f"load {load()}")
    click.echo(table(lessons))


@main.command("class-pictures")
@click.option("--phones", default=30, show_default=True, type=click.IntRange(1, 500), help="Students, a phone each.")
@click.option("--pictures", default=10, show_default=True, type=click.IntRange(1, 20), help="Photos of each phone.")
@click.option("--kills", default=10, show_default=True, type=click.IntRange(0, 100), help="In the second lesson.")
@click.option("--minutes", default=2.0, show_default=True, type=click.FloatRange(0.02, 60), help="Length of a lesson.")
@click.option("--only", type=click.Choice(["undisturbed", "killed"]), help="Hold this lesson alone.")
def class_pictures(phones: int, pictures: int, kills: int, minutes: float, only: str | None) -> None:
    """Phones that send photos to one set, first undisturbed, then with the server killed: ten minutes.

    Says how many that were acknowledged are lost, how long one takes, and what the server holds.
    """
    from benchmarks.class_load.phones import Plan, hold, table
    from benchmarks.machine import load

    rows = []
    for lesson, often in (("undisturbed", 0), ("killed", kills)):
        if only in (None, lesson):
            _tell(f"{lesson}: load {load()}")
            rows.append(hold(Plan(phones=phones, pictures=pictures, kills=often, seconds=60 * minutes), tell=_tell))
            _tell(f"{lesson}: load {load()}; errors: {rows[-1].errors or 'none'}")
    click.echo(table(rows))


@main.command()
@click.option("--tabs", default=30, show_default=True, type=click.IntRange(2, 100), help="Students, a photo each.")
def strangers(tabs: int) -> None:
    """Whether any of a class, all at once on the pages that show a photo, is shown another's: a minute."""
    from benchmarks.class_load.strangers import meet_on_a_new_server

    complaints, looked_at = meet_on_a_new_server(tabs=tabs)
    click.echo(f"{tabs} tabs, {looked_at:,} pictures looked at, {len(complaints)} that are not a tab's own")
    for complaint in complaints:
        click.echo(complaint, err=True)
    if complaints or not looked_at:
        raise SystemExit(1)


@main.command("learning-curve")
@_THREADS
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1, 20), help="Trainings of each point.")
@click.option("--only", multiple=True, metavar="NETWORK", help="Train this network alone; can be repeated.")
def learning_curve(threads: int | None, seeds: int, only: tuple[str, ...]) -> None:
    """Accuracy against the number of training images, for the Compare page: an hour on two quiet cores.

    Writes into checkpoints/ after each training; the same command goes on where it was stopped.
    """
    from benchmarks.training.learning_curve import ARMS, DATASET, measure, trainings
    from core.judging.learning_curve import curve_file

    _use_threads(threads)
    _known(only, list(ARMS))
    curve = measure(curve_file(DATASET), trainings(seeds=seeds, arms=only or ARMS), tell=_tell)
    click.echo("| network | training images | test accuracies |")
    click.echo("|---|---|---|")
    for model in curve.models:
        for images, found in curve.accuracies(model).items():
            click.echo(f"| `{model}` | {images:,} | {', '.join(f'{one * 100:.1f}' for one in found)} % |")


@main.command()
@click.option(
    "--pace",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="0: the time to read, look and think is added up and not waited for.",
)
def lesson(pace: float) -> None:
    """The lesson of ten minutes by the clock, as somebody does it who has never seen the lab: ten minutes."""
    from benchmarks.lesson import table, take_lesson
    from benchmarks.machine import load

    _tell(f"load {load()}")
    rows = take_lesson(pace=pace, tell=_tell)
    _tell(f"load {load()}")
    click.echo(table(rows))


@main.command("own-pictures")
@_THREADS
@click.option("--pairs", default=3, show_default=True, type=click.IntRange(1, 100), help="Turns of each side.")
def own_pictures(threads: int | None, pairs: int) -> None:
    """How much a frozen backbone's kept features save for 300 own pictures: five minutes on two quiet cores."""
    from benchmarks.training.own_pictures import measure

    _use_threads(threads)
    click.echo("| what | the plain way | ours | ratio (lowest to highest) | to reach |")
    click.echo("|---|---|---|---|---|")
    for row in measure(pairs=pairs, tell=_tell):
        plain = f"{row.naive_median:.1f} s" if row.naive_median else ""
        ratio = f"{row.ratio:.0f} ({row.ratio_low:.0f} to {row.ratio_high:.0f})" if row.ratio else ""
        reach = f"≥ {row.target_ratio}" if row.target_ratio else f"≤ {row.target} s"
        click.echo(f"| {row.title} | {plain} | {row.ours_median:.2f} s | {ratio} | {reach} |")


@main.command("heat-maps")
@click.option("--images", default=200, show_default=True, type=click.IntRange(1, 4_000), help="Of each test split.")
def heat_maps(images: int) -> None:
    """How often the heat map of an answer is blank, by network: three minutes."""
    from benchmarks.heat_maps import blank_maps

    click.echo(
        "| network | layer asked first | Grad-CAM blank | HiResCAM blank | as the page asks | from another layer |"
    )
    click.echo("|---|---|---|---|---|---|")
    for row in blank_maps(images):
        at_first = " | ".join(f"{row.at_first_layer[method]}" for method in ("Grad-CAM", "HiResCAM"))
        click.echo(f"| `{row.network}` | {row.layer} | {at_first} | {row.page} of {row.images} | {row.passed_on} |")


@main.command()
@click.option("--digits", default=2_000, show_default=True, type=click.IntRange(1, 10_000), help="Of the test split.")
def handwriting(digits: int) -> None:
    """How well digits are read that are not as MNIST's, as they are and made like them, by network."""
    from benchmarks.handwriting import VARIANTS, readings

    click.echo(f"| network | digits | {' | '.join(VARIANTS)} |")
    click.echo("|---|---" + len(VARIANTS) * "|---" + "|")
    for row in readings(digits):
        for how, found in (("as they are", row.as_they_are), ("made like MNIST's", row.made)):
            click.echo(f"| `{row.network}` | {how} | " + " | ".join(f"{found[name]:.1f}" for name in VARIANTS) + " |")


@main.command()
@_ONLY
@click.option("--times", type=click.IntRange(1, 1_000_000), help="How often each is tried at most.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Empty folder for the labs that are tried; on a local disk (default: a temporary one).",
)
def endurance(only: tuple[str, ...], times: int | None, folder: Path | None) -> None:
    """Try what must never happen: kill, fill the disk, set the clock, spoil files. In full it takes hours."""
    import os
    import tempfile

    from benchmarks.endurance import TRIALS, table

    unknown = set(only) - set(TRIALS)
    if unknown:
        raise click.BadParameter(
            f"There is no {', '.join(unknown)}; there is {', '.join(TRIALS)}.", param_hint="--only"
        )
    rows = []
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as home:
        os.environ["CNN_LAB_HOME"] = str(Path(home) / "home")
        for trial in TRIALS.values():
            if not only or trial.name in only:
                often = min(times or trial.times, trial.times)
                _tell(f"{trial.name}: {often:,} times")
                rows.append(trial.run(Path(home) / trial.name, often, _tell))
                _tell(table(rows[-1:]))
    click.echo(table(rows))
    if any(row.kept is False for row in rows):
        raise LabError("A promise was not kept.")


@main.command()
def report() -> None:
    """Turn the newest results of each kind into docs/speed.md and its chart."""
    from benchmarks.report.page import documents
    from benchmarks.report.shipped import curves
    from core.checkpoints import shipped

    found = newest(FOLDER)
    if not found:
        raise click.ClickException("There are no results yet; measure first: python -m benchmarks throughput.")
    for path, text in documents(found, list(curves(checkpoint.card for checkpoint in shipped()))).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"{path.name} written")


def _use_threads(threads: int | None) -> None:
    import torch

    if threads is not None:
        torch.set_num_threads(threads)


def _known(only: tuple[str, ...], names: list[str]) -> None:
    for name in only:
        if name not in names:
            raise click.BadParameter(f"There is no row '{name}'; there is {', '.join(names)}.", param_hint="--only")


def _keep(fields: dict[str, Any], out: Path | None, only: tuple[str, ...]) -> None:
    """A part of the rows is not kept unasked: it would hide the whole ones from the report."""
    if out is not None or not only:
        click.echo(f"kept as {write(fields, out).name}", err=True)


def _tell(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
