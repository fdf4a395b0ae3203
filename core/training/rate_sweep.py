"""Which learning rate suits a training: a short sweep over a few of its batches (L. N. Smith, 2015), and its schedule.

The rate grows with every step while the loss is watched: too small and nothing happens, too large and it runs away.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

from core.config import TrainingConfig
from core.data import LabelledImages, Split
from core.training.assembly import assemble_model, input_format, training_indices
from core.training.batches import ImageBatches, as_labelled, order_of_epoch
from core.training.optimization import make_optimizer, make_schedule, step_after_epoch

LOWEST, HIGHEST = 1e-4, 3.0
STEPS = 80
LARGEST_BATCH = 64  # images: a sweep is to be quick
SECONDS = 8.0  # of processor time, after which it ends
SMOOTHING = 0.3  # weight of the newest loss
FALL = 0.03  # of the first loss: what a few noisy steps do is less
AWAY = 3.0  # times the lowest loss: it has run away
MARGIN = 2.0  # from what is suggested to where the loss turns up: nothing is to be taken right beside the edge
DRAWN = 400  # points of a schedule, about


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """``rates`` that were tried, ascending, with smoothed training ``losses`` in nats.

    ``steepest`` is the rate at which the loss fell fastest (None: it never fell), ``turned`` the one from which it rose
    again (None: it did not). ``suggested`` is the steepest, or less, so that it keeps its distance from the turn.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float | None
    turned: float | None

    @property
    def suggested(self) -> float | None:
        """The rate to take, of one digit; None where the loss never fell."""
        if self.steepest is None or self.turned is None:
            return self.steepest
        return min(self.steepest, _one_digit_down(self.turned / MARGIN))


def sweep(
    config: TrainingConfig,
    data: LabelledImages,
    split: Split,
    *,
    progress: Callable[[float], None] | None = None,
    clock: Callable[[], float] = time.thread_time,
) -> Sweep:
    """Return what a sweep of ``config``'s network and optimizer finds on the CPU; ``progress`` is told shares of 1.

    Raises ConfigError, ModelError or DataError as a training does.
    """
    train = training_indices(split, config)
    data = as_labelled(data, train, config)
    format = input_format(config, data, split)
    model = assemble_model(config, data, split, format).train()
    optimizer = make_optimizer(model, replace(config, learning_rate=LOWEST))
    ratios = [group["lr"] / LOWEST for group in optimizer.param_groups]
    batches = ImageBatches(config, data, format, device=torch.device("cpu"))
    size = min(config.batch_size, LARGEST_BATCH)
    rates: list[float] = []
    losses: list[float] = []
    average, deadline, ran_away = 0.0, clock() + SECONDS, False
    for step, rate in enumerate(sweep_rates()):
        for group, ratio in zip(optimizer.param_groups, ratios, strict=True):
            group["lr"] = rate * ratio
        loss = _step(model, optimizer, batches, _places(train, step, size, seed=config.seed), step, config)
        average += SMOOTHING * (loss - average)
        smooth = average / (1 - (1 - SMOOTHING) ** (step + 1))
        ran_away = not math.isfinite(smooth) or bool(losses and smooth > AWAY * min(losses))
        if ran_away or clock() > deadline:
            break
        rates.append(rate)
        losses.append(smooth)
        if progress is not None:
            progress((step + 1) / STEPS)
    turned = turn(rates, losses, ran_away=ran_away)
    return Sweep(rates=tuple(rates), losses=tuple(losses), steepest=steepest(rates, losses), turned=turned)


def sweep_rates() -> list[float]:
    """Return the rates of a sweep: from `LOWEST` to `HIGHEST` by equal factors."""
    return [LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1)) for step in range(STEPS)]


def turn(rates: Sequence[float], losses: Sequence[float], *, ran_away: bool) -> float | None:
    """Return the rate of the lowest loss, where more than noise follows it upwards; None where nothing does."""
    if not losses:
        return None
    lowest = min(range(len(losses)), key=lambda place: losses[place])
    rises = ran_away or max(losses[lowest:]) - losses[lowest] > FALL * losses[0]
    return rates[lowest] if rises else None


def steepest(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Return the rate, to one digit, at which the loss falls fastest for a growing rate; None where it does not fall.

    What comes after the lowest loss is left out, and so is what a few noisy steps do: a fall is taken over five.
    """
    if len(losses) < 8:
        return None
    lowest = min(range(len(losses)), key=lambda place: losses[place])
    falls = {at: losses[at - 2] - losses[at + 2] for at in range(2, min(lowest + 1, len(losses) - 2))}
    if not falls or losses[0] - losses[lowest] < FALL * losses[0]:
        return None
    return float(f"{rates[max(falls, key=lambda at: falls[at])]:.0e}")


def _one_digit_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.floor(value / power * (1 + 1e-9)) * power:.0e}")


def scheduled_rates(config: TrainingConfig) -> tuple[list[float], list[float]]:
    """Return epochs, from 0, and the learning rate there, as the schedule of ``config`` has them."""
    steps = max(1, min(50, DRAWN // config.epochs))
    weight = nn.Parameter(torch.zeros(1, 1))
    optimizer = torch.optim.SGD([weight], lr=config.learning_rate)
    schedule = make_schedule(optimizer, config, steps_per_epoch=steps)
    weight.grad = torch.zeros(1, 1)
    at, rates = [], []
    for epoch in range(config.epochs):
        for step in range(steps):
            at.append(epoch + step / steps)
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if config.schedule == "one_cycle":
                schedule.step()
        if config.schedule == "step":
            step_after_epoch(schedule)
    return at, rates


def _places(train: torch.Tensor, step: int, size: int, *, seed: int) -> torch.Tensor:
    """The places of a batch; where the images are few, further epochs follow."""
    an_epoch = max(1, len(train) // size)
    epoch, batch = divmod(step, an_epoch)
    return order_of_epoch(train, seed=seed, epoch=epoch)[batch * size : (batch + 1) * size]


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: ImageBatches,
    places: torch.Tensor,
    number: int,
    config: TrainingConfig,
) -> float:
    """Take a step and return the loss before it: plain cross-entropy, as a training's curve shows it."""
    images, labels = batches.training(places, epoch=config.epochs - 1, batch=number)  # at full size
    logits = model(images)
    loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
    if math.isfinite(value := loss.item()):
        value = F.cross_entropy(logits.detach(), labels).item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return value
