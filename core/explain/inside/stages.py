"""The layers of a network as people count them: "Convolution 2 of 6", and what its maps pass through after it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.explain.inside.layers import Layer

_WORDS = {
    "Conv2d": "Convolution",
    "BatchNorm2d": "Batch norm",
    "MaxPool2d": "Max pooling",
    "AvgPool2d": "Average pooling",
    "AdaptiveMaxPool2d": "Max over all places",
    "AdaptiveAvgPool2d": "Mean over all places",
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A convolution and the layers that follow it up to the next one, or what lies before the first.

    ``parts`` are the layers by name, "Convolution", "Batch norm", "ReLU", in the order in which they run.
    """

    title: str
    parts: dict[str, Layer]


def stages(layers: Sequence[Layer]) -> tuple[Stage, ...]:
    """Return the stages of a network whose layers with maps are ``layers``, in the order in which they run."""
    groups: list[list[Layer]] = []
    for layer in layers:
        if layer.has_kernels or not groups:
            groups.append([])
        groups[-1].append(layer)
    total = sum(group[0].has_kernels for group in groups)
    before = len(groups) - total
    learns = any(layer.has_kernels and not layer.frozen for layer in layers)
    return tuple(
        Stage(title=_title(group[0], place - before + 1, total, learns=learns), parts=_parts(group))
        for place, group in enumerate(groups)
    )


def first_to_show(found: Sequence[Stage]) -> int:
    """Return the place of the stage to begin with: the first convolution that was learned, else the first there is."""
    firsts = [next(iter(stage.parts.values())) for stage in found]
    convolutions = [place for place, layer in enumerate(firsts) if layer.has_kernels]
    learned = [place for place in convolutions if not firsts[place].frozen]
    return next(iter(learned or convolutions), 0)


def layer_titles(found: Sequence[Stage]) -> dict[str, str]:
    """Return how people call each layer, by its code name: "ReLU after convolution 2 of 6"."""
    titles: dict[str, str] = {}
    for stage in found:
        for place, (part, layer) in enumerate(stage.parts.items()):
            title = stage.title[:1].lower() + stage.title[1:]
            titles[layer.name] = f"{part} after {title}" if place else stage.title
    return titles


def _title(first: Layer, number: int, total: int, *, learns: bool) -> str:
    if not first.has_kernels:
        return _word(first)
    return f"Convolution {number} of {total}" + (", not learned" if first.frozen and learns else "")


def _parts(group: Sequence[Layer]) -> dict[str, Layer]:
    seen: Counter[str] = Counter()
    parts: dict[str, Layer] = {}
    for layer in group:
        word = _word(layer)
        seen[word] += 1
        parts[word if seen[word] == 1 else f"{word} {seen[word]}"] = layer
    return parts


def _word(layer: Layer) -> str:
    return _WORDS.get(layer.kind, layer.kind)
