"""A whole class in one lesson: a server on an empty home, two trainings, many students, and the quiet after it."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.class_load.memory import MemoryLog
from benchmarks.class_load.notes import Notes
from benchmarks.class_load.photographs import PHONE, Album
from benchmarks.class_load.student import THINK, Student
from benchmarks.class_load.trainings import begin_all, stop_all
from benchmarks.machine import ROOT, commit
from benchmarks.rows import ClassWait, Lesson, median, percentile95
from tests.browser.server import Server

Tell = Callable[[str], None]

ARRIVAL = 15.0  # seconds over which a class comes in
TRAINING_PATIENCE = 120.0  # seconds for a training to make its first step
EPOCHS = 500  # more than a lesson sees
MEDIAN_OF = 10.0  # seconds whose median stands for a moment
CURVE_EVERY = 30.0  # seconds between two points of memory that a result keeps

WAITS: dict[str, tuple[str, float | None]] = {
    "page": ("Another page, with its pictures", None),
    "link": ("A page by a link, in a new session", None),
    "slider": ("Slider to picture", None),
    "photo": ("A photo of a phone to its answer", None),
    "preview": ("A photo of a phone to the first picture of it", None),
    "rest": ("A photo of a phone until all that follows from it is there", None),
    "photos": ("Two to four such photos to their answers", None),
    "picture": ("A picture, from its request", None),
    "chart": ("Chart of a watched training: age when its next state comes", 3.0),
}

WHILE_ALL_TRAIN = {"slider": 0.2, "page": 0.3, "preview": 1.0, "photo": 2.0}  # seconds, p95


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a lesson goes: times in seconds, ``photo`` in pixels, ``think`` between two acts of a student.

    With ``all_train`` every student has a training of their own, and follows that.
    """

    sessions: int = 30
    lesson: float = 300.0
    watch: float = 60.0
    away: float = 600.0
    settle: float = 30.0
    trainings: int = 2
    all_train: bool = False
    photo: tuple[int, int] = PHONE
    think: tuple[float, float] = THINK
    arrival: float = ARRIVAL
    seed: int = 0


def hold(
    plan: Plan, *, checkout: Path = ROOT, name: str = "ours", before: bool = False, tell: Tell = lambda _text: None
) -> Lesson:
    """Hold one lesson on the lab in ``checkout``, on a new home, and return what was measured."""
    album = Album(size=plan.photo)
    notes = Notes()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        slots = 1 if plan.all_train else plan.trainings or 1
        server = Server(home, root=checkout, data=os.environ.get("CNN_LAB_DATA"), CNN_LAB_SLOTS=str(slots))
        try:
            server.start()
            with MemoryLog(server.pid) as memory:
                tell(f"{name}: the server settles …")
                memory.settle(at_least=plan.settle)
                start = memory.last(min(MEDIAN_OF, plan.settle))
                runs = (
                    begin_all(checkout, home, plan.sessions, lambda text: tell(f"{name}: {text}"))
                    if plan.all_train
                    else [submit(checkout, home, number) for number in range(plan.trainings)]
                )
                asyncio.run(
                    _lesson(plan, server, notes, album, runs, memory, tell=lambda text: tell(f"{name}: {text}"))
                )
                busy = memory.highest()
                left = memory.last(2.0)
                if plan.all_train:
                    stop_all(checkout, home)
                else:
                    for run in runs:
                        command_line(checkout, home, "runs", "cancel", run)
                tell(f"{name}: {start:,.0f} MB at the start, {busy:,.0f} at the highest; all have left …")
                time.sleep(plan.away)
                after = memory.last(min(MEDIAN_OF, plan.away))
            log = server.log.read_text(errors="replace")
        finally:
            server.clear_away()
    return Lesson(
        name=name,
        before=before,
        commit=commit(checkout),
        sessions=plan.sessions,
        lesson_seconds=plan.lesson,
        watch_seconds=plan.watch,
        away_seconds=plan.away,
        trainings=len(runs),
        start_mb=round(start),
        highest_mb=round(busy),
        highest_own_mb=memory.highest_own(),
        left_mb=round(left),
        after_mb=round(after),
        curve=memory.every(CURVE_EVERY),
        waits=tuple(_wait(kind, notes.waits[kind], plan) for kind in WAITS if notes.waits[kind]),
        pictures=sum(notes.pictures.values()),
        not_found=notes.pictures[404],
        errors=dict(notes.errors),
        refusals=dict(notes.refusals),
        tracebacks=log.count("Traceback (most recent call last)"),
    )


def _wait(kind: str, values: Sequence[float], plan: Plan) -> ClassWait:
    title, target = WAITS[kind]
    if plan.all_train:
        target = WHILE_ALL_TRAIN.get(kind, target)
    figures = (median(values), percentile95(values), max(values))
    half, most, highest = (round(figure or 0.0, 4) for figure in figures)
    return ClassWait(name=kind, title=title, target=target, count=len(values), median=half, p95=most, highest=highest)


async def _lesson(
    plan: Plan,
    server: Server,
    notes: Notes,
    album: Album,
    runs: Sequence[str],
    memory: MemoryLog,
    *,
    tell: Tell,
) -> None:
    students = [
        Student(
            server.port,
            notes,
            album,
            seed=1000 * plan.seed + number,
            runs=[runs[number]] if plan.all_train else runs,
        )
        for number in range(plan.sessions)
    ]
    random = Random(plan.seed)
    until = time.monotonic() + plan.lesson

    async def one(student: Student) -> None:
        await asyncio.sleep(random.uniform(0, plan.arrival))
        await student.arrive()
        await student.work(until, think=plan.think)

    await asyncio.gather(*(one(student) for student in students))
    if runs and plan.watch:
        tell(f"the lesson took it to {memory.highest():,.0f} MB; now all watch for {plan.watch:.0f} s …")
        notes.waits["chart"].clear()  # what counts is a class that watches together
        await asyncio.gather(*(student.watch(plan.watch) for student in students))
    await asyncio.gather(*(student.leave() for student in students))


def submit(checkout: Path, home: Path, number: int) -> str:
    """Queue a training of small steps that no lesson sees the end of, as a student's command line would."""
    options = ["--dataset", "shapes", "--model", "lenet", "--recipe", "notebook", "--epochs", str(EPOCHS)]
    given = command_line(checkout, home, "runs", "submit", *options, "--owner", f"training {number}", "--json")
    run = str(json.loads(given)["id"])
    deadline = time.monotonic() + TRAINING_PATIENCE
    while time.monotonic() < deadline:
        if json.loads(command_line(checkout, home, "runs", "show", run, "--json")).get("step"):
            return run
        time.sleep(1.0)
    raise RuntimeError(f"the training {run} has made no step in {TRAINING_PATIENCE:.0f} s")


def command_line(checkout: Path, home: Path, *arguments: str) -> str:
    """Return what the lab's own command line in ``checkout`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=checkout,
        env=os.environ | {"CNN_LAB_HOME": str(home), "CNN_LAB_SLOTS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
