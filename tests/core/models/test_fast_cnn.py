"""The fast network: what its first layer promises, how its blocks begin, and how it is trained and judged."""

from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

import core.judging.classification
import core.judging.evaluation
import core.training.trainer
from core.checkpoints import read
from core.config import AugmentationStep, TrainingConfig, training_size
from core.data import load, make_split
from core.errors import ConfigError, ModelError
from core.events import EpochDone, StepDone
from core.judging.classification import classify
from core.models import build_model, models
from core.models.answers import logits_of
from core.models.fast_cnn import IMAGES_AT_ONCE, SMALLEST_VARIANCE, FastCNN, start_as_identity, whitening_kernels
from core.models.input_format import to_batch
from core.photos.door import Photo
from core.recipes import recipe_config
from core.training.session import Session
from core.training.trainer import Trainer


def correlated_images(count: int = 64) -> Tensor:
    """Smooth images, whose neighbouring pixels and channels go together as those of photos do."""
    rough = torch.randn(count, 1, 20, 20, generator=torch.Generator().manual_seed(0))
    smooth = F.avg_pool2d(rough, 5, stride=1)
    noise = torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return 3 * smooth + 0.3 * noise


def test_whitened_answers_are_uncorrelated_with_unit_variance() -> None:
    images = correlated_images()
    before = torch.corrcoef(F.unfold(images, 2).transpose(1, 2).flatten(0, 1).T)
    answers = F.conv2d(images, whitening_kernels(images))
    covariance = torch.cov(answers[:, :12].transpose(0, 1).flatten(1))
    assert (before - torch.eye(12)).abs().max() > 0.5
    assert torch.allclose(covariance, torch.eye(12), atol=0.03)


def test_whitening_kernels_come_with_both_signs() -> None:
    kernels = whitening_kernels(correlated_images())
    assert kernels.shape == (24, 3, 2, 2)
    assert torch.equal(kernels[:12], -kernels[12:])


def test_patches_are_counted_a_few_images_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = correlated_images(IMAGES_AT_ONCE + 7)
    at_once = torch.cov(F.unfold(images, 2).transpose(1, 2).flatten(0, 1).T.double())
    kernels, sizes = whitening_kernels(images), []
    unfold = F.unfold
    monkeypatch.setattr(F, "unfold", lambda part, side: sizes.append(len(part)) or unfold(part, side))
    assert torch.equal(whitening_kernels(images), kernels)
    assert sizes == [IMAGES_AT_ONCE, 7]
    flat = kernels[:12].flatten(1).double()
    variances = torch.linalg.eigvalsh(at_once).flip(0)
    answers = flat @ at_once @ flat.T
    assert torch.allclose(answers, torch.diag(variances / (variances + SMALLEST_VARIANCE)), atol=1e-5)


def test_preparing_sets_the_first_layer_and_nothing_else() -> None:
    model = build_model("fast_cnn", channels=3, image_size=32, classes=10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    models["fast_cnn"].prepare(model, correlated_images())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"whiten.weight", "whiten.bias"}


def test_a_first_layer_that_learns_is_not_whitened() -> None:
    model = build_model("fast_cnn", channels=3, image_size=32, classes=10, arguments={"whiten": False})
    before = {name: value.clone() for name, value in model.state_dict().items()}
    models["fast_cnn"].prepare(model, correlated_images())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.get_parameter("whiten.weight").requires_grad


def test_a_convolution_that_starts_as_the_identity_passes_its_input_on() -> None:
    convolution = nn.Conv2d(4, 6, 3, padding=1, bias=False)
    start_as_identity(convolution)
    images = torch.randn(2, 4, 5, 5)
    assert torch.allclose(convolution(images)[:, :4], images)


@pytest.mark.parametrize(("channels", "size"), [(1, 8), (1, 28), (3, 32), (3, 64), (3, 128)])
def test_the_suggested_net_fits_every_size(channels: int, size: int) -> None:
    arguments = models["fast_cnn"].suggest(channels=channels, image_size=size)
    model = build_model("fast_cnn", channels=channels, image_size=size, classes=4, arguments=arguments)
    assert model(torch.zeros(2, channels, size, size)).shape == (2, 4)


def test_too_many_blocks_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(ModelError, match="use 2 widths or fewer"):
        build_model("fast_cnn", channels=1, image_size=8, classes=10, arguments={"widths": (8, 8, 8)})


def config(**changes: object) -> TrainingConfig:
    fields: dict[str, object] = {
        "dataset": "shapes",
        "model": "fast_cnn",
        "model_arguments": {"widths": (16, 16)},
        "image_size": 32,
        "epochs": 2,
        "batch_size": 32,
        "limit": 96,
        "learning_rate": 0.1,
        "device": "cpu",
    }
    return TrainingConfig(**fields | changes)  # type: ignore[arg-type]


def trainer(**changes: object) -> Trainer:
    wanted = config(**changes)
    data = load(wanted.dataset, size=wanted.image_size)
    return Trainer(wanted, data, make_split(data))


def test_training_leaves_the_whitening_layer_as_the_images_made_it() -> None:
    training = trainer(epochs=1)
    assert isinstance(training.model, FastCNN)
    kernels = training.model.whiten.weight.clone()
    steps = [event for event in training.events() if isinstance(event, StepDone)]
    assert len(steps) == 3
    assert torch.equal(training.model.whiten.weight, kernels)
    assert bool(training.model.get_parameter("whiten.bias").any())  # the bias learns


def test_training_images_grow_and_judged_ones_do_not() -> None:
    training = trainer(start_size=16, epochs=4)
    seen: dict[bool, list[int]] = {True: [], False: []}
    training.model.register_forward_pre_hook(lambda model, inputs: seen[model.training].append(inputs[0].shape[-1]))
    for _event in training.events():
        pass
    assert seen[True] == [16] * 3 + [24] * 3 + [32] * 6
    assert set(seen[False]) == {32}


@pytest.mark.parametrize(
    ("sides", "epochs", "expected"),
    [
        ((64, 128), 7, [64, 80, 96, 112, 128, 128, 128]),
        ((64, 100), 4, [64, 84, 100, 100]),  # the full size is no multiple of the step
        ((24, 32), 9, [24, 24, 28, 28, 32, 32, 32, 32, 32]),  # small images grow in small steps
        ((8, 64), 4, [8, 32, 64, 64]),
        ((64, 128), 1, [128]),  # no time to grow
        ((64, 64), 2, [64, 64]),
        ((None, 64), 2, [64, 64]),
    ],
)
def test_images_grow_to_their_full_size_in_steps(
    sides: tuple[int | None, int], epochs: int, expected: list[int]
) -> None:
    growing = config(start_size=sides[0], image_size=sides[1], epochs=epochs)
    assert [training_size(growing, epoch) for epoch in range(epochs)] == expected


def test_a_net_that_does_not_take_the_smallest_of_growing_images_is_refused() -> None:
    with pytest.raises(ModelError, match="a 16×16 image 4 times"):
        trainer(start_size=16, model_arguments={"widths": (8, 8, 8, 8)})


def test_only_a_net_that_asks_for_images_is_shown_some_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[int] = []
    monkeypatch.setattr(
        core.training.assembly, "to_batch", lambda images, *rest: shown.append(len(images)) or to_batch(images, *rest)
    )
    trainer(model="lenet", model_arguments={})
    assert not shown
    trainer()
    assert len(shown) == 1


def test_images_only_grow_for_a_net_that_takes_any_size() -> None:
    with pytest.raises(ConfigError, match="one size only"):
        trainer(model="lenet", model_arguments={}, start_size=16)


def test_a_start_size_above_the_image_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="start_size is 64; it must lie between 8 and 32"):
        config(start_size=64)


class LeftHalf(nn.Module):
    """Answers with the brightness of the image's left half, and notes what it was shown last."""

    def forward(self, x: Tensor) -> Tensor:
        self.last = x
        return x[..., : x.shape[-1] // 2].flatten(1).sum(1, keepdim=True)


def test_a_mirrored_answer_is_the_mean_over_the_image_and_its_mirror_image() -> None:
    model, images = LeftHalf(), torch.rand(3, 1, 4, 4)
    assert torch.allclose(logits_of(model, images, mirrored=False), model(images))
    both = (model(images) + model(images.flip(-1))) / 2
    assert torch.allclose(logits_of(model, images, mirrored=True), both)
    assert torch.equal(model.last, images)  # hooks see the image as it is


def test_validation_test_and_photos_are_all_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(config(mirror_at_test=True, epochs=1), tmp_path / "run")
    judged: list[bool] = []
    for module in (core.training.trainer, core.judging.evaluation, core.judging.classification):
        monkeypatch.setattr(module, "logits_of", partial(noted, judged))
    for _event in session.events():
        pass
    assert set(judged) == {True}
    during = len(judged)
    checkpoint = read(tmp_path / "run" / "final")
    classify(checkpoint, Photo(image=Image.new("RGB", (32, 32)), sha256="", name="black"))
    assert judged[during:] == [True]


def noted(judged: list[bool], model: nn.Module, images: Tensor, *, mirrored: bool) -> Tensor:
    judged.append(mirrored)
    return logits_of(model, images, mirrored=mirrored)


def test_the_modern_recipe_flips_by_turns_and_asks_the_mirror_image_where_left_and_right_are_alike() -> None:
    pictures = recipe_config("modern", dataset="cifar10", model="fast_cnn")
    digits = recipe_config("modern", dataset="mnist", model="fast_cnn")
    assert AugmentationStep(name="flip_alternating") in pictures.augmentation
    assert pictures.mirror_at_test
    assert not any("flip" in step.name for step in digits.augmentation)
    assert not digits.mirror_at_test


def test_growing_images_in_bfloat16_reach_weights_that_small_ones_leave_alone() -> None:
    """At 16 pixels the last convolution sees a 1×1 map, so only the middle of its kernels has a gradient."""
    arguments = {"widths": (16, 16, 16), "stride": 2}
    training = trainer(model_arguments=arguments, start_size=16, epochs=4, precision="bf16", image_size=32)
    weight = training.model.get_parameter("blocks.2.conv2.weight")
    before = weight.detach().clone()
    corners: list[bool] = []
    for event in training.events():
        if isinstance(event, EpochDone):
            assert bool(torch.isfinite(weight).all())
            corners.append(not torch.equal(weight[..., 0, 0], before[..., 0, 0]))
    assert corners[0] is False
    assert corners[-1] is True


def test_a_recipe_for_images_that_are_small_already_does_not_let_them_grow() -> None:
    assert recipe_config("modern", dataset="cats_vs_dogs", model="fast_cnn").start_size == 64
    assert recipe_config("modern", dataset="cats_vs_dogs", model="fast_cnn", image_size=64).start_size is None
