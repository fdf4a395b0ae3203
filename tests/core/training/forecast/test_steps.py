"""What one image costs is timed once for a network, input and machine, and kept in the lab's home."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.config import AugmentationStep, TrainingConfig
from core.training.forecast import steps

CPU = torch.device("cpu")
CONFIG = TrainingConfig(dataset="digits", model="strided_cnn", model_arguments={"channels": (4, 8)}, image_size=28)


@pytest.fixture
def timings(monkeypatch: pytest.MonkeyPatch, home: Path) -> list[str]:
    """Every network that was timed; each takes a millisecond an image."""
    asked: list[str] = []

    def image_seconds(model: str, **_about: object) -> float:
        asked.append(model)
        return 1e-3

    monkeypatch.setattr(steps, "_remembered", {})
    monkeypatch.setattr(steps, "image_seconds", image_seconds)
    return asked


def test_it_is_timed_once_for_all_processes(timings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps.kept(CONFIG, CPU) is None
    assert steps.timed(CONFIG, CPU) == 1e-3
    monkeypatch.setattr(steps, "_remembered", {})  # another process
    assert steps.timed(replace(CONFIG, seed=7, epochs=99, limit=50), CPU) == steps.kept(CONFIG, CPU) == 1e-3
    assert timings == ["strided_cnn"]


@pytest.mark.parametrize(
    "other",
    [
        {"model_arguments": {"channels": (8, 8)}},
        {"image_size": 32},
        {"augmentation": (AugmentationStep(name="affine"),)},
    ],
)
def test_what_changes_the_cost_is_timed_anew(timings: list[str], other: dict[str, object]) -> None:
    steps.timed(CONFIG, CPU)
    assert steps.kept(replace(CONFIG, **other), CPU) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{", '{"schema": 9, "seconds": {}}', '{"schema": 1, "seconds": {"a": "b"}}'])
def test_a_file_that_cannot_be_read_costs_a_few_steps(timings: list[str], home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "step-times.json").write_text(text)
    assert steps.timed(CONFIG, CPU) == 1e-3
    assert timings == ["strided_cnn"]


def test_real_steps_are_timed_with_their_augmentation(home: Path) -> None:
    ticks = iter(range(6))
    each = steps.image_seconds(
        "strided_cnn",
        channels=1,
        image_size=28,
        classes=10,
        arguments={"channels": (4, 8)},
        device=CPU,
        augmentation=(AugmentationStep(name="affine"),),
        clock=lambda: float(next(ticks)),
    )
    assert each == 1 / steps.TIMED_IMAGES  # every step took one tick
