"""CUDA, MPS or CPU: which one is there, and what to call it."""

import platform
from contextlib import suppress
from pathlib import Path

import torch

from core.errors import ConfigError
from core.names import counted


def best_device(requested: str = "auto") -> torch.device:
    """Return the requested device, or for ``auto`` the first there is of CUDA, MPS and the CPU.

    Raises ConfigError where a device is asked for that this machine does not have.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if requested == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if not available.get(requested, False):
        raise ConfigError(f"This machine has no {requested.upper()} device; choose auto or cpu.")
    return torch.device(requested)


def describe_device(device: torch.device) -> str:
    """Return a name for people: ``CPU, 2 threads`` or ``CUDA: NVIDIA H200``."""
    if device.type == "cuda":
        return f"CUDA: {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return f"MPS: {platform.machine()}"
    threads = torch.get_num_threads()
    return f"CPU, {counted(threads, 'thread')}"


def processor() -> str:
    """Return the name of this machine's processor as far as it can be had, or else its kind: ``x86_64``."""
    with suppress(OSError):  # Linux, where `platform.processor` is often empty
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def compute_on_one_thread() -> None:
    """Keep torch to one thread in this process: right for a server of many small answers, wrong for a training."""
    torch.set_num_threads(1)
