"""Filter surgery: what a network answers when filters of one layer are switched off.

A filter that is off hands on zeros: its map is empty, whatever it would have found. The zeros are put in after the
batch norm that follows the convolution, which would make another number of them. The network itself is never touched:
each pass has a twin of its own that shares the weights.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.prepared import LabelledImages
from core.errors import ConfigError
from core.explain.inside.layers import Layer, device_of
from core.explain.inside.stages import Stage
from core.intervals import Share
from core.models.answers import logits_of
from core.models.architecture.watched_twin import watched_twin
from core.models.input_format import InputFormat, normalise, to_batch

SAMPLE = 200  # test images: an answer for all of them takes a small network a fifth of a second
MOST_TRIED = 64  # filters of a layer that are tried one by one
TRY_SECONDS = 40.0  # the time that trying filters may take by its own forecast; the sample shrinks to fit
LEAST_SAMPLE = 50
MOST_BYTES = 32 * 2**20  # that a sample takes in memory
_AT_ONCE = 50

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Test images as a network takes them, float32 (N, C, S, S) normalised, and their ``labels`` int64 (N,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, kw_only=True)
class Answer(Share):
    """What a network answers on a sample: how many are ``right`` of ``n``, and the mean ``loss`` in nats."""

    loss: float


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One filter switched off alone, and what the network answered without it."""

    filter: int
    answer: Answer


def cut_after(stage: Stage) -> Layer | None:
    """Return the layer of a stage whose output filters are cut out of; None where the stage has no convolution."""
    parts = list(stage.parts.values())
    if not parts[0].has_kernels:
        return None
    for layer in parts[1:]:
        if layer.kind == "BatchNorm2d":
            return layer
        if layer.kind not in (
            "MaxPool2d",
            "AvgPool2d",
        ):  # an activation or an addition: what comes later is not the convolution's alone
            break
    return parts[0]


def without_filters(model: nn.Module, layer: str, off: Sequence[int]) -> nn.Module:
    """Return a twin of ``model`` whose ``layer`` hands on zeros in the maps ``off``; good for one pass.

    With no filter off it answers as the network does, bit for bit. Raises ConfigError, when it runs, for a map that the
    layer does not have.
    """
    chosen = sorted(set(off))

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> Tensor | None:
        if name != layer or not chosen:
            return None
        if chosen[0] < 0 or chosen[-1] >= after.shape[1]:
            raise ConfigError(f"The layer has {after.shape[1]} filters, counted from 0; {chosen[-1]} is none of them.")
        cut = after.clone()
        cut[:, chosen] = 0
        return cut

    return watched_twin(model, witness)


def logits_without(
    model: nn.Module, images: Tensor, *, layer: str, off: Sequence[int], mirrored: bool = False
) -> Tensor:
    """Return the logits (N, classes) of normalised images (N, C, S, S) with filters of ``layer`` switched off."""
    with torch.inference_mode():
        images = images.to(device_of(model))
        if not mirrored:
            return logits_of(without_filters(model, layer, off), images, mirrored=False).cpu()
        opinion = logits_of(without_filters(model, layer, off), images.flip(-1), mirrored=False)
        return (opinion + logits_of(without_filters(model, layer, off), images, mirrored=False)).cpu() / 2


def sample_of(data: LabelledImages, test: Integers, format: InputFormat, *, most: int = SAMPLE) -> Sample:
    """Return ``most`` images of a test split, evenly spread over it, as a network with this input takes them.

    Fewer where they would take more than `MOST_BYTES`.
    """
    most = max(1, min(most, MOST_BYTES // (4 * format.channels * format.size**2)))
    chosen = np.unique(np.linspace(0, len(test) - 1, min(most, len(test))).round().astype(np.int64))
    indices = test[chosen]
    batch = to_batch(np.ascontiguousarray(data.images[indices]), format)
    return Sample(images=normalise(batch, format), labels=torch.from_numpy(data.labels[indices]))


def answer(
    model: nn.Module,
    sample: Sample,
    *,
    layer: str,
    off: Sequence[int],
    mirrored: bool = False,
    tell: Callable[[float], None] | None = None,
) -> Answer:
    """Return what the network answers on a sample with these filters off; ``tell`` is told how far it is."""
    right, loss = 0, 0.0
    for start in range(0, len(sample.labels), _AT_ONCE):
        if tell is not None:
            tell(start / len(sample.labels))
        labels = sample.labels[start : start + _AT_ONCE]
        images = sample.images[start : start + _AT_ONCE]
        logits = logits_without(model, images, layer=layer, off=off, mirrored=mirrored)
        right += int((logits.argmax(1) == labels).sum())
        loss += float(F.cross_entropy(logits, labels, reduction="sum"))
    return Answer(right=right, n=len(sample.labels), loss=loss / len(sample.labels))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which filters of a layer are tried, and on how many images: as many as fit `TRY_SECONDS`."""

    filters: tuple[int, ...]
    of: int
    images: int

    @property
    def sentence(self) -> str:
        """What is tried, for people."""
        if len(self.filters) == self.of:
            return f"Each of the {self.of} filters is switched off alone, on {self.images} test images."
        return (
            f"Of {self.of} filters the {len(self.filters)} with the strongest maps are switched off alone, on "
            f"{self.images} test images: to try all would take too long here."
        )


def plan(model: nn.Module, sample: Sample, *, layer: str, mirrored: bool = False) -> Plan:
    """Return which filters are worth trying and on how many images, from the maps and the time of one pass."""
    strength: list[Tensor] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if name == layer:
            strength.append(after.abs().mean((0, 2, 3)))

    images = sample.images[:_AT_ONCE].to(device_of(model))
    with torch.inference_mode():
        started = time.perf_counter()
        watched_twin(model, witness)(images)
        seconds = (time.perf_counter() - started) / len(images) * (1 + mirrored)
    order = strength[0].argsort(descending=True).tolist()
    tried = tuple(sorted(order[:MOST_TRIED]))
    fitting = int(TRY_SECONDS / max(seconds * len(tried), 1e-9))
    least = min(LEAST_SAMPLE, len(sample.labels))
    return Plan(filters=tried, of=len(order), images=max(least, min(len(sample.labels), fitting)))


def try_each(model: nn.Module, sample: Sample, planned: Plan, *, layer: str, mirrored: bool = False) -> Iterator[Tried]:
    """Yield what the network answers without each of the planned filters, one after the other."""
    some = Sample(images=sample.images[: planned.images], labels=sample.labels[: planned.images])
    for one in planned.filters:
        yield Tried(filter=one, answer=answer(model, some, layer=layer, off=[one], mirrored=mirrored))


def ranked(tried: Sequence[Tried]) -> list[Tried]:
    """Return the filters, the one that is missed most first: by images lost, then by loss."""
    return sorted(tried, key=lambda one: (one.answer.right, -one.answer.loss))
