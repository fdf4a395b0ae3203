"""Whose turn is next among trainings that share a process: those that have not begun, then fair by owner and by time.

Every owner gets as much time as every other, however many runs they have, and each of an owner's runs as much as the
next. Only a step so long that its owner's curve would stand still for it, while all others of a class move, counts for
less than it took, down to a third. Whoever comes in begins with the least that anybody has had by then: it need not
wait until the others have been passed, and passes nobody by having been away.
"""

from collections import defaultdict

Key = tuple[str, int]  # of a claim: run and fence

STILL_SECONDS = 1.5  # that the others are given before a long step's owner has the next one …
LEAST_SHARE = 1 / 3  # … or more than that: a turn counts at least for this much of itself


class Rota:
    """The runs at work, and the seconds that they have had."""

    def __init__(self) -> None:
        self._owner: dict[Key, str] = {}
        self._used: dict[Key, float] = {}
        self._owners: dict[str, float] = {}
        self._new: dict[Key, None] = {}

    @property
    def owners(self) -> int:
        """How many owners have runs here."""
        return len(self._owners)

    def join(self, key: Key, owner: str) -> None:
        """Take in a run; its first turn comes before every other's second."""
        if owner not in self._owners:
            self._owners[owner] = min(self._owners.values(), default=0.0)
        own = [used for each, used in self._used.items() if self._owner[each] == owner]
        self._owner[key], self._used[key] = owner, min(own, default=0.0)
        self._new[key] = None

    def leave(self, key: Key) -> None:
        """Forget a run."""
        owner = self._owner.pop(key)
        del self._used[key]
        self._new.pop(key, None)
        if owner not in self._owner.values():
            del self._owners[owner]

    def next(self) -> Key:
        """Return whose turn it is; raises ValueError where there is nobody."""
        if self._new:
            return next(iter(self._new))
        runs: dict[str, list[Key]] = defaultdict(list)
        for key, owner in self._owner.items():
            runs[owner].append(key)
        owner = min(runs, key=lambda each: self._owners[each])
        return min(runs[owner], key=lambda key: self._used[key])

    def took(self, key: Key, seconds: float) -> None:
        """Count a turn."""
        self._new.pop(key, None)
        counted = min(seconds, max(STILL_SECONDS / self.owners, LEAST_SHARE * seconds))
        self._used[key] += counted
        self._owners[self._owner[key]] += counted
