"""A chain as a program that needs nothing of the lab and draws the very images that the lab draws from a seed.

torchvision's transforms take other random numbers than the lab's, one image at a time, so their draws cannot be the
same. The program therefore carries the lab's own functions, cut out of this package's source with all that they call:
what it does cannot drift from what the page does.
"""

import ast
import inspect
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

from core.config import AugmentationStep
from core.transforms import appearance, geometry, transform, warps
from core.transforms.chain import Chain

_MODULES = (transform, geometry, warps, appearance)
_TORCHVISION = """\
def torchvision():
    import torchvision.transforms.v2

    return torchvision"""  # stands in for `core.slow_imports`

_HEAD = '''\
"""{title}"""

import itertools
import math

import torch
import torch.nn.functional as F
from PIL import Image


{functions}


# Each step: how it draws, how it applies what was drawn, its probability, its settings, whether it takes turns.
STEPS = [
{steps}]


def augment(batch, seed):
    """Return one draw of each image, float32 (N, C, H, W) in [0, 1]; equal seeds give equal draws."""
    generator, count = torch.Generator().manual_seed(seed), len(batch)
    for draw, apply, probability, settings, takes_turns in STEPS:
        chosen = torch.rand(count, generator=generator) < probability
        moment = {{"indices": torch.arange(count), "epoch": 0}} if takes_turns else {{}}
        drawn = draw(count, generator, **moment, **settings)
        where = chosen.nonzero().squeeze(1)
        if len(where):
            here = {{name: value[where] for name, value in drawn.items()}}
            batch = batch.clone()
            batch[where] = apply(batch[where], here, **settings)
    return batch


def read(path):
    """Return a picture of {size}×{size} pixels as float32 (1, {channels}, {size}, {size}) in [0, 1]."""
    pixels = torch.frombuffer(bytearray(Image.open(path).convert("{mode}").tobytes()), dtype=torch.uint8)
    return pixels.view(1, {size}, {size}, {channels}).permute(0, 3, 1, 2).float().div(255).contiguous()


def normalise(batch):
    """Return what the network receives."""
    mean, std = torch.tensor({mean}), torch.tensor({std})
    return (batch - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1)


if __name__ == "__main__":
    draws = augment(read("{picture}").expand({count}, -1, -1, -1).contiguous(), seed={seed})
    for number, draw in enumerate(draws, start=1):
        pixels = (draw.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        Image.frombytes("{mode}", ({size}, {size}), bytes(pixels.flatten().tolist())).save(f"draw-{{number}}.png")
'''


def program(
    steps: Sequence[AugmentationStep],
    *,
    size: int,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
    count: int,
    seed: int,
    picture: str = "before.png",
) -> str:
    """Return a program that reads ``picture``, ``size`` pixels a side, and saves the ``count`` draws of ``seed``.

    It needs torch and Pillow, and torchvision where a step looks at grey values. Raises ConfigError as `Chain` does.
    """
    wanted: list[str] = []
    lines = []
    for step, which, settings in Chain(steps).steps:
        draw, apply = which.draw.__name__, which.apply.__name__
        wanted += [draw, apply]
        lines.append(f"    ({draw}, {apply}, {step.probability!r}, {settings!r}, {which.takes_turns}),\n")
    return _HEAD.format(
        title=f"The {count} draws of seed {seed}, as CNN Lab shows them.",
        functions="\n\n\n".join(_with_all_they_call(wanted)) or "# The chain is empty: nothing is changed.",
        steps="".join(lines),
        size=size,
        channels=channels,
        mode="L" if channels == 1 else "RGB",
        mean=list(mean),
        std=list(std),
        count=count,
        seed=seed,
        picture=picture,
    )


def _with_all_they_call(names: Sequence[str]) -> list[str]:
    """Return the source of these functions and of what they use of this package, in the package's order."""
    found = _definitions()
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [node.id for node in ast.walk(found[name]) if isinstance(node, ast.Name) and node.id in found]
    return [ast.unparse(node) for name, node in found.items() if name in needed]


@lru_cache(maxsize=1)
def _definitions() -> dict[str, ast.stmt]:
    """Return every function and constant of this package by its name, without decorators and annotations."""
    found: dict[str, ast.stmt] = {"torchvision": ast.parse(_TORCHVISION).body[0]}
    for module in _MODULES:
        for name, node in _of(module):
            if name in found:
                raise ValueError(f"'{name}' is defined twice among the transforms; a program needs one of each name.")
            found[name] = node
    return found


def _of(module: ModuleType) -> list[tuple[str, ast.stmt]]:
    found: list[tuple[str, ast.stmt]] = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
            found.append((node.name, _Bare().visit(node)))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append((node.targets[0].id, node))
    return found


class _Bare(ast.NodeTransformer):
    """Takes annotations out: they are the form on the page, and no part of what is computed."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node
