"""Imports that wait until something needs them, because they take longer than all of torch: torchvision, and torch's
compiler, which torchvision and torch's optimizers load whether or not anything is ever compiled.

Of 7 s of processor time for the lab's imports they were 4. So no module of the lab imports torchvision at its top, and
a page that does not need it does without.
"""

import threading
from typing import Any

_lock = threading.Lock()


def torchvision() -> Any:
    """Return the package torchvision, imported where it has not been yet.

    One thread at a time: two that import it at once can each find it half done ("partially initialized module"). A
    process that has time to spare calls this before anybody waits.
    """
    with _lock:
        import torch._dynamo  # noqa: F401  (what torch's optimizers load)
        import torchvision
        import torchvision.transforms.v2
    return torchvision


def shapes_without_numbers() -> None:
    """Import what comes along when the first layer runs on torch's meta device: 900 modules, a second of processor."""
    with _lock:
        import torch

        torch.nn.Conv2d(1, 1, 1, device="meta")(torch.zeros(1, 1, 1, 1, device="meta"))
