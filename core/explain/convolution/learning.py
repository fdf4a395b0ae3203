"""Learning a kernel from a picture and what the kernel made of it, by gradient descent.

A convolution without padding is linear in its weights: each place of the output is one equation, the nine pixels of its
window times the nine unknown weights. With A (n, 9) for all windows and y (n,) for the output, the mean squared error
is |A·w − y|² / n and its gradient 2·Aᵀ(A·w − y) / n, which needs no more of the picture than AᵀA and Aᵀy. So a step is
a product of nine by nine numbers, and thousands of them are computed at once, exactly as torch.optim.SGD would take
them over the whole picture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from core.errors import ConfigError
from core.explain.convolution.convolve import weights
from core.explain.convolution.kernels import Grid, preset

Numbers = npt.NDArray[np.float64]

SIDE = 3
UNKNOWN = SIDE * SIDE
CLOSE = 0.01  # a kernel is found where no weight is further off
FRAMES = 120
DIVERGED = 1e6  # a weight beyond it is no longer followed
_MEAN, _SPREAD = 0.5, 0.25  # how pixels in [0, 1] are normalised, whatever the picture


@dataclass(frozen=True, kw_only=True)
class Descent:
    """How gradient descent goes: the learning rate, the momentum in [0, 1), and how many steps it takes."""

    rate: float = 0.05
    momentum: float = 0.9
    steps: int = 2000

    def __post_init__(self) -> None:
        """Raise ConfigError for a number that is out of range."""
        if not 0 < self.rate <= 10:
            raise ConfigError(f"The learning rate is {self.rate:g}; it must lie above 0 and be at most 10.")
        if not 0 <= self.momentum < 1:
            raise ConfigError(f"The momentum is {self.momentum:g}; it must be at least 0 and below 1.")
        if not 1 <= self.steps <= 100_000:
            raise ConfigError(f"There are {self.steps:,} steps; there can be 1 to 100,000.")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A picture (H, W), normalised, and what the secret kernel (3, 3) made of it (H − 2, W − 2), with its noise."""

    given: Numbers
    wanted: Numbers
    secret: Numbers


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What gradient descent did.

    ``steps`` (F,) are the steps of the frames, the first of them 0, ``losses`` (F,) the mean squared errors there and
    ``kernels`` (F, 3, 3) the weights. ``diverged`` tells that the loss grows without end, however far it has come.
    ``equations`` is how many places the output has, ``rank`` how many of them say something new, of 9 at most;
    ``largest_rate`` is the learning rate from which on the loss grows. ``uncertain`` is the standard error of the
    weight that noise hides most (0 without noise, None where the rank is below 9), ``off`` how far the weight that is
    furthest from the secret one is from it in the end.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    kernels: Numbers
    diverged: bool
    equations: int
    rank: int
    largest_rate: float
    uncertain: float | None
    off: float

    @property
    def found(self) -> bool:
        """Whether no weight is further than `CLOSE` from the secret one."""
        return not self.diverged and self.off <= CLOSE


def secret_kernel(name: str | None, seed: int) -> Numbers:
    """Return a preset's weights (3, 3) as they are used, or, without a name, one drawn from the seed: tenths to ±2.

    Raises ConfigError for an unknown preset.
    """
    if name is None:
        return np.random.default_rng(seed).integers(-20, 21, (SIDE, SIDE)) / 10
    found = preset(name, SIDE)
    return np.asarray(weights(found.kernel, 1, divide_by_sum=found.divide_by_sum)[0, 0].double().numpy())


def set_task(image: Tensor, secret: Numbers, *, noise: float = 0.0, seed: int = 0) -> Task:
    """Return the task of finding ``secret`` (3, 3) from a grey picture (1, H, W) in [0, 1].

    The picture is normalised as networks get it, (x − 0.5) / 0.25. ``noise`` is the spread of what is added to each
    place of the output, drawn from ``seed``. Raises ConfigError for a picture in which no window fits.
    """
    given = (image[0].double().numpy() - _MEAN) / _SPREAD
    if min(given.shape) < SIDE:
        raise ConfigError(f"A 3×3 window does not fit a picture of {given.shape[0]}×{given.shape[1]} pixels.")
    wanted = filtered(given, secret) + noise * np.random.default_rng(seed).standard_normal(
        (given.shape[0] - 2, given.shape[1] - 2)
    )
    return Task(given=given, wanted=wanted, secret=np.asarray(secret, dtype=np.float64))


def filtered(given: Numbers, kernel: npt.NDArray[np.floating] | Grid) -> Numbers:
    """Return what a kernel (3, 3) makes of a picture (H, W) without padding: (H − 2, W − 2)."""
    return np.asarray(_windows(given) @ np.asarray(kernel, dtype=np.float64).reshape(-1)).reshape(
        given.shape[0] - 2, given.shape[1] - 2
    )


def learn(task: Task, descent: Descent, *, noise: float = 0.0) -> Learned:
    """Return what gradient descent makes of a kernel of zeros; ``noise`` is what the task was set with."""
    rows, wanted = _windows(task.given), task.wanted.reshape(-1)
    count = len(rows)
    gram, pull = rows.T @ rows / count, rows.T @ wanted / count
    strengths, directions = np.linalg.eigh(gram)
    rank = int((strengths > max(strengths[-1], 0) * 1e-10).sum()) if strengths[-1] > 0 else 0
    shown = _frames(descent.steps)
    stops = set(shown)
    kernels, losses = [], []
    weight, speed = np.zeros(UNKNOWN), np.zeros(UNKNOWN)
    diverged = False
    for step in range(descent.steps + 1):
        residual = gram @ weight - pull
        if step in stops:
            kernels.append(weight)
            losses.append(float(((rows @ weight - wanted) ** 2).mean()))
        if diverged := not np.abs(weight).max() < DIVERGED:
            break
        speed = descent.momentum * speed + 2 * residual
        weight = weight - descent.rate * speed
    kept = shown[: len(losses)]
    largest = (1 + descent.momentum) / float(strengths[-1]) if strengths[-1] > 0 else float("inf")
    off = float(np.abs(kernels[-1].reshape(SIDE, SIDE) - task.secret).max())
    hidden = float(noise * np.sqrt(np.max((directions**2 / strengths).sum(1)) / count)) if rank == UNKNOWN else None
    return Learned(
        steps=kept,
        losses=tuple(losses),
        kernels=np.array(kernels).reshape(-1, SIDE, SIDE),
        diverged=diverged or (descent.rate > largest and off > CLOSE),  # slowly, or in few steps
        equations=count,
        rank=rank,
        largest_rate=largest,
        uncertain=hidden,
        off=off,
    )


def _windows(given: Numbers) -> Numbers:
    """Return all 3×3 windows of a picture (H, W) as rows: (n, 9)."""
    return np.lib.stride_tricks.sliding_window_view(given, (SIDE, SIDE)).reshape(-1, UNKNOWN)


def _frames(steps: int) -> tuple[int, ...]:
    """Return the steps that are shown: every one at first, then ever fewer, the last one among them."""
    return tuple(sorted({0, steps, *np.rint(np.geomspace(1, steps, FRAMES)).astype(int).tolist()}))
