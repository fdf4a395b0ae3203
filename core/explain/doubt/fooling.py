"""Adversarial examples: changes too small to matter to people that turn a network's answer.

Every pixel may change by a bound of a few grey levels. The basic iterative method walks against the network's own
gradient, in whole grey levels, and stays within the bound: A. Kurakin et al., "Adversarial examples in the physical
world" (2016), after I. Goodfellow et al., "Explaining and Harnessing Adversarial Examples" (2014).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import ConfigError
from core.explain.inside.layers import device_of
from core.models.answers import logits_of
from core.models.input_format import InputFormat, denormalise, normalise

Logits = Callable[[Tensor], Tensor]

BOUNDS = (1, 2, 4, 8, 16, 32)  # grey levels of 255
STEPS = 6
DRAWS = 4  # random changes of each size


@dataclass(frozen=True, kw_only=True)
class Fooling:
    """What became of one picture within each of `BOUNDS`.

    ``start`` is the class that the network gave, ``target`` the one that was asked for (None: any other). ``before`` is
    float32 (classes,), ``after`` (bounds, classes): probabilities before and after the steps; ``noise`` (bounds,) is
    the mean probability of ``start`` after `DRAWS` changes of the same size with random signs. ``original`` is uint8
    (C, S, S), ``changed`` uint8 (bounds, C, S, S).
    """

    start: int
    target: int | None
    before: Tensor
    after: Tensor
    noise: Tensor
    original: Tensor
    changed: Tensor

    def answer(self, place: int) -> int:
        """Return the class that the network gives within the bound at ``place``."""
        return int(self.after[place].argmax())

    def has_turned(self, place: int) -> bool:
        """Whether the answer within the bound at ``place`` is another, or the target where one was asked for."""
        answer = self.answer(place)
        return answer != self.start if self.target is None else answer == self.target

    def difference(self, place: int) -> Tensor:
        """Return what was added within the bound at ``place``, int16 (C, S, S), in grey levels."""
        return self.changed[place].short() - self.original.short()

    @property
    def turned(self) -> int | None:
        """The smallest of `BOUNDS` within which the answer has turned, None where it never does."""
        for place, bound in enumerate(BOUNDS):
            if self.has_turned(place):
                return bound
        return None


def fool(
    model: nn.Module, batch: Tensor, format: InputFormat, *, target: int | None = None, mirrored: bool = False
) -> Fooling:
    """Return how one picture, float32 (1, C, S, S), normalised, is changed so that ``model`` answers otherwise.

    Each of `STEPS` steps lowers the probability of the answer, or raises that of ``target``, and the best of them is
    kept. ``model``, in evaluation mode, is not changed; ``mirrored`` is `logits_of`'s. Raises ConfigError for a target
    that is not there or is the answer already.
    """
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller is in
        original = (denormalise(batch.clone(), format) * 255).round().clamp(0, 255).to(device_of(model))

        def logits(levels: Tensor) -> Tensor:
            return logits_of(model, normalise(levels / 255, format), mirrored=mirrored)

        before = _without_gradient(logits, original).softmax(1)[0]
        start = int(before.argmax())
        _check(target, start, len(before))
        wanted, up = (start, False) if target is None else (target, True)
        changed = _walk(logits, original, wanted, up=up)
        return Fooling(
            start=start,
            target=target,
            before=before.cpu(),
            after=_without_gradient(logits, changed).softmax(1).cpu(),
            noise=_noise(logits, original)[:, start].cpu(),
            original=original[0].byte().cpu(),
            changed=changed.byte().cpu(),
        )


def _check(target: int | None, start: int, classes: int) -> None:
    if target is not None and not 0 <= target < classes:
        raise ConfigError(f"There is no class {target}; this network has {classes}, counted from 0.")
    if target == start:
        raise ConfigError("The network gives this class already; choose another one that it is to be fooled into.")


def _walk(logits: Logits, original: Tensor, wanted: int, *, up: bool) -> Tensor:
    """Return the best picture found within each bound, (bounds, C, S, S), in whole grey levels."""
    bounds = original.new_tensor(BOUNDS).view(-1, 1, 1, 1)
    strides = (bounds / 4).floor().clamp(min=1)
    now = original.expand(len(BOUNDS), -1, -1, -1).clone()
    best, best_odds = now.clone(), original.new_full((len(BOUNDS),), -torch.inf)
    for step in range(STEPS + 1):
        asked = now.clone().requires_grad_()
        odds = _log_odds(logits(asked), wanted) * (1 if up else -1)
        better = odds.detach() > best_odds
        best = torch.where(better.view(-1, 1, 1, 1), now, best)
        best_odds = torch.where(better, odds.detach(), best_odds)
        if step < STEPS:
            (gradient,) = torch.autograd.grad(odds.sum(), asked)
            moved = now + strides * gradient.sign()
            now = torch.clamp(moved, original - bounds, original + bounds).clamp(0, 255)
    for place in range(1, len(BOUNDS)):  # what stays within a bound stays within every larger one
        if best_odds[place - 1] > best_odds[place]:
            best[place], best_odds[place] = best[place - 1], best_odds[place - 1]
    return best


def _log_odds(logits: Tensor, wanted: int) -> Tensor:
    """Return the logarithm of p / (1 − p), (N,): it still has a gradient where p itself is 1 to all its digits."""
    others = torch.cat([logits[:, :wanted], logits[:, wanted + 1 :]], 1)
    return logits[:, wanted] - others.logsumexp(1)


def _noise(logits: Logits, original: Tensor) -> Tensor:
    """Return the mean probabilities, (bounds, classes), after `DRAWS` changes by the whole bound with random signs."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for bound in BOUNDS:
        signs = torch.randint(0, 2, (DRAWS, *original.shape[1:]), generator=generator).to(original) * 2 - 1
        found.append(_without_gradient(logits, (original + bound * signs).clamp(0, 255)).softmax(1).mean(0))
    return torch.stack(found)


def _without_gradient(logits: Logits, levels: Tensor) -> Tensor:
    with torch.no_grad():
        return logits(levels)
