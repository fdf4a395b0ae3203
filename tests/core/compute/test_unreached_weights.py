"""bfloat16: which weights a convolution never uses, and that garbage in their gradients does no harm."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.compute.unreached_weights import protect_unreached_weights, reached_weights
from core.models import build_model


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "padding", "expected"),
    [
        (1, 3, 2, 1, [False, True, False]),
        (1, 3, 1, 1, [False, True, False]),
        (2, 3, 2, 1, [False, True, True]),
        (2, 3, 1, 1, [True, True, True]),
        (1, 5, 2, 2, [False, False, True, False, False]),
        (8, 3, 1, 0, [True, True, True]),
        (1, 1, 1, 0, [True]),
    ],
)
def test_weights_over_padding_only_are_found(
    side: int, kernel: int, stride: int, padding: int, expected: list[bool]
) -> None:
    convolution = nn.Conv2d(1, 1, kernel, stride=stride, padding=padding)
    reached = reached_weights(convolution, side, side)
    assert torch.equal(reached, torch.tensor(expected).view(-1, 1) & torch.tensor(expected).view(1, -1))


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_reached_weights_are_those_with_a_gradient_in_float32(side: int) -> None:
    convolution = nn.Conv2d(1, 1, 3, stride=2, padding=1)
    convolution(torch.rand(1, 1, side, side) + 1).sum().backward()
    assert convolution.weight.grad is not None
    assert torch.equal(convolution.weight.grad[0, 0] != 0, reached_weights(convolution, side, side))


def test_a_strided_net_in_bfloat16_gets_the_gradient_that_float32_gets() -> None:
    """Poison the allocator's memory, as a long training does, and look at the last layer's gradient many times."""
    torch.manual_seed(0)
    model = build_model("strided_cnn", channels=3, image_size=16, classes=2, arguments={"channels": (64, 64, 64, 64)})
    protect_unreached_weights(model, channels=3, image_size=16)
    last = next(module for module in reversed(list(model.modules())) if isinstance(module, nn.Conv2d))
    images, labels = torch.rand(32, 3, 16, 16), torch.randint(0, 2, (32,))
    for _ in range(30):
        torch.full((2, 64, 3, 3), float("nan"))
        model.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(images)
        F.cross_entropy(logits.float(), labels).backward()
        assert last.weight.grad is not None
        assert bool(torch.isfinite(last.weight.grad).all())
        edge = last.weight.grad.clone()
        edge[:, :, 1, 1] = 0
        assert edge.abs().max() == 0
        assert last.weight.grad[:, :, 1, 1].abs().max() > 0


def test_a_net_whose_weights_all_see_pixels_is_left_alone() -> None:
    model = build_model("lenet", channels=3, image_size=32, classes=10)
    protect_unreached_weights(model, channels=3, image_size=32)
    assert all(not weight._backward_hooks for weight in model.parameters())
