"""Where a figure comes from: the machine, its load, the versions, and the code that was measured."""

import hashlib
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import torch

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("torch", "torchvision", "numpy", "pillow")
NOT_TRAINING = ("explain", "runs", "__main__.py")  # parts of core that no training goes through


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What computed: ``cpu`` as the processor calls itself, ``ram_gib`` in GiB, ``threads`` those of torch.

    ``bf16`` says whether the processor has bfloat16 instructions (None: it does not say), ``device`` is torch's.
    """

    cpu: str
    cores: int
    ram_gib: float
    threads: int
    bf16: bool | None
    device: str
    system: str

    @property
    def name(self) -> str:
        """The machine in a few words."""
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        accelerator = "no GPU" if self.device == "cpu" else self.device
        return f"{self.cpu}, {cores}, {self.ram_gib:.0f} GiB, {accelerator}, {threads}"

    def to_fields(self) -> dict[str, Any]:
        """Return what a result file holds of it."""
        return asdict(self) | {"name": self.name}


def this_machine() -> Machine:
    """Return a description of the machine that this runs on."""
    flags = _cpu_information("flags")
    return Machine(
        cpu=_cpu_information("model name") or platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        ram_gib=round(psutil.virtual_memory().total / 2**30, 1),
        threads=torch.get_num_threads(),
        bf16="avx512_bf16" in flags.split() if flags else None,
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        system=f"{platform.system()} {platform.machine()}",
    )


def _cpu_information(field: str) -> str:
    """Linux tells it in a file; elsewhere the answer is empty."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        name, _colon, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""


def load() -> list[float]:
    """Return the load averages over 1, 5 and 15 minutes: how many processes wanted to compute."""
    return [round(value, 2) for value in psutil.getloadavg()]


def versions(*more: str) -> dict[str, str]:
    """Return Python's version and those of the packages that decide speed, and of ``more`` packages."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in (*PACKAGES, *more)}


def now() -> str:
    """Return the present time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit(root: Path = ROOT) -> str:
    """Return the commit that is checked out, with a plus sign where files differ from it; empty without git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD", root=root)
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no", root=root) else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str, root: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def training_code() -> str:
    """Return a fingerprint of the code that a training goes through: changes elsewhere leave measured runs valid."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "core").rglob("*.py")):
        name = path.relative_to(ROOT / "core")
        if name.parts[0] not in NOT_TRAINING:
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
