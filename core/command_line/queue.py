"""What serves the queue: the supervisor, the processes it starts, and the doctor.

``worker``, ``nursery``, ``stand-in`` and ``cluster-watch`` are for the supervisor, and hidden from people.
"""

import json
import signal
import sys
from dataclasses import asdict
from types import FrameType

import click

from core.command_line.options import as_json
from core.errors import RunError
from core.home import home
from core.runs.cluster.settings import cluster_needed
from core.runs.executors.choice import chosen
from core.runs.executors.ray import RayExecutor
from core.runs.executors.warm import WarmExecutor
from core.runs.store.store import open_store
from core.runs.supervisor import Supervisor
from core.runs.supervisor import supervise as lead
from core.runs.worker.process import log_to_standard_error, run_worker


@click.command()
def supervise() -> None:
    """Serve the queue until there has been nothing to do for ten minutes."""
    log_to_standard_error()
    store = open_store()
    executor = chosen(store.home)
    supervisor = Supervisor(store, executor)

    def leave(_number: int, _frame: FrameType | None) -> None:
        supervisor.leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        if not lead(supervisor):
            click.echo("Another supervisor serves this queue already.", err=True)
    finally:
        if isinstance(executor, WarmExecutor | RayExecutor):
            executor.close()


@click.command(hidden=True)
@click.argument("run_id", metavar="RUN")
@click.option("--fence", type=int, required=True)
def worker(run_id: str, fence: int) -> None:
    """Train one run that a supervisor claimed."""
    if not run_worker(run_id, fence):
        sys.exit(1)


@click.command("stand-in", hidden=True)
@click.argument("run_id", metavar="RUN")
@click.option("--fence", type=int, required=True)
def stand_in(run_id: str, fence: int) -> None:
    """Have one run that a supervisor claimed trained in the Ray cluster."""
    from core.runs.cluster.hired import hiring
    from core.runs.far.stand_in import be_a_stand_in

    if not be_a_stand_in(run_id, fence, hiring(cluster_needed())):
        sys.exit(1)


@click.command("cluster-watch", hidden=True)
def cluster_watch() -> None:
    """Tell the supervisor that holds the other end of standard input about the Ray cluster."""
    from core.runs.cluster.watch import watch

    watch(sys.stdout, sys.stdin.buffer)


@click.command(hidden=True)
def nursery() -> None:
    """Fork workers for the supervisor that holds the other end of standard input."""
    from core.runs.executors.warm import serve

    serve(sys.stdin.buffer, sys.stdout.buffer)


@click.command()
@click.option("--look-only", is_flag=True, help="Repair nothing.")
@as_json
def doctor(look_only: bool, as_json: bool) -> None:
    """Look over the store and its folders, and repair what can be repaired without loss."""
    from core.runs.doctor import examine

    found = list(examine(home(), repair=not look_only))
    for finding in found:
        click.echo(json.dumps(asdict(finding)) if as_json else f"{finding.verdict:8}  {finding.message}")
    problems = sum(finding.verdict == "problem" for finding in found)
    if problems:
        raise RunError(f"{problems} {'thing needs' if problems == 1 else 'things need'} a person to look at.")
