"""Browsers that click without a pause: how many answers a second one web server gives, and what each costs it."""

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.class_load.notes import Notes
from benchmarks.class_load.photographs import SMALL, Album
from benchmarks.class_load.student import Student
from benchmarks.machine import ROOT, commit
from benchmarks.rows import percentile95
from tests.browser.server import Server

WARM_UP = 12.0  # seconds of the same before it counts: torch, networks and the first pictures come once


@dataclass(frozen=True, kw_only=True)
class Clicks:
    """What one server gave: answers a second, processor milliseconds for each, waits in seconds (95th percentile)."""

    name: str
    commit: str
    answers: int
    a_second: float
    milliseconds: float
    page: float
    slider: float
    errors: dict[str, int]


def hold(
    *, checkout: Path = ROOT, name: str = "ours", browsers: int = 8, seconds: float = 25.0, warm_up: float = WARM_UP
) -> Clicks:
    """Start the lab in ``checkout`` on an empty home, and have ``browsers`` click on it for so many ``seconds``."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home", root=checkout, data=os.environ.get("CNN_LAB_DATA"))
        try:
            server.start()
            process = psutil.Process(server.pid)
            asyncio.run(_all(server.port, Notes(), browsers, warm_up))
            notes, began, before = Notes(), time.monotonic(), _seconds_of(process)
            asyncio.run(_all(server.port, notes, browsers, seconds))
            lasted, used = time.monotonic() - began, _seconds_of(process) - before
        finally:
            server.clear_away()
    pages, sliders = notes.waits["page"], notes.waits["slider"]
    answers = len(pages) + len(sliders)
    return Clicks(
        name=name,
        commit=commit(checkout),
        answers=answers,
        a_second=answers / lasted,
        milliseconds=1000 * used / answers,
        page=percentile95(pages) or 0.0,
        slider=percentile95(sliders) or 0.0,
        errors=dict(notes.errors),
    )


def table(rows: Sequence[Clicks]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| lab | commit | answers | a second | ms of the server for each | page p95 | slider p95 | errors |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.commit} | {row.answers:,} | {row.a_second:.1f} | {row.milliseconds:.0f} |"
        f" {row.page:.2f} s | {row.slider:.2f} s | {sum(row.errors.values())} |"
        for row in rows
    ]
    return "\n".join(lines)


async def _all(port: int, notes: Notes, browsers: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    album = Album(size=SMALL, count=1)  # nobody asks about a photo
    await asyncio.gather(*(_one(Student(port, notes, album, seed=number), until) for number in range(browsers)))


async def _one(student: Student, until: float) -> None:
    await student.arrive()
    while time.monotonic() < until:
        await student.another_page()
        await student.move_a_slider()
    await student.leave()


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
