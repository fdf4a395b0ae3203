"""How many trainings compute at once on this machine, and with how many threads each."""

import os
import sys

import psutil

from core.errors import RunError


def slots_wanted() -> int | None:
    """Return how many training processes may be at work at once, by ``CNN_LAB_SLOTS``; None where nobody said.

    Raises RunError where it is no number.
    """
    text = os.environ.get("CNN_LAB_SLOTS")
    if text is None:
        return None
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise RunError(f"CNN_LAB_SLOTS is '{text}'; it must be a whole number between 1 and 64.")
    return int(text)


def slots_here() -> int:
    """Return how many training processes compute at once on this machine: as many as were asked for, or one."""
    return slots_wanted() or 1


def threads_wanted() -> int | None:
    """Return how many threads each training has by ``OMP_NUM_THREADS``; None where that says nothing."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else None


def threads_each(slots: int) -> int:
    """Return the threads that each of ``slots`` workers gets: ``OMP_NUM_THREADS``, or a fair part of the cores."""
    if (wanted := threads_wanted()) is not None:
        return wanted
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, psutil.cpu_count(logical=False) or cores) // slots)
