"""What a training computes in: its precision, the layout that suits it, and bfloat16's gradients mended."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from core.compute.autocast import autocast, layout
from core.compute.precision_probe import PrecisionChoice
from core.compute.unreached_weights import protect_unreached_weights
from core.models.input_format import InputFormat

Autocast = Callable[[], AbstractContextManager[object]]


class Precision:
    """The precision that was chosen for a training on ``device``, and its use in every step.

    ``head_alone`` is set where only a head learns, from kept features: too little for bfloat16 to pay.
    """

    def __init__(self, choice: PrecisionChoice, device: torch.device) -> None:
        self.choice, self.device = choice, device
        self.head_alone = False
        self._protection: list[RemovableHandle] = []

    @property
    def of_a_step(self) -> str:
        """What a step computes in, bf16 or fp32."""
        return "fp32" if self.head_alone else self.choice.precision

    @property
    def layout(self) -> torch.memory_format:
        """How feature maps lie in memory."""
        return layout(self.choice.precision)

    def autocast(self) -> torch.autocast:
        """Return the context of a step's forward pass."""
        return autocast(self.device, self.of_a_step)

    def protect(self, model: nn.Module, format: InputFormat, *, side: int) -> None:
        """Mend the gradients of bfloat16 for images of this ``side``; growing images reach more and more weights."""
        for handle in self._protection:
            handle.remove()
        self._protection = []
        if self.of_a_step == "bf16":
            self._protection = protect_unreached_weights(model, channels=format.channels, image_size=side)
