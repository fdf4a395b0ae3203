"""What each layer of a chain makes of an image, by arithmetic, and the sentence at the layer where it cannot go on."""

from collections import Counter
from dataclasses import dataclass

from core.models.sequential.layers import (
    AveragePool,
    BatchNorm,
    Convolution,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Pool,
    write,
)
from core.models.spec import MOST_PARAMETERS

MOST_KEPT = 4_000_000  # numbers of all layers' outputs for one image: 16 MB, of which a training keeps a batch
MOST_WORK = 5_000_000_000  # multiply-adds for one image: seconds for a batch on one core

_NAMES: dict[type[Layer], str] = {MaxPool: "pool", AveragePool: "pool", BatchNorm: "norm", Dense: "fc"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One layer at its place.

    ``name`` is the module's (conv1, pool1, fc1), ``shape`` (C, H, W) or (N,) what comes out for one image, None from
    the layer with a ``problem`` on. ``receptive_field`` and ``jump`` are in input pixels, None once there are no maps.
    """

    layer: Layer
    name: str
    shape: tuple[int, ...] | None = None
    parameters: int = 0
    multiply_adds: int = 0
    receptive_field: int | None = None
    jump: int | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """A chain laid out for one kind of image.

    ``missing`` says what is still to be added after the last layer, "" where nothing is, and ``rest`` are layers that
    would do it.
    """

    steps: tuple[Step, ...]
    missing: str = ""
    rest: tuple[Layer, ...] = ()

    @property
    def problem(self) -> str:
        """Why there is no such network, the layer named; "" where there is one."""
        for number, step in enumerate(self.steps, start=1):
            if step.problem:
                return f"Layer {number} ({write((step.layer,))}): {step.problem}"
        return self.missing

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return sum(step.parameters for step in self.steps)

    @property
    def multiply_adds(self) -> int:
        """Products that are summed for one image."""
        return sum(step.multiply_adds for step in self.steps)


def follow(layers: tuple[Layer, ...], *, channels: int, image_size: int, classes: int) -> Sizes:
    """Return what images (``channels``, ``image_size``, ``image_size``) become, layer by layer, up to the logits."""
    before = Step(layer=Flatten(), name="input", shape=(channels, image_size, image_size), receptive_field=1, jump=1)
    steps: list[Step] = []
    kept = work = parameters = 0
    for layer, name in zip(layers, _names(layers), strict=True):
        if before.shape is None:
            steps.append(Step(layer=layer, name=name))
            continue
        problem = _problem(layer, before.shape)
        before = Step(layer=layer, name=name, problem=problem) if problem else _step(layer, name, before, classes)
        parameters, work = parameters + before.parameters, work + before.multiply_adds
        kept += _count(before.shape or (0,))
        if too_much := _too_much(parameters, kept, work):
            before = Step(layer=layer, name=name, problem=too_much)
        steps.append(before)
    if before.shape is None:
        return Sizes(steps=tuple(steps))
    missing, rest = _missing(before.shape, classes, parameters) if steps else _nothing(before.shape)
    return Sizes(steps=tuple(steps), missing=missing, rest=rest)


def _names(layers: tuple[Layer, ...]) -> list[str]:
    """Return a name for each layer that says its kind and which of them it is: conv1, relu1, pool1, conv2 …"""
    seen: Counter[str] = Counter()
    found = []
    for layer in layers:
        kind = _NAMES.get(type(layer), layer.kind)
        seen[kind] += 1
        found.append(f"{kind}{seen[kind]}")
    return found


def _problem(layer: Layer, shape: tuple[int, ...]) -> str:
    """Why the layer cannot take what arrives; "" where it can."""
    if len(shape) == 1:
        if isinstance(layer, Convolution | Pool):
            return (
                f"{layer.title} needs maps, and here {shape[0]:,} numbers lie in one row. Move it before Flatten, or "
                "take a dense layer."
            )
        return "The numbers lie in one row already. Remove this Flatten." if isinstance(layer, Flatten) else ""
    maps, side = shape[0], shape[1]
    if isinstance(layer, Dense):
        return f"A dense layer takes one row of numbers; what arrives is {_maps(maps, side)}. Put Flatten before it."
    if isinstance(layer, Convolution):
        return _window_problem(layer.kernel, layer.padding, side)
    if isinstance(layer, Pool) and layer.kernel > side:
        if side == 1:
            return f"A window of {layer.kernel} does not fit maps of 1×1: there is nothing left to pool. Remove it."
        return (
            f"A window of {layer.kernel} does not fit maps of {side}×{side}. Take {side} at most, or larger maps: less "
            "stride or pooling before it."
        )
    return ""


def _window_problem(kernel: int, padding: int, side: int) -> str:
    if padding >= kernel:
        return (
            f"With padding {padding} a kernel of {kernel} would see nothing but zeros at the edge. Take a padding of "
            f"{kernel - 1} at most."
        )
    if kernel <= side + 2 * padding:
        return ""
    where = f"maps of {side}×{side}" + (f", with padding {side + 2 * padding}×{side + 2 * padding}" if padding else "")
    enough = -(-(kernel - side) // 2)
    more = f", a padding of {enough}" if enough <= min(5, kernel - 1) else ""
    return (
        f"A kernel of {kernel} does not fit {where}. Take a kernel of {side + 2 * padding} at most{more}, or less "
        "stride or pooling before it."
    )


def _step(layer: Layer, name: str, before: Step, classes: int) -> Step:
    """Return the layer's step; what arrives fits it."""
    shape = before.shape or ()
    field, jump = before.receptive_field, before.jump
    parameters = work = 0
    if isinstance(layer, Convolution):
        filters = layer.filters or classes
        side = (shape[1] + 2 * layer.padding - layer.kernel) // layer.stride + 1
        weights = filters * shape[0] * layer.kernel**2
        shape, parameters, work = (filters, side, side), weights + filters, weights * side * side
    elif isinstance(layer, Pool):
        side = (shape[1] - layer.kernel) // layer.stride + 1
        shape = (shape[0], side, side)
    elif isinstance(layer, Dense):
        units = layer.units or classes
        parameters, work = (shape[0] + 1) * units, shape[0] * units
        shape = (units,)
    elif isinstance(layer, BatchNorm):
        parameters = 2 * shape[0]
    elif isinstance(layer, Flatten):
        shape, field, jump = (_count(shape),), None, None
    if isinstance(layer, Convolution | Pool) and field is not None and jump is not None:
        field, jump = field + (layer.kernel - 1) * jump, jump * layer.stride
    return Step(
        layer=layer,
        name=name,
        shape=shape,
        parameters=parameters,
        multiply_adds=work,
        receptive_field=field,
        jump=jump,
    )


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _too_much(parameters: int, kept: int, work: int) -> str:
    """Say what is more than this lab takes; "" where nothing is."""
    if parameters > MOST_PARAMETERS:
        return (
            f"Up to here the network has {parameters:,} parameters, and the lab takes {MOST_PARAMETERS:,}. Take fewer "
            "filters or units, or smaller maps: a pool or a stride of 2 before it."
        )
    if kept > MOST_KEPT:
        return (
            f"Up to here {kept:,} numbers have to be kept for each image while it learns, and the lab takes "
            f"{MOST_KEPT:,}. Take fewer filters, or smaller maps: a pool or a stride of 2 before it."
        )
    if work > MOST_WORK:
        return (
            f"Up to here an image takes {work:,} multiply-adds, and the lab takes {MOST_WORK:,}. Take fewer filters, a "
            "smaller kernel, or smaller maps: a pool or a stride of 2 before it."
        )
    return ""


def _nothing(shape: tuple[int, ...]) -> tuple[str, tuple[Layer, ...]]:
    said = (
        f"There is no layer yet. What comes in is {_maps(shape[0], shape[1])}, and a score for each class is to come "
        "out. The least that does it is Flatten and a dense layer with one number a class."
    )
    return said, (Flatten(), Dense(units=0))


def _missing(shape: tuple[int, ...], classes: int, parameters: int) -> tuple[str, tuple[Layer, ...]]:
    """Say what has to follow so that ``classes`` scores come out, and which layers would do it."""
    scores = Dense(units=0)
    if shape == (classes,):
        said = "No layer has a weight: there is nothing to learn. Add a dense layer with one number a class."
        return ("", ()) if parameters else (said, (scores,))
    needed = f"and {classes} classes need {classes} scores"
    if len(shape) == 1:
        numbers = f"{shape[0]:,} number{'s' if shape[0] > 1 else ''}"
        return f"What comes out is {numbers}, {needed}. Add a dense layer with one number a class.", (scores,)
    maps = f"What comes out is {_maps(shape[0], shape[1])}"
    if _count(shape) == classes:
        return f"{maps}. Add Flatten: the scores are to lie in one row.", (Flatten(),)
    said = f"{maps}, {needed}. Add Flatten and a dense layer with one number a class."
    return said, (Flatten(), scores)


def _maps(count: int, side: int) -> str:
    return f"{count:,} {'map' if count == 1 else 'maps'} of {side}×{side}"
