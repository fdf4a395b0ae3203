"""A chain as a program that needs nothing of the lab and draws the very images that the lab draws from a seed.

torchvision's transforms take other random numbers than the lab's, one image at a time, so their draws cannot be the
same. The program therefore carries the lab's own functions (`core.export.standing_alone`): what it does cannot drift
from what the page does.
"""

from collections.abc import Sequence

from core.config import AugmentationStep
from core.export.standing_alone import Source
from core.transforms.chain import Chain

_HEAD = '''\
"""{title}"""

{imports}


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
    source = Source(imports={"import torch", "from PIL import Image"})
    lines = []
    for step, which, settings in Chain(steps).steps:
        draw, apply = source.add(which.draw), source.add(which.apply)
        lines.append(f"    ({draw}, {apply}, {step.probability!r}, {settings!r}, {which.takes_turns}),\n")
    return _HEAD.format(
        title=f"The {count} draws of seed {seed}, as CNN Lab shows them.",
        imports=source.imports_text,
        functions=source.definitions_text or "# The chain is empty: nothing is changed.",
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
