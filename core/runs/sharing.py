"""Which trainings share a process, taking turns of a fraction of a second, and how much memory they may take together.

What lies in memory between two turns is a network, its optimizer and its last gradients; what a step computes on is
there for one of them at a time. So small ones share, and what is large, or would keep the others waiting for seconds,
has a process of its own. Nothing here imports torch.
"""

from collections.abc import Callable
from pathlib import Path

import psutil

from core.config import TrainingConfig
from core.errors import LabError

TOGETHER = 64  # runs in one process, however small they are
LARGEST_SIDE = 64  # pixels
MOST_PIXELS = 2**20  # of a batch
WITH_BACKBONE = ("efficientnet_lite0", "resnet18")  # one step, or one look at all images, takes seconds to minutes
MOST_WEIGHTS = 100 * 2**20  # bytes of a network that shares: its gradients and momenta are as many again, each
SHARE_OF_MEMORY = 4  # a process takes in more runs until it has a quarter of the machine's memory …
LEAST = 2**30  # … or this many bytes, where that is more
SPARE = 512 * 2**20  # bytes that the machine has to have free for one more


def judge() -> Callable[[TrainingConfig], bool | None]:
    """Return what says whether a training may share a process; None: not before its images have been decoded once.

    It remembers what it has found of each data set: ask for a new one a little later.
    """
    known: dict[tuple[str, int], bool] = {}

    def may_share(config: TrainingConfig) -> bool | None:
        if not is_small(config):
            return False
        key = config.dataset, config.image_size
        if key not in known:
            known[key] = _is_at_hand(*key)
        return known[key] or None

    return may_share


def is_small(config: TrainingConfig) -> bool:
    """Whether a training's batches are small, and its network has no backbone."""
    pixels = config.batch_size * config.image_size**2
    return config.model not in WITH_BACKBONE and config.image_size <= LARGEST_SIDE and pixels <= MOST_PIXELS


def _is_at_hand(dataset: str, size: int) -> bool:
    from core.data import availability  # here, because the package brings NumPy along

    try:
        return availability(dataset, size) in ("prepared", "builtin")
    except (LabError, OSError):
        return False  # its worker says what is wrong with it


def has_room() -> bool:
    """Whether this process may take in one more run."""
    machine = psutil.virtual_memory()
    budget = max(LEAST, min(machine.total, _most_allowed()) // SHARE_OF_MEMORY)
    return bool(psutil.Process().memory_info().rss < budget and machine.available > SPARE)


def _most_allowed() -> int:
    """The bytes that a container may have in all; more than any machine has, where nothing limits it."""
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 2**62
    return int(text) if text.isdigit() else 2**62
