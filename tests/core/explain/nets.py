"""Networks small enough to work out by hand, and the registered ones at a size that fits each."""

from types import SimpleNamespace

import torch
from torch import Tensor, nn

from core.models import build_model, models

# name → channels, image size
INPUTS = {"simple_nn": (1, 28), "strided_cnn": (1, 28), "lenet": (3, 32), "enhanced_cnn": (3, 32), "resnet18": (3, 64)}
WITH_MAPS = tuple(name for name in models if name != "simple_nn")


def registered(name: str) -> tuple[nn.Module, int, int]:
    """Return a network of the registry in evaluation mode, its channels and its image size."""
    channels, size = INPUTS.get(name, (3, 32))
    arguments = models[name].suggest(channels=channels, image_size=size)
    torch.manual_seed(0)
    return build_model(name, channels=channels, image_size=size, classes=10, arguments=arguments).eval(), channels, size


def conv(weight: list, bias: float | None = None, **settings: int) -> nn.Conv2d:
    """Return a convolution with these weights (out, in, k, k) and one bias for all its filters."""
    numbers = torch.tensor(weight, dtype=torch.float32)
    layer = nn.Conv2d(numbers.shape[1], numbers.shape[0], numbers.shape[-1], bias=bias is not None, **settings)
    layer.weight.data = numbers
    if layer.bias is not None and bias is not None:
        layer.bias.data.fill_(bias)
    return layer


def dense(weight: list) -> nn.Linear:
    """Return a Linear without bias with these weights (out, in)."""
    numbers = torch.tensor(weight, dtype=torch.float32)
    layer = nn.Linear(numbers.shape[1], numbers.shape[0], bias=False)
    layer.weight.data = numbers
    return layer


class Residual(nn.Module):
    """Adds its input, in place, to what two 3×3 convolutions make of it; one ReLU is called twice, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = conv([[[[0, 0, 0], [0, -1, 0], [0, 0, 0]]]], padding=1)
        self.second = conv([[[[0, 0, 0], [0, 2, 0], [0, 0, 0]]]], padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 1, H, W) to the same shape."""
        out = self.second(self.relu(self.first(x)))
        out += x
        return self.relu(out)


class Spy(nn.Module):
    """Passes its input on and notes the state of another network while it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = SimpleNamespace(notes=[], watched=[])  # which its copies share

    @property
    def notes(self) -> list[tuple[bool, int]]:
        """Of each pass: whether the other network was in training mode, and how many hooks it had."""
        found: list[tuple[bool, int]] = self.seen.notes
        return found

    @property
    def watched(self) -> list[nn.Module]:
        """The other networks."""
        found: list[nn.Module] = self.seen.watched
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``."""
        for network in self.watched:
            hooks = sum(len(module._forward_hooks) + len(module._backward_hooks) for module in network.modules())
            self.notes.append((any(module.training for module in network.modules()), hooks))
        return x


class Broken(nn.Module):
    """Fails whenever it runs."""

    def forward(self, x: Tensor) -> Tensor:
        """Raise."""
        raise RuntimeError("out of memory")


def fingerprint(model: nn.Module) -> dict:
    """Return everything about a network that an explanation must leave alone."""
    return {
        "values": {name: value.clone() for name, value in model.state_dict().items()},
        "gradients": [parameter.grad is None for parameter in model.parameters()],
        "asking": [parameter.requires_grad for parameter in model.parameters()],
        "modes": [module.training for module in model.modules()],
        "modules": [id(module) for module in model.modules()],
        "hooks": sum(
            len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules()
        ),
    }


def assert_untouched(model: nn.Module, before: dict) -> None:
    """Fail unless ``model`` is as it was when ``before`` was taken."""
    after = fingerprint(model)
    values, kept = after.pop("values"), before["values"]
    assert after == {name: fact for name, fact in before.items() if name != "values"}
    assert values.keys() == kept.keys()
    assert all(torch.equal(values[name], kept[name]) for name in kept)
