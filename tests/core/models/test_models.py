"""The networks of the course: their shapes, the crash, and what a frozen backbone promises."""

import pytest
import torch
from torch import Tensor, nn

from core.errors import ConfigError, ModelError
from core.models import architecture, build_model, models
from core.models.strided_cnn import conv_block
from core.models.transfer import TransferNetwork

INPUTS = {
    "simple_nn": (1, 28),
    "strided_cnn": (1, 28),
    "lenet": (3, 32),
    "enhanced_cnn": (3, 32),
    "fast_cnn": (3, 32),
    "resnet18": (3, 64),
    "efficientnet_lite0": (3, 64),
    "sequential": (3, 32),
}


def build(name: str, *, classes: int = 10, **arguments: object) -> nn.Module:
    channels, size = INPUTS[name]
    return build_model(name, channels=channels, image_size=size, classes=classes, arguments=arguments)  # type: ignore[arg-type]


def test_every_registered_model_is_tested_here() -> None:
    assert set(INPUTS) == set(models)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("batch", [2, 5])
def test_images_become_one_logit_a_class(name: str, batch: int) -> None:
    channels, size = INPUTS[name]
    logits = build(name, classes=7)(torch.randn(batch, channels, size, size))
    assert logits.shape == (batch, 7)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("name", INPUTS)
def test_every_trainable_weight_gets_a_gradient(name: str) -> None:
    channels, size = INPUTS[name]
    model = build(name)
    model(torch.randn(4, channels, size, size)).square().sum().backward()
    assert [key for key, weight in model.named_parameters() if weight.requires_grad and weight.grad is None] == []


def test_the_six_layer_net_maps_a_batch_of_512_mnist_images_to_ten_logits() -> None:
    model = build("strided_cnn")
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 6
    assert model(torch.zeros(512, 1, 28, 28)).shape == (512, 10)


def test_the_six_layer_net_halves_its_maps_down_to_one_pixel() -> None:
    rows = architecture(build("strided_cnn"), channels=1, image_size=28)
    sides = [row.output_shape[1] for row in rows if row.kind == "Conv2d"]
    assert sides == [14, 7, 4, 2, 1, 1]


def test_the_suggested_net_for_cats_and_dogs_has_eight_layers_and_dropout() -> None:
    arguments = models["strided_cnn"].suggest(channels=3, image_size=128)
    model = build_model("strided_cnn", channels=3, image_size=128, classes=2, arguments=arguments)
    assert sum(isinstance(module, nn.Conv2d) for module in model.modules()) == 8
    assert any(isinstance(module, nn.Dropout) for module in model.modules())
    assert model(torch.zeros(2, 3, 128, 128)).shape == (2, 2)


@pytest.mark.parametrize(("kernel", "side", "expected"), [(3, 28, 14), (5, 28, 14), (3, 7, 4), (5, 7, 4), (7, 2, 1)])
def test_padding_k_half_and_stride_two_give_half_the_side_rounded_up(kernel: int, side: int, expected: int) -> None:
    block = conv_block(1, 2, kernel=kernel, batch_norm=False)
    assert block(torch.zeros(1, 1, side, side)).shape == (1, 2, expected, expected)


def test_the_dense_net_is_784_128_10() -> None:
    layers = [module for module in build("simple_nn").modules() if isinstance(module, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(784, 128), (128, 10)]


def test_lenet_is_conv_3_6_16_and_dense_400_120_84_10() -> None:
    rows = architecture(build("lenet"), channels=3, image_size=32)
    details = [row.detail for row in rows if row.parameters]
    assert details == [
        "3→6, 5×5, stride 1, padding 0",
        "6→16, 5×5, stride 1, padding 0",
        "400→120",
        "120→84",
        "84→10",
    ]
    assert [row.output_shape for row in rows if row.kind == "Conv2d"] == [(6, 28, 28), (16, 10, 10)]


def test_lenet_refuses_another_image_size_with_the_arithmetic() -> None:
    with pytest.raises(ModelError) as raised:
        build_model("lenet", channels=3, image_size=36, classes=10)
    assert "16·5·5 = 400" in str(raised.value)
    assert "16·6·6 = 576" in str(raised.value)


@pytest.mark.parametrize("size", [8, 15])
def test_lenet_says_that_an_image_is_too_small_for_its_convolutions(size: int) -> None:
    with pytest.raises(ModelError, match=f"{size}×{size} images are too small for its two convolutions"):
        build_model("lenet", channels=3, image_size=size, classes=10)


def test_lenet_itself_crashes_in_its_first_dense_layer_on_a_larger_image() -> None:
    with pytest.raises(RuntimeError, match=r"1x576 and 400x120"):
        build("lenet")(torch.zeros(1, 3, 36, 36))


@pytest.mark.parametrize("size", [8, 20, 28, 32, 33, 64])
def test_the_enhanced_cnn_finds_its_dense_size_for_any_image(size: int) -> None:
    model = build_model("enhanced_cnn", channels=3, image_size=size, classes=10)
    dense = next(module for module in model.modules() if isinstance(module, nn.Linear))
    assert dense.in_features == 64 * (size // 2) ** 2
    assert model(torch.zeros(2, 3, size, size)).shape == (2, 10)


def test_the_dummy_image_leaves_no_trace_in_the_batch_norm() -> None:
    norms = [module for module in build("enhanced_cnn").modules() if isinstance(module, nn.BatchNorm2d)]
    assert [int(norm.num_batches_tracked) for norm in norms] == [0, 0]
    assert all(norm.training for norm in norms)


def test_the_enhanced_cnn_takes_other_widths() -> None:
    rows = architecture(build("enhanced_cnn", widths=(8, 16, 24)), channels=3, image_size=32)
    assert [row.output_shape for row in rows if row.kind == "Conv2d"] == [(8, 32, 32), (16, 32, 32), (24, 32, 32)]


@pytest.mark.parametrize(
    ("name", "arguments", "error", "words"),
    [
        ("strided_cnn", {"kernal": 3}, ConfigError, "no setting 'kernal'"),
        ("strided_cnn", {"dropout": 1.5}, ConfigError, "dropout is 1.5"),
        ("enhanced_cnn", {"widths": (8,) * 5}, ModelError, "one to four widths; 5 were given"),
        ("resnet18", {"weights": "places"}, ConfigError, "weights is 'places'"),
    ],
)
def test_wrong_arguments_are_sentences(
    name: str, arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        build(name, **arguments)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_lite0"])
def test_a_grey_image_does_not_fit_a_backbone_of_photos(name: str) -> None:
    with pytest.raises(ModelError, match="RGB"):
        build_model(name, channels=1, image_size=64, classes=2)


def frozen_names(train: str) -> set[str]:
    model = build("resnet18", train=train)
    return {name.split(".")[1] for name, weight in model.named_parameters() if not weight.requires_grad}


def test_head_training_freezes_the_whole_backbone() -> None:
    assert frozen_names("head") == {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4"}


def test_last_stage_training_leaves_layer4_free() -> None:
    assert frozen_names("last_stage") == {"conv1", "bn1", "layer1", "layer2", "layer3"}


def test_full_fine_tuning_freezes_nothing() -> None:
    assert frozen_names("all") == set()


def test_a_frozen_batch_norm_stays_in_evaluation_mode_when_training_is_set() -> None:
    model = build("resnet18", train="head")
    model.eval()
    model.train()
    assert isinstance(model, TransferNetwork)
    assert model.training
    assert model.head.training
    assert not any(module.training for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d))


def test_resnet_scales_images_to_its_input_size() -> None:
    seen: list[torch.Size] = []
    model = build("resnet18", input_size=32)
    assert isinstance(model, TransferNetwork)

    def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0].shape)

    model.backbone.register_forward_pre_hook(note)
    model(torch.zeros(2, 3, 64, 64))
    assert seen == [torch.Size([2, 3, 32, 32])]


def test_resnet_features_are_those_of_torchvisions_own_network() -> None:
    from torchvision.models import resnet18

    reference = resnet18(weights=None).eval()
    model = build("resnet18", classes=1000).eval()
    assert isinstance(model, TransferNetwork)
    model.backbone.load_state_dict({k: v for k, v in reference.state_dict().items() if not k.startswith("fc.")})
    model.head.load_state_dict(reference.fc.state_dict())
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(model(images), reference(images))


@pytest.mark.parametrize("name", INPUTS)
def test_the_architecture_table_counts_every_parameter_and_changes_nothing(name: str) -> None:
    channels, size = INPUTS[name]
    model = build(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    rows = architecture(model, channels=channels, image_size=size)
    assert sum(row.parameters for row in rows) == sum(weight.numel() for weight in model.parameters())
    assert rows[-1].output_shape == (10,)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_lenets_table_has_the_numbers_worked_out_by_hand() -> None:
    rows = {row.name: row for row in architecture(build("lenet"), channels=3, image_size=32)}
    assert rows["conv1"].multiply_adds == 28 * 28 * 6 * 3 * 25
    assert rows["conv1"].parameters == 6 * 3 * 25 + 6
    assert (rows["conv1"].receptive_field, rows["conv1"].jump) == (5, 1)
    assert (rows["conv2"].receptive_field, rows["conv2"].jump) == (14, 2)
    assert rows["fc1"].receptive_field is None
    assert rows["fc1"].multiply_adds == 400 * 120


def test_a_pool_over_the_whole_map_sees_all_that_the_map_sees() -> None:
    rows = {row.name: row for row in architecture(build("fast_cnn"), channels=3, image_size=32)}
    last, pool = rows["blocks.2.act2"], rows["pool"]
    assert last.output_shape == (256, 3, 3)
    assert (last.receptive_field, last.jump) == (51, 8)
    assert (pool.receptive_field, pool.jump) == (51 + 2 * 8, 8 * 3)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, {}) for name in INPUTS),
        ("fast_cnn", {"norm_scale": False}),
        ("fast_cnn", {"whiten": False}),
        ("resnet18", {"train": "last_stage"}),
        ("resnet18", {"train": "all"}),
    ],
)
def test_the_architecture_table_counts_what_learns(name: str, arguments: dict[str, object]) -> None:
    channels, size = INPUTS[name]
    model = build(name, **arguments)
    learning = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert sum(row.trainable for row in architecture(model, channels=channels, image_size=size)) == learning


def test_resnets_stem_sees_eleven_pixels_after_its_pool() -> None:
    rows = {row.name: row for row in architecture(build("resnet18"), channels=3, image_size=64)}
    assert (rows["backbone.maxpool"].receptive_field, rows["backbone.maxpool"].jump) == (11, 4)
    assert rows["backbone.layer1.0.conv1"].receptive_field == 19
    assert not rows["backbone.conv1"].trainable
    assert rows["head"].trainable


def test_a_network_of_too_many_parameters_is_refused_before_it_takes_any_memory() -> None:
    arguments = {"channels": (512,) * 16, "kernel": 7}
    with pytest.raises(ModelError, match=r"192,\d{3},\d{3} parameters .* takes 50,000,000"):
        build_model("strided_cnn", channels=3, image_size=128, classes=2, arguments=arguments)


def test_laying_a_network_out_first_draws_no_random_number() -> None:
    torch.manual_seed(3)
    expected = models["strided_cnn"].build(in_channels=1, image_size=28, classes=10)
    torch.manual_seed(3)
    built = build_model("strided_cnn", channels=1, image_size=28, classes=10)
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), built.parameters(), strict=True))
