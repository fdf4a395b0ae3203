"""Who may change a run or a set of pictures: the browser that owns it, and whoever runs the lab. All may look.

An owner is a secret that a browser keeps and that no page, link or list shows; the lab knows its hash. A nickname is a
name for people to read and gives no rights. Owners that are plain names have no browser: those of the command line, and
those of stores from before, when the nickname was all there was.
"""

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import LabError

SHORTEST_KEY = 12  # characters
_MINUTE = 60.0  # seconds
_MOST_KNOWN = 5_000  # right answers that are remembered
BY_OPERATOR = "*"  # stands for whoever runs the lab where it is noted who did something
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 random bits
_OWNER = re.compile(r"browser-[0-9a-f]{32}")


class RightsError(LabError):
    """Somebody wanted to change what is not theirs; ``str(error)`` says whose it is."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who asks for something: an owner's id, whether this is who runs the lab, and from which address in the
    network they ask ("": not known, or this machine), which tells nobody apart."""

    owner: str
    runs_the_lab: bool = False
    address: str = field(default="", compare=False)

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


def check_teaches(by: Person) -> None:
    """Raise RightsError, whatever a page let them press, for anybody but whoever runs the lab."""
    if not by.runs_the_lab:
        raise RightsError("Only whoever runs the lab can do this: enter its key first.")


class Guesses:
    """How many wrong answers to something secret that people type are looked at within a minute: of one visitor, and
    of one address in the network, because each visit can make somebody new of a guest. Safe between threads.

    Nobody's tries are anybody's at another address, so a script keeps out at most those who share one with it. What is
    right is not counted, and whoever has known it is answered whatever others try. A wrong one counts once a minute,
    however often it is sent: the same again finds nothing out.

    What is left to a script that guesses codes (`core.names`): 18^6 = 34,012,224 of them. At 30 a minute one address
    tries 2,700 in a lesson of 90 minutes and has found one of 12,600, or needs 394 days for half of all codes; thirty
    addresses together, one of 420, or 13 days. A key of `SHORTEST_KEY` characters is out of reach.
    """

    def __init__(self, *, each: int, of_address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._of_address, self._clock = each, of_address, clock
        self._wrong: list[_Try] = []
        self._known: dict[tuple[str, int], None] = {}  # who was right with what, the latest last
        self._lock = threading.Lock()

    def judge(self, guess: str, *, right: bool, by: Person) -> bool:
        """Return ``right``, and count a guess that is wrong.

        Raises RightsError, for right and wrong alike, where too many wrong ones came before it.
        """
        now, this = self._clock(), _Try(at=self._clock(), who=by.owner, place=_place(by.address), guess=hash(guess))
        with self._lock:
            self._wrong = [one for one in self._wrong if now - one.at < _MINUTE]
            if (this.who, this.guess) not in self._known:
                self._check(this)
            if right:
                self._known.pop((this.who, this.guess), None)
                self._known[this.who, this.guess] = None
                if len(self._known) > _MOST_KNOWN:
                    del self._known[next(iter(self._known))]
            elif not any((one.who, one.guess) == (this.who, this.guess) for one in self._wrong):
                self._wrong.append(this)
        return right

    def _check(self, this: "_Try") -> None:
        own = {one.guess: one.at for one in self._wrong if one.who == this.who}
        here = {one.guess: one.at for one in self._wrong if one.place == this.place}
        for tries, most, words in (
            (own, self._each, "That was tried {} times"),
            (here, self._of_address, "From your address in the network {} wrong ones came"),
        ):
            if len(tries) >= most and this.guess not in tries:
                wait = _MINUTE - (this.at - sorted(tries.values())[-most])
                raise RightsError(f"{words.format(len(tries))} within a minute; wait {max(1, round(wait))} s.")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Try:
    at: float
    who: str
    place: str
    guess: int


def _place(address: str) -> str:
    """What counts as one address: of IPv6 the first half, because the other one is each machine's to choose."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((int(known), 64), strict=False))


KEYS = Guesses(each=5, of_address=30)  # of whoever runs the lab
CODES = Guesses(each=10, of_address=30)  # by which people join: one count, whatever they open
