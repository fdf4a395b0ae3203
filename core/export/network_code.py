"""A network as Python that needs torch, and torchvision where its backbone is torchvision's, and nothing of the lab.

A network that is a stack of torch's own layers is written out layer by layer; any other by the classes that the lab
builds it from (`core.export.standing_alone`), and one call with the numbers of this one.
"""

import ast
import inspect
from collections.abc import Mapping

import torch
from torch import nn

from core.checkpoints import Card
from core.export.standing_alone import Source
from core.models import build_model, models
from core.registry import Value, check_values

_INDENT = "    "


def code_of(card: Card) -> Source:
    """Return `network_code` of the network that a model file's card describes."""
    return network_code(
        card.model,
        channels=card.channels,
        image_size=card.image_size,
        classes=len(card.classes),
        arguments=card.arguments,
    )


def network_code(
    name: str, *, channels: int, image_size: int, classes: int, arguments: Mapping[str, Value] | None = None
) -> Source:
    """Return source that ends with ``make_network()``: the registered network, with random weights.

    Its parameters have the names that they have in the lab. Raises ConfigError or ModelError as `build_model` does.
    """
    with torch.device("meta"):
        built = build_model(name, channels=channels, image_size=image_size, classes=classes, arguments=arguments)
    source = Source()
    if _is_a_stack(built):
        source.imports.add("from torch import nn")
        body = _written_out(built, _INDENT)
        if "OrderedDict" in body:
            source.imports.add("from collections import OrderedDict")
    else:
        spec = models[name]
        values: dict[str, Value] = {"in_channels": channels, "image_size": image_size, "classes": classes}
        values |= check_values(spec.settings, arguments or {}, of=spec.title)
        source.imports.add("from torch import nn")
        body = _call(source.add(spec.build), values)
    shape = f"(N, {channels}, {image_size}, {image_size})"
    source.definitions.append(
        "def make_network() -> nn.Module:\n"
        f'{_INDENT}"""Return the network: float32 {shape}, normalised, to logits (N, {classes})."""\n'
        f"{_INDENT}return {body}"
    )
    return source


def _call(function: str, values: Mapping[str, object]) -> str:
    arguments = "".join(f"{2 * _INDENT}{name}={value!r},\n" for name, value in values.items())
    return f"{function}(\n{arguments}{_INDENT})"


def _is_a_stack(module: nn.Module) -> bool:
    """Whether a network is layers of torch in a row, or rows of them."""
    if type(module) is nn.Sequential:
        return all(map(_is_a_stack, module.children()))
    return type(module).__module__.startswith("torch.nn.modules.") and not list(module.children())


def _written_out(module: nn.Module, indent: str) -> str:
    if type(module) is not nn.Sequential:
        return _layer(module)
    inner = indent + _INDENT
    children = [(name, _written_out(child, inner)) for name, child in module.named_children()]
    if [name for name, _child in children] == [str(place) for place in range(len(children))]:
        return "nn.Sequential(\n" + "".join(f"{inner}{child},\n" for _name, child in children) + f"{indent})"
    named = "".join(f"{inner}({name!r}, {child}),\n" for name, child in children)
    return f"nn.Sequential(OrderedDict([\n{named}{indent}]))"


def _layer(module: nn.Module) -> str:
    """One layer as torch prints it, without what is so anyway: nn.Conv2d(3, 8, kernel_size=3, padding=1)."""
    call = ast.parse(repr(module), mode="eval").body
    if not isinstance(call, ast.Call):
        return f"nn.{module!r}"
    usual = inspect.signature(type(module)).parameters
    words = [ast.unparse(each) for each in call.args]
    for keyword in call.keywords:
        value = ast.literal_eval(keyword.value)
        usually = usual[str(keyword.arg)].default
        if isinstance(value, tuple) and len(set(value)) == 1 and keyword.arg != "output_size":
            value = value[0]
        if value != usually:
            words.append(f"{keyword.arg}={value!r}")
    return f"nn.{type(module).__name__}({', '.join(words)})"
