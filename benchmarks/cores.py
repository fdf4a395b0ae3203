"""Who computes where: the browsers of a class run on machines of their own, so here they get cores of their own."""

import contextlib
from collections.abc import Iterator, Sequence

import psutil


def halves() -> tuple[list[int], list[int]] | None:
    """Return the cores of this process in two parts; None with a single one, or where a system keeps no such list."""
    own = psutil.Process()
    cores = sorted(own.cpu_affinity()) if hasattr(own, "cpu_affinity") else []
    middle = len(cores) // 2
    return (cores[:middle], cores[middle:]) if middle else None


@contextlib.contextmanager
def confined(cores: Sequence[int], *processes: psutil.Process) -> Iterator[None]:
    """Keep what ``processes`` start meanwhile on ``cores``; what they have started before stays where it is."""
    before = [process.cpu_affinity() for process in processes]
    for process in processes:
        process.cpu_affinity(list(cores))
    try:
        yield
    finally:
        for process, cores_before in zip(processes, before, strict=True):
            process.cpu_affinity(cores_before)
