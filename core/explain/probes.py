"""Probe photos: what a training answers to a handful of pictures after each epoch, and whether a layer has died.

The pictures are some of the lab's own, of the validation split, and those that people have laid beside the run. What is
kept of an epoch is a small file of its own in the run's folder, of at most `MOST_PAGES` epochs.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor, nn

from core.explain.filters.time_lapse import step_of
from core.explain.inside.layers import device_of
from core.models.architecture.watched_twin import watched_twin
from core.models.input_format import InputFormat, normalise, to_batch
from core.models.received import receive
from core.photos.ink_frame import InkFrame
from core.photos.kept import pack, unpack
from core.strict_json import NotStrictJsonError, read_object, typed
from core.whole_files import read_file, write_file

FOLDER = "probes"  # in the folder of a training
LABS_OWN = 4  # pictures of the validation split, each of a class of its own
MOST_BROUGHT = 4  # pictures that people have laid beside one run
MOST_BYTES = 2**20  # of such a picture
SIDE = 224  # pixels on the longer side of a picture as it is kept

_SCHEMA = 1
_PAGE = re.compile(r"epoch-(\d{4})\.json")
_PHOTO = re.compile(r"photo-([0-9a-f]{16})\.webp")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The likeliest class, by its place, and its probability in [0, 1]."""

    place: int
    probability: float


@dataclass(frozen=True, kw_only=True)
class Page:
    """One epoch (0: before the first step): an answer for each picture by its name, and the first layer that answers
    zero to all of them ("" where none does)."""

    schema: int = _SCHEMA
    epoch: int
    answers: Mapping[str, Answer]
    dead: str = ""


def lab_pictures(labels: npt.NDArray[np.int64], among: Sequence[int]) -> list[int]:
    """Return the places of up to `LABS_OWN` pictures of different classes among some: always the same ones."""
    found: dict[int, int] = {}
    for place in among:
        found.setdefault(int(labels[place]), int(place))
        if len(found) == LABS_OWN:
            break
    return list(found.values())


def bring(folder: Path, image: Image.Image) -> bool:
    """Lay a picture, RGB, beside the training in ``folder``, to be asked about from its next epoch on.

    Returns whether there was room for it. Raises OSError where the disk refuses.
    """
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    data = pack(small)
    name = f"photo-{hashlib.sha256(data).hexdigest()[:16]}.webp"
    there = [path.name for path in brought(folder)]
    if name not in there and len(there) >= MOST_BROUGHT:
        return False
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_file(folder / FOLDER / name, data)
    return True


def brought(folder: Path) -> list[Path]:
    """Return the files of the pictures that were laid beside a training, in the order in which they came."""
    files = [path for path in (folder / FOLDER).glob("photo-*.webp") if _PHOTO.fullmatch(path.name)]
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name))[:MOST_BROUGHT]


def picture_of(path: Path) -> Image.Image | None:
    """Return a picture that was laid beside a training, RGB; None where it cannot be read."""
    try:
        return unpack(read_file(path, at_most=MOST_BYTES))
    except (OSError, UnidentifiedImageError, ValueError):
        return None


class Prober:
    """Asks a network in training. ``images`` uint8 (N, C, S, S) are the lab's own, named by their places in the data
    set; ``frame`` says how photos of handwriting are made for it."""

    def __init__(
        self,
        folder: Path,
        format: InputFormat,
        images: Mapping[int, npt.NDArray[np.uint8]],
        frame: InkFrame | None = None,
    ) -> None:
        self.folder, self.format, self.frame = folder, format, frame
        self._own = {str(place): image for place, image in images.items()}

    def take(self, model: nn.Module, epoch: int) -> None:
        """Keep what the network answers after ``epoch`` epochs, where that epoch has a page.

        The model, its mode and every random generator stay as they are. Raises OSError where the disk refuses.
        """
        step = step_of(max([epoch, *pages_in(self.folder)], default=epoch))
        given = self._given()
        if epoch % step or not given:
            return
        page = ask(model, given, self.format, epoch=epoch)
        (self.folder / FOLDER).mkdir(parents=True, exist_ok=True)
        write_file(self.folder / FOLDER / f"epoch-{epoch:04d}.json", json.dumps(asdict(page)).encode())
        for old in pages_in(self.folder):
            if old % step:
                (self.folder / FOLDER / f"epoch-{old:04d}.json").unlink(missing_ok=True)

    def _given(self) -> dict[str, Tensor]:
        """Every picture as the network gets it, float32 (1, C, S, S), by its name."""
        pictures = {name: to_batch(image[None].copy(), self.format) for name, image in self._own.items()}  # read-only
        given = {name: normalise(batch, self.format) for name, batch in pictures.items()}
        for path in brought(self.folder):
            if (image := picture_of(path)) is not None:
                given[path.stem] = receive(image, self.format, self.frame).batch
        return given


def ask(model: nn.Module, given: Mapping[str, Tensor], format: InputFormat, *, epoch: int) -> Page:
    """Return what ``model`` answers to normalised pictures, float32 (1, C, S, S) each, in evaluation mode."""
    entering: list[tuple[str, bool]] = []  # layers with weights in order, and whether nothing but zeros enters

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            entering.append((name, not bool(before.any())))

    with torch.no_grad():
        logits = watched_twin(model, witness)(torch.cat(list(given.values())).to(device_of(model)))
    probabilities, places = logits.float().softmax(1).nan_to_num(0.0).max(1)
    answers = zip(places.tolist(), probabilities.tolist(), strict=True)
    dead = next((entering[at - 1][0] for at in range(1, len(entering)) if entering[at][1]), "")
    return Page(
        epoch=epoch,
        answers={
            name: Answer(place=place, probability=round(probability, 4))
            for name, (place, probability) in zip(given, answers, strict=True)
        },
        dead=dead,
    )


def pages_in(folder: Path) -> list[int]:
    """Return the epochs of which a page is there, in order."""
    found = (_PAGE.fullmatch(path.name) for path in (folder / FOLDER).glob("epoch-*.json"))
    return sorted(int(name[1]) for name in found if name)


def read_pages(folder: Path) -> list[Page]:
    """Return what was kept of a training, in order; a page that cannot be read is passed over."""
    found = []
    for epoch in pages_in(folder):
        with suppress(OSError, NotStrictJsonError):
            page = typed(Page, read_object(folder / FOLDER / f"epoch-{epoch:04d}.json"))
            if page.schema == _SCHEMA:
                found.append(page)
    return found
