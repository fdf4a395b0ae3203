"""Accuracy against the number of training images, from scratch and by transfer, on one test split.

Both networks learn from the same images for as many epochs by the same recipe. A frozen backbone sees every image once,
as it is; from scratch, images are flipped and cropped in each epoch, which is to that side's advantage.
"""

import dataclasses
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.checkpoints import load_state, save_state, shipped
from core.config import TrainingConfig
from core.data import LabelledImages, Split, load, make_split
from core.events import EpochDone, Finished
from core.home import home
from core.judging.evaluation import predict
from core.judging.learning_curve import Answers, LearningCurve, Point, read_curve, write_curve
from core.models import models
from core.models.input_format import normalise, to_batch
from core.models.transfer import TransferNetwork
from core.recipes import recipe_config
from core.training.folder import TrainingFolder
from core.training.resume import restore, state_of
from core.training.trainer import Trainer

Tell = Callable[[str], None]

DATASET = "cats_vs_dogs"
ARMS = ("strided_cnn", "efficientnet_lite0")
SIZES = (100, 468, 1_000, 4_000, None)  # training images; 468 are what the notebook's swapped split leaves; None: all
EPOCHS = 16
SMALLEST_BATCH, LARGEST_BATCH = 16, 128
VALIDATED = 128  # images


@dataclass(frozen=True, kw_only=True)
class Training:
    """One point to be trained."""

    model: str
    images: int | None
    seed: int

    def config(self, epochs: int = EPOCHS) -> TrainingConfig:
        """Return its settings: some sixteen steps an epoch where there are few images."""
        batch = LARGEST_BATCH if self.images is None else max(SMALLEST_BATCH, min(LARGEST_BATCH, self.images // 16))
        settings = {"augmentation": ()} if models[self.model].transfers else {}
        return recipe_config(
            "modern",
            dataset=DATASET,
            model=self.model,
            seed=self.seed,
            epochs=epochs,
            batch_size=batch,
            limit=self.images,
            **settings,
        )


def trainings(*, sizes: Sequence[int | None] = SIZES, seeds: int, arms: Sequence[str] = ARMS) -> list[Training]:
    """Return every point, the quick ones first."""
    points = [
        Training(model=model, images=images, seed=seed) for images in sizes for seed in range(seeds) for model in arms
    ]
    return sorted(points, key=lambda one: (not models[one.model].transfers, one.images or 10**9, one.seed))


def measure(path: Path, wanted: Sequence[Training], *, epochs: int = EPOCHS, tell: Tell) -> LearningCurve:
    """Train what ``path`` does not hold yet, writing it after each training, and return the curve.

    Raises CheckpointError where the file is damaged, LabError where the data cannot be had.
    """
    data = load(DATASET)
    split = make_split(data)
    curve = read_curve(path)
    if curve is not None and curve.split_fingerprint != split.fingerprint:
        curve = None
    points = list(curve.points) if curve else []
    answers = list(curve.predicted) if curve else []
    labels = data.labels[split.test].astype(np.uint8)
    judge = _Judge(data, split)
    for number, training in enumerate(wanted, start=1):
        images = training.images or len(split.train)
        if any((point.model, point.images, point.seed) == (training.model, images, training.seed) for point in points):
            continue
        tell(f"{number} of {len(wanted)}: {training.model}, {images:,} images, seed {training.seed} …")
        config = training.config(epochs)
        answered = _shipped(config, split)
        if answered is None:
            answered = judge.answers(_trained(config, data, split))
        points.append(Point(model=training.model, images=images, seed=training.seed, epochs=epochs))
        answers.append(answered)
        tell(f"  {(answered == labels).mean():.2%} of {len(labels):,} test images")
        write_curve(
            path,
            dataset=DATASET,
            split_fingerprint=split.fingerprint,
            points=points,
            labels=labels,
            predicted=np.stack(answers),
        )
    found = read_curve(path)
    if found is None:
        raise RuntimeError("nothing was to be trained")
    return found


class _Judge:
    """Asks trained networks about the test images; what a frozen backbone says of them is the same for every head."""

    def __init__(self, data: LabelledImages, split: Split) -> None:
        self._data, self._split = data, split
        self._features: dict[str, Tensor] = {}

    def answers(self, trainer: Trainer) -> Answers:
        """Return the classes that a network names for the test images, in their order."""
        model = trainer.model.eval()
        if isinstance(model, TransferNetwork) and model.head_only:
            if model.architecture not in self._features:
                self._features[model.architecture] = torch.cat(
                    [model.features(batch) for batch in self._batches(trainer)]
                )
            with torch.inference_mode():
                predicted = model.head(self._features[model.architecture]).argmax(1).numpy()
        else:
            data, places = self._data, self._split.test
            predicted = predict(model, data.images, data.labels, trainer.format, indices=places).predicted
        return np.asarray(predicted, dtype=np.uint8)

    def _batches(self, trainer: Trainer) -> Iterator[Tensor]:
        parts = np.array_split(self._split.test, math.ceil(len(self._split.test) / LARGEST_BATCH))
        for places in parts:
            yield normalise(to_batch(self._data.images[places], trainer.format), trainer.format)


def _shipped(config: TrainingConfig, split: Split) -> Answers | None:
    """The stored answers of a network that ships, if these are its settings and its last epoch was its best."""
    wanted = dataclasses.replace(config, precision="auto", device="auto")
    for checkpoint in shipped():
        card = checkpoint.card
        same = dataclasses.replace(card.config, precision="auto", device="auto") == wanted
        if same and card.epoch == config.epochs and card.split_fingerprint == split.fingerprint:
            stored = checkpoint.predictions()
            if stored is not None:
                return stored.predicted.astype(np.uint8)
    return None


def _trained(config: TrainingConfig, data: LabelledImages, split: Split) -> Trainer:
    """Train to the end; the last epoch's network is what counts, so few validation images do.

    A state after each epoch lies in the lab's home until the end: whoever stops it loses the epoch at most.
    """
    trainer = Trainer(config, data, dataclasses.replace(split, validation=split.validation[:VALIDATED]))
    name = f"{config.dataset}-{config.model}-{config.limit or 'all'}-{config.seed}"
    files = TrainingFolder(home() / "benchmarks" / "learning-curve" / name, config)
    for state in files.states()[-1:]:
        restore(trainer, load_state(state)[0])
    for event in trainer.events():
        if isinstance(event, EpochDone):
            save_state(files.state(step=trainer.progress.step, epoch=event.epoch), state_of(trainer), config)
            files.prune_states()
    if not isinstance(event, Finished) or event.reason != "completed":
        raise RuntimeError(f"the training of {config.model} on {config.limit} images ended early: {event}.")
    shutil.rmtree(files.path)
    return trainer
