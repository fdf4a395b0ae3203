"""The printed module is run, given the lab's own weights, and answers the same."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from core.errors import ModelError
from core.models import build_model
from core.models.sequential.code import CLASS_NAME, module_code
from core.models.sequential.layers import Layer, read, write
from core.models.sequential.starts import LENET, strided
from tests.core.models.sequential.chains import fitting_chain


def both(chain: tuple[Layer, ...], *, channels: int, image_size: int, classes: int) -> tuple[nn.Module, nn.Module]:
    """Return the lab's network, and that of the printed code with its weights."""
    torch.manual_seed(1)
    ours = build_model(
        "sequential", channels=channels, image_size=image_size, classes=classes, arguments={"layers": write(chain)}
    )
    for module in ours.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):  # statistics as after a training
            module.running_mean, module.running_var = torch.randn(module.num_features), torch.rand(module.num_features)
    names: dict[str, type[nn.Module]] = {}
    exec(module_code(chain, channels=channels, image_size=image_size, classes=classes), names)
    printed = names[CLASS_NAME]()
    printed.load_state_dict(ours.state_dict())
    return ours.eval(), printed.eval()


@pytest.mark.parametrize("seed", range(25))
def test_printed_code_gives_the_same_logits(seed: int) -> None:
    image_size = 12 + seed % 21
    chain = fitting_chain(seed, image_size=image_size)
    ours, printed = both(chain, channels=3, image_size=image_size, classes=7)
    images = torch.randn(3, 3, image_size, image_size)
    assert torch.equal(ours(images), printed(images))


@pytest.mark.parametrize(("line", "channels", "side"), [(LENET, 3, 32), (strided(28), 1, 28)])
def test_what_the_page_begins_with_is_printed_and_gives_the_same_logits(line: str, channels: int, side: int) -> None:
    ours, printed = both(read(line), channels=channels, image_size=side, classes=10)
    images = torch.randn(4, channels, side, side)
    assert torch.equal(ours(images), printed(images))


def test_dropout_and_batch_norm_learn_as_the_lab_s_own_do() -> None:
    chain = read("conv-4-3x3_batchnorm_relu_dropout-0.5_flatten_batchnorm_dense-classes")
    ours, printed = both(chain, channels=1, image_size=8, classes=3)
    images = torch.randn(5, 1, 8, 8)
    answers = []
    for network in (ours.train(), printed.train()):
        torch.manual_seed(2)
        answers.append(network(images))
    assert torch.equal(*answers)


def test_the_code_is_as_a_student_would_write_it() -> None:
    code = module_code(read(LENET), channels=3, image_size=32, classes=10)
    assert "        self.conv1 = nn.Conv2d(3, 6, 5)  # 6×28×28\n" in code
    assert "        self.fc1 = nn.Linear(400, 120)  # 120\n" in code
    assert "        x = self.flatten1(x)\n" in code


def test_the_code_runs_where_there_is_no_lab(tmp_path: Path) -> None:
    file = tmp_path / "network.py"
    code = module_code(read("conv-2-3x3_relu_flatten_dense-classes"), channels=1, image_size=8, classes=2)
    file.write_text(code + "\nimport torch\nprint(tuple(Network()(torch.zeros(5, 1, 8, 8)).shape))\n", encoding="utf-8")
    ran = subprocess.run([sys.executable, file], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "(5, 2)\n"


def test_there_is_no_code_for_what_does_not_fit() -> None:
    with pytest.raises(ModelError, match="Put Flatten before it"):
        module_code(read("dense-10"), channels=3, image_size=32, classes=10)
