"""Why 16·5·5? The size of the first Linear: by arithmetic, by PyTorch's own error, and by a dummy tensor."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import ConfigError
from core.explain.inside.layers import device_of
from core.explain.sizes.output_size import output_size
from core.models.architecture.watched_twin import watched_twin

MAX_IN_FEATURES = 300_000
DENSE = 120  # outputs of the first Linear of the LeNet-style network


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step: the layer, "32 − 5 + 1 = 28", and what comes out, ``channels`` maps of ``size``×``size``."""

    layer: str
    text: str
    channels: int
    size: int


@dataclass(frozen=True, kw_only=True)
class LinearSize:
    """All steps to the first Linear, and how many numbers reach it; ``text`` is "16 · 5 · 5 = 400"."""

    lines: tuple[Line, ...]
    in_features: int
    text: str


@dataclass(frozen=True, kw_only=True)
class TraceRow:
    """What the dummy tensor did at one layer: its shapes ``before`` and ``after``, batch of 1 included, and why."""

    layer: str
    kind: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class DummyTrace:
    """A dummy tensor's way to the first Linear; ``code`` is the trick as a network's author writes it."""

    rows: tuple[TraceRow, ...]
    in_features: int
    text: str
    code: str


def follow(
    *,
    image_size: int = 32,
    kernel: int = 5,
    padding: int = 0,
    pool: int = 2,
    filters: tuple[int, int] = (6, 16),
    channels: int = 3,
) -> LinearSize:
    """Follow an image of ``image_size`` pixels a side through convolution, pool, convolution, pool.

    Both convolutions have stride 1 and the same kernel and padding; a pool of side ``pool`` steps by as much. Raises
    ConfigError where a kernel or a pool does not fit what is left of the map.
    """
    lines = [Line(layer="input", text=f"{image_size}×{image_size} pixels", channels=channels, size=image_size)]
    for number, maps in enumerate(filters, start=1):
        size = output_size(lines[-1].size, kernel, padding=padding).size
        text = conv_text(lines[-1].size, kernel, 1, padding, 1)
        lines.append(Line(layer=f"conv{number}", text=text, channels=maps, size=size))
        if pool > size:
            raise ConfigError(f"pool {pool} does not fit a {size}×{size} map; take a smaller pool or a larger image.")
        pooled = output_size(size, pool, stride=pool).size
        lines.append(Line(layer=f"pool{number}", text=pool_text(size, pool), channels=maps, size=pooled))
    last = lines[-1]
    in_features = last.channels * last.size * last.size
    text = f"{last.channels} · {last.size} · {last.size} = {in_features}"
    return LinearSize(lines=tuple(lines), in_features=in_features, text=text)


def try_in_features(
    n: int,
    *,
    image_size: int = 32,
    kernel: int = 5,
    padding: int = 0,
    pool: int = 2,
    filters: tuple[int, int] = (6, 16),
    channels: int = 3,
) -> str | None:
    """Run the flattened maps of `follow` through a real ``nn.Linear(n, 120)``; return what PyTorch says, or None.

    None means that it runs. Raises ConfigError as `follow` does and for ``n`` outside 1 to 300,000.
    """
    if not 1 <= n <= MAX_IN_FEATURES:
        raise ConfigError(f"in_features is {n}; it must lie between 1 and {MAX_IN_FEATURES:,}.")
    work = follow(image_size=image_size, kernel=kernel, padding=padding, pool=pool, filters=filters, channels=channels)
    last = work.lines[-1]
    maps = torch.zeros(1, last.channels, last.size, last.size)
    layer = nn.utils.skip_init(nn.Linear, n, DENSE)  # no weights drawn: the process-wide generator stays as it is
    try:
        with torch.no_grad():
            layer(torch.flatten(maps, 1))
    except RuntimeError as error:
        return str(error)
    return None


def explain(n: int, work: LinearSize) -> str:
    """Say in our words what ``nn.Linear(n, 120)`` does with the numbers of ``work``."""
    last, right = work.lines[-1], work.in_features
    arrives = f"{last.channels} maps of {last.size}×{last.size} arrive, {work.text} numbers an image"
    if n == right:
        return f"It fits: {arrives}, and nn.Linear({n}, {DENSE}) takes {n}."
    side = round((n / last.channels) ** 0.5)
    guess = ""
    if side >= 1 and last.channels * side * side == n:
        guess = f" {n} = {last.channels} · {side} · {side} would need maps of {side}×{side}."
    return (
        f"nn.Linear({n}, {DENSE}) waits for {n} numbers an image, but {arrives}.{guess} "
        f"In PyTorch's words mat1 is the batch (1x{right}) and mat2 the weights ({n}x{DENSE}): "
        f"the inner two numbers must be equal. Write nn.Linear({right}, {DENSE})."
    )


def dummy_trace(model: nn.Module, *, channels: int, image_size: int) -> DummyTrace:
    """Send ``zeros(1, channels, image_size, image_size)`` through a network and note its shape at every layer.

    ``model`` is a whole network, followed until its maps are one row of numbers, or a part that ends before that. It
    is used in evaluation mode through a twin, under no_grad, and stays as it is. Raises RuntimeError, PyTorch's own,
    where the image does not fit.
    """
    rows: list[TraceRow] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if before.dim() == 4 and (not rows or len(rows[-1].after) == 4):
            shapes = tuple(before.shape), tuple(after.shape)
            kind = type(module).__name__
            rows.append(
                TraceRow(layer=name, kind=kind, before=shapes[0], after=shapes[1], text=_row_text(module, *shapes))
            )

    with torch.no_grad():
        watched_twin(model, witness)(torch.zeros(1, channels, image_size, image_size, device=device_of(model)))
    if len(rows[-1].after) == 4:
        shape = rows[-1].after
        flat = (1, shape[1] * shape[2] * shape[3])
        rows.append(TraceRow(layer="flatten", kind="flatten", before=shape, after=flat, text=_flat_text(shape)))
    in_features = rows[-1].after[1]
    return DummyTrace(
        rows=tuple(rows),
        in_features=in_features,
        text=rows[-1].text,
        code=_dummy_code(channels, image_size, rows[-1].text),
    )


def conv_text(n: int, kernel: int, stride: int, padding: int, dilation: int) -> str:
    """Return a convolution's size in numbers, as short as it can be: "32 − 5 + 1 = 28"."""
    work = output_size(n, kernel, stride=stride, padding=padding, dilation=dilation)
    if stride > 1 or dilation > 1:
        return work.formula
    return work.special or f"{n} + 2·{padding} − {kernel} + 1 = {work.size}"


def pool_text(n: int, pool: int) -> str:
    """Return a pool's size in numbers: "28 / 2 = 14", or "floor(27 / 2) = 13"."""
    return f"{n} / {pool} = {n // pool}" if n % pool == 0 else f"floor({n} / {pool}) = {n // pool}"


def _row_text(module: nn.Module, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    if len(after) == 2:
        return _flat_text(before)
    if isinstance(module, nn.Conv2d) and not isinstance(module.padding, str):
        return conv_text(before[2], module.kernel_size[0], module.stride[0], module.padding[0], module.dilation[0])
    if isinstance(module, nn.MaxPool2d) and module.kernel_size == module.stride and not module.padding:
        side = module.kernel_size
        return pool_text(before[2], side if isinstance(side, int) else side[0])
    if before == after:
        return "the shape stays"
    return f"{before[2]} becomes {after[2]}"


def _flat_text(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} · {shape[2]} · {shape[3]} = {shape[1] * shape[2] * shape[3]}"


def _dummy_code(channels: int, image_size: int, text: str) -> str:
    return (
        "with torch.no_grad():\n"
        f"    dummy = torch.zeros(1, {channels}, {image_size}, {image_size})\n"
        f"    in_features = self.features(dummy).numel()  # {text}\n"
        f"self.fc1 = nn.Linear(in_features, {DENSE})\n"
    )
