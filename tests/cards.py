"""A card as tests need one: of a network for digits, with any field changed."""

from typing import Any

from core.checkpoints import Card
from core.config import TrainingConfig


def card(**changes: Any) -> Card:
    """Return the card of a dense net on the built-in digits that has not been judged."""
    fields: dict[str, Any] = {
        "name": "digits-simple_nn",
        "title": "Dense net on digits",
        "model": "simple_nn",
        "arguments": {},
        "channels": 1,
        "image_size": 28,
        "classes": tuple("0123456789"),
        "mean": (0.3,),
        "std": (0.4,),
        "dataset": "digits",
        "data_fingerprint": "a",
        "split_fingerprint": "b",
        "config": TrainingConfig(dataset="digits", model="simple_nn", image_size=28),
        "epoch": 1,
        "seconds": 1.5,
        "created": "2026-01-01",
        "device": "CPU",
        "parameters": 1,
        "trainable_parameters": 1,
    }
    return Card(**fields | changes)
