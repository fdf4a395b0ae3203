"""The training loop, as a generator of typed facts.

`Trainer.events` is the lesson: for each epoch, for each batch, forward, loss, backward, step; then a look at the
validation images. It yields what happened and does nothing else: whoever consumes it saves, draws, stops or walks
away. Every yield is a consistent state, and a resumed training equals an uninterrupted one bit for bit on the CPU,
because batch order and augmentation are functions of (seed, epoch, step) and all other state is in `Trainer.state`.
"""

import dataclasses
import math
import random
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from core.checkpoints import TrainerState
from core.checkpoints.backbones import load_backbone, pretrained_normalisation, weights_hash
from core.compute.arithmetic import autocast, layout, protect_unreached_weights
from core.compute.devices import best_device
from core.compute.probe import PrecisionChoice, precision_for
from core.config import TrainingConfig
from core.data import LabelledImages, Split
from core.errors import CheckpointError, ConfigError, DataError, OtherBackboneError
from core.events import EpochDone, Event, FeaturesKept, Finished, StepDone
from core.models import build_model, models
from core.models.answers import logits_of
from core.models.input_format import InputFormat, measure_format, normalise, to_batch
from core.models.resnet18 import TransferResNet18
from core.models.spec import no_preparation
from core.seeding import derive_seed
from core.training.batches import ImageBatches, training_size
from core.training.kept_features import FeatureBatches, can_keep, look_once
from core.training.optimization import make_optimizer, make_schedule

PREPARATION_PIXELS = 2_000 * 32 * 32  # what a network sees of the training images before its first step


@dataclass(kw_only=True)
class Progress:
    """Where a training stands: ``epoch`` whole epochs done, ``batch`` batches into the next, ``step`` in all.

    The sums run over the present epoch's images; ``seconds`` over its training so far.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = math.inf


class Trainer:
    """One training: a model, its optimizer and schedule, and the images of one split.

    ``device`` overrides the config's. ``cache_features=False`` shows even a frozen backbone every image in every epoch,
    for comparison. ``precision`` says what is computed in, and why. Raises ConfigError, ModelError or DataError, each
    with a sentence, where the config does not fit the data. Seeds torch's default generator, which is process-wide: one
    trainer a process.
    """

    def __init__(
        self,
        config: TrainingConfig,
        data: LabelledImages,
        split: Split,
        *,
        device: torch.device | None = None,
        cache_features: bool = True,
    ) -> None:
        torch.manual_seed(config.seed)
        random.seed(config.seed)
        self.config, self.data, self.split = config, data, split
        self.device = device or best_device(config.device)
        self.train_indices = _limited(split, config)
        self.format = input_format(config, data, split)
        self.model = self._build(image_size=self.format.size)
        load_backbone(self.model, config)
        self._prepare()
        self.model.to(self.device)
        self.steps_per_epoch = len(self.train_indices) // config.batch_size
        self.optimizer = make_optimizer(self.model, config)
        self.schedule = make_schedule(self.optimizer, config, steps_per_epoch=self.steps_per_epoch)
        self.images = ImageBatches(config, data, self.format, device=self.device)
        self.batches: ImageBatches | FeatureBatches = self.images
        self.network = self.model  # what a batch goes through; only the head, once features are kept
        self.cache_features = cache_features and can_keep(config, self.model)
        self.features: FeaturesKept | None = None
        self.looking_seconds = 0.0  # what a frozen backbone's looks took, in this training or in an earlier one
        self._hash: str | None = None
        self._protection: list[RemovableHandle] = []
        self._compute_in(self._choose_precision())
        self.progress = Progress()
        self.history: list[EpochDone] = []

    def events(self) -> Iterator[Event]:
        """Train to the end from wherever the training stands, yielding every fact; the last one is `Finished`."""
        self.keep_features()
        while not self.finished:
            self.model.train()
            self._protect_weights(training_size(self.config, self.progress.epoch))
            for images, labels in self._rest_of_epoch():
                step = self._train_step(images, labels)
                if not math.isfinite(step.loss):
                    yield Finished(reason="diverged", step=step.step, best_epoch=self.progress.best_epoch)
                    return
                yield step
            yield self._end_epoch()
        reason = "early_stopped" if self._out_of_patience() else "completed"
        yield Finished(reason=reason, step=self.progress.step, best_epoch=self.progress.best_epoch)  # type: ignore[arg-type]

    @property
    def finished(self) -> bool:
        """Whether every epoch has been trained, or patience has run out."""
        return self.progress.epoch >= self.config.epochs or self._out_of_patience()

    def keep_features(self, progress: Callable[[str, float], None] | None = None) -> None:
        """Show a frozen backbone every image once, and train its head on what it says; other models are left alone.

        ``progress`` is told how far that is, in [0, 1]; what it raises ends it. `events` does this where nobody did.
        """
        if self.features is not None or self.finished:
            return
        if self.cache_features and isinstance(self.model, TransferResNet18):
            self.batches, self.features = look_once(
                self.model,
                self.images,
                train=self.train_indices,
                validation=torch.from_numpy(self.split.validation),
                precision=self.precision.precision,
                autocast=self._precision,
                progress=progress,
            )
            self.network = self.model.head
            self.looking_seconds = self.features.look_seconds

    def _build(self, *, image_size: int) -> nn.Module:
        return build_model(
            self.config.model,
            channels=self.format.channels,
            image_size=image_size,
            classes=len(self.data.spec.classes),
            arguments=self.config.model_arguments,
        )

    def _prepare(self) -> None:
        """Show the network some training images, without their labels, where it asks for them before the start.

        A network whose images grow has to take the smallest of them as well.
        """
        spec, start = models[self.config.model], self.config.start_size
        if start is not None:
            if not spec.any_size:
                raise ConfigError(f"{spec.title} takes images of one size only; leave start_size out.")
            with torch.device("meta"):  # raises ModelError where it does not
                self._build(image_size=start)
        if spec.prepare is no_preparation:
            return
        wanted = max(1, PREPARATION_PIXELS // self.format.size**2)
        sample = self.data.images[self.split.train[:: max(1, len(self.split.train) // wanted)]]
        spec.prepare(self.model, normalise(to_batch(sample, self.format), self.format))

    def _train_step(self, images: Tensor, labels: Tensor) -> StepDone:
        """Forward, loss, backward, step. A loss that is not finite leaves the weights as they are."""
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        with self._precision():
            logits = self.network(images)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.config.label_smoothing)
        value = loss.item()
        progress = self.progress
        if math.isfinite(value):
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.config.schedule == "one_cycle":
                self.schedule.step()
            progress.correct += int((logits.argmax(1) == labels).sum())
            progress.loss_sum += value * len(labels)
            progress.images += len(labels)
        progress.batch += 1
        progress.step += 1
        seconds = time.perf_counter() - started
        progress.seconds += seconds
        return StepDone(
            epoch=progress.epoch + 1,
            step=progress.step,
            loss=value,
            learning_rate=learning_rate,
            images=len(labels),
            seconds=seconds,
        )

    def _end_epoch(self) -> EpochDone:
        """Judge the model on the validation images, step the schedule, and begin the next epoch's sums."""
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        val_loss, val_accuracy = self.validate()
        if self.config.schedule == "step":
            with warnings.catch_warnings():  # resumed at an epoch's end: torch cannot know that the optimizer stepped
                warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step", category=UserWarning)
                self.schedule.step()
        progress = self.progress
        better = (val_accuracy, -val_loss) > (progress.best_accuracy, -progress.best_loss)
        progress.epoch += 1
        if better:
            progress.best_epoch, progress.best_accuracy, progress.best_loss = progress.epoch, val_accuracy, val_loss
        done = EpochDone(
            epoch=progress.epoch,
            train_loss=progress.loss_sum / progress.images,
            train_accuracy=progress.correct / progress.images,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            seconds=progress.seconds + time.perf_counter() - started,
            is_best=better,
        )
        progress.batch, progress.loss_sum, progress.correct, progress.images, progress.seconds = 0, 0.0, 0, 0, 0.0
        self.history.append(done)
        return done

    def validate(self) -> tuple[float, float]:
        """Return mean loss (nats) and accuracy on the validation images, never augmented."""
        if "no_eval_mode" in self.config.slips:
            self.model.train()
        else:
            self.model.eval()
        batches = self.batches.evaluation(torch.from_numpy(self.split.validation))
        mirrored = self.config.mirror_at_test and self.features is None  # features hold both opinions already
        return test(self.network, batches, precision=self._precision, mirrored=mirrored)

    def _rest_of_epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches to come in this epoch, in an order that only seed and epoch decide; a small last one drops."""
        epoch = self.progress.epoch
        generator = torch.Generator().manual_seed(derive_seed(self.config.seed, "order", epoch))
        order = self.train_indices[torch.randperm(len(self.train_indices), generator=generator)]
        size = self.config.batch_size
        for batch in range(self.progress.batch, self.steps_per_epoch):
            started = time.perf_counter()
            indices = order[batch * size : (batch + 1) * size]
            images, labels = self.batches.training(indices, epoch=epoch, batch=batch)
            self.progress.seconds += time.perf_counter() - started
            yield images, labels

    @property
    def step_precision(self) -> str:
        """What a step computes in, bf16 or fp32: on kept features the head alone, too little for bfloat16 to pay."""
        return "fp32" if self.features is not None else self.precision.precision

    @property
    def precision_words(self) -> str:
        """What this training computes in and why, for people, without a full stop."""
        mixed = self.cache_features and self.precision.precision == "bf16"
        return self.precision.sentence + ("; the head alone learns in float32" if mixed else "")

    def _precision(self) -> torch.autocast:
        return autocast(self.device, self.step_precision)

    def _choose_precision(self) -> PrecisionChoice:
        return precision_for(
            self.config,
            self.model,
            channels=self.format.channels,
            image_size=self.format.size,
            classes=len(self.data.spec.classes),
            device=self.device,
        )

    def _compute_in(self, choice: PrecisionChoice) -> None:
        """Compute in this precision from here on, with the layout that suits it."""
        self.precision = choice
        self.images.memory_format = layout(choice.precision)
        self.model.to(memory_format=layout(choice.precision))

    def _protect_weights(self, image_size: int) -> None:
        """Mend the gradients of bfloat16 for images of this side; growing images reach more and more weights."""
        for handle in self._protection:
            handle.remove()
        self._protection = []
        if self.step_precision == "bf16":
            self._protection = protect_unreached_weights(
                self.model, channels=self.format.channels, image_size=image_size
            )

    def _out_of_patience(self) -> bool:
        waited = self.progress.epoch - self.progress.best_epoch
        return bool(self.config.patience) and self.progress.epoch > 0 and waited >= self.config.patience

    def state(self) -> TrainerState:
        """Return everything that decides how this training goes on; tensors are copies on the CPU.

        A frozen backbone is left out, all 45 MB of it: its hash says which one it must be.
        """
        frozen = self._frozen_weights()
        learning = {name: value for name, value in self.model.state_dict().items() if name not in frozen}
        tensors = {f"model.{name}": value for name, value in learning.items()}
        optimizer = self.optimizer.state_dict()
        numbers: dict[str, dict[str, float]] = {}
        for index, slots in optimizer["state"].items():
            for name, value in slots.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{name}"] = value
                elif value is not None:
                    numbers.setdefault(str(index), {})[name] = value
        tensors["rng.torch"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        version, words, gauss = random.getstate()
        return TrainerState(
            tensors={name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()},
            values={
                "progress": dataclasses.asdict(self.progress)
                | {"best_loss": self.progress.best_loss if self.progress.best_epoch else None},
                "history": [dataclasses.asdict(done) for done in self.history],
                "optimizer": {"numbers": numbers, "param_groups": optimizer["param_groups"]},
                "schedule": self.schedule.state_dict(),
                "python_rng": [version, list(words), gauss],
                "precision": dataclasses.asdict(self.precision),
                "looking_seconds": self.looking_seconds,
                "backbone": self._backbone_hash() if frozen else None,
            },
        )

    def _frozen_weights(self) -> dict[str, Tensor]:
        """The weights of a backbone that is frozen whole; none where any of it learns."""
        if not (isinstance(self.model, TransferResNet18) and self.model.head_only):
            return {}
        return {f"backbone.{name}": value for name, value in self.model.backbone.state_dict().items()}

    def _backbone_hash(self) -> str:
        if self._hash is None and isinstance(self.model, TransferResNet18):
            self._hash = weights_hash(self.model.backbone)
        return self._hash or ""

    def load_state(self, state: TrainerState) -> None:
        """Go on from ``state``; raises CheckpointError where it belongs to another model or optimizer."""
        try:
            values = state.values
            if "precision" in values:  # what the training began with, whatever pays today
                self._compute_in(PrecisionChoice(**values["precision"]))
            weights = {name[6:]: value for name, value in state.tensors.items() if name.startswith("model.")}
            if values.get("backbone") is not None:
                if values["backbone"] != self._backbone_hash():
                    raise OtherBackboneError(
                        "This training began on another backbone than the one on hand, and cannot go on with it. "
                        "Start a new training."
                    )
                weights = self._frozen_weights() | weights
            self.model.load_state_dict(weights)
            self.batches, self.network, self.features = self.images, self.model, None  # kept for other weights, maybe
            self._hash = None
            slots: dict[int, dict[str, Any]] = {
                int(index): dict(numbers) for index, numbers in values["optimizer"]["numbers"].items()
            }
            for name, value in state.tensors.items():
                if name.startswith("optimizer."):
                    _prefix, index, slot = name.split(".", 2)
                    slots.setdefault(int(index), {})[slot] = value
            groups = [
                {key: tuple(value) if key == "betas" else value for key, value in group.items()}
                for group in values["optimizer"]["param_groups"]
            ]
            self.optimizer.load_state_dict({"state": slots, "param_groups": groups})
            self.schedule.load_state_dict(values["schedule"])
            best_loss = values["progress"]["best_loss"]
            self.progress = Progress(**values["progress"] | {"best_loss": math.inf if best_loss is None else best_loss})
            self.history = [EpochDone(**done) for done in values["history"]]
            self.looking_seconds = float(values.get("looking_seconds", 0.0))
            torch.set_rng_state(state.tensors["rng.torch"])
            if "rng.cuda" in state.tensors and self.device.type == "cuda":
                torch.cuda.set_rng_state(state.tensors["rng.cuda"], self.device)
            version, words, gauss = values["python_rng"]
            random.setstate((version, tuple(words), gauss))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"This saved state does not belong to this training: {error}.") from error


def test(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], *, precision: Any, mirrored: bool
) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and accuracy over ``batches`` of normalised images and labels.

    The caller sets the model's mode: `model.eval()` is what the notebook forgot.
    """
    loss_sum, correct, count = 0.0, 0, 0
    with torch.inference_mode():
        for images, labels in batches:
            with precision():
                logits = logits_of(model, images, mirrored=mirrored)
            loss_sum += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += int((logits.argmax(1) == labels).sum())
            count += len(labels)
    return loss_sum / count, correct / count


def input_format(config: TrainingConfig, data: LabelledImages, split: Split) -> InputFormat:
    """Return what the config's network is fed: pretrained weights bring their normalisation, others measure the
    training images. ``no_normalisation`` among the slips leaves pixels in [0, 1]."""
    channels = 1 if config.greyscale else 3 if config.model == "resnet18" else data.spec.channels
    if "no_normalisation" in config.slips:
        return InputFormat(channels=channels, size=data.size, mean=(0.0,) * channels, std=(1.0,) * channels)
    known = pretrained_normalisation(config)
    if known is not None:
        return InputFormat(channels=channels, size=data.size, mean=known[0], std=known[1])
    sample = split.train[:: max(1, len(split.train) // 5000)]
    return measure_format(data.images[sample], channels=channels)


def _limited(split: Split, config: TrainingConfig) -> Tensor:
    """The training images' indices, at most ``limit`` of them, chosen by the seed."""
    indices = torch.from_numpy(split.train)
    if config.limit is not None and config.limit < len(indices):
        generator = torch.Generator().manual_seed(derive_seed(config.seed, "limit"))
        indices = indices[torch.randperm(len(indices), generator=generator)[: config.limit]]
    if len(indices) < config.batch_size:
        raise DataError(
            f"There are {len(indices)} training images, fewer than one batch of {config.batch_size}; "
            f"use a smaller batch size or a higher limit."
        )
    return indices
