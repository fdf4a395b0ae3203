"""Whether anybody is shown another's photo: many tabs at once, each with a photo in a colour of its own."""

import asyncio
import colorsys
import io
import re
import tempfile
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from benchmarks.class_load.http import request
from benchmarks.class_load.notes import Notes
from benchmarks.class_load.shown import Placed
from benchmarks.class_load.student import upload_of_one
from benchmarks.class_load.tab import Tab
from tests.browser.server import Server

PAGES = ("", "convolution", "feature-maps", "augmentation", "classify")  # those that show the photo
_ALIKE = 12  # of 255: how far a colour may move while a photo is made smaller
_OF_THE_PHOTO = re.compile(r"(?!Sample).*photo", re.IGNORECASE)  # the names of pictures that are of the photo
_NAME = re.compile(r"stranger(\d\d)")


async def meet(port: int, *, tabs: int, pages: tuple[str, ...] = PAGES, seed: int = 0) -> tuple[list[str], int]:
    """Open ``tabs``, give each its photo, and walk all of them over ``pages`` at once, each in an order of its own.

    Returns a sentence for all that is not a tab's own, and how many pictures were looked at.
    """
    notes = Notes()
    all_of_them = [_Stranger(port, notes, number, tabs) for number in range(tabs)]
    try:
        await asyncio.gather(*(one.arrive() for one in all_of_them))
        await asyncio.gather(*(one.walk(pages, Random(seed + one.number)) for one in all_of_them))
    finally:
        await asyncio.gather(*(one.tab.close() for one in all_of_them))
    complaints = [*notes.errors, *(sentence for one in all_of_them for sentence in one.complaints)]
    return complaints, sum(one.looked_at for one in all_of_them)


def meet_on_a_new_server(*, tabs: int) -> tuple[list[str], int]:
    """Have them `meet` on a server of their own, and return what `meet` does."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home")
        try:
            server.start()
            return asyncio.run(meet(server.port, tabs=tabs))
        finally:
            server.clear_away()


class _Stranger:
    """One of them: its tab, its colour, and what it was shown that is not its own."""

    def __init__(self, port: int, notes: Notes, number: int, of: int) -> None:
        self.tab, self.number, self.port = Tab(port, notes), number, port
        self.colour = np.array(colorsys.hsv_to_rgb(number / of, 1.0, 0.8)) * 255
        self.complaints: list[str] = []
        self.looked_at = 0

    async def arrive(self) -> None:
        """Open a page and send the photo."""
        await self.tab.open("classify")
        uploader = await upload_of_one(self.tab)
        if uploader is None:
            self.complaints.append("Classify offers no upload of one photo")
            return
        file = io.BytesIO()
        Image.new("RGB", (320, 240), tuple(int(value) for value in self.colour)).save(file, "PNG")
        files = {f"stranger{self.number:02}.png": file.getvalue()}
        await self.tab.upload(uploader.element.file_uploader, files, fragment=uploader.fragment)
        await self._look("classify")

    async def walk(self, pages: tuple[str, ...], random: Random) -> None:
        """Go to every page, and look at what it shows."""
        for page in random.sample(pages, len(pages)):
            await self.tab.go_to(page)
            await self._look(page)

    async def _look(self, page: str) -> None:
        names = {int(name) for text in self.tab.shown.texts() for name in _NAME.findall(text.replace("\\", ""))}
        if names != {self.number}:
            self.complaints.append(f"/{page}: the photos of {sorted(names)} are named to {self.number}")
        for placed in self.tab.shown.all("imgs"):
            await self._look_at(page, placed)

    async def _look_at(self, page: str, placed: Placed) -> None:
        for picture in placed.element.imgs.imgs:
            if not _OF_THE_PHOTO.match(picture.alt) or not picture.url.startswith("/"):
                continue
            answer = await request(self.port, "GET", urlsplit(picture.url).path)
            if answer.status != 200:
                self.complaints.append(f"/{page}: {picture.alt}: {answer.status}")
                continue
            with Image.open(io.BytesIO(answer.body)) as opened:
                middle = np.median(np.asarray(opened.convert("RGB")), axis=(0, 1))
            if np.ptp(middle) <= _ALIKE:
                continue  # grey: the photo as one channel
            self.looked_at += 1
            if np.abs(middle - self.colour).max() > _ALIKE:
                self.complaints.append(f"/{page}: {picture.alt}: {middle.tolist()} instead of {self.colour.tolist()}")
