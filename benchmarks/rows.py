"""One row of a result: what was measured, on both sides or on one, and what was to be reached."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One job done by the naive loop and by the lab, in turns.

    ``unit`` is ``img/s`` (more is better) or ``s`` (less is better). ``naive`` and ``ours`` hold one figure a turn; an
    empty ``naive`` means that only the lab was measured. ``target_ratio`` and ``target`` (in ``unit``) are what is to
    be reached. ``steps`` and ``images`` are those of one turn of the lab. ``note`` says what the figures are not.
    ``skipped`` says why there are none.
    """

    name: str
    title: str
    unit: str
    batch: int
    naive: tuple[float, ...] = ()
    ours: tuple[float, ...] = ()
    target_ratio: float | None = None
    target: float | None = None
    precision: str = ""
    steps: int = 0
    images: int = 0
    note: str = ""
    skipped: str = ""
    naive_median: float | None = field(init=False, default=None)
    ours_median: float | None = field(init=False, default=None)
    ratio: float | None = field(init=False, default=None)
    ratio_low: float | None = field(init=False, default=None)
    ratio_high: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        ratios = [self._ratio(a, b) for a, b in zip(self.naive, self.ours, strict=False)]
        naive, ours = median(self.naive), median(self.ours)
        derived = {
            "naive_median": naive,
            "ours_median": ours,
            "ratio": None if naive is None or ours is None else self._ratio(naive, ours),
            "ratio_low": min(ratios, default=None),
            "ratio_high": max(ratios, default=None),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def _ratio(self, naive: float, ours: float) -> float:
        """How many times faster the lab is."""
        return ours / naive if self.unit == "img/s" else naive / ours


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Seconds of training until the validation accuracy ``target`` was reached: a figure a seed, None where never."""

    target: float
    reach: float | None
    ours: tuple[float | None, ...]
    naive: tuple[float | None, ...]
    ours_median: float | None = field(init=False, default=None)
    naive_median: float | None = field(init=False, default=None)
    ratio: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        ours, naive = median_of_all(self.ours), median_of_all(self.naive)
        object.__setattr__(self, "ours_median", ours)
        object.__setattr__(self, "naive_median", naive)
        object.__setattr__(self, "ratio", None if ours is None or naive is None else naive / ours)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One training of one seed: all it took in seconds, and what its last model says on ``test_n`` test images."""

    seed: int
    side: str
    seconds: float
    epochs: int
    best_validation: float
    test_accuracy: float
    test_ci95: tuple[float, float]
    test_n: int
    load_before: tuple[float, ...]
    load_after: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TimeToAccuracy:
    """A data set with a network and a recipe, trained once a seed; ``note`` says what the title does not."""

    name: str
    title: str
    recipe: str
    naive_title: str = ""
    targets: tuple[Reached, ...] = ()
    trainings: tuple[Trained, ...] = ()
    note: str = ""
    skipped: str = ""


@dataclass(frozen=True, kw_only=True)
class ShippedCurve:
    """One target for a training whose model ships: ``reached`` after how many of its ``seconds``, None where never."""

    title: str
    device: str
    date: str
    epochs: int
    seconds: float
    best_validation: float
    target: float
    reach: float
    reached: float | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing measured through a browser: every figure, their median and their 95th percentile.

    ``unit`` is ``s``, ``KiB`` or ``img/s``; ``target`` is the most that ``statistic`` (median, p95 or slowdown)
    may be. ``slowdown``, in the row of the watchers alone, is by what part (0.05: five percent) a run was slower.
    """

    name: str
    title: str
    unit: str
    values: tuple[float, ...] = ()
    without: tuple[float, ...] = ()
    target: float | None = None
    statistic: str = "median"
    slowdown: float | None = None
    note: str = ""
    skipped: str = ""
    median: float | None = field(init=False, default=None)
    p95: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "median", median(self.values))
        object.__setattr__(self, "p95", percentile95(self.values))


@dataclass(frozen=True, kw_only=True)
class Ablated:
    """A recipe with one ingredient taken away: the validation accuracy in [0, 1] after the last epoch, a figure a seed.

    ``difference`` is the mean minus that of the whole recipe over the same seeds, ``spread`` the standard error of the
    difference seed by seed (None for fewer than two). ``n`` validation images, ``images`` training images (None: all).
    """

    name: str
    title: str
    reason: str
    accuracies: tuple[float, ...]
    whole: tuple[float, ...]
    n: int
    epochs: int
    images: int | None
    mean: float = field(init=False)
    difference: float = field(init=False)
    spread: float | None = field(init=False)

    def __post_init__(self) -> None:
        apart = [ours - whole for ours, whole in zip(self.accuracies, self.whole, strict=True)]
        error = statistics.stdev(apart) / len(apart) ** 0.5 if len(apart) > 1 else None
        object.__setattr__(self, "mean", statistics.mean(self.accuracies))
        object.__setattr__(self, "difference", statistics.mean(apart))
        object.__setattr__(self, "spread", error)


FAR = 0.25  # of the way from chance to every image right: below that a network is near chance


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A pair of data set and network with a recipe, nothing changed: the best validation accuracy, a figure a seed.

    ``epochs`` of the recipe's ``of_epochs`` were trained, on ``images`` training images (None: all), and judged on
    ``n``. ``is_default`` is what the Training page begins with. ``ships`` is the best validation accuracy of a network
    that ships and was trained to its end with these very settings. ``learns`` says whether that, or else every seed,
    left ``chance`` far behind (None where it was skipped, and where it did not but was stopped before its end).
    """

    name: str
    dataset: str
    model: str
    recipe: str
    is_default: bool
    chance: float
    accuracies: tuple[float, ...]
    n: int
    epochs: int
    of_epochs: int
    images: int | None
    ships: float | None = None
    skipped: str = ""
    learns: bool | None = field(init=False)

    def __post_init__(self) -> None:
        far = self.chance + FAR * (1 - self.chance)
        if self.ships is not None and self.ships >= far:
            object.__setattr__(self, "learns", True)
            return
        whole = self.epochs == self.of_epochs and self.images is None
        learns = None if not self.accuracies else min(self.accuracies) >= far or (False if whole else None)
        object.__setattr__(self, "learns", learns)


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """Where the time of a step goes: ``seconds`` by part, each the median of ``steps`` steps.

    The parts are making the ``batch`` (images read, converted, augmented and normalised), ``forward`` with the loss,
    ``backward`` and ``optimizer``; judging has the first two only. ``flops`` are the multiplications and additions of a
    step's convolutions and products; ``product_flops`` are those that this machine did a second in products of large
    matrices, in between.
    """

    name: str
    title: str
    batch: int
    precision: str = ""
    steps: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    flops: int = 0
    product_flops: float = 0.0
    skipped: str = ""
    step_seconds: float = field(init=False, default=0.0)
    shares: dict[str, float] = field(init=False, default_factory=dict)
    flops_a_second: float | None = field(init=False, default=None)
    of_product: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        whole = sum(self.seconds.values())
        if whole:
            rate = self.flops / (self.seconds["forward"] + self.seconds.get("backward", 0.0))
            object.__setattr__(self, "step_seconds", whole)
            object.__setattr__(self, "shares", {part: spent / whole for part, spent in self.seconds.items()})
            object.__setattr__(self, "flops_a_second", rate)
            object.__setattr__(self, "of_product", rate / self.product_flops)


@dataclass(frozen=True, kw_only=True)
class ClassWait:
    """One thing that the students of a class waited for, in seconds: how often, median, 95th percentile and highest.

    ``target`` is the most that the 95th percentile may be.
    """

    name: str
    title: str
    target: float | None = None
    count: int
    median: float
    p95: float
    highest: float


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A class on one web server, whose memory is given in MB (10^6 bytes): resident, trainings left out.

    ``start_mb`` before the first student, ``highest_mb`` at any moment, ``highest_own_mb`` of what no other process
    shares (looked at now and then), ``left_mb`` when all have left, ``after_mb`` ``away_seconds`` later. ``curve``
    holds (seconds, MB). ``pictures`` were asked for, ``not_found`` of them answered 404. ``errors`` are what should
    never be, ``refusals`` what the server declined, each with its count. ``before`` tells the lab that this one is
    compared with from this one.
    """

    name: str
    before: bool
    commit: str
    sessions: int
    lesson_seconds: float
    watch_seconds: float
    away_seconds: float
    trainings: int
    start_mb: float
    highest_mb: float
    highest_own_mb: float | None
    left_mb: float
    after_mb: float
    curve: tuple[tuple[float, float], ...]
    waits: tuple[ClassWait, ...]
    pictures: int
    not_found: int
    errors: dict[str, int]
    refusals: dict[str, int]
    tracebacks: int


Row = Comparison | TimeToAccuracy | Seen | Ablated | Tried | Profiled | Lesson


def median(values: Sequence[float]) -> float | None:
    """Return the median, or None of nothing."""
    return statistics.median(values) if values else None


def median_of_all(values: Sequence[float | None]) -> float | None:
    """Return the median where every value is known: leaving out the seeds that failed would flatter."""
    known = [value for value in values if value is not None]
    return median(known) if len(known) == len(values) else None


def percentile95(values: Sequence[float]) -> float | None:
    """Return the value that 95 % do not exceed (nearest rank), or None of nothing."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)] if values else None
