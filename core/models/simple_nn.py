"""The dense network that the course sets against its first CNN: 784-128-10 on MNIST."""

from typing import Annotated

from torch import nn

from core.models.spec import ModelSpec, models
from core.registry import Setting, settings_of


def simple_nn(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    hidden: Annotated[int, Setting(low=4, high=1024, step=4, unit="units", help="Width of the hidden layer.")] = 128,
) -> nn.Sequential:
    """Return flatten, one hidden layer with ReLU, and logits: it sees pixels, but not which are neighbours."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_channels * image_size * image_size, hidden),
        nn.ReLU(),
        nn.Linear(hidden, classes),
    )


models.add(
    "simple_nn",
    ModelSpec(
        name="simple_nn",
        title="Simple dense net",
        summary="Pixels in a row, a hidden layer, a logit for each class. No convolution: the course compares with it.",
        build=simple_nn,
        settings=settings_of(simple_nn),
    ),
)
