"""What must never happen, tried in earnest and often: processes killed, disks filled, clocks set, files spoiled."""

from benchmarks.endurance import (  # noqa: F401  (they register their trials)
    class_kills,
    clocks,
    disks,
    files,
    kills,
    photos,
    queueing,
)
from benchmarks.endurance.trial import TRIALS, Row, table

__all__ = ["TRIALS", "Row", "table"]
