"""What a visitor has predicted, kept by their own browser, so that neither a reload nor another tab forgets it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pages._ui.guidance.kept_by_browser import change, kept

COOKIE = "cnn_lab_predicted"  # no identity: counts, names of rows of questions, runs and what was said of them
_MOST_RUNS = 8


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was predicted of a run, as the place of the answer among those offered, and whether it was counted."""

    answer: int
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """How often the visitor was right and asked, how far each row of questions has come, and what was said of runs."""

    right: int = 0
    asked: int = 0
    turns: Mapping[str, int] = field(default_factory=dict)
    runs: Mapping[str, Said] = field(default_factory=dict)

    @property
    def tally(self) -> str:
        """How often they were right so far: "3 of 4"."""
        return f"{self.right} of {self.asked}"


def predicted() -> Predicted:
    """Return what the visitor has predicted so far."""
    return _read(kept(COOKIE))


def count(right: bool) -> None:
    """Count an answer."""
    _change(lambda now: replace(now, right=now.right + right, asked=now.asked + 1))


def next_turn(key: str) -> None:
    """Let the next question of a row come."""
    _change(lambda now: replace(now, turns={**now.turns, key: now.turns.get(key, 0) + 1}))


def say_of_run(run_id: str, said: Said) -> None:
    """Keep what was said of a run; of the eighth before it nothing is known any more."""
    _change(lambda now: replace(now, runs=dict(list({**now.runs, run_id: said}.items())[-_MOST_RUNS:])))


def _change(become: Callable[[Predicted], Predicted]) -> None:
    change(COOKIE, lambda text: _written(become(_read(text))))


def _written(now: Predicted) -> str:
    turns = ".".join(f"{key}-{turn}" for key, turn in now.turns.items())
    runs = ".".join(f"{run}-{said.answer}-{int(said.counted)}" for run, said in now.runs.items())
    return f"{now.right}.{now.asked}~{turns}~{runs}"


def _read(cookie: str) -> Predicted:
    """Return what `_written` wrote; for anything else, that nothing was predicted."""
    try:
        counts, turns, runs = cookie.split("~")
        right, asked = (_number(text) for text in counts.split("."))
        now = Predicted(
            right=right,
            asked=asked,
            turns={_name(key): _number(turn) for key, turn in _rows(turns, of=2)},
            runs={
                _name(run): Said(answer=_number(answer), counted=one == "1") for run, answer, one in _rows(runs, of=3)
            },
        )
    except ValueError:
        return Predicted()
    return now if now.right <= now.asked and len(now.runs) <= _MOST_RUNS else Predicted()


def _rows(text: str, *, of: int) -> list[list[str]]:
    rows = [row.split("-") for row in text.split(".")] if text else []
    if any(len(row) != of for row in rows):
        raise ValueError(text)
    return rows


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,40}", text, re.ASCII):
        raise ValueError(text)
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise ValueError(text)
    return int(text)
