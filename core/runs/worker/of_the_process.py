"""The state of chance, of which a process has one, and each training believes to have its own."""

import random
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class OfTheProcess:
    """What torch, numpy and Python keep once a process, and each training believes to be its own."""

    torch: Any
    cuda: Any
    numpy: Any
    python: Any

    @classmethod
    def now(cls) -> "OfTheProcess":
        """Return it as it is."""
        import numpy
        import torch

        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
        return cls(torch=torch.get_rng_state(), cuda=cuda, numpy=numpy.random.get_state(), python=random.getstate())

    def put_back(self) -> None:
        """Let it be as it was."""
        import numpy
        import torch

        torch.set_rng_state(self.torch)
        if self.cuda is not None:
            torch.cuda.set_rng_state_all(self.cuda)
        numpy.random.set_state(self.numpy)
        random.setstate(self.python)
