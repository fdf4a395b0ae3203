"""The lab's own code, so that no machine of a cluster trains with another one's: it travels with each training."""

import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from core.config import TrainingConfig
from core.home import checkpoints_folder

ROOT = Path(__file__).resolve().parents[3]
DISTRIBUTIONS = ("torch", "torchvision", "numpy", "pillow", "safetensors")  # whose versions decide what comes out
_LAB_BACKBONE = "cifar10-resnet18"  # core.checkpoints.weight_sources, which brings torch along
_AT = (2026, 1, 1, 0, 0, 0)  # of every file: equal code is an equal zip


def packed_code(checkpoints: Sequence[str] = (), more: Mapping[str, Path] = MappingProxyType({})) -> tuple[str, bytes]:
    """Return the lab's code as a zip, and the zip's hash, with some of the checkpoints that ship with it and ``more``
    files by the names that they have there."""
    paths = sorted((ROOT / "core").rglob("*.py"))
    for name in checkpoints:
        paths += sorted(path for path in (checkpoints_folder() / name).glob("[!.]*") if path.is_file())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, path in {**{path.relative_to(ROOT).as_posix(): path for path in paths}, **more}.items():
            archive.writestr(zipfile.ZipInfo(name, _AT), path.read_bytes())
    data = written.getvalue()
    return hashlib.sha256(data).hexdigest()[:16], data


def checkpoints_for(config: TrainingConfig) -> tuple[str, ...]:
    """Return the shipped checkpoints that a training begins with."""
    names = []
    if config.model_arguments.get("weights") == "lab":
        names.append(_LAB_BACKBONE)
    begins_from = config.begins_from.partition("@")[0]
    if begins_from and (checkpoints_folder() / begins_from).is_dir():
        names.append(begins_from)
    return tuple(names)


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide what comes out of a training."""
    return {name: importlib.metadata.version(name).partition("+")[0] for name in DISTRIBUTIONS}
