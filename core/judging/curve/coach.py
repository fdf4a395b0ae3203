"""What the curve of a training tells, in plain sentences with their evidence; nothing where it tells nothing.

Each rule needs several epochs that agree, because one epoch of a few hundred validation images proves nothing, and
holds back while a rate that is still high keeps the curve restless.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.events import EpochDone
from core.intervals import percent
from core.judging.curve.chance_level import frozen_backbone, no_better_than_guessing

AT_ONCE = 2  # sentences
LATER = 3  # epochs after its best that all have to be worse before a network is said to over-fit
WORSE, EACH_WORSE, NATS = 1.05, 1.02, 0.02  # validation loss beside its best: on average, each of them, and by so much
LEARNED_MORE = 0.9  # of the training loss then: what is left of it where the network has gone on learning its images
JUMP, JUMP_NATS, JUMPS, RECENT = 1.25, 0.05, 2, 6  # training loss beside its best so far, how often, in how many epochs
FLAT = 4  # epochs without a change, at least, and a third of all
STILL = 0.01  # validation accuracy that the last fifth of the epochs has added
BY_HEART = 0.1  # of the way from guessing to all training images right, where validation only guesses
CALM = 0.6  # of a one-cycle training; before, its rate is high

Kind = Literal[
    "diverged",
    "nothing learned",
    "dead layer",
    "rate too high",
    "over-fitting",
    "by heart",
    "plateau",
    "still learning",
]


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing that a curve tells: its ``kind``, and a ``sentence`` with the figures it rests on and what to try."""

    kind: Kind
    sentence: str


def remarks(
    config: TrainingConfig,
    epochs: Sequence[EpochDone],
    *,
    losses: tuple[Sequence[int], Sequence[float]] = ((), ()),
    completed: bool = False,
    diverged: bool = False,
    silent: str = "",
) -> list[Remark]:
    """Return what the curve so far tells, what weighs most first, at most `AT_ONCE` of it.

    ``losses`` are steps and training losses in nats, finite ones; ``completed`` says that every epoch was trained,
    ``silent`` names a layer that answers zero to everything it is shown.
    """
    found: list[Remark | None] = []
    if diverged:
        found.append(_diverged(config, *losses))
    else:
        found.append(_nothing_learned(config, epochs, completed=completed))
    if silent:
        found.append(_dead(silent, config))
    if len(epochs) > 1 and not diverged and not found[0]:
        found += [_rate_too_high(config, epochs), _over_fitting(config, epochs)]
        if not any(found):
            found.append(_by_heart(epochs) or _plateau(config, epochs))
            found.append(_still_learning(config, epochs) if completed else None)
    return [remark for remark in found if remark is not None][:AT_ONCE]


def _nothing_learned(config: TrainingConfig, epochs: Sequence[EpochDone], *, completed: bool) -> Remark | None:
    guessing = no_better_than_guessing(config, [epoch.val_accuracy for epoch in epochs], finished=completed)
    if guessing is None:
        return None
    last, chance = epochs[-1], 1 / len(datasets[config.dataset].classes)
    if not frozen_backbone(config) and last.train_accuracy > chance + BY_HEART * (1 - chance):
        guessing = (
            f"It finds no rule: {percent(last.train_accuracy, 1)} of the training images are right, but only "
            f"{percent(last.val_accuracy, 1)} of the validation images, and guessing gives {percent(chance, 1)}. It "
            "learns images by heart; are their labels right?"
        )
    return Remark(kind="nothing learned", sentence=guessing)


def _smaller(config: TrainingConfig) -> str:
    return f"The learning rate is {config.learning_rate:g}; try {config.learning_rate / 10:g}."


def _diverged(config: TrainingConfig, steps: Sequence[int], losses: Sequence[float]) -> Remark | None:
    if len(losses) < 2:
        return None
    lowest = min(range(len(losses)), key=lambda place: losses[place])
    highest = max(range(lowest, len(losses)), key=lambda place: losses[place])
    if losses[highest] < 2 * losses[lowest]:
        return None
    return Remark(
        kind="diverged",
        sentence=f"It ran away: the training loss was {losses[lowest]:.2f} nats at step {steps[lowest]:,} and "
        f"{losses[highest]:,.4g} at step {steps[highest]:,}, so each step went too far. {_smaller(config)}",
    )


def _dead(layer: str, config: TrainingConfig) -> Remark:
    return Remark(
        kind="dead layer",
        sentence=f"Layer {layer} is dead: it answers zero to every picture that it was shown, so nothing behind it can "
        f"see the image, and no gradient reaches what lies before it. Steps that are too large do that. "
        f"{_smaller(config)}",
    )


def _rate_too_high(config: TrainingConfig, epochs: Sequence[EpochDone]) -> Remark | None:
    """The training loss, which every step is meant to lower, jumps up again and again, or began far above guessing."""
    losses, calm = [epoch.train_loss for epoch in epochs], _calm(config, epochs)
    chance = math.log(len(datasets[config.dataset].classes))
    jumps = [
        place
        for place in range(max(1, len(losses) - RECENT), len(losses))
        if losses[place] > max(JUMP * min(losses[:place]), min(losses[:place]) + JUMP_NATS)
    ]
    if calm and len(jumps) >= JUMPS and jumps[-1] >= len(losses) - 2:
        worst = max(jumps, key=lambda place: losses[place])
        best = min(losses[:worst])
        why = (
            f"the training loss jumps: it had come down to {best:.2f} nats and was {losses[worst]:.2f} again in epoch "
            f"{epochs[worst].epoch}"
        )
    elif losses[0] > 1.5 * chance and losses[-1] > chance / 2:
        why = f"in epoch 1 the training loss was {losses[0]:,.3g} nats, and guessing costs {chance:.2f}"
    else:
        return None
    return Remark(kind="rate too high", sentence=f"The steps are too large: {why}. {_smaller(config)}")


def _calm(config: TrainingConfig, epochs: Sequence[EpochDone]) -> bool:
    return config.schedule != "one_cycle" or len(epochs) >= CALM * config.epochs


def _over_fitting(config: TrainingConfig, epochs: Sequence[EpochDone]) -> Remark | None:
    """The validation loss rises from its best while the training loss goes on falling."""
    if not _calm(config, epochs):
        return None
    best = min(epochs, key=lambda epoch: epoch.val_loss)
    later = [epoch for epoch in epochs if epoch.epoch > best.epoch]
    last = later[-LATER:]
    if len(last) < LATER or min(epoch.val_loss for epoch in last) < EACH_WORSE * best.val_loss:
        return None
    now, training = fmean(epoch.val_loss for epoch in last), last[-1].train_loss
    if now < max(WORSE * best.val_loss, best.val_loss + NATS) or training > min(LEARNED_MORE * best.train_loss, now):
        return None
    return Remark(
        kind="over-fitting",
        sentence=f"Over-fitting since epoch {best.epoch}: the validation loss has risen from {best.val_loss:.2f} to "
        f"{last[-1].val_loss:.2f} nats while the training loss fell from {best.train_loss:.2f} to "
        f"{training:.2f}. More images, augmentation or dropout help, or early stopping.",
    )


def _by_heart(epochs: Sequence[EpochDone]) -> Remark | None:
    last = epochs[-LATER:]
    if len(epochs) < 2 * LATER or min(epoch.train_accuracy for epoch in last) < 0.999:
        return None
    since = next(epoch.epoch for epoch in epochs if epoch.train_accuracy >= 0.999)
    return Remark(
        kind="by heart",
        sentence=f"It knows its training images by heart since epoch {since}: {percent(last[-1].train_accuracy, 1)} of "
        f"them right, and {percent(last[-1].val_accuracy, 1)} of the validation images. Nothing is left to learn from "
        "them; new images, or augmentation, would be.",
    )


def _plateau(config: TrainingConfig, epochs: Sequence[EpochDone]) -> Remark | None:
    """Neither loss has changed for a third of the epochs, where the schedule does not end in standing still anyway."""
    stretch = max(FLAT, math.ceil(len(epochs) / 3))
    if config.schedule == "one_cycle" or len(epochs) <= stretch:
        return None
    before, last = epochs[-stretch - 1], epochs[-stretch:]
    for name in ("train_loss", "val_loss"):
        values = [getattr(epoch, name) for epoch in (before, *last)]
        if max(values) - min(values) > 0.02 * max(values):
            return None
    slower = last[-1].learning_rate < epochs[0].learning_rate / 2
    return Remark(
        kind="plateau",
        sentence=f"Nothing has changed since epoch {before.epoch}: the training loss is {last[-1].train_loss:.2f} "
        f"nats, {percent(last[-1].val_accuracy, 1)} of the validation images are right. "
        + (
            f"The learning rate has come down to {last[-1].learning_rate:.2g}, and with such steps nothing will."
            if slower
            else "More epochs will hardly help: a smaller learning rate, or another network, might."
        ),
    )


def _still_learning(config: TrainingConfig, epochs: Sequence[EpochDone]) -> Remark | None:
    """The last fifth of the epochs still added something, on images that were never trained on; not where early
    stopping left others out."""
    stretch = max(2, math.ceil(len(epochs) / 5))
    if len(epochs) < max(2 * stretch, config.epochs) or "validation_from_training" in config.slips:
        return None
    before, last = epochs[-2 * stretch : -stretch], epochs[-stretch:]
    gained = last[-1].val_accuracy - before[-1].val_accuracy
    on_average = fmean(e.val_accuracy for e in last) - fmean(e.val_accuracy for e in before)
    falling = before[-1].val_loss > last[-1].val_loss <= EACH_WORSE * min(e.val_loss for e in epochs)
    if min(gained, on_average) < STILL or not falling:
        return None
    return Remark(
        kind="still learning",
        sentence=f"It was still learning when its epochs ended: the last {stretch} of them brought the validation "
        f"accuracy from {percent(before[-1].val_accuracy, 1)} to {percent(last[-1].val_accuracy, 1)}, and the loss "
        f"from {before[-1].val_loss:.2f} to {last[-1].val_loss:.2f} nats. More epochs should pay.",
    )
