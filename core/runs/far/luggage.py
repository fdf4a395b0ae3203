"""What a training needs on a machine that shares no disk with the lab: what it has saved, its pixels, its weights.

What every training there may need again, the pixels of published data sets and ImageNet's weights, is lent under a key
and sent once. Own pictures go with their training, and leave with it.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.config import TrainingConfig
from core.data.own.records import PREFIX
from core.errors import RunError
from core.home import checkpoints_folder, home
from core.runs import folders

MOST_SENT = 2 * 2**30  # bytes of one data set
PIXELS = "pixels"  # the folder of own pictures, decoded, in the home of a training
TORCH = "torch"  # the folder that torch looks for weights in
_WEIGHTS = "resnet18-*.pth"  # as torch keeps ImageNet's

Tell = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file to be sent, and ``where``, below the training's home, or below the folder of what is lent."""

    where: str
    source: Path


@dataclass(frozen=True, kw_only=True)
class Luggage:
    """``own`` belongs to the training; ``lent``, by key, stays for those that follow.

    ``fingerprint`` is that of the images, '' where this machine does not know it; ``pixels`` and ``weights`` are keys
    of what is lent, or '' where nothing is.
    """

    own: Sequence[Piece]
    lent: dict[str, Sequence[Piece]]
    fingerprint: str = ""
    pixels: str = ""
    weights: str = ""


@contextmanager
def packed(lab: Path, run_id: str, config: TrainingConfig, tell: Tell) -> Iterator[Luggage]:
    """Lend what a run needs elsewhere; its images are decoded here first where only this machine has them.

    ``tell`` is told of what takes long, and may raise to leave. Raises LabError where something cannot be had.
    """
    with tempfile.TemporaryDirectory() as scratch:
        own = [*_saved(folders.run_folder(lab, run_id), f"runs/{run_id}"), *_beginning(config)]
        lent: dict[str, Sequence[Piece]] = {}
        fingerprint, key = "", ""
        copy = _prepared(config, tell)
        if copy is not None:
            from core.data.prepared import fingerprint_of

            fingerprint = fingerprint_of(copy)
            size = folders.size_of(copy)
            if config.dataset.startswith(PREFIX):
                own += [*_files(copy, PIXELS), _own_set(config.dataset, Path(scratch))]
                _check_size(config, size)
            elif size <= MOST_SENT and not _is_built_in(config):
                key = f"pixels-{config.dataset}-{config.image_size}-{fingerprint}"
                lent[key] = list(_files(copy, ""))
        weights = _imagenet(config)
        if weights is not None:
            lent[weights.stem] = [Piece(where=weights.name, source=weights)]
        yield Luggage(
            own=own, lent=lent, fingerprint=fingerprint, pixels=key, weights=weights.stem if weights is not None else ""
        )


def _files(folder: Path, where: str) -> Iterator[Piece]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in inside.parts):
            yield Piece(where=str(Path(where, inside).as_posix()), source=path)


def _saved(folder: Path, where: str) -> Iterator[Piece]:
    """The states, networks and pages of a run, and no log."""
    for each in sorted(folder.glob("[!.]*")):
        if each.is_dir():
            yield from _files(each, f"{where}/{each.name}")


def _beginning(config: TrainingConfig) -> Iterator[Piece]:
    """The network of another run that this one goes on from; what ships with the lab goes with its code."""
    reference = config.begins_from.partition("@")[0]
    if not reference or (checkpoints_folder() / reference).is_dir():
        return
    from core.checkpoints.trained import training_folder  # brings torch along

    for folder, where in ((home() / "runs" / reference, "runs"), (training_folder(reference), "trained")):
        if folder is not None and folder.is_dir():
            for each in [*folder.glob("best-*"), *folder.glob("final")]:
                yield from _files(each, f"{where}/{reference}/{each.name}")
            return


def _is_built_in(config: TrainingConfig) -> bool:
    from core.data import datasets

    return datasets[config.dataset].hub_id is None and not config.dataset.startswith(PREFIX)


def _prepared(config: TrainingConfig, tell: Tell) -> Path | None:
    """The decoded images of this machine, made where only it has them; None where the other one makes its own."""
    from core.data import availability, datasets, load
    from core.data.prepared import prepared_copy

    spec = datasets[config.dataset]
    found = availability(config.dataset, config.image_size)
    if found == "folder" or config.dataset.startswith(PREFIX):
        load(config.dataset, size=config.image_size, progress=tell)
    return prepared_copy(spec, config.image_size)


def _own_set(dataset: str, scratch: Path) -> Piece:
    from core.data.own import open_own_sets
    from core.data.own.store.tables import FILE_NAME
    from core.data.own.ways_out.one_version import write_version

    set_id, _, version = dataset.removeprefix(PREFIX).partition("@")
    write_version(open_own_sets(), set_id, version, scratch / FILE_NAME)
    return Piece(where=FILE_NAME, source=scratch / FILE_NAME)


def _check_size(config: TrainingConfig, size: int) -> None:
    if size > MOST_SENT:
        raise RunError(
            f"The pictures of this set take {size / 2**30:,.1f} GB decoded to {config.image_size} pixels, and "
            f"{MOST_SENT / 2**30:,.0f} GB may be sent to another machine; choose smaller images."
        )


def _imagenet(config: TrainingConfig) -> Path | None:
    """The file of ImageNet's weights for ResNet-18, where the training needs it and torch has kept it here."""
    if config.model != "resnet18" or config.model_arguments.get("weights", "imagenet") != "imagenet":
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = Path(os.environ.get("TORCH_HOME") or cache / TORCH) / "hub" / "checkpoints"
    return next(iter(sorted(kept.glob(_WEIGHTS))), None)
