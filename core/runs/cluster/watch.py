"""Keeps an eye on the cluster in a process of its own, since Ray ends a process whose cluster is gone.

It speaks to whoever started it, the supervisor's executor, in lines of JSON, and ends with it.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO, Literal, TextIO

from core.errors import RunError
from core.runs.cluster.settings import WITHOUT_TOKEN, Cluster, cluster_needed, unreachable
from core.runs.executors.processes import ROOT

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
Door = Literal["open", "token", "shut"]  # who comes is let in, is asked for another token, or gets no answer


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is: the CPUs of each machine that is up, or a sentence on what is wrong."""

    cpus: tuple[float, ...] = ()
    trouble: str = ""


def watch(lines: TextIO, until: BinaryIO) -> None:
    """Say what there is of the cluster that the settings name, again and again, until ``until`` ends; stops by itself
    once something is wrong."""
    try:
        seen = look_first(cluster_needed())
    except RunError as error:
        seen = Seen(trouble=str(error))
    _say(lines, seen)
    os.set_blocking(until.fileno(), False)
    while not seen.trouble and until.read(1) != b"":
        time.sleep(LOOK_SECONDS)
        seen = Seen(cpus=machines())
        _say(lines, seen)


def look_first(cluster: Cluster) -> Seen:
    """Connect, and make sure that nobody else can who has no token."""
    if trouble := unreachable(cluster):
        return Seen(trouble=trouble)
    door = knock(cluster, os.environ)
    if door == "shut":
        return Seen(trouble=not_connected(cluster, RunError("there is no way in")))
    if door == "token":
        return Seen(trouble=f"The Ray cluster at {cluster.address} does not take this lab's token; give both the same.")
    if not cluster.without_token and knock(cluster, without_token()) == "open":
        return Seen(
            trouble=f"The Ray cluster at {cluster.address} asks nobody for a token, so it is not used: stop it, make a "
            f"token, and start every node with RAY_AUTH_MODE=token. {WITHOUT_TOKEN}=1 uses it all the same."
        )
    import ray

    try:
        ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    except (Exception, SystemExit) as error:  # Ray has many kinds, and says little in them
        return Seen(trouble=not_connected(cluster, error))
    return Seen(cpus=machines())


def machines() -> tuple[float, ...]:
    """Return the CPUs that each machine of the connected cluster lends, of those that lend any."""
    import ray

    found = (float(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    return tuple(sorted((cpus for cpus in found if cpus > 0), reverse=True))


def knock(cluster: Cluster, environment: Mapping[str, str]) -> Door:
    """Try whether a process with these settings is let in: in one of its own, since Ray takes minutes to say no."""
    command = [sys.executable, "-c", "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False)"]
    nothing, read = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen([*command, cluster.address], cwd=ROOT, env=environment, stdout=nothing, stderr=read) as tried:
        for line in tried.stderr or ():
            if b"nauthenticated" in line:
                tried.kill()
                return "token"
        return "open" if tried.wait() == 0 else "shut"


def without_token() -> dict[str, str]:
    """Return this process's settings as those of somebody who has no token."""
    known = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    return {name: value for name, value in os.environ.items() if name not in known} | {"RAY_AUTH_MODE": "disabled"}


def not_connected(cluster: Cluster, error: BaseException) -> str:
    """Return a sentence for a connection that Ray refused: another version, or a machine that is none of its nodes."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return (
        f"The Ray cluster at {cluster.address} cannot be used: {first.rstrip('.')}. This machine has to be one of its "
        "nodes (`ray start --address`), with the same versions of Python and Ray and the same token."
    )


def fit(cpus: Sequence[float], share: float) -> int:
    """Return how many workers fit that take ``share`` CPUs each."""
    return sum(int(each / share + 1e-9) for each in cpus)


def share_of(cpus: Sequence[float], threads: int, wanted: int | None) -> float:
    """Return the CPUs to ask for a worker: as many as it has threads, less on machines that have less, and so little
    that ``wanted`` workers fit where somebody wants so many."""
    share = min(float(threads), max(cpus, default=1.0))
    parts = 1
    while wanted and cpus and fit(cpus, share / parts) < wanted:
        parts += 1
    return round(share / parts, 4)


def _say(lines: TextIO, seen: Seen) -> None:
    lines.write(json.dumps(asdict(seen)) + "\n")
    lines.flush()
