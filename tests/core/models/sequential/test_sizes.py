"""Sizes by arithmetic against the numbers of the course, against the module itself, and the sentence at each fault."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from core.errors import ModelError
from core.models import architecture, build_model
from core.models.sequential.layers import Dense, Flatten, Layer, read, write
from core.models.sequential.sizes import MOST_KEPT, Sizes, follow
from core.models.sequential.starts import LENET, fitting, starts, strided
from core.models.sequential.table import layer_rows
from tests.core.models.sequential.chains import chains, fitting_chain


def laid_out(line: str, *, channels: int = 3, image_size: int = 32, classes: int = 10) -> Sizes:
    return follow(read(line), channels=channels, image_size=image_size, classes=classes)


def test_lenet_has_the_sizes_of_the_lesson() -> None:
    sizes = laid_out(LENET)
    assert [(step.name, step.shape) for step in sizes.steps if step.layer.kind != "relu"] == [
        ("conv1", (6, 28, 28)), ("pool1", (6, 14, 14)), ("conv2", (16, 10, 10)), ("pool2", (16, 5, 5)),
        ("flatten1", (400,)), ("fc1", (120,)), ("fc2", (84,)), ("fc3", (10,)),
    ]  # fmt: skip
    assert [step.parameters for step in sizes.steps if step.parameters] == [456, 2_416, 48_120, 10_164, 850]
    assert (sizes.parameters, sizes.problem) == (62_006, "")
    assert sizes.multiply_adds == 6 * 75 * 784 + 16 * 150 * 100 + 48_000 + 10_080 + 840
    assert [step.receptive_field for step in sizes.steps][:7] == [5, 5, 6, 14, 14, 16, None]


def test_the_course_s_six_layers_halve_28_pixels_down_to_one() -> None:
    sizes = laid_out(strided(28), channels=1, image_size=28)
    shapes = [step.shape for step in sizes.steps if step.layer.kind == "conv"]
    assert shapes == [(8, 14, 14), (16, 7, 7), (32, 4, 4), (64, 2, 2), (128, 1, 1), (10, 1, 1)]
    assert sizes.problem == ""


@pytest.mark.parametrize("side", [8, 15, 16, 28, 32, 64, 65, 96, 128, 224])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_suits_an_image_fits_it(side: int, channels: int) -> None:
    assert laid_out(fitting(side), channels=channels, image_size=side, classes=2).problem == ""


def test_what_one_can_begin_with_can_be_read() -> None:
    assert {name: write(read(line)) for name, line in starts(28).items()} == starts(28)


@pytest.mark.parametrize(
    ("line", "at", "said"),
    [
        (
            "dense-10",
            1,
            "A dense layer takes one row of numbers; what arrives is 3 maps of 32×32. Put Flatten before it.",
        ),
        ("flatten_conv-6-3x3", 2, "Convolution needs maps, and here 3,072 numbers lie in one row. Move it before"),
        ("flatten_max-2x2", 2, "Max pool needs maps, and here 3,072 numbers lie in one row. Move it before Flatten"),
        ("flatten_flatten", 2, "The numbers lie in one row already. Remove this Flatten."),
        ("max-8x8_conv-6-5x5", 2, "A kernel of 5 does not fit maps of 4×4. Take a kernel of 4 at most, a padding of 1"),
        ("max-16x16_conv-6-7x7-p1", 2, "does not fit maps of 2×2, with padding 4×4. Take a kernel of 4 at most, a pad"),
        ("max-16x16_max-2x2_avg-2x2", 3, "does not fit maps of 1×1: there is nothing left to pool. Remove it."),
        ("max-8x8_max-5x5", 2, "A window of 5 does not fit maps of 4×4. Take 4 at most, or larger maps: less stride"),
        (
            "conv-6-2x2-p2",
            1,
            "With padding 2 a kernel of 2 would see nothing but zeros at the edge. Take a padding of 1",
        ),
        ("flatten_dense-4096_dense-4096_dense-4096_dense-4096", 5, "has 62,930,944 parameters, and the lab takes 50,"),
        ("conv-512-1x1_" * 8 + "relu", 8, "4,194,304 numbers have to be kept for each image while it learns, and"),
    ],
)
def test_a_fault_stands_at_its_layer_and_says_what_to_do(line: str, at: int, said: str) -> None:
    sizes = laid_out(line)
    assert [number for number, step in enumerate(sizes.steps, start=1) if step.problem] == [at]
    assert said in sizes.steps[at - 1].problem
    assert sizes.problem.startswith(f"Layer {at} ({write((sizes.steps[at - 1].layer,))}): ")
    assert all(step.shape is None for step in sizes.steps[at - 1 :])
    with pytest.raises(ModelError) as raised:
        build_model("sequential", channels=3, image_size=32, classes=10, arguments={"layers": line})
    assert str(raised.value) == sizes.problem


def test_too_much_work_is_a_sentence_too() -> None:
    sizes = laid_out("conv-64-11x11-p5_" * 9 + "flatten", image_size=64)
    # the first layer 3·64·121 products at each of 64·64 places, the others 64·64·121: two and a half of them are five
    # thousand million
    assert sizes.steps[3].problem.startswith(
        "Up to here an image takes 6,185,287,680 multiply-adds, and the lab takes 5,0"
    )


@pytest.mark.parametrize(
    ("line", "said", "rest"),
    [
        ("empty", "There is no layer yet. What comes in is 3 maps of 32×32, and", (Flatten(), Dense(units=0))),
        (
            "relu",
            "What comes out is 3 maps of 32×32, and 10 classes need 10 scores. Add Fl",
            (Flatten(), Dense(units=0)),
        ),
        (
            "flatten_dense-84",
            "What comes out is 84 numbers, and 10 classes need 10 scores. Add a dense",
            (Dense(units=0),),
        ),
        ("conv-classes-11x11-p1_max-16x16_max-1x1-s2", "What comes out is 10 maps of 1×1. Add Flatten", (Flatten(),)),
    ],
)
def test_what_is_missing_at_the_end_is_said_and_offered(line: str, said: str, rest: tuple[Layer, ...]) -> None:
    sizes = laid_out(line)
    assert sizes.missing.startswith(said)
    assert sizes.rest == rest
    whole = follow((*read(line), *rest), channels=3, image_size=32, classes=10)
    assert whole.problem == ""


def test_a_chain_without_a_weight_has_nothing_to_learn() -> None:
    sizes = laid_out("avg-16x16_flatten", channels=1, image_size=32, classes=4)
    assert sizes.missing.startswith("No layer has a weight")


@given(chains, st.sampled_from([1, 3]), st.integers(8, 64), st.integers(2, 12))
@settings(max_examples=150, deadline=None)
def test_any_chain_is_laid_out_or_has_a_sentence(
    chain: tuple[Layer, ...], channels: int, image_size: int, classes: int
) -> None:
    sizes = follow(chain, channels=channels, image_size=image_size, classes=classes)
    assert len(sizes.steps) == len(chain)
    arguments = {"layers": write(chain)}
    with torch.device("meta"):
        if sizes.problem:
            with pytest.raises(ModelError):
                build_model(
                    "sequential", channels=channels, image_size=image_size, classes=classes, arguments=arguments
                )
        else:
            build_model("sequential", channels=channels, image_size=image_size, classes=classes, arguments=arguments)


@pytest.mark.parametrize("seed", range(40))
def test_shapes_parameters_work_and_fields_are_those_of_the_module(seed: int) -> None:
    image_size = 12 + seed % 21
    chain = fitting_chain(seed, image_size=image_size)
    sizes = follow(chain, channels=3, image_size=image_size, classes=7)
    assert sizes.problem == ""
    model = build_model(
        "sequential", channels=3, image_size=image_size, classes=7, arguments={"layers": write(chain)}
    ).eval()
    x = torch.zeros(2, 3, image_size, image_size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        for step, (name, module) in zip(sizes.steps, model.named_children(), strict=True):
            x = module(x)
            assert (name, tuple(x.shape[1:])) == (step.name, step.shape)
            assert sum(weight.numel() for weight in module.parameters()) == step.parameters
    assert counter.get_total_flops() == 2 * 2 * sizes.multiply_adds  # two images, and two operations a product
    found = architecture(model, channels=3, image_size=image_size)
    followed = [one.receptive_field is not None for one in found]  # others are too large, or no maps any more
    drawn = layer_rows(sizes, channels=3, image_size=image_size)
    assert [row for row, there in zip(drawn, followed, strict=True) if there] == [
        row for row, there in zip(found, followed, strict=True) if there
    ]
    unseen = {"receptive_field": None, "jump": None}
    assert [replace(row, **unseen) for row in drawn] == [replace(row, **unseen) for row in found]


def test_what_has_to_be_kept_is_the_outputs_of_all_layers() -> None:
    sizes = laid_out("conv-200-1x1_" * 31 + "relu")
    kept = [200 * 32 * 32 * number for number in range(1, 33)]
    first = next(number for number, amount in enumerate(kept, start=1) if amount > MOST_KEPT)
    assert [number for number, step in enumerate(sizes.steps, start=1) if step.problem] == [first]
