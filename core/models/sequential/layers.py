"""The layers that a chain is made of, and the one line of text in which a chain is written.

``conv-6-5x5_relu_max-2x2_flatten_dense-classes``: the text is the network's argument, so it stands in a run's
configuration, in a checkpoint's card, on the command line and, holding nothing that would have to be escaped there, in
an address.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

from core.errors import ConfigError, short
from core.registry import Setting, settings_of

MOST_LAYERS = 32
LONGEST = 1_000  # characters of a chain; thirty-two layers take fewer
EMPTY = "empty"  # how a chain without layers is written
CLASSES = "classes"  # how the number of classes is written, whatever it is

_KERNEL = "Side of the window; it is square."
_STRIDE = "How far the window moves at each step."


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a chain. Raises ConfigError, with both numbers, for a value out of bounds."""

    kind: ClassVar[str]
    title: ClassVar[str]

    def __post_init__(self) -> None:
        for setting in settings_of_kind(type(self)):
            setting.check(getattr(self, setting.name))

    def __str__(self) -> str:
        """How it is written."""
        return self.kind


@dataclass(frozen=True, kw_only=True)
class Convolution(Layer):
    """Filters over maps; ``filters`` 0 stands for one filter a class."""

    kind: ClassVar[str] = "conv"
    title: ClassVar[str] = "Convolution"
    filters: Annotated[int, Setting(low=0, high=512, help="How many maps come out. 0: one for each class.")] = 16
    kernel: Annotated[int, Setting(low=1, high=11, unit="px", help=_KERNEL)] = 3
    stride: Annotated[int, Setting(low=1, high=4, unit="px", help=_STRIDE)] = 1
    padding: Annotated[int, Setting(low=0, high=5, unit="px", help="Zeros around each map.")] = 1

    def __str__(self) -> str:
        stride = f"-s{self.stride}" if self.stride > 1 else ""
        padding = f"-p{self.padding}" if self.padding else ""
        return f"{self.kind}-{self.filters or CLASSES}-{self.kernel}x{self.kernel}{stride}{padding}"


@dataclass(frozen=True, kw_only=True)
class Pool(Layer):
    """One number for each window; without padding."""

    kernel: Annotated[int, Setting(low=1, high=16, unit="px", help=_KERNEL)] = 2
    stride: Annotated[int, Setting(low=1, high=16, unit="px", help=_STRIDE)] = 2

    def __str__(self) -> str:
        stride = f"-s{self.stride}" if self.stride != self.kernel else ""
        return f"{self.kind}-{self.kernel}x{self.kernel}{stride}"


@dataclass(frozen=True, kw_only=True)
class MaxPool(Pool):
    """The largest number of each window."""

    kind: ClassVar[str] = "max"
    title: ClassVar[str] = "Max pool"


@dataclass(frozen=True, kw_only=True)
class AveragePool(Pool):
    """The mean of each window."""

    kind: ClassVar[str] = "avg"
    title: ClassVar[str] = "Average pool"


@dataclass(frozen=True, kw_only=True)
class BatchNorm(Layer):
    """Each channel, or each number of a row, normalised over the batch."""

    kind: ClassVar[str] = "batchnorm"
    title: ClassVar[str] = "BatchNorm"


@dataclass(frozen=True, kw_only=True)
class ReLU(Layer):
    """Zero instead of what is negative."""

    kind: ClassVar[str] = "relu"
    title: ClassVar[str] = "ReLU"


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """Zeros at random while it learns, a ``share`` of them."""

    kind: ClassVar[str] = "dropout"
    title: ClassVar[str] = "Dropout"
    share: Annotated[float, Setting(low=0.0, high=0.9, step=0.05, help="Of the numbers, those set to zero.")] = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "share", round(float(self.share), 4))  # as it is written

    def __str__(self) -> str:
        return f"{self.kind}-{self.share:.4g}"


@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """Maps written one after the other in a row."""

    kind: ClassVar[str] = "flatten"
    title: ClassVar[str] = "Flatten"


@dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """Weighted sums of all numbers of a row; ``units`` 0 stands for one a class."""

    kind: ClassVar[str] = "dense"
    title: ClassVar[str] = "Dense"
    units: Annotated[int, Setting(low=0, high=4096, help="How many numbers come out. 0: one for each class.")] = 64

    def __str__(self) -> str:
        return f"{self.kind}-{self.units or CLASSES}"


KINDS: dict[str, type[Layer]] = {
    one.kind: one for one in (Convolution, MaxPool, AveragePool, BatchNorm, ReLU, Dropout, Flatten, Dense)
}


def settings_of_kind(kind: type[Layer]) -> tuple[Setting, ...]:
    """Return what can be set of a kind of layer, with bounds."""
    return _settings(kind.kind)


@cache
def _settings(kind: str) -> tuple[Setting, ...]:
    return settings_of(KINDS[kind])


_COUNT = rf"(?P<count>\d{{1,5}}|{CLASSES})"
_WINDOW = r"(?P<kernel>\d{1,3})x(?P<same>\d{1,3})(?:-s(?P<stride>\d{1,3}))?"
_WRITTEN = {
    "conv": re.compile(rf"conv-{_COUNT}-{_WINDOW}(?:-p(?P<padding>\d{{1,3}}))?", re.ASCII),
    "max": re.compile(rf"max-{_WINDOW}", re.ASCII),
    "avg": re.compile(rf"avg-{_WINDOW}", re.ASCII),
    "dropout": re.compile(r"dropout-(?P<share>0(?:\.\d{1,4})?)", re.ASCII),
    "dense": re.compile(rf"dense-{_COUNT}", re.ASCII),
}
_EXAMPLES = {
    "conv": "conv-6-5x5, conv-16-3x3-s2-p1 or conv-classes-3x3",
    "max": "max-2x2 or max-3x3-s2",
    "avg": "avg-2x2 or avg-3x3-s2",
    "dropout": "dropout-0.25",
    "dense": "dense-120 or dense-classes",
}


def write(layers: tuple[Layer, ...]) -> str:
    """Return a chain in one line: its layers with _ between, each with what differs from the plainest of its kind."""
    return "_".join(map(str, layers)) or EMPTY


def read(text: str) -> tuple[Layer, ...]:
    """Return the chain that a line stands for.

    Raises ConfigError, with a sentence that names the layer, for what is no such line, for more than `MOST_LAYERS`
    layers, and for a number out of bounds.
    """
    if len(text) > LONGEST:
        raise ConfigError(f"The layers take {len(text):,} characters; they may take {LONGEST:,}.")
    parts = [] if text == EMPTY else text.split("_")
    if len(parts) > MOST_LAYERS:
        raise ConfigError(f"There are {len(parts)} layers; there may be {MOST_LAYERS}.")
    return tuple(_layer(number, part) for number, part in enumerate(parts, start=1))


def _layer(number: int, text: str) -> Layer:
    kind = text.partition("-")[0]
    if kind not in KINDS:
        raise ConfigError(f"Layer {number} is {short(text)}; a layer begins with {', '.join(KINDS)}.")
    try:
        if kind not in _WRITTEN:
            if text != kind:
                raise ConfigError(f"it has nothing to set: write {kind}")
            return KINDS[kind]()
        found = _WRITTEN[kind].fullmatch(text)
        if found is None or found.groupdict().get("same") != found.groupdict().get("kernel"):
            raise ConfigError(f"write it as {_EXAMPLES[kind]}")
        return _made(kind, found.groupdict())
    except ConfigError as error:
        raise ConfigError(f"Layer {number} is {short(text)}; {str(error).removesuffix('.')}.") from None


def _made(kind: str, found: dict[str, str | None]) -> Layer:
    count = found.get("count")
    if count is not None and not count.strip("0"):
        raise ConfigError(f"write {CLASSES} for one a class, and 1 or more otherwise")
    number = 0 if count in (None, CLASSES) else int(count or 0)
    if kind == "dropout":
        return Dropout(share=float(found["share"] or 0))
    if kind == "dense":
        return Dense(units=number)
    kernel = int(found["kernel"] or 0)
    if kind == "conv":
        stride, padding = int(found["stride"] or 1), int(found["padding"] or 0)
        return Convolution(filters=number, kernel=kernel, stride=stride, padding=padding)
    pool = MaxPool if kind == "max" else AveragePool
    return pool(kernel=kernel, stride=int(found["stride"] or kernel))
