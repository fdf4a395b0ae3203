"""The resize that some networks begin with, as a layer of its own: it has maps, a size and a receptive field."""

import torch.nn.functional as F
from torch import Tensor, nn


class Resize(nn.Module):
    """Images at ``side``×``side`` pixels, bilinear and antialiased; those that have it already pass unchanged."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, S, S) to (N, C, side, side)."""
        if x.shape[-1] == self.side:
            return x
        size = (self.side, self.side)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=True)
