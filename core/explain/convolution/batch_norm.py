"""Batch normalisation in its two steps, as nn.BatchNorm2d does them in training.

S. Ioffe, C. Szegedy, "Batch Normalization", 2015: x̂ = (x − μ) / √(σ² + ε), then y = γ·x̂ + β, channel by channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BatchNormSteps:
    """The same activations before, after standardising and after γ and β, and what each channel was standardised by.

    The three maps have the shape that was given; ``mean`` and ``variance`` (C,) are over all images and places.
    """

    before: Tensor
    standardised: Tensor
    after: Tensor
    mean: Tensor
    variance: Tensor


def batch_norm_steps(
    x: Tensor, gamma: float | Sequence[float] = 1.0, beta: float | Sequence[float] = 0.0, *, eps: float = 1e-5
) -> BatchNormSteps:
    """Normalise activations (N, C, H, W), or (C, H, W) for one image, over everything but the channels.

    ``gamma`` and ``beta`` are one number for all channels or one for each. ``eps`` keeps a flat channel from
    dividing by zero. Raises ConfigError for another number of dimensions or of gammas and betas.
    """
    if x.dim() not in (3, 4):
        raise ConfigError(f"Batch normalisation needs maps (N, C, H, W) or (C, H, W); this has {x.dim()} dimensions.")
    before = x.detach().float()
    axes = (-2, -1) if x.dim() == 3 else (0, 2, 3)
    variance, mean = torch.var_mean(before, dim=axes, correction=0, keepdim=True)
    standardised = (before - mean) / torch.sqrt(variance + eps)
    after = _per_channel(gamma, mean, "γ") * standardised + _per_channel(beta, mean, "β")
    return BatchNormSteps(
        before=before, standardised=standardised, after=after, mean=mean.flatten(), variance=variance.flatten()
    )


def _per_channel(values: float | Sequence[float], like: Tensor, name: str) -> Tensor:
    """Return one number or one a channel, shaped to multiply maps whose means are ``like``."""
    numbers = torch.as_tensor(values, dtype=torch.float32, device=like.device)
    if numbers.numel() not in (1, like.numel()):
        raise ConfigError(f"There are {numbers.numel()} values of {name} for {like.numel()} channels.")
    return numbers.expand(like.numel()).reshape(like.shape)
