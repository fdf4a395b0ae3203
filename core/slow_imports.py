"""Imports that wait until something needs them, because they take longer than all of torch: torchvision, and torch's
compiler, which torchvision and torch's optimizers load whether or not anything is ever compiled.

Of 7 s of processor time for the lab's imports they were 4. So no module of the lab imports torchvision at its top, and
a page that does not need it does without.
"""

import importlib
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

_lock = threading.Lock()
_COMPILER, _COMPILERS_UTILS = "torch._dynamo", "torch._dynamo.utils"


def torchvision() -> Any:
    """Return the package torchvision, imported where it has not been yet.

    One thread at a time: two that import it at once can each find it half done ("partially initialized module"). A
    process that has time to spare calls this before anybody waits.
    """
    with _lock:
        if isinstance(put_off_compiler(), _CompilerLater):
            sys.modules[_COMPILERS_UTILS] = _CanItCompile(_COMPILERS_UTILS)
        try:
            import torchvision
            import torchvision.transforms.v2
        finally:
            if isinstance(sys.modules.get(_COMPILERS_UTILS), _CanItCompile):
                del sys.modules[_COMPILERS_UTILS]
    return torchvision


def shapes_without_numbers() -> None:
    """Import what comes along when the first layer runs on torch's meta device: 900 modules, a second of processor."""
    with _lock:
        import torch

        torch.nn.Conv2d(1, 1, 1, device="meta")(torch.zeros(1, 1, 1, 1, device="meta"))


def put_off_compiler() -> ModuleType:
    """Have torch's compiler imported when something is compiled, and not by torchvision or an optimizer's first step.

    They ask it to leave functions alone, as is so until something is compiled; it holds 110 MB of every process, and
    takes a second. Returns what stands for the compiler now: itself, where it had been imported before.
    """
    return sys.modules.setdefault(_COMPILER, _CompilerLater(_COMPILER))


class _CompilerLater(ModuleType):
    """`torch._dynamo` for who compiles nothing; any other question imports the real one and is passed on to it."""

    @staticmethod
    def disable(function: Callable[..., Any] | None = None, *_how: object, **_why: object) -> Callable[..., Any]:
        """Return ``function`` as it is, or what does so with a function: nothing compiles it."""
        return function if function is not None else lambda each: each

    @staticmethod
    def graph_break(*_why: object) -> None:
        """No graph is being drawn that could be broken."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # who looks over all modules wants none; a submodule its path
            raise AttributeError(name)
        if sys.modules.get(_COMPILER) is self:
            del sys.modules[_COMPILER]
        return getattr(importlib.import_module(_COMPILER), name)


class _CanItCompile(ModuleType):
    """The one name of the compiler's that torchvision takes while it is imported."""

    @staticmethod
    def is_compile_supported(device_type: str) -> bool:
        """Ask the compiler itself, once it is wanted."""
        return bool(importlib.import_module(_COMPILERS_UTILS).is_compile_supported(device_type))
