"""How kernels and maps change over a training: a small picture book that the worker writes, a page an epoch.

A page holds, for three convolutions (the first learned one, a middle one, the last), the first filters' kernels and
their maps of two validation images, in 8 bits. A training has at most `MOST_PAGES`: of long ones every second, fourth
… epoch stays. What is written can be lost without harm: a training never fails for it.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.disk import LOW_DISK, free_space
from core.explain.inside.layers import Layer, device_of, map_layers
from core.explain.inside.stages import first_to_show, stages
from core.models.architecture.watched_twin import watched_twin
from core.models.input_format import InputFormat, normalise, to_batch
from core.whole_files import read_file, write_file

FOLDER = "time-lapse"  # in the folder of a training
FILTERS = 9
SIDE = 24  # pixels: larger maps are averaged down to it
PROBES = 2
MOST_PAGES = 32
LARGEST = 2**20  # bytes of a page: three layers of nine filters take some 30 KB
_PAGE = re.compile(r"epoch-(\d{4})\.npz")


@dataclass(frozen=True, kw_only=True)
class Filmed:
    """One layer after one epoch: ``kernels`` float32 (9, kH, kW), the mean over input channels where there are more
    than one, and ``maps`` float32 (2, 9, h, w), one for each probe image."""

    kernels: npt.NDArray[np.float32]
    maps: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class TimeLapse:
    """What was kept of a training: ``pages`` by epoch (0: before the first step) and layer, and the probe images.

    ``probes`` is uint8 (2, C, S, S).
    """

    layers: tuple[str, ...]
    probes: npt.NDArray[np.uint8]
    pages: dict[int, dict[str, Filmed]]


def filmed_layers(model: nn.Module, format: InputFormat) -> tuple[Layer, ...]:
    """Return the convolutions that are filmed: the first that is learned, one in the middle, the last.

    None of a network without convolutions, or whose convolutions are all frozen: they do not change.
    """
    if not any(isinstance(module, nn.Conv2d) and module.weight.requires_grad for module in model.modules()):
        return ()
    found = stages(map_layers(model, channels=format.channels, image_size=format.size))
    learned = [stage for stage in found[first_to_show(found) :] if _convolution(stage.parts.values())]
    if not learned:
        return ()
    chosen = dict.fromkeys((0, len(learned) // 2, len(learned) - 1))
    return tuple(next(iter(learned[place].parts.values())) for place in chosen)


def _convolution(parts: Any) -> bool:
    first = next(iter(parts))
    return bool(first.has_kernels and not first.frozen)


class Camera:
    """Writes a page after each epoch into ``folder``; ``images`` uint8 (2, C, S, S) are what the maps are of."""

    def __init__(self, folder: Path, model: nn.Module, format: InputFormat, images: npt.NDArray[np.uint8]) -> None:
        self.folder, self.format, self.images = folder / FOLDER, format, images
        self.layers = filmed_layers(model, format) if len(images) else ()

    def take(self, model: nn.Module, epoch: int) -> None:
        """Keep kernels and maps as they are after ``epoch`` epochs, where that epoch has a page and the disk room.

        The model, its mode and every random generator stay as they are. Raises OSError where the disk refuses.
        """
        step = step_of(max([epoch, *pages_in(self.folder)], default=epoch))
        if not self.layers or epoch % step:
            return
        arrays = self._arrays(model)
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        data = file.getvalue()
        self.folder.mkdir(parents=True, exist_ok=True)
        if len(data) > LARGEST or free_space(self.folder) - len(data) < LOW_DISK:
            return
        write_file(self.folder / f"epoch-{epoch:04d}.npz", data)
        for old in pages_in(self.folder):
            if old % step:
                (self.folder / f"epoch-{old:04d}.npz").unlink(missing_ok=True)

    def _arrays(self, model: nn.Module) -> dict[str, Any]:
        names = {layer.name for layer in self.layers}
        arrays: dict[str, Any] = {"probes": self.images, "layers": np.array([layer.name for layer in self.layers])}

        def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
            if name in names and isinstance(module, nn.Conv2d):
                maps = after[:, :FILTERS].float()
                if max(maps.shape[2:]) > SIDE:
                    maps = F.adaptive_avg_pool2d(maps, SIDE)
                kernels = module.weight[:FILTERS].detach().float().mean(1)
                arrays.update(_packed(f"maps/{name}", maps) | _packed(f"kernels/{name}", kernels))

        batch = normalise(to_batch(self.images, self.format), self.format)
        with torch.no_grad():
            watched_twin(model, witness)(batch.to(device_of(model)))
        return arrays


def step_of(epochs: int) -> int:
    """Return which epochs have a page in a training that has come so far: each, or every second, fourth …"""
    step = 1
    while epochs // step >= MOST_PAGES:
        step *= 2
    return step


def pages_in(folder: Path) -> list[int]:
    """Return the epochs of which a page is there, in order."""
    found = (_PAGE.fullmatch(path.name) for path in folder.glob("epoch-*.npz"))
    return sorted(int(name[1]) for name in found if name)


def probe_images(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], among: Sequence[int]) -> Any:
    """Return two images of different classes among some, uint8 (2, C, S, S): always the same ones."""
    first = next(iter(among), None)
    if first is None:
        return images[:0]
    other = next((index for index in among if labels[index] != labels[first]), first)
    return np.ascontiguousarray(images[[int(first), int(other)]])


def read_time_lapse(folder: Path) -> TimeLapse | None:
    """Return what was kept in the folder of a training; None where nothing was, or none of it can be read."""
    pages: dict[int, dict[str, Filmed]] = {}
    layers: tuple[str, ...] = ()
    probes: npt.NDArray[np.uint8] | None = None
    for epoch in pages_in(folder / FOLDER)[: 2 * MOST_PAGES]:
        try:
            data = read_file(folder / FOLDER / f"epoch-{epoch:04d}.npz", at_most=LARGEST)
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                layers = tuple(str(name) for name in arrays["layers"])
                probes = arrays["probes"]
                pages[epoch] = {
                    name: Filmed(kernels=_unpacked(f"kernels/{name}", arrays), maps=_unpacked(f"maps/{name}", arrays))
                    for name in layers
                }
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            continue  # the others are shown
    return TimeLapse(layers=layers, probes=probes, pages=pages) if pages and probes is not None else None


def _packed(name: str, values: Tensor) -> dict[str, Any]:
    array = values.detach().cpu().numpy()
    limit = float(np.abs(array).max()) or 1.0
    if not np.isfinite(limit):
        array, limit = np.zeros_like(array), 1.0
    return {name: np.rint(array / limit * 127).astype(np.int8), f"{name}/limit": np.float32(limit)}


def _unpacked(name: str, arrays: Any) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = arrays[name].astype(np.float32) / 127 * float(arrays[f"{name}/limit"])
    return values
