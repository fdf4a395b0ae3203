"""Model folders from outside, each wrong in one way: a sentence for every one, and soon."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from core.checkpoints import Checkpoint, Metrics, find, save
from core.errors import CheckpointError
from core.models.answers import Predictions
from tests.core.checkpoints.test_networks import card, network
from tests.core.test_stored_json import KINDS

SECONDS = 5.0  # a folder that is refused takes some milliseconds; one that waits for a pipe takes for ever

Spoil = Callable[[Path], None]
METRICS = Metrics(test_accuracy=0.5, test_n=2, test_ci95=(0.1, 0.9), test_loss=0.7, unseen=True)


def says(**changes: Any) -> Spoil:
    """Have the card say something else."""

    def spoil(folder: Path) -> None:
        path = folder / "card.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return spoil


def judged(**changes: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        metrics = json.loads((folder / "card.json").read_text())["metrics"]
        says(metrics=metrics | changes)(folder)

    return spoil


def reads(kind: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "card.json"
        path.write_bytes(KINDS[kind](path.read_text(encoding="utf-8")))

    return spoil


def is_link(name: str) -> Spoil:
    """What the link leads to would be read without complaint."""

    def spoil(folder: Path) -> None:
        elsewhere = folder.parent / f"elsewhere-{name}"
        (folder / name).rename(elsewhere)
        (folder / name).symlink_to(elsewhere)

    return spoil


def is_pipe(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return spoil


def is_folder(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def has_size(name: str, size: int) -> Spoil:
    return lambda folder: os.truncate(folder / name, size)


def without(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def with_weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Spoil:
    """Other weights, with a card that names their hash."""

    def spoil(folder: Path) -> None:
        import hashlib

        path = folder / "model.safetensors"
        data = safetensors.torch.save(change(safetensors.torch.load(path.read_bytes())))
        path.write_bytes(data)
        says(sha256=hashlib.sha256(data).hexdigest())(folder)

    return spoil


def flipped(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[-10] ^= 1
        (folder / name).write_bytes(data)

    return spoil


FOLDERS: dict[str, Spoil] = {
    **{f"card: {kind}": reads(kind) for kind in KINDS},
    **{f"schema {value!r}": says(schema=value) for value in ("1", 1.0, True, 0, -1, 2, None, [1], {})},
    **{f"epoch {value!r}": says(epoch=value) for value in ("1", 1.0, True, 0, -1, 501, 10**18, None, [1])},
    **{f"metrics {value!r}": says(metrics=value) for value in (1, "good", [], {})},
    **{f"accuracy {value!r}": judged(test_accuracy=value) for value in (2.0, -0.1, "1", None, True)},
    **{f"n {value!r}": judged(test_n=value) for value in (0, -1, 10**18, 2.5, "2")},
    "interval turned round": judged(test_ci95=[0.9, 0.1]),
    "interval of three": judged(test_ci95=[0.1, 0.5, 0.9]),
    "loss below 0": judged(test_loss=-1),
    "unseen is text": judged(unseen="yes"),
    "history without end": says(history=json.loads(card().to_json())["history"] * 600),
    "history of text": says(history=["good"]),
    "seconds below 0": says(seconds=-1),
    "more trainable than there are": says(parameters=1, trainable_parameters=2),
    "6,000 layers": says(arguments={"channels": [4] * 6_000}),
    "a layer of 100,000 channels": says(arguments={"channels": [100_000]}),
    "wide and deep": says(arguments={"channels": [512] * 16, "kernel": 7}),
    "channels of text": says(arguments={"channels": ["4", "8"]}),
    "no layer at all": says(arguments={"channels": []}),
    "an argument that is unknown": says(arguments={"surprise": 1}),
    "arguments within arguments": says(arguments={"channels": {"x": 1}}),
    "an unknown network": says(model="vgg"),
    "images of 100,000 pixels": says(image_size=100_000),
    "one class": says(classes=["one"]),
    "a class twice": says(classes=["0"] * 10),
    "classes that are numbers": says(classes=list(range(10))),
    "a title of a million letters": says(title="x" * 1_000_000),
    "no normalisation": says(mean=[], std=[]),
    "a std of 0": says(std=[0.0]),
    "another backbone": says(backbone={"weights": "lab", "sha256": "0"}),
    "a backbone of numbers": says(backbone={"weights": 1, "sha256": 2}),
    "card is a link": is_link("card.json"),
    "card is a pipe": is_pipe("card.json"),
    "card is a folder": is_folder("card.json"),
    "card of 11 MB": has_size("card.json", 11 * 2**20),
    "weights are a link": is_link("model.safetensors"),
    "weights are a pipe": is_pipe("model.safetensors"),
    "weights are a folder": is_folder("model.safetensors"),
    "weights are missing": without("model.safetensors"),
    "weights are empty": has_size("model.safetensors", 0),
    "weights are cut short": has_size("model.safetensors", 500),
    "weights of 30 GB": has_size("model.safetensors", 30 * 2**30),
    "weights with a flipped bit": flipped("model.safetensors"),
    "weights of another shape": with_weights(lambda weights: {name: value[None] for name, value in weights.items()}),
    "weights that are not finite": with_weights(
        lambda weights: (
            {name: value * torch.nan for name, value in weights.items() if value.is_floating_point()}
            | {name: value for name, value in weights.items() if not value.is_floating_point()}
        )
    ),
    "weights of whole numbers": with_weights(
        lambda weights: {name: value.to(torch.int32) for name, value in weights.items()}
    ),
    "weights that lack one": with_weights(lambda weights: dict(list(weights.items())[1:])),
    "weights with one more": with_weights(lambda weights: weights | {"surprise": torch.zeros(1)}),
    "predictions are a link": is_link("predictions.safetensors"),
    "predictions are a pipe": is_pipe("predictions.safetensors"),
    "predictions are cut short": has_size("predictions.safetensors", 20),
    "predictions without end": has_size("predictions.safetensors", 30 * 2**30),
    "predictions of other images": lambda folder: (folder / "predictions.safetensors").write_bytes(
        safetensors.torch.save({name: torch.zeros(3) for name in ("labels", "predicted", "confidence")})
    ),
}


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("models") / "probe"
    predictions = Predictions(
        labels=np.array([3, 9]), predicted=np.array([3, 1]), confidence=np.array([0.6, 1.0], dtype=np.float32), loss=0.7
    )
    return save(folder, network(), card(metrics=METRICS), predictions).folder


@pytest.fixture
def folder(pattern: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "probe"
    copy.mkdir()
    for path in pattern.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


def open_it(folder: Path) -> Checkpoint:
    checkpoint = find(str(folder))
    checkpoint.load_model()
    checkpoint.predictions()
    return checkpoint


def test_the_folder_is_good_before_it_is_spoiled(folder: Path) -> None:
    assert open_it(folder).card.metrics == METRICS


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are made as they are on Unix")
@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_that_is_wrong_is_refused_with_a_sentence_and_soon(folder: Path, kind: str) -> None:
    FOLDERS[kind](folder)
    started = time.monotonic()
    with pytest.raises(CheckpointError) as raised:
        open_it(folder)
    assert time.monotonic() - started < SECONDS
    assert str(raised.value).endswith(".")
    assert 20 < len(str(raised.value).replace(str(folder), "")) < 400
