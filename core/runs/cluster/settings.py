"""Which cluster is meant, and whether it may be used. Without importing Ray.

Whoever reaches a Ray cluster runs any code on it. So one that has no token is not used unless somebody has said that it
shall be, and neither is one with a public address.
"""

import importlib.util
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError

ADDRESS = "CNN_LAB_RAY"
WITHOUT_TOKEN = "CNN_LAB_RAY_WITHOUT_TOKEN"
_TOKEN_FILE = Path("~/.ray/auth_token")  # Ray's own place for it
_ADDRESS = re.compile(r"(?P<host>[a-zA-Z0-9.-]{1,253}):(?P<port>\d{1,5})")
_PATIENCE = 2.0  # seconds for a machine to answer


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster by the ``host`` and ``port`` of its head; ``without_token``: it is used although anybody may use it."""

    host: str
    port: int
    without_token: bool

    @property
    def address(self) -> str:
        """As Ray takes it: "10.0.0.5:6379"."""
        return f"{self.host}:{self.port}"


def cluster_wanted() -> Cluster | None:
    """Return the cluster that ``CNN_LAB_RAY`` names; None where trainings stay on this machine.

    Raises RunError, a sentence, where that is no address, Ray is not installed, or there is no token.
    """
    text = os.environ.get(ADDRESS, "")
    if not text:
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise RunError(f"{ADDRESS} is '{text}'; it must be the address of the cluster's head, such as 10.0.0.5:6379.")
    if importlib.util.find_spec("ray") is None:
        raise RunError(
            f"{ADDRESS} names a Ray cluster, and Ray is not installed: `pip install -r requirements-ray.txt` brings it."
        )
    cluster = Cluster(
        host=found["host"], port=int(found["port"]), without_token=os.environ.get(WITHOUT_TOKEN) in ("1", "yes")
    )
    if not cluster.without_token:
        _check_token()
    _check_private(cluster.host)
    return cluster


def cluster_needed() -> Cluster:
    """`cluster_wanted`, where there must be one."""
    cluster = cluster_wanted()
    if cluster is None:
        raise RunError(f"{ADDRESS} names no Ray cluster.")
    return cluster


def unreachable(cluster: Cluster) -> str:
    """Return a sentence where nobody answers at the cluster's address, '' where somebody does."""
    try:
        socket.create_connection((cluster.host, cluster.port), timeout=_PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error) or "no answer"
        return f"The Ray cluster at {cluster.address} does not answer ({why}); start it, or take {ADDRESS} away."
    return ""


def _check_token() -> None:
    """Raise RunError where this process would come without a token, or Ray would not use it."""
    how = (
        "make one by `ray get-auth-token --generate` before `ray start`, and set RAY_AUTH_MODE=token for every node "
        f"and for the lab. {WITHOUT_TOKEN}=1 uses a cluster without one: whoever reaches it can run anything on it."
    )
    if os.environ.get("RAY_AUTH_MODE") != "token":
        raise RunError(f"RAY_AUTH_MODE is not 'token', so the Ray cluster would be used without one; {how}")
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named) if named else _TOKEN_FILE
    try:
        token = os.environ.get("RAY_AUTH_TOKEN") or path.expanduser().read_text(encoding="utf-8")
    except OSError:
        token = ""
    if not token.strip():
        raise RunError(f"There is no token for the Ray cluster (RAY_AUTH_TOKEN, or {path}); {how}")


def _check_private(host: str) -> None:
    try:
        addresses = {each[4][0] for each in socket.getaddrinfo(host, None)}
    except OSError:
        return  # it will not answer either, and that is said
    if any(ipaddress.ip_address(str(each).partition("%")[0]).is_global for each in addresses):
        raise RunError(
            f"{host} is a public address: a Ray cluster speaks without encryption and belongs into a private network. "
            f"Give its head a private address, and {ADDRESS} the same."
        )
