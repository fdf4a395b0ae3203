"""The jobs whose speed is compared: each makes a naive loop and the lab's own over the same images and network."""

import copy
import dataclasses
import itertools
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, TensorDataset

from benchmarks.pictures import pictures_for
from benchmarks.timing import Step, timed
from benchmarks.training import naive
from core.config import TrainingConfig
from core.data import LabelledImages, Split, datasets, load, make_split
from core.events import EpochDone, FeaturesKept, StepDone
from core.models.resnet18 import FEATURES
from core.recipes import recipe_config
from core.training.kept_features import FeatureBatches
from core.training.trainer import Trainer

FOREVER = 500  # epochs: more than any turn sees


@dataclass(frozen=True, kw_only=True)
class Job:
    """One row of the table: a data set and a network with a recipe, on ``limit`` images (None: all).

    ``recipe`` is the course's where nothing else is said. ``batch`` is the batch size of both sides. ``target_ratio``
    and ``target`` (seconds) are what is to be reached.
    """

    name: str
    title: str
    dataset: str
    model: str
    batch: int
    limit: int | None = None
    target_ratio: float | None = None
    target: float | None = None
    note: str = ""
    recipe: str = "notebook"

    def config(self, **settings: Any) -> TrainingConfig:
        """Return the recipe for this job; ``settings`` replace fields of it."""
        fields = {"batch_size": self.batch, "limit": self.limit, "device": "cpu"}
        return recipe_config(self.recipe, dataset=self.dataset, model=self.model, **fields | settings)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both sides of a job, and the trainer that the lab's side is."""

    naive: Iterator[Step]
    ours: Iterator[Step]
    trainer: Trainer


TRAINING_JOBS = (
    Job(
        name="mnist-strided_cnn",
        title="MNIST, strided CNN",
        dataset="mnist",
        model="strided_cnn",
        batch=512,
        target_ratio=6,
    ),
    Job(name="cifar10-lenet", title="CIFAR-10, LeNet", dataset="cifar10", model="lenet", batch=64, target_ratio=3),
    Job(
        name="cifar10-enhanced_cnn",
        title="CIFAR-10, Enhanced CNN 32-64, with flip and crop",
        dataset="cifar10",
        model="enhanced_cnn",
        batch=64,
        target_ratio=2.3,
    ),
    Job(
        name="cats_vs_dogs-strided_cnn",
        title="Cats vs dogs, 8-layer CNN, 128 px",
        dataset="cats_vs_dogs",
        model="strided_cnn",
        batch=128,
        limit=4000,
        target_ratio=2.5,
        note="The naive side opens a JPEG for every image in every epoch; the lab has decoded them once.",
    ),
)
FORWARD = Job(
    name="resnet18-forward",
    title="ResNet-18, forward only, 128 px",
    dataset="cats_vs_dogs",
    model="resnet18",
    batch=64,
    limit=512,
    target_ratio=2.7,
    note="Judging validation images. Both sides start from decoded pixels; the lab judges in batches of its own size.",
)
FROZEN = Job(
    name="resnet18-frozen",
    title="Frozen ResNet-18, 25 epochs over 4,000 cats and dogs",
    dataset="cats_vs_dogs",
    model="resnet18",
    batch=64,
    limit=4000,
    target_ratio=40,
)
HEAD = Job(
    name="resnet18-head",
    title="ResNet-18's head fitted again on kept features, 25,000 × 512",
    dataset="cats_vs_dogs",
    model="resnet18",
    batch=64,
    target=1.0,
)
MODERN_HEAD = dataclasses.replace(
    HEAD, name="resnet18-head-modern", title=f"{HEAD.title}, recipe modern", batch=512, recipe="modern"
)
HEADS = (HEAD, MODERN_HEAD)
JOBS = (*TRAINING_JOBS, FORWARD, FROZEN, *HEADS)
HEAD_IMAGES = 25_000
FROZEN_EPOCHS = 25
JUDGED = 64  # validation images, where judging is not what is measured


def training_steps(trainer: Trainer) -> Iterator[Step]:
    """Yield the steps of the lab's trainer; what it does at an epoch's end is not counted, as it is not for naive."""
    events = trainer.events()
    started = time.perf_counter()
    for event in events:
        if isinstance(event, StepDone):
            yield Step(images=event.images, seconds=time.perf_counter() - started)
        started = time.perf_counter()


def training_pair(job: Job, *, dataset: str | None = None, **settings: Any) -> Pair:
    """Return both trainings of ``job``; ``dataset`` trains on another data set instead, for tests."""
    job = dataclasses.replace(job, dataset=dataset) if dataset else job
    config = job.config(epochs=FOREVER, **settings)
    data = load(config.dataset, size=config.image_size)
    trainer = Trainer(config, data, few_judged(make_split(data), JUDGED))
    model = copy.deepcopy(trainer.model).to(memory_format=torch.contiguous_format)
    steps = naive.naive_training(model, training_loader(trainer), config)
    return Pair(naive=timed(steps), ours=training_steps(trainer), trainer=trainer)


def training_loader(trainer: Trainer) -> naive.Loader:
    """Return the naive batches of the images that ``trainer`` trains on, in that size and with that augmentation."""
    transform = naive.naive_transform(trainer.config, trainer.format)
    indices = trainer.train_indices.numpy()
    pictures, labels = pictures_for(trainer.data, indices), trainer.data.labels[indices].tolist()
    images = naive.NaiveImages(pictures, labels, transform)
    return naive.naive_loader(images, batch_size=trainer.config.batch_size, shuffle=True)


def few_judged(split: Split, count: int) -> Split:
    """Return ``split`` with ``count`` validation images only."""
    return dataclasses.replace(split, validation=split.validation[:count])


def forward_trainer(job: Job, *, dataset: str | None = None, **settings: Any) -> Trainer:
    """Return the lab's trainer of a whole network, whose validation images are the ``job.limit`` to be judged."""
    job = dataclasses.replace(job, dataset=dataset) if dataset else job
    arguments = {"weights": "random", "train": "all"}
    config = job.config(limit=None, model_arguments=arguments, **settings)
    data = load(config.dataset, size=config.image_size)
    return Trainer(config, data, few_judged(make_split(data), job.limit or JUDGED))


def forward_pair(job: Job, *, dataset: str | None = None, **settings: Any) -> Pair:
    """Return both ways to judge ``job.limit`` images: a step is one look at all of them."""
    trainer = forward_trainer(job, dataset=dataset, **settings)
    config, data, split = trainer.config, trainer.data, trainer.split
    model = copy.deepcopy(trainer.model).to(memory_format=torch.contiguous_format)
    images = naive.NaiveImages(
        naive.pictures_of(data.images[split.validation]),
        data.labels[split.validation].tolist(),
        naive.naive_transform(dataclasses.replace(config, augmentation=()), trainer.format),
    )
    loader = naive.naive_loader(images, batch_size=job.batch, shuffle=False)

    def judge_naively() -> Iterator[int]:
        while True:
            naive.naive_accuracy(model, loader)
            yield len(images)

    def judge() -> Iterator[int]:
        while True:
            trainer.validate()
            yield len(split.validation)

    return Pair(naive=timed(judge_naively()), ours=timed(judge()), trainer=trainer)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A training to its end: ``seconds`` in all, of which ``epochs`` epochs were measured and the rest computed."""

    seconds: float
    epochs: int


def whole_training(trainer: Trainer, *, at_most: float) -> Whole:
    """Train to the end, or until ``at_most`` seconds have passed: the rest is then computed from the last epoch."""
    started = before = time.perf_counter()
    last = 0.0
    for event in trainer.events():
        if isinstance(event, EpochDone):
            last, before = time.perf_counter() - before, time.perf_counter()
            if before - started > at_most:
                break
    done = trainer.progress.epoch
    seconds = time.perf_counter() - started
    return Whole(seconds=seconds + (trainer.config.epochs - done) * last, epochs=done)


def frozen_trainer(job: Job, *, seed: int, **settings: Any) -> Trainer:
    """Return the lab's training of a head on a frozen backbone, whose weights and images the seed decides."""
    config = job.config(epochs=FROZEN_EPOCHS, seed=seed, model_arguments={"weights": "random"}, **settings)
    data = load(config.dataset, size=config.image_size)
    return Trainer(config, data, few_judged(make_split(data), JUDGED))


def frozen_naive(trainer: Trainer) -> Iterator[Step]:
    """Return the naive training of the same head: the backbone runs again for every image of every epoch."""
    model = copy.deepcopy(trainer.model).to(memory_format=torch.contiguous_format)
    return timed(naive.naive_training(model, training_loader(trainer), trainer.config))


@contextmanager
def empty_home() -> Iterator[None]:
    """Give the lab a home in which nothing is kept yet, so that what is measured is the first time."""
    before = os.environ.get("CNN_LAB_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNN_LAB_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["CNN_LAB_HOME"]
            else:
                os.environ["CNN_LAB_HOME"] = before


def head_trainer(job: Job, *, seed: int, count: int = HEAD_IMAGES, **settings: Any) -> Trainer:
    """Return the lab's training of a head on ``count`` features that are kept already; random ones, since values do
    not change the speed."""
    arguments = {"weights": "random"}
    config = job.config(seed=seed, limit=None, image_size=32, model_arguments=arguments | {"input_size": 0}, **settings)
    data, split = _pictures_nobody_looks_at(job.dataset, count + JUDGED)
    trainer = Trainer(config, data, split)
    random = torch.Generator().manual_seed(seed)
    trainer.batches = FeatureBatches(
        views=[torch.randn(count, FEATURES, generator=random)],
        judged=torch.randn(JUDGED, FEATURES, generator=random),
        train=torch.from_numpy(split.train),
        validation=torch.from_numpy(split.validation),
        labels=torch.from_numpy(data.labels),
        device=trainer.device,
    )
    trainer.network = trainer.model.get_submodule("head")
    trainer.features = FeaturesKept(views=1, epoch_seconds=0.0, spent_seconds=0.0)
    return trainer


def _pictures_nobody_looks_at(dataset: str, count: int) -> tuple[LabelledImages, Split]:
    data = LabelledImages(
        spec=datasets[dataset],
        size=32,
        images=np.broadcast_to(np.uint8(0), (count, 3, 32, 32)),
        labels=np.arange(count, dtype=np.int64) % len(datasets[dataset].classes),
        fingerprint="none",
        official_test_start=None,
    )
    order = np.arange(count, dtype=np.int64)
    split = Split(
        train=order[JUDGED:], validation=order[:JUDGED], test=order[:0], fingerprint="none", description="made up"
    )
    return data, split


def head_naive(trainer: Trainer) -> Iterator[float]:
    """Yield, again and again, the seconds of the naive training of a new head on the same features."""
    assert isinstance(trainer.batches, FeatureBatches)
    features = trainer.batches.views[0]
    labels = trainer.batches.labels[trainer.train_indices]
    pairs = cast(Dataset[tuple[Tensor, Tensor]], TensorDataset(features, labels))
    loader = naive.naive_loader(pairs, batch_size=trainer.config.batch_size, shuffle=True)
    for _again in itertools.count():
        head = nn.Linear(FEATURES, len(trainer.data.spec.classes))
        started = time.perf_counter()
        for _images in naive.naive_training(head, loader, trainer.config, epochs=trainer.config.epochs):
            pass
        yield time.perf_counter() - started


def chosen(names: Sequence[str]) -> list[Job]:
    """Return the jobs whose names are given, or all of them."""
    return [job for job in JOBS if not names or job.name in names]
