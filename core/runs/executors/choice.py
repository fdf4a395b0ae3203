"""Which executor a lab has: this machine, or the Ray cluster that its settings name."""

import os
from pathlib import Path

from core.runs.cluster.settings import ADDRESS
from core.runs.executors.local import LocalExecutor
from core.runs.executors.ray import RayExecutor
from core.runs.executors.slots import slots_here
from core.runs.executors.warm import WarmExecutor, can_fork


def chosen(home: Path) -> LocalExecutor:
    """Return the executor for the queue of a lab's home.

    Where its settings name a cluster that cannot be used, it starts nothing and says why to those who wait.
    """
    if os.environ.get(ADDRESS):
        return RayExecutor(home)
    return WarmExecutor(home, slots=slots_here()) if can_fork() else LocalExecutor(slots=slots_here())
