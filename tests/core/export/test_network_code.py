"""Every registered network as Python that needs nothing of the lab: the same weights, the same answers."""

import ast
from typing import Any

import pytest
import torch

from core.export.network_code import network_code
from core.export.standing_alone import Source, sorted_imports
from core.models import build_model, models


@pytest.mark.parametrize("name", list(models))
def test_what_is_printed_is_the_network(name: str) -> None:
    spec = models[name]
    build: dict[str, Any] = {
        "channels": 3 if spec.needs_rgb else 1,
        "image_size": spec.natural_size or 28,
        "classes": 7,
    }
    build["arguments"] = spec.suggest(channels=build["channels"], image_size=build["image_size"])
    source = network_code(name, **build)
    text = f"{source.imports_text}\n{source.definitions_text}"
    modules = [node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert not any(str(module).startswith("core") for module in modules)
    namespace: dict[str, Any] = {}
    exec(compile(text, name, "exec"), namespace)
    torch.manual_seed(1)
    expected = build_model(name, **build)
    torch.manual_seed(1)
    found = namespace["make_network"]()
    weights = found.state_dict()
    assert list(weights) == list(expected.state_dict())
    assert all(torch.equal(weights[key], value) for key, value in expected.state_dict().items()), "as it begins, too"
    images = torch.randn(2, build["channels"], build["image_size"], build["image_size"])
    with torch.inference_mode():
        assert torch.equal(found.eval()(images), expected.eval()(images))


def test_a_stack_of_layers_is_written_out_without_what_is_so_anyway() -> None:
    source = network_code("simple_nn", channels=1, image_size=28, classes=10, arguments={"hidden": 16})
    assert "nn.Linear(in_features=784, out_features=16)" in source.definitions_text


def test_the_labs_own_errors_become_pythons() -> None:
    text = network_code("enhanced_cnn", channels=3, image_size=32, classes=10).definitions_text
    assert "raise ValueError(" in text
    assert "Annotated" not in text


def test_imports_of_one_module_are_one_and_the_standard_librarys_come_first() -> None:
    given = {"from torch import nn", "from torch import Tensor", "import sys", "import torch"}
    assert sorted_imports(given) == ["import sys", "", "import torch", "from torch import Tensor, nn"]


def test_a_name_stands_for_one_thing_only() -> None:
    source = Source()
    source.add(models["resnet18"].build)
    with pytest.raises(Exception, match="'FEATURES' is defined in"):
        source.add(models["efficientnet_lite0"].build)
