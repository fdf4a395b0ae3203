"""Images a second, naive and ours, in turns."""

import gc
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.rows import Comparison
from benchmarks.timing import interleave, steps_for, take_turn
from benchmarks.training.jobs import (
    FORWARD,
    FROZEN,
    FROZEN_EPOCHS,
    HEAD_IMAGES,
    HEADS,
    Job,
    Pair,
    empty_home,
    forward_pair,
    frozen_naive,
    frozen_trainer,
    head_naive,
    head_trainer,
    training_pair,
    whole_training,
)
from core.data import availability
from core.training.trainer import Trainer

WHOLE_LIMIT = 20.0  # turns: what a whole training may take before the rest of it is computed
WHOLE_MOST = 120.0  # seconds, likewise

Tell = Callable[[str], None]


def measure(jobs: Sequence[Job], *, pairs: int, seconds: float, tell: Tell, **settings: Any) -> list[Comparison]:
    """Measure each job in ``pairs`` pairs of turns of about ``seconds``; ``settings`` go into every configuration."""
    rows = []
    for job in jobs:
        tell(f"{job.title} …")
        missing = why_not(job)
        if missing:
            rows.append(_row(job, skipped=missing))
        elif job is FROZEN:
            rows.append(frozen(job, pairs=pairs, seconds=seconds, **settings))
        elif job in HEADS:
            rows.append(head(job, pairs=pairs, **settings))
        else:
            pair = forward_pair(job, **settings) if job is FORWARD else training_pair(job, **settings)
            rows.append(rates(job, pair, pairs=pairs, seconds=seconds))
        gc.collect()  # tens of thousands of pictures in memory belong to one job only
    return rows


def why_not(job: Job) -> str:
    """Return why ``job`` cannot be measured here, or nothing."""
    if job in HEADS or availability(job.dataset) != "hub":
        return ""
    return f"{job.dataset} is not on this machine: name its folder in CNN_LAB_DATA, or fetch it"


def rates(job: Job, pair: Pair, *, pairs: int, seconds: float) -> Comparison:
    """Measure images a second on both sides."""
    naive, ours = interleave([pair.naive, pair.ours], pairs=pairs, seconds=seconds)
    return _row(
        job,
        unit="img/s",
        naive=tuple(turn.rate for turn in naive),
        ours=tuple(turn.rate for turn in ours),
        precision=precision_of(pair.trainer),
        steps=ours[0].steps,
        images=ours[0].images,
    )


def frozen(job: Job, *, pairs: int, seconds: float, **settings: Any) -> Comparison:
    """Measure whole trainings of a head, each from an empty home; the naive ones are computed from measured steps."""
    first = frozen_trainer(job, seed=0, **settings)
    images = len(first.train_indices)
    loop = frozen_naive(first)
    steps = steps_for(loop, seconds)
    naive, ours = [], []
    for seed in range(pairs):
        naive.append(FROZEN_EPOCHS * images / take_turn(loop, steps).rate)
        trainer = frozen_trainer(job, seed=seed, **settings)
        with empty_home():
            ours.append(whole_training(trainer, at_most=WHOLE_LIMIT * seconds))
    measured = min(whole.epochs for whole in ours)
    computed = f", and the lab's from its first {measured} epochs" if measured < FROZEN_EPOCHS else ""
    return _row(
        job,
        unit="s",
        naive=tuple(naive),
        ours=tuple(whole.seconds for whole in ours),
        precision=precision_of(first),
        steps=first.steps_per_epoch * FROZEN_EPOCHS,
        images=images,
        note=f"The naive seconds are computed from {steps} measured steps a turn{computed}. The lab kept no features "
        "from before.",
    )


def head(job: Job, *, pairs: int, count: int = HEAD_IMAGES, **settings: Any) -> Comparison:
    """Measure the fitting of a new head on features that are there already, in every epoch of the recipe."""
    naive, ours = [], []
    trainer = head_trainer(job, seed=0, count=count, **settings)
    again = head_naive(trainer)
    for seed in range(-1, pairs):
        naive.append(next(again))
        ours.append(whole_training(head_trainer(job, seed=seed + 1, count=count, **settings), at_most=WHOLE_MOST))
    epochs = trainer.config.epochs
    return _row(
        job,
        unit="s",
        naive=tuple(naive[1:]),  # the first of each warms up
        ours=tuple(whole.seconds for whole in ours[1:]),
        precision=precision_of(trainer),
        steps=trainer.steps_per_epoch * epochs,
        images=count,
        note=f"{epochs} epochs on random features. The naive side reads them from a DataLoader.",
    )


def precision_of(trainer: Trainer) -> str:
    """Return what the trainer computes in, as people write it."""
    return {"bf16": "bfloat16", "fp32": "float32"}[trainer.precision.of_a_step]


def _row(job: Job, *, unit: str = "", note: str = "", **fields: Any) -> Comparison:
    return Comparison(
        name=job.name,
        title=job.title,
        unit=unit or ("s" if job in (FROZEN, *HEADS) else "img/s"),
        batch=job.batch,
        target_ratio=job.target_ratio,
        target=job.target,
        note=" ".join(filter(None, (job.note, note))),
        **fields,
    )
