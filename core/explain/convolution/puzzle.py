"""The kernel puzzle: levels in which a target picture is met by editing kernels, the same for everybody with a seed.

The score says how much of the way from the picture that a level begins with to its target has been gone, as
100·(1 − e / e₀): e is the root of the mean squared difference from the target, e₀ the same at the beginning. 0 is no
nearer (or further off), 100 is the target itself.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import ConfigError
from core.explain.convolution.kernels import Grid
from core.intervals import minus

Numbers = npt.NDArray[np.float64]

SIDE = 3
SOLVED = 99.0
SEEDS = range(1_000_000)
_ZEROS: Grid = ((0.0,) * SIDE,) * SIDE
_IDENTITY: Grid = ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level: ``begin`` are the kernels that it opens with, ``solution`` those that drew its target, in their order.

    ``task`` is a sentence for the student. ``hints`` say ever more, the last of them a weight.
    """

    title: str
    task: str
    begin: tuple[Grid, ...]
    solution: tuple[Grid, ...]
    hints: tuple[str, ...]


def levels(seed: int) -> tuple[Level, ...]:
    """Return the levels of a seed, from the identity to a chain of two kernels.

    Raises ConfigError for a seed that is not offered.
    """
    if seed not in SEEDS:
        raise ConfigError(f"There is no puzzle with the seed {seed}; seeds run from 0 to {SEEDS[-1]:,}.")
    draw = random.Random(f"kernel puzzle {seed}")
    return tuple(
        Level(
            title=title,
            task=task,
            begin=(_IDENTITY if number else _ZEROS,) * len(solution),
            solution=solution,
            hints=(idea, *_about(solution), _one_weight(solution, draw)),
        )
        for number, (title, task, idea, solve) in enumerate(_LEVELS)
        for solution in [solve(draw)]
    )


def chain(picture: Numbers, kernels: Sequence[Grid]) -> Numbers:
    """Return what kernels (3, 3), one after the other and without padding, make of a picture (H, W)."""
    made = picture
    for kernel in kernels:
        windows = np.lib.stride_tricks.sliding_window_view(made, (SIDE, SIDE))
        made = np.einsum("yxrc,rc->yx", windows, np.array(kernel, dtype=np.float64))
    return made


def score(picture: Numbers, kernels: Sequence[Grid], level: Level) -> float:
    """Return how near kernels come to a level's target on a picture (H, W), from 0 to 100.

    Raises ConfigError for a picture on which the level's beginning is its target already.
    """
    target = chain(picture, level.solution)
    before = _difference(chain(picture, level.begin), target)
    if before < 1e-6:
        raise ConfigError(
            "On this photo the level is solved before it begins; choose one that is not the same everywhere."
        )
    return max(0.0, 100 * (1 - _difference(chain(picture, kernels), target) / before))


def _difference(one: Numbers, other: Numbers) -> float:
    return float(np.sqrt(((one - other) ** 2).mean()))


def _grid(*numbers: float) -> Grid:
    return tuple(tuple(float(number) for number in numbers[SIDE * row : SIDE * row + SIDE]) for row in range(SIDE))


def _turned(grid: Grid, quarters: int) -> Grid:
    return tuple(tuple(row) for row in np.rot90(np.array(grid), quarters).tolist())


def _shift(draw: random.Random) -> Grid:
    places = [0.0] * SIDE * SIDE
    places[draw.choice([place for place in range(SIDE * SIDE) if place != SIDE * SIDE // 2])] = 1.0
    return _grid(*places)


def _blur(draw: random.Random) -> Grid:
    return draw.choice(
        [
            _grid(0, 0, 0, 0.25, 0.5, 0.25, 0, 0, 0),
            _grid(0, 0.25, 0, 0, 0.5, 0, 0, 0.25, 0),
            _grid(0, 0.2, 0, 0.2, 0.2, 0.2, 0, 0.2, 0),
            _grid(0.25, 0, 0.25, 0, 0, 0, 0.25, 0, 0.25),
        ]
    )


def _edge(draw: random.Random) -> Grid:
    kind = draw.choice(
        [_grid(-1, 0, 1, -1, 0, 1, -1, 0, 1), _grid(-1, 0, 1, -2, 0, 2, -1, 0, 1), _grid(0, 0, 0, -1, 0, 1, 0, 0, 0)]
    )
    return _turned(kind, draw.randrange(4))


def _crisp(draw: random.Random) -> Grid:
    return draw.choice(
        [
            _grid(0, -1, 0, -1, 5, -1, 0, -1, 0),
            _grid(0, 1, 0, 1, -4, 1, 0, 1, 0),
            _turned(_grid(-2, -1, 0, -1, 1, 1, 0, 1, 2), draw.randrange(4)),
        ]
    )


def _three(draw: random.Random) -> Grid:
    places = [0.0] * SIDE * SIDE
    for place in draw.sample(range(SIDE * SIDE), 3):
        places[place] = draw.choice([-2.0, -1.0, 1.0, 2.0])
    return _grid(*places)


def _alone(make: Callable[[random.Random], Grid]) -> Callable[[random.Random], tuple[Grid, ...]]:
    return lambda draw: (make(draw),)


# title, task, the first hint, and what draws the solution
_LEVELS: tuple[tuple[str, str, str, Callable[[random.Random], tuple[Grid, ...]]], ...] = (
    ("Bring it back", "Nine zeros make a black picture. Make the photo appear as it is.",
     "Each pixel is to keep its own number, and to hear nothing of its neighbours.", lambda draw: (_IDENTITY,)),
    ("Move it", "The photo has moved by one pixel. Which way?",
     "The pixel that is written down is a neighbour of the one in the middle.", _alone(_shift)),
    ("Soften it", "A blur: brightness stays, detail goes.",
     "Every number is a mean of some neighbours, so the weights add up to 1.", _alone(_blur)),
    ("Find the edges", "Flat areas give 0, which is nearly white here. Which way does the kernel look?",
     "One side of the window is taken from the other.", _alone(_edge)),
    ("Make it crisp", "Something happens at every edge and spot.",
     "The middle and its neighbours pull against each other.", _alone(_crisp)),
    ("Three weights", "Three of the nine weights are not 0, and nobody has a name for it.",
     "They are whole numbers from −2 to 2. Change one at a time, and keep what raises the score.", _alone(_three)),
    ("Two kernels", "The target has been through two kernels, one after the other: a blur, then an edge finder.",
     "Begin with the second: find the edges first, then soften what comes in.",
     lambda draw: (_blur(draw), _edge(draw))),
)  # fmt: skip


def _about(solution: tuple[Grid, ...]) -> tuple[str, ...]:
    """Return a hint for each kernel: how many of its weights are not 0, and what they add up to."""
    named = [""] if len(solution) == 1 else [" of the first kernel", " of the second kernel"]
    return tuple(
        f"{sum(weight != 0 for row in kernel for weight in row)} of the 9 weights{which} are not 0; they add up to "
        f"{_short(sum(map(sum, kernel)))}."
        for which, kernel in zip(named, solution, strict=True)
    )


def _one_weight(solution: tuple[Grid, ...], draw: random.Random) -> str:
    places = [(row, column) for row in range(SIDE) for column in range(SIDE) if solution[-1][row][column]]
    row, column = draw.choice(places)
    which = " of the second kernel" if len(solution) > 1 else ""
    return f"The weight in row {row + 1}, column {column + 1}{which} is {_short(solution[-1][row][column])}."


def _short(value: float) -> str:
    return minus(f"{round(value, 4) + 0:g}")
