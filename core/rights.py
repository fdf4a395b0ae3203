"""Who may change a run or a set of pictures: the browser that owns it, and whoever runs the lab. All may look.

An owner is a secret that a browser keeps and that no page, link or list shows; the lab knows its hash. A nickname is a
name for people to read and gives no rights. Owners that are plain names have no browser: those of the command line, and
those of stores from before, when the nickname was all there was.
"""

import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import LabError

SHORTEST_KEY = 12  # characters
_MINUTE = 60.0  # seconds
BY_OPERATOR = "*"  # stands for whoever runs the lab where it is noted who did something
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 random bits
_OWNER = re.compile(r"browser-[0-9a-f]{32}")


class RightsError(LabError):
    """Somebody wanted to change what is not theirs; ``str(error)`` says whose it is."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who asks for something: an owner's id, and whether this is who runs the lab."""

    owner: str
    runs_the_lab: bool = False

    def may_change(self, owner: str) -> bool:
        """Return whether this person may change what belongs to ``owner``."""
        return self.runs_the_lab or self.owner == owner


OPERATOR = Person(owner=BY_OPERATOR, runs_the_lab=True)  # who has a shell on the machine


def new_secret() -> str:
    """Return a secret for a browser to keep."""
    return secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Return whether ``text`` has the shape of what `new_secret` gives out."""
    return _SECRET.fullmatch(text) is not None


def owner_of(secret: str, *, of_class: int = 0) -> str:
    """Return the id of the owner who keeps ``secret``; the secret cannot be found from it.

    ``of_class`` is the number of the class that goes on: from the second on, who keeps a secret is somebody else in
    each, because machines of a school keep theirs and pass from hand to hand.
    """
    known = secret if of_class < 2 else f"{secret}.{of_class}"
    return f"browser-{hashlib.sha256(known.encode()).hexdigest()[:32]}"


def has_browser(owner: str) -> bool:
    """Return whether this owner is known by a browser's secret, not by a name."""
    return _OWNER.fullmatch(owner) is not None


def shown_name(owner: str, nickname: str) -> str:
    """Return what people read for an owner: the nickname, or what tells those without one apart."""
    if nickname:
        return nickname
    if owner == BY_OPERATOR:
        return "whoever runs the lab"
    return f"guest {owner.removeprefix('browser-')[:4]}" if has_browser(owner) else owner


def operators_key() -> str | None:
    """Return the key of whoever runs the lab (``CNN_LAB_KEY``); None where there is none that is long enough."""
    key = os.environ.get("CNN_LAB_KEY", "")
    return key if len(key) >= SHORTEST_KEY else None


def proof(owner: str) -> str:
    """Return what is kept of a key that an owner has entered: it holds for this owner, and until the key changes."""
    key = operators_key()
    return hmac.new(key.encode(), owner.encode(), hashlib.sha256).hexdigest() if key else ""


class Guesses:
    """How often something secret that people type may be tried within a minute: by one of them, and by all together.

    The second number is for guests of whom each visit makes somebody new.
    """

    def __init__(self, *, each: int, everybody: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._everybody, self._clock = each, everybody, clock
        self._tries: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count a try before it is looked at; raises RightsError, and counts nothing, where there were too many."""
        now = self._clock()
        with self._lock:
            self._tries = [(at, name) for at, name in self._tries if now - at < _MINUTE]
            own = [at for at, name in self._tries if name == who]
            for tries, most in ((own, self._each), ([at for at, _name in self._tries], self._everybody)):
                if len(tries) >= most:
                    wait = _MINUTE - (now - tries[-most])
                    raise RightsError(
                        f"That was tried {len(tries)} times within a minute; wait {max(1, round(wait))} s."
                    )
            self._tries.append((now, who))

    def was_right(self, who: str) -> None:
        """Take back the tries of somebody who knew it after all."""
        with self._lock:
            self._tries = [(at, name) for at, name in self._tries if name != who]
