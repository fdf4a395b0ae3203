"""float32 or bfloat16: the context of a forward pass, and how feature maps lie in memory."""

import torch


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which a forward pass runs: bfloat16 for ``bf16``, as it is for ``fp32``."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def layout(precision: str) -> torch.memory_format:
    """Return how feature maps lie in memory: bfloat16 convolutions are fast with the channels last."""
    return torch.channels_last if precision == "bf16" else torch.contiguous_format
