"""The line of text that a chain is written in: what goes in comes out, and what is no chain is a sentence."""

import re
import urllib.parse

import pytest
from hypothesis import given, settings

from core.errors import ConfigError
from core.models.sequential.layers import (
    LONGEST,
    MOST_LAYERS,
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    ReLU,
    read,
    write,
)
from tests.core.models.sequential.chains import chains


def test_a_chain_is_written_as_people_say_it() -> None:
    chain = (
        Convolution(filters=6, kernel=5, padding=0),
        BatchNorm(),
        ReLU(),
        MaxPool(),
        Convolution(filters=0, kernel=3, stride=2, padding=1),
        MaxPool(kernel=3, stride=2),
        Dropout(share=0.25),
        Flatten(),
        Dense(units=120),
        Dense(units=0),
    )
    assert write(chain) == (
        "conv-6-5x5_batchnorm_relu_max-2x2_conv-classes-3x3-s2-p1_max-3x3-s2_dropout-0.25_flatten_dense-120_dense-classes"
    )
    assert read(write(chain)) == chain


@given(chains)
@settings(deadline=None)
def test_every_chain_comes_back_from_its_line(chain: tuple[Layer, ...]) -> None:
    line = write(chain)
    assert read(line) == chain
    assert len(line) <= LONGEST
    assert urllib.parse.quote(line) == line, "an address takes it as it is"


def test_no_layer_at_all_has_a_line_of_its_own() -> None:
    assert write(()) == "empty"
    assert read("empty") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Layer 1 is ''; a layer begins with conv, max"),
        ("conv-6-5x5_relu_swish", "Layer 3 is 'swish'; a layer begins with conv, max"),
        ("relu-3", "Layer 1 is 'relu-3'; it has nothing to set: write relu."),
        ("conv-6-5x3", "Layer 1 is 'conv-6-5x3'; write it as conv-6-5x5, conv-16-3x3-s2-p1 or conv-classes-3x3."),
        ("conv-6", "write it as conv-6-5x5"),
        ("conv-6-12x12", "kernel is 12; it must lie between 1 and 11."),
        ("conv-513-3x3", "filters is 513; it must lie between 0 and 512."),
        ("conv-0-3x3", "write classes for one a class, and 1 or more otherwise."),
        ("conv-6-3x3-s0", "stride is 0; it must lie between 1 and 4."),
        ("conv-6-3x3-p1-s2", "write it as conv-6-5x5"),
        ("max-17x17", "kernel is 17; it must lie between 1 and 16."),
        ("dropout-0.95", "share is 0.95; it must lie between 0.0 and 0.9."),
        ("dropout-1e-3", "write it as dropout-0.25"),
        ("dense-4097", "units is 4097; it must lie between 0 and 4096."),
        ("dense-١٢", "write it as dense-120"),
        ("_".join(["relu"] * 33), "There are 33 layers; there may be 32."),
        ("relu_" * 300, "The layers take 1,500 characters; they may take 1,000."),
    ],
)
def test_what_is_no_chain_is_a_sentence(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(line)


def test_a_chain_as_long_as_may_be_fits_into_its_line() -> None:
    widest = Convolution(filters=0, kernel=11, stride=4, padding=5)
    assert len(write((widest,) * MOST_LAYERS)) <= LONGEST
