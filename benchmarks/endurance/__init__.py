"""What must never happen, tried in earnest and often: processes killed, disks filled, clocks set, files spoiled."""

from benchmarks.endurance import clocks, disks, files, kills, photos, queueing  # noqa: F401  (they register their trials)
from benchmarks.endurance.trial import TRIALS, Row, table

__all__ = ["TRIALS", "Row", "table"]
