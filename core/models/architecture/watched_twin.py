"""Looking inside a network that others are using at the same moment.

All students share one copy of a model, so nothing may be done to it: hooks would fire for everyone, and torchvision's
create_feature_extractor switches the model to training mode while it traces and patches nn.Module for the whole
process (a forward pass in another thread then fails with "module is not installed as a submodule"; it also cannot
trace a network that looks at the size of its input). Here the hooks sit on a private twin: its own modules, the same
weights in memory, thrown away after one pass.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

Witness = Callable[[str, nn.Module, Tensor, Tensor], Tensor | None]


def watched_twin(model: nn.Module, witness: Witness) -> nn.Module:
    """Return a twin of ``model`` in evaluation mode that calls ``witness`` after each layer; good for one pass.

    The witness gets the layer's name, the layer, its input and its output, both of which later layers may overwrite
    in place; a tensor that it returns takes the place of the output. The twin shares the model's weights and
    buffers, so neither may be changed through it (``.to()`` and ``.double()`` would).
    """
    twin = private_copy(model)
    calls: Counter[str] = Counter()

    def watch(name: str, module: nn.Module) -> None:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            call, calls[name] = calls[name], calls[name] + 1
            return witness(f"{name}_{call}" if call else name, module, inputs[0], output)

        module.register_forward_hook(hook)

    for name, module in twin.named_modules():
        if next(module.children(), None) is None:
            watch(name or type(module).__name__, module)
    return twin


def private_copy(model: nn.Module) -> nn.Module:
    """Return the same network, made of its own modules in evaluation mode, with the same weights and buffers in memory.

    What a module holds is shared, but for what leads to other modules and what can be added to, as hooks can. Python's
    own deep copy looks into everything: for an EfficientNet that took longer than three answers of it, and every other
    student's page stood still meanwhile.
    """
    twins = {id(module): module.__class__.__new__(module.__class__) for module in model.modules()}
    for module in model.modules():
        own = {name: _own(value, twins) for name, value in module.__dict__.items()}
        twins[id(module)].__dict__.update(own, training=False)
    return twins[id(model)]


def _own(value: Any, twins: Mapping[int, nn.Module]) -> Any:
    """Return what a twin holds in place of ``value``: containers of its own, and twins in place of modules."""
    if isinstance(value, nn.Module):
        return twins.get(id(value), value)
    if type(value) in (dict, OrderedDict):
        return type(value)((key, _own(each, twins)) for key, each in value.items())
    if type(value) in (list, set, tuple):
        return type(value)(_own(each, twins) for each in value)
    return value
