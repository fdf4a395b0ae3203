"""Where the time of a training step goes, and how near its arithmetic comes to what the processor can do."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.jobs import JUDGED, TRAINING_JOBS, Job, few_judged
from benchmarks.rows import Profiled
from benchmarks.throughput import precision_of, why_not
from benchmarks.timing import WARM_UP
from core.data import load, make_split
from core.precision import autocast
from core.recipes import recipe_config
from core.trainer import Trainer

PARTS = ("batch", "forward", "backward", "optimizer")
PRODUCT = 2048  # rows and columns of the matrices whose product is the yardstick
FAST = Job(
    name="cifar10-fast_cnn", title="CIFAR-10, Fast CNN, recipe modern", dataset="cifar10", model="fast_cnn", batch=512
)
JOBS = (*TRAINING_JOBS, FAST)

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
    """Return the lab's trainer for ``job``, in the course's recipe, or in the modern one for the fast network."""
    recipe = "modern" if job is FAST else "notebook"
    fields = {"batch_size": job.batch, "limit": job.limit, "device": "cpu", "precision": "auto", **settings}
    config = recipe_config(recipe, dataset=job.dataset, model=job.model, **fields)
    data = load(config.dataset, size=config.image_size)
    return Trainer(config, data, few_judged(make_split(data), JUDGED))


def profile(job: Job, trainer: Trainer, *, seconds: float) -> Profiled:
    """Take steps for about ``seconds``, timing each part, with a product of matrices in between as the yardstick."""
    steps = take_steps(trainer)
    for _step in range(WARM_UP):
        next(steps)
    with FlopCounterMode(display=False) as counter:
        next(steps)
    times: dict[str, list[float]] = {part: [] for part in PARTS}
    products: list[float] = []
    deadline = time.perf_counter() + seconds
    while not products or time.perf_counter() < deadline:
        for part, spent in next(steps).items():
            times[part].append(spent)
        if len(times["batch"]) % 10 == 1:
            products.append(product_rate(trainer))
    return Profiled(
        name=job.name,
        title=job.title,
        batch=job.batch,
        precision=precision_of(trainer),
        steps=len(times["batch"]),
        flops=counter.get_total_flops(),
        seconds={part: statistics.median(spent) for part, spent in times.items()},
        product_flops=statistics.median(products),
    )


def take_steps(trainer: Trainer) -> Iterator[dict[str, float]]:
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
            with autocast(trainer.device, trainer.precision.precision):
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
    kind = torch.bfloat16 if trainer.precision.precision == "bf16" else torch.float32
    left: Tensor = torch.ones(PRODUCT, PRODUCT, dtype=kind)
    watch = Stopwatch()
    torch.mm(left, left)
    return 2 * PRODUCT**3 / watch.lap()
