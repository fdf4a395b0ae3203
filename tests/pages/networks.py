"""Small trained networks for the pages to judge: a checkpoint folder each, with predictions that a test decides on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.checkpoints import Checkpoint, Metrics, save
from core.config import TrainingConfig
from core.data import load, make_split
from core.events import EpochDone
from core.intervals import wilson_interval
from core.judging.evaluation import Predictions
from core.models import build_model
from tests.cards import card

CLASSES = tuple("0123456789")


def ship(
    folder: Path,
    name: str,
    *,
    wrong: int = 0,
    model: str = "strided_cnn",
    called: str = "",
    dataset: str = "digits",
    unseen: bool = True,
    judged: bool = True,
    split_fingerprint: str | None = None,
    settings: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    confidence: float = 0.99,
    device: str = "CPU",
) -> Checkpoint:
    """Save an untrained network for digits that is said to have answered ``wrong`` test images wrongly.

    Its card may name another network (``called``) and data set, which only the pages' lists look at, and other
    ``settings`` of its training; ``arguments`` are the network's own. It is surest, by ``confidence``, of its mistakes
    and of the last image.
    """
    data = load("digits")
    split = make_split(data)
    if arguments is None:
        arguments = {"channels": (4, 8)} if model == "strided_cnn" else {}
    torch.manual_seed(sum(map(ord, name)))
    network = build_model(model, channels=1, image_size=28, classes=10, arguments=arguments)
    labels = data.labels[split.test]
    predicted = labels.copy()
    predicted[:wrong] = (labels[:wrong] + 1) % 10
    count = len(labels)
    metrics = Metrics(
        test_accuracy=1 - wrong / count,
        test_n=count,
        test_ci95=wilson_interval(count - wrong, count),
        test_loss=0.25,
        unseen=unseen,
    )
    about = card(
        name=name,
        title=f"{name} on digits",
        model=called or model,
        arguments=arguments,
        dataset=dataset,
        data_fingerprint=data.fingerprint,
        split_fingerprint=split.fingerprint if split_fingerprint is None else split_fingerprint,
        config=TrainingConfig(
            **{"dataset": "digits", "model": model, "image_size": 28, "epochs": 2, **(settings or {})}
        ),
        epoch=2,
        device=device,
        seconds=12.0,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        trainable_parameters=10,
        metrics=metrics if judged else None,
        history=(_epoch(1), _epoch(2)),
    )
    sure = np.linspace(0.5, confidence, count, dtype=np.float32)
    sure[:wrong] = confidence
    predictions = Predictions(labels=labels, predicted=predicted, confidence=sure, loss=0.25)
    return save(folder / name, network, about, predictions if judged else None)


def _epoch(number: int) -> EpochDone:
    return EpochDone(
        epoch=number,
        train_loss=1.0 / number,
        train_accuracy=0.8,
        val_loss=1.0 / number,
        val_accuracy=0.7,
        learning_rate=0.1,
        seconds=6.0,
        is_best=True,
    )
