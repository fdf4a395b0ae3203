"""Runs: trainings in processes of their own, a queue, and the store that remembers them. Imports no torch."""

from core.runs.records import Change, Run, StaleWorkerError, Status, StoreError
from core.runs.store.store import Store, open_store
from core.runs.summons import ensure_supervisor

__all__ = ["Change", "Run", "StaleWorkerError", "Status", "Store", "StoreError", "ensure_supervisor", "open_store"]
