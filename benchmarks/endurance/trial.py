"""One trial: what is promised, what came out, and whether that is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """``promise`` and ``measured`` are words for people; ``right`` is None where it could not be tried here.

    ``right`` says that nothing was lost or wrong, ``in_time`` that it was as quick as promised, on this machine as busy
    as it was.
    """

    name: str
    what: str
    promise: str
    measured: str
    right: bool | None
    in_time: bool = True

    @property
    def kept(self) -> bool | None:
        """Whether all that is promised was kept."""
        return self.right and self.in_time


@dataclass(frozen=True, kw_only=True)
class Trial:
    """``run`` is given an empty folder, how often to try, and whom to tell; ``times`` is how often is promised."""

    name: str
    times: int
    run: Callable[[Path, int, Tell], Row]


TRIALS: dict[str, Trial] = {}


Run = Callable[[Path, int, Tell], Row]


def promised(name: str, *, times: int) -> Callable[[Run], Run]:
    """Register a function as the trial ``name``, promised for so many ``times``."""

    def register(run: Run) -> Run:
        TRIALS[name] = Trial(name=name, times=times, run=run)
        return run

    return register


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    verdicts = {True: "yes", False: "**no**", None: "not tried"}
    lines = ["| trial | promised | measured | kept |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.promise} | {row.measured} | {verdicts[row.kept]} |" for row in rows]
    return "\n".join(lines)
