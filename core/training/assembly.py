"""What a training is put together from: its images and what they become, its network, optimizer and precision."""

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.checkpoints.backbones import load_backbone, pretrained_normalisation
from core.checkpoints.beginnings import load_beginning
from core.compute.devices import best_device
from core.compute.precision_probe import PrecisionChoice, precision_for
from core.config import TrainingConfig
from core.data import LabelledImages, Split
from core.errors import ConfigError
from core.events import EpochDone, FeaturesKept
from core.models import build_model, models
from core.models.input_format import InputFormat, measure_format, normalise, to_batch
from core.models.spec import no_preparation
from core.models.transfer import TransferNetwork
from core.seeding import derive_seed
from core.training.batches import ImageBatches, as_labelled
from core.training.kept_features import FeatureBatches, can_keep, look_at_test, look_once
from core.training.optimization import make_optimizer, make_schedule
from core.training.precision import Precision
from core.training.progress import Progress

PREPARATION_PIXELS = 2_000 * 32 * 32  # what a network sees of the training images before its first step


class Assembly:
    """The parts of one training: a model, its optimizer and schedule, and the images of one split.

    ``device`` overrides the config's. ``cache_features=False`` shows even a frozen backbone every image in every epoch,
    for comparison. Raises ConfigError, ModelError or DataError, each with a sentence, where the config does not fit the
    data. Seeds torch's default generator, which is process-wide: one training a process.

    ``network`` is what a batch goes through, ``batches`` where it comes from: the whole ``model`` and images, or once
    ``features`` are kept, the head alone and what its frozen backbone said.
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
        self.config, self.split = config, split
        self.device = device or best_device(config.device)
        self.train_indices = training_indices(split, config)
        self.data = data = as_labelled(data, self.train_indices, config)
        self.steps_per_epoch = len(self.train_indices) // config.batch_size
        self.format = input_format(config, data, split)
        self.model = assemble_model(config, data, split, self.format).to(self.device)
        self.optimizer = make_optimizer(self.model, config)
        self.schedule = make_schedule(self.optimizer, config, steps_per_epoch=self.steps_per_epoch)
        self.images = ImageBatches(config, data, self.format, device=self.device)
        self.cache_features = cache_features and can_keep(config, self.model)
        self.looking_seconds = 0.0  # what a frozen backbone's looks took, in this training or in an earlier one
        self.precision = Precision(self._choose_precision(), self.device)
        self.compute_in(self.precision.choice)
        self.train_on_images()
        self.progress = Progress()
        self.history: list[EpochDone] = []

    def compute_in(self, choice: PrecisionChoice) -> None:
        """Compute in this precision from here on, with the layout that suits it."""
        self.precision.choice = choice
        self.images.memory_format = self.precision.layout
        self.model.to(memory_format=self.precision.layout)

    def train_on_images(self) -> None:
        """Let the whole network see the images themselves, in every epoch."""
        self.network: nn.Module = self.model
        self.batches: ImageBatches | FeatureBatches = self.images
        self.features: FeaturesKept | None = None
        self.precision.head_alone = False

    def keep_features(self, progress: Callable[[str, float], None] | None = None) -> None:
        """Show a frozen backbone every image once, and train its head on what it says; other models are left alone.

        ``progress`` is told how far that is, in [0, 1]; what it raises ends it. The loop does this where nobody did.
        """
        if self.features is not None or self.finished or not self.cache_features:
            return
        if isinstance(self.model, TransferNetwork):
            self.batches, self.features = look_once(
                self.model,
                self.images,
                train=self.train_indices,
                validation=torch.from_numpy(self.split.validation),
                precision=self.precision.choice.precision,
                autocast=self.precision.autocast,
                progress=progress,
            )
            self.network, self.precision.head_alone = self.model.head, True
            self.looking_seconds = self.features.look_seconds

    def test_features(self, progress: Callable[[str, float], None] | None = None) -> Tensor | None:
        """Return what a frozen backbone says of the test images, float32 (N, width), in their order; None for others.

        ``progress`` as in `keep_features`.
        """
        if not self.cache_features or not isinstance(self.model, TransferNetwork):
            return None
        return look_at_test(self.model, self.images, torch.from_numpy(self.split.test), progress=progress)

    @property
    def finished(self) -> bool:
        """Whether every epoch has been trained, or patience has run out."""
        return self.progress.epoch >= self.config.epochs or self.progress.out_of_patience(self.config.patience)

    @property
    def precision_words(self) -> str:
        """What this training computes in and why, for people, without a full stop."""
        choice = self.precision.choice
        mixed = self.cache_features and choice.precision == "bf16"
        return choice.sentence + ("; the head alone learns in float32" if mixed else "")

    def _choose_precision(self) -> PrecisionChoice:
        return precision_for(
            self.config,
            self.model,
            channels=self.format.channels,
            image_size=self.format.size,
            classes=len(self.data.spec.classes),
            device=self.device,
        )


def training_indices(split: Split, config: TrainingConfig) -> Tensor:
    """Return the training images' places in the data set, int64, at most ``limit`` of them, chosen by the seed.

    Raises ConfigError where they are fewer than one batch.
    """
    indices = torch.from_numpy(split.train)
    if config.limit is not None and config.limit < len(indices):
        generator = torch.Generator().manual_seed(derive_seed(config.seed, "limit"))
        indices = indices[torch.randperm(len(indices), generator=generator)[: config.limit]]
    if len(indices) < config.batch_size:
        raise ConfigError(
            f"There are {len(indices)} training images, fewer than one batch of {config.batch_size}; "
            f"use a smaller batch size or a higher limit."
        )
    return indices


def input_format(config: TrainingConfig, data: LabelledImages, split: Split) -> InputFormat:
    """Return what the config's network is fed: pretrained weights bring their normalisation, others measure the
    training images. ``no_normalisation`` among the slips leaves pixels in [0, 1]."""
    channels = 1 if config.greyscale else models[config.model].channels(data.spec.channels)
    if "no_normalisation" in config.slips:
        return InputFormat(channels=channels, size=data.size, mean=(0.0,) * channels, std=(1.0,) * channels)
    known = pretrained_normalisation(config)
    if known is not None:
        return InputFormat(channels=channels, size=data.size, mean=known[0], std=known[1])
    sample = split.train[:: max(1, len(split.train) // 5000)]
    return measure_format(data.images[sample], channels=channels)


def assemble_model(config: TrainingConfig, data: LabelledImages, split: Split, format: InputFormat) -> nn.Module:
    """Return the config's network, float32 on the CPU, with its backbone and what it takes from images beforehand, or
    with the weights that it goes on from.

    That are some training images, without their labels. Raises ConfigError or ModelError where a network whose images
    grow does not take the smallest of them, ConfigError where it cannot go on from what it should, and ModelError where
    the weights of its backbone cannot be had.
    """
    model = _build(config, data, channels=format.channels, image_size=format.size)
    load_backbone(model, config)
    spec, start = models[config.model], config.start_size
    if start is not None:
        if not spec.any_size:
            raise ConfigError(f"{spec.title} takes images of one size only; leave start_size out.")
        with torch.device("meta"):
            _build(config, data, channels=format.channels, image_size=start)
    if spec.prepare is not no_preparation:
        wanted = max(1, PREPARATION_PIXELS // format.size**2)
        sample = data.images[split.train[:: max(1, len(split.train) // wanted)]]
        spec.prepare(model, normalise(to_batch(sample, format), format))
    load_beginning(model, config, data, split, channels=format.channels)
    return model


def _build(config: TrainingConfig, data: LabelledImages, *, channels: int, image_size: int) -> nn.Module:
    return build_model(
        config.model,
        channels=channels,
        image_size=image_size,
        classes=len(data.spec.classes),
        arguments=config.model_arguments,
    )
