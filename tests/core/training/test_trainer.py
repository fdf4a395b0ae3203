"""The training loop: it learns, it resumes bit for bit, it freezes what it says, it never augments a test image."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from core.compute.precision_probe import NAMES, PrecisionChoice
from core.config import AugmentationStep, TrainingConfig
from core.data import LabelledImages, datasets, load, make_split
from core.errors import CheckpointError, ConfigError
from core.events import EpochDone, Finished, StepDone
from core.models import models
from core.models.transfer import TransferNetwork
from core.recipes import recipe_config
from core.training.assembly import input_format
from core.training.optimization import make_optimizer, make_schedule
from core.training.resume import restore, state_of
from core.training.trainer import Trainer
from core.training.trainer import test as judged

SHAPES_CHAIN = (
    AugmentationStep(name="flip_horizontal", probability=0.5),
    AugmentationStep(name="crop", settings={"padding": 2}),
    AugmentationStep(name="blur", probability=0.3),
)


def trainer(model: str = "strided_cnn", dataset: str = "shapes", **changes: object) -> Trainer:
    fields: dict[str, object] = {"epochs": 2, "limit": 96, "batch_size": 32, "device": "cpu"} | changes
    if model == "resnet18":
        fields = {"model_arguments": {"weights": "random", "input_size": 32}} | fields
    config = recipe_config("notebook", dataset=dataset, model=model, **fields)
    data = load(dataset, size=config.image_size)
    return Trainer(config, data, make_split(data, slips=config.slips))


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def facts(events: Iterator[object]) -> list[object]:
    """Events without the clock's readings."""
    return [
        dataclasses.replace(event, seconds=0.0) if isinstance(event, StepDone | EpochDone) else event
        for event in events
    ]


def test_the_events_tell_the_whole_training_in_order() -> None:
    events = list(trainer().events())
    kinds = [type(event).__name__ for event in events]
    assert kinds == (["StepDone"] * 3 + ["EpochDone"]) * 2 + ["Finished"]
    assert [event.step for event in events if isinstance(event, StepDone)] == [1, 2, 3, 4, 5, 6]
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.step) == ("completed", 6)


def test_it_learns_the_digits() -> None:
    learner = trainer(dataset="digits", epochs=4, limit=None)
    epochs = [event for event in learner.events() if isinstance(event, EpochDone)]
    assert epochs[-1].val_accuracy > 0.9
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_the_same_seed_gives_the_same_training() -> None:
    first, second = trainer(augmentation=SHAPES_CHAIN), trainer(augmentation=SHAPES_CHAIN)
    assert facts(first.events()) == facts(second.events())
    assert equal(weights(first.model), weights(second.model))


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Stored images as a course reads them: one at a time through torchvision's transforms."""

    def __init__(self, learner: Trainer) -> None:
        self.images, self.labels = learner.data.images, learner.data.labels
        known = learner.format
        self.transform = v2.Compose(
            [v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(known.mean), list(known.std))]
        )

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        return self.transform(torch.from_numpy(self.images[place].copy())), int(self.labels[place])


def test_the_fast_data_path_gives_the_metrics_of_a_plain_loop_over_a_data_loader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast, plain = (trainer("lenet", seed=3, precision="fp32", epochs=3) for _ in range(2))
    order: list[list[int]] = []
    drawn = fast.images.training

    def noted(indices: Tensor, *, epoch: int, batch: int) -> tuple[Tensor, Tensor]:
        order.append(indices.tolist())
        return drawn(indices, epoch=epoch, batch=batch)

    monkeypatch.setattr(fast.images, "training", noted)
    epochs = [event for event in fast.events() if isinstance(event, EpochDone)]

    assert len({place for batch in order[:3] for place in batch}) == 96  # every image once an epoch
    images, steps = OneByOne(plain), 3
    model, config = plain.model, plain.config
    assert (config.optimizer, config.weight_decay, config.schedule, config.augmentation) == ("sgd", 0, "constant", ())
    optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate, momentum=config.momentum)
    for done in epochs:
        model.train()
        sampler = order[(done.epoch - 1) * steps : done.epoch * steps]
        losses = []
        for batch, labels in DataLoader(images, batch_sampler=sampler):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(batch), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        right, total = 0, 0.0
        for batch, labels in DataLoader(images, batch_sampler=[[place] for place in plain.split.validation.tolist()]):
            with torch.inference_mode():
                logits = model(batch)
            right += int(logits.argmax(1) == labels)
            total += float(nn.functional.cross_entropy(logits, labels))
        count = len(plain.split.validation)
        assert done.train_loss == pytest.approx(sum(losses) / steps, abs=1e-5)
        assert done.val_loss == pytest.approx(total / count, abs=1e-5)
        assert done.val_accuracy == right / count


def test_another_seed_gives_another_training() -> None:
    first, second = trainer(seed=1), trainer(seed=2)
    list(first.events())
    list(second.events())
    assert not equal(weights(first.model), weights(second.model))


# Of the largest ones that take any width, a narrow one: it carries the same state.
NARROW: dict[str, dict[str, object]] = {"fast_cnn": {"widths": (8, 8)}, "enhanced_cnn": {"widths": (4, 8)}}


@pytest.mark.parametrize("model", models)
@pytest.mark.parametrize("cut", [1, 4])
def test_interrupted_and_resumed_equals_uninterrupted(model: str, cut: int) -> None:
    """Cut in the first epoch and just after it; dropout, momentum, schedule and augmentation all carry state."""
    changes: dict[str, object] = {"momentum": 0.9, "schedule": "step", "step_size": 1, "augmentation": SHAPES_CHAIN}
    if model in NARROW:
        changes |= {"model_arguments": NARROW[model]}
    if model == "resnet18":
        changes |= {"model_arguments": {"weights": "random", "input_size": 32, "train": "last_stage"}, "limit": 64}
    whole = trainer(model, **changes)
    expected = facts(whole.events())
    cut_short = trainer(model, **changes)
    seen = []
    for event in cut_short.events():
        seen.append(event)
        if len(seen) == cut:
            break
    state = state_of(cut_short)
    torch.randn(5)  # whatever else drew random numbers meanwhile
    resumed = trainer(model, **changes)
    restore(resumed, state)
    assert facts(iter(seen)) + facts(resumed.events()) == expected
    assert equal(weights(resumed.model), weights(whole.model))


RESUMED = [
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "schedule": "one_cycle"},
    {"optimizer": "adamw", "learning_rate": 0.001, "schedule": "step", "step_size": 1},
    {"optimizer": "adamw", "learning_rate": 0.001, "schedule": "one_cycle"},
    {"optimizer": "sgd", "weight_decay": 0.001, "label_smoothing": 0.1},
]


@pytest.mark.parametrize("changes", RESUMED, ids=lambda changes: f"{changes['optimizer']}-{changes.get('schedule')}")
@pytest.mark.parametrize("cut", [2, 3, 5, 7])
def test_resume_is_exact_for_every_optimizer_and_schedule(changes: dict[str, object], cut: int) -> None:
    changes = {**changes, "model_arguments": {"dropout": 0.5, "channels": (4, 8)}}
    whole, cut_short, resumed = trainer(**changes), trainer(**changes), trainer(**changes)
    torch.manual_seed(0)
    expected = facts(whole.events())
    torch.manual_seed(0)
    iterator = cut_short.events()
    seen = [next(iterator) for _ in range(cut)]
    restore(resumed, state_of(cut_short))
    assert facts(iter(seen)) + facts(resumed.events()) == expected
    assert equal(weights(resumed.model), weights(whole.model))


@pytest.mark.parametrize("lost", ["optimizer", "rng.torch", "model", "schedule", "progress"])
def test_a_state_that_lost_a_part_is_refused_or_gives_another_training(lost: str) -> None:
    """What the exactness rests on: without any one part, the training is not the same."""
    changes: dict[str, object] = {
        "optimizer": "adamw",
        "learning_rate": 0.01,
        "schedule": "one_cycle",
        "model_arguments": {"dropout": 0.5, "channels": (4, 8)},
    }
    whole = trainer(**changes)
    list(whole.events())
    cut_short = trainer(**changes)
    iterator = cut_short.events()
    for _ in range(2):
        next(iterator)
    state = state_of(cut_short)
    kept = {name: value for name, value in state.tensors.items() if not name.startswith(lost)}
    values = {name: value for name, value in state.values.items() if name != lost}
    resumed = trainer(**changes)
    try:
        restore(resumed, dataclasses.replace(state, tensors=kept, values=values))
    except CheckpointError:
        return
    list(resumed.events())
    assert not equal(weights(resumed.model), weights(whole.model))


def test_a_state_of_another_model_is_refused() -> None:
    with pytest.raises(CheckpointError, match="does not belong"):
        restore(trainer("lenet"), state_of(trainer("strided_cnn")))


class OnlyTrainingIsTouched:
    """Stands in for a chain: remembers every image it is given."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def __call__(self, batch: Tensor, _generator: torch.Generator, *, indices: Tensor, epoch: int) -> Tensor:
        assert torch.equal((batch[:, 0, 0, 0] * 255).round().long() + 256 * (batch[:, 1, 0, 0] * 255).long(), indices)
        self.seen.append(batch.clone())
        return torch.zeros_like(batch)  # whoever is augmented becomes black


def coded(count: int = 200) -> LabelledImages:
    """Images that carry their own index in their pixels, so that each can be recognised wherever it turns up."""
    numbers = np.arange(count)
    pixels = np.zeros((count, 3, 32, 32), dtype=np.uint8)
    pixels[:, 0], pixels[:, 1] = (numbers % 256)[:, None, None], (numbers // 256)[:, None, None]
    return LabelledImages(
        spec=datasets["shapes"],
        size=32,
        images=pixels,
        labels=numbers % 6,
        fingerprint="coded",
        official_test_start=None,
    )


def test_augmentation_sees_training_images_only() -> None:
    data = coded()
    split = make_split(data)
    config = recipe_config("notebook", dataset="shapes", model="strided_cnn", epochs=2, batch_size=16, device="cpu")
    learner = Trainer(config, data, split)
    spy = OnlyTrainingIsTouched()
    learner.images.augment = spy  # type: ignore[assignment]
    list(learner.events())
    touched = {round(value * 255) for batch in spy.seen for value in batch[:, 0, 0, 0].tolist()}
    assert touched
    assert touched <= set(split.train.tolist())
    assert not touched & set(split.validation.tolist())
    assert not touched & set(split.test.tolist())


def test_validation_images_reach_the_network_as_they_are_stored() -> None:
    learner = trainer(augmentation=(AugmentationStep(name="erasing", settings={"largest": 0.6}),))
    validation = torch.from_numpy(learner.split.validation)
    images = torch.cat([batch for batch, _labels in learner.batches.evaluation(validation)])
    stored = torch.from_numpy(learner.data.images[learner.split.validation]).float() / 255
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (learner.format.mean, learner.format.std))
    assert torch.allclose(images, (stored - mean) / std, atol=1e-6)


@pytest.mark.parametrize("train", ["head", "last_stage"])
def test_a_frozen_backbone_is_bit_identical_after_training(train: str) -> None:
    learner = trainer(
        "resnet18", limit=64, model_arguments={"weights": "random", "input_size": 32, "train": train}, momentum=0.9
    )
    assert isinstance(learner.model, TransferNetwork)
    free = "layer4" if train == "last_stage" else "nothing"
    before = {name: value for name, value in weights(learner.model.backbone).items() if not name.startswith(free)}
    head = weights(learner.model.head)
    list(learner.events())
    after = {name: value for name, value in weights(learner.model.backbone).items() if not name.startswith(free)}
    assert any("running_mean" in name for name in before)
    assert equal(after, before)
    assert not equal(weights(learner.model.head), head)


def test_full_fine_tuning_moves_the_backbone() -> None:
    learner = trainer("resnet18", limit=64, model_arguments={"weights": "random", "input_size": 32, "train": "all"})
    assert isinstance(learner.model, TransferNetwork)
    before = weights(learner.model.backbone)
    list(learner.events())
    assert not equal(weights(learner.model.backbone), before)


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged_and_names_the_step() -> None:
    learner = trainer("simple_nn", learning_rate=10.0, epochs=20, limit=None, weight_decay=1.0, momentum=0.9)
    with torch.no_grad():
        learner.model[1].weight.mul_(1e30)  # type: ignore[index,operator,union-attr]
    events = list(learner.events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "diverged"
    assert finished.step == 1 + sum(isinstance(event, StepDone) for event in events)


def test_early_stopping_waits_for_patience_and_remembers_the_best_epoch() -> None:
    learner = trainer("simple_nn", learning_rate=1e-6, epochs=50, patience=3, limit=32)
    events = list(learner.events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "early_stopped"
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert len(epochs) == finished.best_epoch + 3
    assert [event.epoch for event in epochs if event.is_best][-1] == finished.best_epoch


def test_step_lr_divides_the_rate_by_ten_every_five_epochs() -> None:
    learner = trainer("simple_nn", schedule="step", step_size=5, gamma=0.1, epochs=11, limit=32, learning_rate=0.06)
    rates = [event.learning_rate for event in learner.events() if isinstance(event, EpochDone)]
    assert rates == pytest.approx([0.06] * 5 + [0.006] * 5 + [0.0006])


def test_one_cycle_rises_for_a_quarter_and_falls_to_almost_nothing() -> None:
    learner = trainer("simple_nn", schedule="one_cycle", epochs=8, limit=320, learning_rate=0.1)
    rates = [event.learning_rate for event in learner.events() if isinstance(event, StepDone)]
    assert len(rates) == 80
    assert max(rates) == pytest.approx(0.1, rel=0.01)
    assert rates.index(max(rates)) == pytest.approx(20, abs=1)
    assert rates[-1] < 0.0002


def test_the_slip_no_eval_mode_leaves_dropout_and_batch_norm_in_training_mode() -> None:
    honest, slipped = trainer(), trainer(slips=("no_eval_mode",))
    honest.validate()
    slipped.validate()
    assert not honest.model.training
    assert slipped.model.training
    tracked = [int(m.num_batches_tracked) for m in slipped.model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(count > 0 for count in tracked)


def test_weight_decay_spares_biases_and_batch_norm() -> None:
    config = recipe_config("modern", dataset="shapes", model="strided_cnn")
    learner = trainer(weight_decay=0.01)
    groups = make_optimizer(learner.model, dataclasses.replace(config, weight_decay=0.01)).param_groups
    assert [group["weight_decay"] for group in groups] == [0.01, 0.0]
    assert all(weight.dim() > 1 for weight in groups[0]["params"])
    assert all(weight.dim() == 1 for weight in groups[1]["params"])


def test_a_constant_schedule_never_changes_the_rate() -> None:
    learner = trainer()
    assert make_schedule(learner.optimizer, learner.config, steps_per_epoch=3).get_last_lr() == [0.01, 0.01]
    rates = {event.learning_rate for event in learner.events() if isinstance(event, StepDone)}
    assert rates == {0.01}


def test_fewer_images_than_one_batch_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="10 training images, fewer than one batch of 32"):
        trainer(limit=10)


def test_a_device_that_is_not_there_is_a_sentence() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ConfigError, match="no CUDA device; choose auto or cpu"):
        trainer(device="cuda")


def test_bf16_trains_too() -> None:
    events = list(trainer(dataset="digits", precision="bf16", epochs=3, limit=None).events())
    assert [event.val_accuracy for event in events if isinstance(event, EpochDone)][-1] > 0.8


SAID = {
    "bf16": PrecisionChoice(precision="bf16", ratio=2.0, pairs=5, sentence="bfloat16: twice as fast"),
    "fp32": PrecisionChoice(precision="fp32", ratio=0.5, pairs=5, sentence="float32: bfloat16 takes twice as long"),
}
CARRIES: dict[str, object] = {
    "momentum": 0.9,
    "schedule": "one_cycle",
    "augmentation": SHAPES_CHAIN,
    "model_arguments": {"dropout": 0.5, "channels": (4, 8)},
}


@pytest.fixture
def probe_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the probe of the trainings to come find this precision the better one."""

    def say(precision: str) -> None:
        monkeypatch.setattr("core.compute.precision_probe.choose", lambda _steps, batch: SAID[precision])
        monkeypatch.setattr("core.compute.precision_probe._remembered", {})
        monkeypatch.setattr("core.compute.precision_probe._kept", dict)
        monkeypatch.setattr("core.compute.precision_probe._keep", lambda _key, _choice: None)

    return say


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_auto_trains_in_what_the_probe_says(probe_says: Callable[[str], None], precision: str) -> None:
    """Bit for bit as if it had been set."""
    probe_says(precision)
    learner = trainer(precision="auto", **CARRIES)
    assert learner.precision.choice == SAID[precision]
    convolution = next(module for module in learner.model.modules() if isinstance(module, nn.Conv2d))
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last) == (precision == "bf16")
    types = set()
    convolution.register_forward_hook(lambda _module, _inputs, output: types.add((output.device.type, output.dtype)))
    events = facts(learner.events())
    assert {dtype for device, dtype in types if device == "cpu"} == {getattr(torch, NAMES[precision])}
    told = trainer(precision=precision, **CARRIES)
    assert told.precision.choice.sentence.endswith("as it was set")
    assert facts(told.events()) == events
    assert equal(weights(told.model), weights(learner.model))


def test_a_real_probe_leaves_no_trace_in_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compute.precision_probe._remembered", {})
    tried = trainer(precision="auto", **CARRIES)
    events = facts(tried.events())
    told = trainer(precision=tried.precision.choice.precision, **CARRIES)
    assert facts(told.events()) == events
    assert equal(weights(told.model), weights(tried.model))


@pytest.mark.parametrize(("began", "later"), [("bf16", "fp32"), ("fp32", "bf16")])
@pytest.mark.parametrize("cut", [2, 4])
def test_a_resumed_training_goes_on_in_the_precision_it_began_with(
    probe_says: Callable[[str], None], began: str, later: str, cut: int
) -> None:
    probe_says(began)
    whole = trainer(precision="auto", **CARRIES)
    expected = facts(whole.events())
    cut_short = trainer(precision="auto", **CARRIES)
    iterator = cut_short.events()
    seen = [next(iterator) for _ in range(cut)]
    state = state_of(cut_short)
    probe_says(later)
    resumed = trainer(precision="auto", **CARRIES)
    assert resumed.precision.choice == SAID[later]
    restore(resumed, state)
    assert resumed.precision.choice == SAID[began]
    assert facts(iter(seen)) + facts(resumed.events()) == expected
    assert equal(weights(resumed.model), weights(whole.model))


def test_a_state_from_before_precision_was_noted_goes_on_in_the_configs_own() -> None:
    state = state_of(trainer(precision="bf16"))
    values = {name: value for name, value in state.values.items() if name != "precision"}
    resumed = trainer(precision="bf16")
    restore(resumed, dataclasses.replace(state, values=values))
    assert resumed.precision.choice.precision == "bf16"


@pytest.mark.parametrize("nonsense", [None, {}, {"precision": "fp16", "sentence": ""}, {"precision": "bf16"}], ids=str)
def test_a_state_whose_precision_makes_no_sense_is_refused(nonsense: object) -> None:
    state = state_of(trainer())
    with pytest.raises(CheckpointError, match="does not belong"):
        restore(trainer(), dataclasses.replace(state, values={**state.values, "precision": nonsense}))


def test_weights_over_padding_are_protected_in_bf16_only(probe_says: Callable[[str], None]) -> None:
    def protected(learner: Trainer) -> int:
        next(learner.events())
        return sum(bool(weight._backward_hooks) for weight in learner.model.parameters())

    deep: dict[str, object] = {"precision": "auto", "model_arguments": {"channels": (4, 4, 4, 4, 4, 4)}}
    probe_says("bf16")
    in_bf16 = trainer(**deep)
    assert protected(in_bf16) > 0
    probe_says("fp32")
    in_fp32 = trainer(**deep)
    assert protected(in_fp32) == 0
    restore(in_bf16, state_of(in_fp32))
    assert protected(in_bf16) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_it_trains_on_cuda() -> None:
    learner = trainer(dataset="digits", device="cuda", epochs=3, limit=None)
    assert [event.val_accuracy for event in learner.events() if isinstance(event, EpochDone)][-1] > 0.8


def test_the_format_is_measured_on_training_images_only() -> None:
    data = coded()
    split = make_split(data)
    config = TrainingConfig(dataset="shapes", model="strided_cnn", image_size=32)
    expected = data.images[split.train][:, 0].mean() / 255
    assert input_format(config, data, split).mean[0] == pytest.approx(expected, abs=1e-4)


def test_a_grey_network_on_colour_images_gets_one_channel() -> None:
    assert trainer(greyscale=True).format.channels == 1


def test_the_test_function_counts_right_answers_and_mean_loss() -> None:
    class Always(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.tensor([[0.0, 0.0]]).expand(len(x), 2)

    batches = [(torch.zeros(3, 1), torch.tensor([0, 0, 1])), (torch.zeros(1, 1), torch.tensor([0]))]
    loss, accuracy = judged(Always(), batches, autocast=lambda: torch.autocast("cpu", enabled=False), mirrored=False)
    assert loss == pytest.approx(0.693147, abs=1e-5)  # ln 2
    assert accuracy == 0.75


def test_the_loss_of_a_step_is_plain_cross_entropy_whatever_is_minimised() -> None:
    """Before the first step both networks are one, so that their first losses are of the same answers."""
    first = [
        next(event for event in trainer(label_smoothing=smoothing).events() if isinstance(event, StepDone))
        for smoothing in (0.0, 0.3)
    ]
    assert first[1].loss == first[0].loss
