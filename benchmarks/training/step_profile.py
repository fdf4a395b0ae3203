"""Where the time of a step goes, and how near its arithmetic comes to what the processor can do."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.rows import Profiled
from benchmarks.timing import WARM_UP
from benchmarks.training.jobs import (
    FORWARD,
    HEADS,
    JUDGED,
    TRAINING_JOBS,
    Job,
    few_judged,
    forward_trainer,
    head_trainer,
)
from benchmarks.training.throughput import precision_of, why_not
from core.compute.autocast import autocast
from core.data import load, make_split
from core.training.batches import EVALUATION_BATCH
from core.training.trainer import Trainer

PARTS = ("batch", "forward", "backward", "optimizer")
PRODUCT_EVERY = 0.5  # seconds between two looks at the yardstick
PRODUCT = 2048  # rows and columns of the matrices whose product is the yardstick
FAST = Job(
    name="cifar10-fast_cnn",
    title="CIFAR-10, Fast CNN, recipe modern",
    dataset="cifar10",
    model="fast_cnn",
    batch=512,
    recipe="modern",
)
JOBS = (*TRAINING_JOBS, FAST, FORWARD, *HEADS)

Times = dict[str, float]

Tell = Callable[[str], None]


def measure(jobs: Sequence[Job], *, seconds: float, tell: Tell, **settings: Any) -> list[Profiled]:
    """Profile each job for about ``seconds``; ``settings`` go into every configuration."""
    rows = []
    for job in jobs:
        tell(f"{job.title} …")
        missing = why_not(job)
        if missing:
            rows.append(Profiled(name=job.name, title=job.title, batch=job.batch, skipped=missing))
        else:
            rows.append(profile(job, trainer_of(job, **settings), seconds=seconds))
    return rows


def trainer_of(job: Job, **settings: Any) -> Trainer:
    """Return the lab's trainer for ``job``, in the precision that a trial finds to pay."""
    settings = {"precision": "auto"} | settings
    if job.name == FORWARD.name:
        return forward_trainer(job, **settings)
    if job in HEADS:
        return head_trainer(job, seed=0, **settings)
    config = job.config(**settings)
    data = load(config.dataset, size=config.image_size)
    return Trainer(config, data, few_judged(make_split(data), JUDGED))


def profile(job: Job, trainer: Trainer, *, seconds: float) -> Profiled:
    """Take steps for about ``seconds``, timing each part, with a product of matrices in between as the yardstick."""
    steps = judge_batches(trainer) if job.name == FORWARD.name else take_steps(trainer)
    for _step in range(WARM_UP):
        next(steps)
    with FlopCounterMode(display=False) as counter:
        next(steps)
    taken: list[Times] = []
    products: list[float] = []
    asked = float("-inf")
    deadline = time.perf_counter() + seconds
    while not products or time.perf_counter() < deadline:
        taken.append(next(steps))
        if time.perf_counter() - asked > PRODUCT_EVERY:
            products.append(product_rate(trainer))
            asked = time.perf_counter()
    return Profiled(
        name=job.name,
        title=job.title,
        batch=min(EVALUATION_BATCH, len(trainer.split.validation)) if job.name == FORWARD.name else job.batch,
        precision=precision_of(trainer),
        steps=len(taken),
        flops=counter.get_total_flops(),
        seconds={part: statistics.median(times[part] for times in taken) for part in PARTS if part in taken[0]},
        product_flops=statistics.median(products),
    )


def take_steps(trainer: Trainer) -> Iterator[Times]:
    """Do what `Trainer` does, again and again, and yield the seconds of each part of a step."""
    trainer.model.train()
    epoch, size = 0, trainer.config.batch_size
    while True:
        order = trainer.train_indices[torch.randperm(len(trainer.train_indices))]
        for number in range(trainer.steps_per_epoch):
            watch = Stopwatch()
            images, labels = trainer.batches.training(
                order[number * size : (number + 1) * size], epoch=epoch, batch=number
            )
            batch = watch.lap()
            with autocast(trainer.device, trainer.precision.of_a_step):
                logits = trainer.network(images)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=trainer.config.label_smoothing)
            loss.item()
            forward = watch.lap()
            trainer.optimizer.zero_grad()
            loss.backward()
            backward = watch.lap()
            trainer.optimizer.step()
            yield {"batch": batch, "forward": forward, "backward": backward, "optimizer": watch.lap()}
        epoch += 1


def judge_batches(trainer: Trainer) -> Iterator[Times]:
    """Judge the validation images as `Trainer.validate` does, again and again; yield each batch's seconds by part."""
    trainer.model.eval()
    while True:
        watch = Stopwatch()
        for images, labels in trainer.batches.evaluation(torch.from_numpy(trainer.split.validation)):
            batch = watch.lap()
            with torch.inference_mode(), autocast(trainer.device, trainer.precision.of_a_step):
                logits = trainer.network(images)
            F.cross_entropy(logits.float(), labels).item()
            yield {"batch": batch, "forward": watch.lap()}
            watch.lap()


class Stopwatch:
    """Seconds from one lap to the next."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last lap, or since the start."""
        before, self._last = self._last, time.perf_counter()
        return self._last - before


def product_rate(trainer: Trainer) -> float:
    """Return the arithmetic operations a second of one product of large matrices, in the trainer's precision."""
    kind = torch.bfloat16 if trainer.precision.of_a_step == "bf16" else torch.float32
    left: Tensor = torch.ones(PRODUCT, PRODUCT, dtype=kind)
    watch = Stopwatch()
    torch.mm(left, left)
    return 2 * PRODUCT**3 / watch.lap()
