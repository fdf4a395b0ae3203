"""What one student of a class does: looks at pages, moves what can be moved, asks about photos, watches a training."""

import asyncio
import base64
import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random

from benchmarks.class_load.notes import Notes
from benchmarks.class_load.photographs import Album
from benchmarks.class_load.shown import Placed, texts_of
from benchmarks.class_load.sliders import json_of, sliders_on
from benchmarks.class_load.tab import Tab

PAGES = ("", "convolution", "feature-maps", "architecture", "augmentation", "training", "compare", "classify")
WITH_SLIDERS = ("convolution", "augmentation", "classify", "feature-maps")
THINK = (2.0, 6.0)  # seconds between two acts
WATCH = (5.0, 15.0)  # seconds with a training's curves
AT_ONCE = 4  # photos that are asked about together
PART = 5 * 2**20  # bytes
UPLOAD = "Upload"  # in the words of the box that chooses where a photo comes from


class Student:
    """One student with one tab at a time; every choice follows from ``seed``."""

    def __init__(self, port: int, notes: Notes, album: Album, *, seed: int, runs: Sequence[str] = ()) -> None:
        self.port, self.notes, self.album, self.runs = port, notes, album, list(runs)
        self._random = Random(seed)
        self._tab = self._new_tab()
        self._at = ""
        self._drawn: dict[str, tuple[float, str]] = {}
        self._awaited: tuple[str, float] | None = None  # the words of an answer, and since when it is waited for
        self._sent: float | None = None  # when a photo went off of which no picture has come yet

    def _new_tab(self) -> Tab:
        return Tab(self.port, self.notes, watch=self._look)

    async def arrive(self) -> None:
        """Open the start page."""
        with self.notes.timed("arrival"):
            await self._tab.open()

    async def leave(self) -> None:
        """Close the tab."""
        await self._tab.close()

    async def work(self, until: float, *, think: tuple[float, float] = THINK) -> None:
        """Act and think in turns until the clock (`time.monotonic`) says so, but every act once in any case."""
        acts: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (30, self.another_page),
            (5, self.a_link),
            (40, self.move_something),
            (8, self.photo_to_answer),
            (4, self.several_photos),
            (8, self.watch_for_a_while),
        ]
        weights = [weight for weight, _act in acts]
        first = self._random.sample(acts, len(acts))
        while first or time.monotonic() < until:
            (_weight, act) = first.pop() if first else self._random.choices(acts, weights)[0]
            await act()
            await asyncio.sleep(min(self._random.uniform(*think), max(0.0, until - time.monotonic())))

    async def another_page(self) -> None:
        """Choose another page in the menu."""
        await self._go(self._random.choice([page for page in PAGES if page != self._at]))

    async def a_link(self) -> None:
        """Follow a link: the same tab, a new connection, a new session; the old one is left behind."""
        await self._tab.close()
        self._tab = self._new_tab()
        self._at = self._random.choice(PAGES)
        with self.notes.timed("link"):
            await self._tab.open(self._at)

    async def move_something(self) -> None:
        """Move a slider of this page a few times, as people do; go to a page that has one first."""
        if self._at not in WITH_SLIDERS:
            await self._go(self._random.choice(WITH_SLIDERS))
        for _time in range(self._random.randint(1, 4)):
            if not await self.move_a_slider():
                await self._choose_another("Layer")
            await asyncio.sleep(self._random.uniform(0.2, 0.8))

    async def move_a_slider(self) -> bool:
        """Move a slider of this page once; returns whether it has any."""
        if sliders := list(sliders_on(self._tab.shown)):
            chosen = self._random.choice(sliders)
            with self.notes.timed("slider"):
                await chosen.move(self._tab, chosen.somewhere(self._random))
        return bool(sliders)

    async def photo_to_answer(self) -> None:
        """Upload one photo for all pages, on Classify, and wait for the network's answer to it."""
        await self._go("classify")
        uploader = await upload_of_one(self._tab)
        if uploader is None:
            self.notes.error("Classify offers no upload of one photo")
            return
        name, data = self.album.next()
        self._awaited = (f"{name}: ", time.perf_counter())
        self._sent = self._awaited[1]
        with self.notes.timed("rest"):
            await self._tab.upload(uploader.element.file_uploader, {name: data}, fragment=uploader.fragment)
        self._sent = None
        if self._awaited is not None:
            self._awaited = None
            self.notes.error("a photo has no answer")

    async def several_photos(self) -> None:
        """Upload some photos at once on Classify and wait for all answers."""
        await self._go("classify")
        send = self._sender()
        if send is None:
            self.notes.error("Classify offers no upload of several photos")
            return
        files = dict(self.album.next() for _photo in range(self._random.randint(2, AT_ONCE)))
        with self.notes.timed("photos"):
            await send(files)
        for name in files:
            if not self._tab.shown.says(f"{name}: "):
                self.notes.error("one of several photos has no answer")

    def _sender(self) -> Callable[[dict[str, bytes]], Awaitable[None]] | None:
        """What sends several photos: the page's own component, or in older checkouts Streamlit's uploader."""
        for placed in self._tab.shown.all("bidi_component"):
            if "accept" in json_of(placed.element.bidi_component):
                return partial(self._in_parts, placed)
        for placed in self._tab.shown.all("file_uploader"):
            if not _single(placed):
                return partial(self._tab.upload, placed.element.file_uploader, fragment=placed.fragment)
        return None

    async def _in_parts(self, sender: Placed, files: dict[str, bytes]) -> None:
        """Send files one after the other in parts, as pages/use/_classify/many/sender.js does."""
        component, first = sender.element.bidi_component, int(1000 * time.time())
        for number, (name, data) in enumerate(files.items(), start=first):
            parts = math.ceil(len(data) / PART)
            for part in range(parts):
                letters = base64.b64encode(data[part * PART : (part + 1) * PART]).decode()
                last = number == first + len(files) - 1 and part == parts - 1
                said = {"number": number, "part": part, "parts": parts, "name": name, "size": len(data), "last": last}
                await self._tab.trigger(component, "part", said | {"letters": letters}, fragment=sender.fragment)

    async def watch_for_a_while(self) -> None:
        """Look at a training's curves."""
        if self.runs:
            await self.watch(self._random.uniform(*WATCH))

    async def watch(self, seconds: float) -> None:
        """Follow one of the trainings by its link; how old its chart gets is noted."""
        await self._tab.close()
        self._tab = self._new_tab()
        self._drawn.clear()
        self._at = "training"
        with self.notes.timed("link"):
            await self._tab.open("training", f"?run={self._random.choice(self.runs)}")
        await asyncio.sleep(seconds)

    async def _go(self, page: str) -> None:
        if page == self._at:
            return
        if page not in self._tab.pages:
            self.notes.error(f"the menu has no page '{page}'")
            return
        self._at = page
        with self.notes.timed("page"):
            await self._tab.go_to(page)

    async def _choose_another(self, label: str) -> None:
        for placed in self._tab.shown.all("selectbox"):
            box = placed.element.selectbox
            if box.label == label and len(box.options) > 1:
                with self.notes.timed("slider"):
                    await self._tab.set(box, self._random.choice(list(box.options)), fragment=placed.fragment)
                return

    def _look(self, placed: Placed) -> None:
        self._answer(placed)
        self._chart(placed)

    def _answer(self, placed: Placed) -> None:
        """Note how long the first picture of a photo and the answer to it were waited for."""
        if self._sent is not None and placed.kind == "imgs":
            self.notes.waits["preview"].append(time.perf_counter() - self._sent)
            self._sent = None
        if self._awaited is not None and any(self._awaited[0] in text for text in texts_of(placed)):
            self.notes.waits["photo"].append(time.perf_counter() - self._awaited[1])
            self._awaited = None

    def _chart(self, placed: Placed) -> None:
        """Note how long a chart of steps had been as it was when its next state came."""
        if placed.kind != "bidi_component" or "line_chart" not in placed.element.bidi_component.component_name:
            return
        data = json_of(placed.element.bidi_component)
        if data.get("x_name") != "step" or not data.get("series"):
            return
        newest, now = json.dumps(data["series"]), time.perf_counter()
        key = placed.element.bidi_component.id
        before = self._drawn.get(key)
        if before is None or before[1] != newest:
            if before is not None:
                self.notes.waits["chart"].append(now - before[0])
            self._drawn[key] = (now, newest)


async def upload_of_one(tab: Tab) -> Placed | None:
    """Have the box for the photo offer an upload, and return it; None where the page has no such box."""
    for placed in tab.shown.all("button_group"):
        group = placed.element.button_group
        words = [f"{option.content_icon} {option.content}".strip() for option in group.options]
        if wanted := [word for word in words if UPLOAD in word]:
            await tab.set(group, wanted, fragment=placed.fragment)
            break
    return next((one for one in tab.shown.all("file_uploader") if _single(one)), None)


def _single(placed: Placed) -> bool:
    return not placed.element.file_uploader.multiple_files
