"""The printed program, which has nothing of the lab, draws the very images of the page."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.config import AugmentationStep
from core.explain.augmentation.draws import Draws, draw
from core.export.draws_code import program
from core.models.input_format import InputFormat
from core.photos.samples import sample_photos
from core.transforms import transforms

PHOTO = next(iter(sample_photos().values())).image.reduce(4)
COUNT, SEED = 5, 11


def form(channels: int, size: int = 24) -> InputFormat:
    return InputFormat(channels=channels, size=size, mean=(0.4,) * channels, std=(0.2,) * channels)


def shown(steps: list[AugmentationStep], format: InputFormat) -> Draws:
    return draw(PHOTO, steps, format=format, count=COUNT, seed=SEED)


def printed(steps: list[AugmentationStep], format: InputFormat) -> str:
    return program(
        steps, size=format.size, channels=format.channels, mean=format.mean, std=format.std, count=COUNT, seed=SEED
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", transforms)
def test_every_transform_draws_bit_by_bit_what_the_page_draws(name: str, channels: int) -> None:
    steps = [
        AugmentationStep(name=name, probability=0.6),
        AugmentationStep(name="crop", settings={"border": "reflect"}),
    ]
    draws = shown(steps, form(channels))
    names: dict[str, object] = {"__name__": "program"}
    exec(printed(steps, form(channels)), names)  # our own text, and it is the thing under test
    augment = names["augment"]
    assert callable(augment)
    assert torch.equal(augment(draws.before.expand(COUNT, -1, -1, -1).contiguous(), SEED), draws.after)


def test_it_runs_alone_and_saves_the_pictures_of_the_page(tmp_path: Path) -> None:
    steps = [AugmentationStep(name=name, probability=0.7) for name in transforms]
    draws = shown(steps, form(3))
    Image.fromarray(draws.picture()).save(tmp_path / "before.png")
    (tmp_path / "draws.py").write_text(printed(steps, form(3)), encoding="utf-8")
    subprocess.run([sys.executable, "-I", "draws.py"], cwd=tmp_path, check=True)  # -I: not even the lab's own folder
    for index in range(COUNT):
        saved = np.asarray(Image.open(tmp_path / f"draw-{index + 1}.png"))
        assert np.array_equal(saved, draws.picture(index))


def test_it_has_nothing_of_the_lab_and_only_what_the_chain_needs() -> None:
    code = printed([AugmentationStep(name="rotation")], form(3))
    assert "import core" not in code
    assert "from core" not in code
    assert "_apply_rotation" in code
    assert "_apply_crop" not in code
    assert "def torchvision" not in code


def test_an_empty_chain_is_a_program_too() -> None:
    names: dict[str, object] = {"__name__": "program"}
    exec(printed([], form(1)), names)
    augment = names["augment"]
    assert callable(augment)
    batch = torch.rand(2, 1, 8, 8)
    assert torch.equal(augment(batch, 0), batch)
