import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.explain.sizes.linear_size import dummy_trace, explain, follow, try_in_features
from core.models import models
from tests.core.explain.nets import assert_untouched, fingerprint, registered


def test_the_courses_numbers_come_out_line_by_line() -> None:
    work = follow()
    assert [(line.layer, line.text, line.channels, line.size) for line in work.lines] == [
        ("input", "32×32 pixels", 3, 32),
        ("conv1", "32 − 5 + 1 = 28", 6, 28),
        ("pool1", "28 / 2 = 14", 6, 14),
        ("conv2", "14 − 5 + 1 = 10", 16, 10),
        ("pool2", "10 / 2 = 5", 16, 5),
    ]
    assert (work.in_features, work.text) == (400, "16 · 5 · 5 = 400")


def test_a_kernel_of_three_gives_sixteen_times_six_times_six() -> None:
    assert follow(kernel=3).text == "16 · 6 · 6 = 576"


def test_padding_is_in_the_line() -> None:
    assert follow(kernel=5, padding=2).lines[1].text == "32 + 2·2 − 5 + 1 = 32"


def test_a_pool_that_does_not_divide_says_so() -> None:
    assert follow(image_size=31).lines[2].text == "floor(27 / 2) = 13"


@pytest.mark.parametrize("image_size", [28, 32, 45])
@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize(("padding", "pool"), [(0, 2), (1, 3), (2, 1)])
def test_pytorch_agrees_about_every_stack(image_size: int, kernel: int, padding: int, pool: int) -> None:
    stack = nn.Sequential(
        nn.Conv2d(3, 6, kernel, padding=padding), nn.MaxPool2d(pool),
        nn.Conv2d(6, 16, kernel, padding=padding), nn.MaxPool2d(pool), nn.Flatten(),
    )  # fmt: skip
    with torch.no_grad():
        expected = stack(torch.zeros(1, 3, image_size, image_size)).shape[1]
    assert follow(image_size=image_size, kernel=kernel, padding=padding, pool=pool).in_features == expected


def test_a_kernel_that_runs_out_of_map_is_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigError, match="kernel 7 does not fit a 4×4 map"):
        follow(image_size=14, kernel=7)


def test_a_pool_that_runs_out_of_map_is_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigError, match="pool 4 does not fit a 1×1 map"):
        follow(image_size=24, kernel=5, pool=4)


def test_pytorchs_own_words_for_16_6_6() -> None:
    said = try_in_features(16 * 6 * 6)
    assert said is not None
    assert "shapes cannot be multiplied (1x400 and 576x120)" in said


def test_the_right_in_features_runs() -> None:
    assert try_in_features(400) is None
    assert try_in_features(576, kernel=3) is None


def test_trying_leaves_the_process_wide_generator_alone() -> None:
    before = torch.random.get_rng_state()
    try_in_features(123)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("n", [0, -5, 300_001])
def test_in_features_out_of_range_are_refused(n: int) -> None:
    with pytest.raises(ConfigError, match="between 1 and 300,000"):
        try_in_features(n)


def test_our_words_hold_the_arithmetic_and_both_numbers() -> None:
    text = explain(576, follow())
    assert text.startswith(
        "nn.Linear(576, 120) waits for 576 numbers an image, but 16 maps of 5×5 arrive, 16 · 5 · 5 = 400"
    )
    assert "576 = 16 · 6 · 6 would need maps of 6×6" in text
    assert "mat1 is the batch (1x400) and mat2 the weights (576x120)" in text
    assert text.endswith("Write nn.Linear(400, 120).")


def test_a_number_that_no_map_gives_is_not_guessed_at() -> None:
    assert "would need" not in explain(401, follow())


def test_the_right_number_is_said_to_fit() -> None:
    assert explain(400, follow()).startswith("It fits: 16 maps of 5×5 arrive, 16 · 5 · 5 = 400")


def test_the_dummy_tensor_goes_through_the_enhanced_cnn_layer_by_layer() -> None:
    model, channels, size = registered("enhanced_cnn")
    trace = dummy_trace(model, channels=channels, image_size=size)
    assert [(row.kind, row.after, row.text) for row in trace.rows] == [
        ("Conv2d", (1, 32, 32, 32), "32 + 2·1 − 3 + 1 = 32"),
        ("BatchNorm2d", (1, 32, 32, 32), "the shape stays"),
        ("ReLU", (1, 32, 32, 32), "the shape stays"),
        ("Conv2d", (1, 64, 32, 32), "32 + 2·1 − 3 + 1 = 32"),
        ("BatchNorm2d", (1, 64, 32, 32), "the shape stays"),
        ("ReLU", (1, 64, 32, 32), "the shape stays"),
        ("MaxPool2d", (1, 64, 16, 16), "32 / 2 = 16"),
        ("Flatten", (1, 16384), "64 · 16 · 16 = 16384"),
    ]
    assert trace.in_features == 16384


def test_a_network_that_flattens_by_a_function_is_followed_too() -> None:
    model, channels, size = registered("lenet")
    trace = dummy_trace(model, channels=channels, image_size=size)
    assert [row.layer for row in trace.rows] == ["conv1", "pool", "conv2", "pool_1", "flatten"]
    assert (trace.in_features, trace.text) == (400, "16 · 5 · 5 = 400")


def test_a_feature_part_is_followed_to_its_end() -> None:
    part = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.MaxPool2d(2))
    trace = dummy_trace(part, channels=1, image_size=11)
    assert trace.rows[0].text.endswith("= floor(8 / 2) + 1 = 5")
    assert trace.rows[1].text == "floor(5 / 2) = 2"
    assert trace.in_features == 16


@pytest.mark.parametrize("name", models)
def test_the_trace_ends_with_what_the_first_linear_takes(name: str) -> None:
    model, channels, size = registered(name)
    linear = next((module for module in model.modules() if isinstance(module, nn.Linear)), None)
    trace = dummy_trace(model, channels=channels, image_size=size)
    assert trace.in_features == (10 if linear is None else linear.in_features)


def test_tracing_in_training_mode_does_not_count_the_dummy_in_the_statistics() -> None:
    model, channels, size = registered("enhanced_cnn")
    before = fingerprint(model.train())
    dummy_trace(model, channels=channels, image_size=size)
    assert_untouched(model, before)


def test_the_code_of_the_trick_runs_and_gives_the_size() -> None:
    class Network(nn.Module):
        def __init__(self, code: str) -> None:
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2))
            names = {"self": self, "torch": torch, "nn": nn}
            exec(code, names)

    code = dummy_trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2)), channels=3, image_size=20).code
    assert Network(code).fc1.in_features == 8 * 9 * 9
    assert "# 8 · 9 · 9 = 648" in code
