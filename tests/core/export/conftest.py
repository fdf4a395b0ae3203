"""A network whose names people have typed with nothing good in mind."""

from pathlib import Path

import pytest
import torch

from core.checkpoints import Checkpoint, save
from core.models import build_model
from tests.cards import card

HOSTILE = '=1+1"\'\'\'"""</script><b>`$(x)`|\\\n---\u202e{{x}}'
CLASSES = (HOSTILE, "@b|c", "--- d", *"3456789")


@pytest.fixture
def hostile(tmp_path: Path) -> Checkpoint:
    torch.manual_seed(0)
    about = card(title=HOSTILE, classes=CLASSES)
    return save(tmp_path / "hostile", build_model("simple_nn", channels=1, image_size=28, classes=10), about)
