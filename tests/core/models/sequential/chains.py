"""Chains of layers, drawn at random: any of them, and such as fit an image."""

import random

from hypothesis import strategies as st

from core.models.sequential.layers import (
    AveragePool,
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    ReLU,
)

sides = st.integers(1, 11)
layers = st.one_of(
    st.builds(
        Convolution, filters=st.integers(0, 512), kernel=sides, stride=st.integers(1, 4), padding=st.integers(0, 5)
    ),
    st.builds(MaxPool, kernel=st.integers(1, 16), stride=st.integers(1, 16)),
    st.builds(AveragePool, kernel=st.integers(1, 16), stride=st.integers(1, 16)),
    st.builds(Dropout, share=st.floats(0, 0.9)),
    st.builds(Dense, units=st.integers(0, 4096)),
    st.sampled_from([BatchNorm(), ReLU(), Flatten()]),
)
chains = st.lists(layers, max_size=32).map(tuple)


def fitting_chain(seed: int, *, image_size: int) -> tuple[Layer, ...]:
    """Return a chain that fits, with windows of all kinds: maps first, then rows, then one number a class."""
    draw = random.Random(seed)
    side, chain = image_size, []
    for _ in range(draw.randint(0, 7)):
        kind = draw.choice(["conv", "conv", "pool", "norm", "relu", "dropout"])
        if kind == "conv":
            kernel = draw.randint(1, 7)
            layer = Convolution(
                filters=draw.randint(1, 6), kernel=kernel, stride=draw.randint(1, 4),
                padding=draw.randint(0, min(5, kernel - 1)),
            )  # fmt: skip
            if kernel > side + 2 * layer.padding:
                continue
            side = (side + 2 * layer.padding - kernel) // layer.stride + 1
            chain.append(layer)
        elif kind == "pool":
            kernel, stride = draw.randint(1, min(4, side)), draw.randint(1, 4)
            side = (side - kernel) // stride + 1
            chain.append(draw.choice([MaxPool, AveragePool])(kernel=kernel, stride=stride))
        else:
            chain.append({"norm": BatchNorm(), "relu": ReLU(), "dropout": Dropout(share=0.3)}[kind])
    chain.append(Flatten())
    for _ in range(draw.randint(0, 3)):
        chain.append(draw.choice([Dense(units=draw.randint(1, 9)), BatchNorm(), ReLU(), Dropout(share=0.5)]))
    return (*chain, Dense(units=0))
