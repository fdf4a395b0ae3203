"""A process that becomes a worker, started cold or forked."""

import faulthandler
import functools
import logging

from core.runs.store.company import shares
from core.runs.store.store import open_store
from core.runs.summons import revive_supervisor


def run_worker(run_id: str, fence: int) -> bool:
    """Train one run in this process, which is a worker, or with it all that share the process; returns whether the
    store took its last word."""
    from core.runs.worker.together import work_together
    from core.runs.worker.worker import work

    faulthandler.enable()  # a crash in native code leaves its place in the worker's last lines
    log_to_standard_error()
    store = open_store()
    pulse = functools.partial(revive_supervisor, store)
    if shares(store, run_id, fence):
        return work_together(store, run_id, fence, pulse=pulse, own_output=True)
    return work(store, run_id, fence, pulse=pulse)


def log_to_standard_error() -> None:
    """Write the log to standard error, which the supervisor keeps in the worker's own file."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
