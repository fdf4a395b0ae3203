"""A class with phones: each sends photos to one set over HTTP and the websocket, while the server is killed or not.

A photo is acknowledged when the page says that it is kept. One that was not is sent again, to the next server.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from websockets.exceptions import ConnectionClosed

from benchmarks.class_load.lesson import Tell
from benchmarks.class_load.memory import MemoryLog
from benchmarks.class_load.notes import Notes
from benchmarks.class_load.photographs import PHONE, Album
from benchmarks.class_load.tab import Tab
from benchmarks.rows import percentile95
from core.data.own import Joining, OwnPictures, OwnSets
from core.rights import Person
from tests.browser.server import Server

TEACHER = Person(owner="benchmark")
CLASSES = ("mug", "shoe")
KEPT, THERE = "1 picture kept.", "already; it was not added again"
AGAIN = (0.5, 1.5)  # seconds after which a phone tries a server that is gone once more
SETTLE = 20.0  # seconds that a server gets to import what it needs before the class comes
DRAWN = 10  # photographs that all others are variants of


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How it goes: ``seconds`` in which each phone sends its ``pictures``, ``photo`` in pixels, ``kills`` of the
    server meanwhile."""

    phones: int = 30
    pictures: int = 10
    kills: int = 0
    seconds: float = 120.0
    photo: tuple[int, int] = PHONE
    settle: float = SETTLE
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of it: how many photos were acknowledged, how many of those are ``lost``, how many are there twice,
    how often one was sent again.

    ``waits`` are seconds from sending a photo to its acknowledgement, by the server that gave it; ``highest_mb`` is the
    most memory of any server, ``errors`` what pages said that they never should.
    """

    plan: Plan
    acknowledged: int
    lost: int
    twice: int
    again: int
    waits: tuple[float, ...]
    highest_mb: float
    errors: dict[str, int]


def hold(plan: Plan, *, tell: Tell = lambda _text: None) -> Sent:
    """Let a class send its photos to a server on an empty home, and look what has arrived."""
    album = Album(size=plan.photo, count=min(DRAWN, plan.phones))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        server = Server(home, data=os.environ.get("CNN_LAB_DATA"))
        try:
            with closing(OwnSets(home)) as sets:
                own = sets.create("On our desks", by=TEACHER, classes=CLASSES)
                code = Joining(sets).open(own.id, by=TEACHER)
            school = _School(plan, server, code, own.id, album)
            asyncio.run(school.lesson(tell))
        finally:
            server.clear_away()
        with closing(OwnSets(home)) as sets:
            pictures = OwnPictures(sets)
            there = Counter(each.file_name for each in pictures.list(own.id) if pictures.read(own.id, each.id))
    return Sent(
        plan=plan,
        acknowledged=len(school.kept),
        lost=len(school.kept - there.keys()),
        twice=sum(count > 1 for count in there.values()),
        again=school.again,
        waits=tuple(school.waits),
        highest_mb=max(school.memory),
        errors=dict(school.errors),
    )


class _School:
    """The phones, the teacher's wall, and the server that they all speak to."""

    def __init__(self, plan: Plan, server: Server, code: str, set_id: str, album: Album) -> None:
        self.plan, self.server, self.code, self.set_id = plan, server, code, set_id
        self.album = album
        self.kept: set[str] = set()
        self.waits: list[float] = []
        self.memory: list[float] = []
        self.errors: Counter[str] = Counter()
        self.again = 0
        self._random = Random(plan.seed)

    async def lesson(self, tell: Tell) -> None:
        """Have all phones send all their photos, and kill the server at moments that nobody chose."""
        with ExitStack() as looking:
            memory = self._start(looking)
            memory.settle(at_least=self.plan.settle)
            wall = asyncio.create_task(self._wall())
            phones = [asyncio.create_task(self._phone(number)) for number in range(self.plan.phones)]
            share = len(phones) * self.plan.pictures / (self.plan.kills + 1)
            for kill in range(self.plan.kills):
                while len(self.kept) < share * (kill + self._random.uniform(0.5, 1)) and not all(
                    phone.done() for phone in phones
                ):
                    await asyncio.sleep(0.05)
                tell(f"kill {kill + 1} of {self.plan.kills}, {len(self.kept)} photos kept …")
                self.memory.append(memory.highest())
                self.server.kill()
                looking.close()
                memory = await asyncio.to_thread(self._start, looking)
            await asyncio.gather(*phones)
            wall.cancel()
            await asyncio.gather(wall, return_exceptions=True)  # it closes its tab
            self.memory.append(memory.highest())

    def _start(self, looking: ExitStack) -> MemoryLog:
        self.server.start()
        return looking.enter_context(MemoryLog(self.server.pid))

    async def _wall(self) -> None:
        """The teacher's screen, which follows."""
        while True:
            tab = Tab(self.server.port, Notes())
            try:
                await tab.open("pictures", f"?set={self.set_id}")
                while tab.alive:
                    await asyncio.sleep(1)
            except (OSError, TimeoutError, ConnectionClosed):
                await asyncio.sleep(1)
            finally:
                await tab.close()

    async def _phone(self, number: int) -> None:
        random = Random(1000 * self.plan.seed + number)
        pause = self.plan.seconds / self.plan.pictures
        await asyncio.sleep(random.uniform(0, pause))
        phone = _Phone(self, CLASSES[number % len(CLASSES)])
        for _photo in range(self.plan.pictures):
            name, data = self.album.another()
            due = time.monotonic() + random.uniform(0.5, 1.2) * pause
            while name not in self.kept:
                try:
                    self.waits.append(await phone.send(name, data))
                    self.kept.add(name)
                except (OSError, TimeoutError, ConnectionClosed):
                    self.again += 1
                    await phone.leave()
                    await asyncio.sleep(random.uniform(*AGAIN))
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await phone.leave()


class _Phone:
    """A phone on the page of the set, for one class."""

    def __init__(self, school: _School, shows: str) -> None:
        self._school, self._shows = school, shows
        self._tab: Tab | None = None

    async def send(self, name: str, data: bytes) -> float:
        """Send one photo, and return the seconds until the page says that it is kept; raises OSError where it does
        not."""
        tab = self._tab or await self._open()
        uploader = next(iter(tab.shown.all("file_uploader")), None)
        if uploader is None:
            raise ConnectionError("the page offers no upload")
        started = time.perf_counter()
        await tab.upload(uploader.element.file_uploader, {name: data}, fragment=uploader.fragment)
        waited = time.perf_counter() - started
        now = next(iter(tab.shown.all("file_uploader")), None)
        fresh = now is not None and now.element.file_uploader.id != uploader.element.file_uploader.id
        if not tab.alive or not fresh or not (tab.shown.says(KEPT) or tab.shown.says(THERE)):
            raise ConnectionError("it was not acknowledged")
        return waited

    async def leave(self) -> None:
        """Close the tab."""
        if self._tab is not None:
            tab, self._tab = self._tab, None
            self._school.errors.update(what for what in tab.notes.errors if what.startswith("on the page"))
            await tab.close()

    async def _open(self) -> Tab:
        tab = Tab(self._school.server.port, Notes())
        self._tab = tab
        await tab.open("join", f"?code={self._school.code}")
        group = next(iter(tab.shown.all("button_group")), None)
        if group is None:
            raise ConnectionError("the page does not ask for the class")
        box = group.element.button_group
        words = [f"{option.content_icon} {option.content}".strip() for option in box.options]
        (choice,) = [each for each in words if self._shows in each]
        await tab.set(box, [choice], fragment=group.fragment)
        return tab


def table(results: Sequence[Sent]) -> str:
    """Return what was sent as rows of Markdown, with the promises."""
    lines = [
        "| phones | photos acknowledged | of those lost | there twice | sent again | acknowledged in, p95 | memory |",
        "|---|---|---|---|---|---|---|",
        "| *promised* | | 0 | 0 | | ≤ 1.5 s | < 1,500 MB |",
    ]
    for each in results:
        what = f"the server killed {each.plan.kills} times" if each.plan.kills else "undisturbed"
        cells = (
            f"{each.plan.phones}, {each.plan.pictures} photos each, {what}",
            f"{each.acknowledged:,}",
            f"{each.lost}",
            f"{each.twice}",
            f"{each.again}",
            f"{percentile95(each.waits) or 0:.2f} s, at most {max(each.waits, default=0):.2f} s",
            f"{each.highest_mb:,.0f} MB",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
