"""The curves of trainings as CSV and JSON: a row an epoch."""

import dataclasses
import json
from collections.abc import Sequence

from core.checkpoints import Card
from core.events import EpochDone
from core.export.spreadsheet import csv_file

_FIELDS = tuple(field.name for field in dataclasses.fields(EpochDone))


def curves_csv(cards: Sequence[Card]) -> bytes:
    """Return the epochs of each network, one network after the other, for a spreadsheet.

    Losses in nats, accuracies in [0, 1], seconds.
    """
    rows = [(card.title, *(getattr(done, name) for name in _FIELDS)) for card in cards for done in card.history]
    return csv_file([("network", *_FIELDS), *rows])


def curves_json(cards: Sequence[Card]) -> bytes:
    """Return the same as JSON, with the configuration of each training: ``{"networks": [{"title", "config", …}…]}``."""
    networks = [
        {
            "title": card.title,
            "config": dataclasses.asdict(card.config),
            "metrics": None if card.metrics is None else dataclasses.asdict(card.metrics),
            "epochs": [dataclasses.asdict(done) for done in card.history],
        }
        for card in cards
    ]
    return (json.dumps({"networks": networks}, allow_nan=False, indent=1) + "\n").encode()
