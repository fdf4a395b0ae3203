"""A training as a script and as a notebook, run without the lab: the figures are the lab's own."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from core.config import TrainingConfig
from core.data import datasets, load, make_split
from core.events import EpochDone
from core.export.training_code import training_cells, training_notebook, training_script
from core.models import models
from core.recipes import fitting_models, recipe_config
from core.training.trainer import Trainer
from tests.cards import card
from tests.core.export.conftest import HOSTILE


def trained(config: TrainingConfig) -> tuple[Any, list[EpochDone]]:
    """Train in this process; return the card that is needed of it, and its epochs."""
    data = load(config.dataset, size=config.image_size)
    trainer = Trainer(config, data, make_split(data))
    epochs = [event for event in trainer.events() if isinstance(event, EpochDone)]
    return of(config, trainer.format.mean, trainer.format.std, trainer.format.channels), epochs


def of(config: TrainingConfig, mean: tuple[float, ...], std: tuple[float, ...], channels: int) -> Any:
    return card(
        title=HOSTILE,
        model=config.model,
        arguments=dict(config.model_arguments),
        channels=channels,
        image_size=config.image_size,
        classes=datasets[config.dataset].classes,
        mean=mean,
        std=std,
        dataset=config.dataset,
        config=config,
    )


def losses(script: str, folder: Path) -> list[list[float]]:
    """Run a script where nothing of the lab is found; return training and validation loss of each epoch."""
    (folder / "script.py").write_text(script + "\nimport json\nprint(json.dumps(history))\n", encoding="utf-8")
    threads = f"import torch; torch.set_num_threads({torch.get_num_threads()}); "
    run = f"{threads}import runpy; runpy.run_path('script.py', run_name='__main__')"
    result = subprocess.run(
        [sys.executable, "-I", "-c", run], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return [line[:2] for line in json.loads(result.stdout.splitlines()[-1])]


PLAIN = {"epochs": 2, "limit": 200, "batch_size": 32, "augmentation": (), "precision": "fp32", "device": "cpu"}


@pytest.mark.parametrize(
    ("dataset", "model", "recipe", "more"),
    [
        ("digits", "strided_cnn", "notebook", {"schedule": "step", "step_size": 1}),
        (
            "shapes",
            "fast_cnn",
            "modern",
            {
                "image_size": 24,
                "start_size": 16,
                "mirror_at_test": True,
                "model_arguments": {"widths": (16, 32, 32)},
            },
        ),
    ],
)
def test_a_script_computes_what_the_lab_computes(
    dataset: str, model: str, recipe: str, more: dict[str, Any], tmp_path: Path
) -> None:
    about, epochs = trained(recipe_config(recipe, dataset=dataset, model=model, **PLAIN | more))
    found = losses(training_script(about), tmp_path)
    expected = [[epoch.train_loss, epoch.val_loss] for epoch in epochs]
    # Convolutions add in the same order here; a last digit is left to the processor.
    assert found == [pytest.approx(pair, rel=1e-4) for pair in expected]


@pytest.mark.data
def test_a_script_reads_parquet_files_from_a_folder(data_folder: Path, tmp_path: Path) -> None:
    about, epochs = trained(recipe_config("notebook", dataset="mnist", model="simple_nn", **PLAIN | {"epochs": 1}))
    script = training_script(about).replace("'ylecun/mnist'", repr(str(data_folder / "ylecun--mnist")))
    ((train_loss, val_loss),) = losses(script, tmp_path)
    assert train_loss == pytest.approx(epochs[0].train_loss, rel=1e-4)
    assert val_loss == pytest.approx(epochs[0].val_loss, rel=1e-4)


def test_a_notebook_is_one_and_its_cells_are_those_of_the_script() -> None:
    about = of(recipe_config("modern", dataset="digits", model="lenet"), (0.3,), (0.4,), 1)
    notebook = json.loads(training_notebook(about))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert {cell["cell_type"] for cell in notebook["cells"]} == {"markdown", "code"}
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(part in training_script(about) for part in code)
    assert HOSTILE not in "".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("dataset", ["mnist", "cifar10", "cats_vs_dogs", "digits", "shapes"])
@pytest.mark.parametrize("recipe", ["modern", "notebook"])
def test_every_recipe_becomes_python_that_compiles(dataset: str, recipe: str) -> None:
    for model in fitting_models(dataset):
        config = recipe_config(recipe, dataset=dataset, model=model)
        channels = models[model].channels(3)
        about = of(config, (0.5,) * channels, (0.5,) * channels, channels)
        text = training_script(about)
        compile(text, "script.py", "exec")
        named = [node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        assert not any(str(name).startswith("core") for name in named)
        assert all(isinstance(node.value, ast.Constant) for node in ast.parse(text).body if _sets(node, "TITLE"))


def _sets(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def test_slips_and_own_pictures_are_refused_with_a_sentence() -> None:
    with pytest.raises(Exception, match="repeats slips on purpose"):
        training_cells(of(recipe_config("as_written", dataset="digits", model="lenet"), (0.3,), (0.4,), 1))
    with pytest.raises(Exception, match="own pictures"):
        training_cells(card(dataset="own-aaaaaaaaaa@bbbbbbbbbbbb"))
