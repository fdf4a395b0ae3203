"""The course's own settings, and the same with its notebook's slips."""

from typing import Any

from core.data.catalogue import datasets
from core.models import models
from core.recipes.modern import small_batch
from core.transforms import COURSE_CHAIN


def notebook_settings(dataset: str, model: str) -> dict[str, Any]:
    """The course's own settings, and for the built-in sets the same idea with batches that suit them."""
    transfers = models[model].transfers
    if dataset in ("mnist", "fashion_mnist") and not transfers:
        return {"epochs": 10, "batch_size": 512, "learning_rate": 0.06}
    if dataset == "cats_vs_dogs" or transfers:
        return {
            "epochs": 25,
            "batch_size": 64,
            "learning_rate": 0.01 if transfers else 0.06,
            "momentum": 0.9 if transfers else 0.0,
            "schedule": "step",
        }
    fields: dict[str, Any] = {"epochs": 10, "batch_size": 64, "learning_rate": 0.01, "momentum": 0.9}
    if model == "enhanced_cnn" and dataset != "digits":
        fields["augmentation"] = COURSE_CHAIN
    if datasets[dataset].hub_id is None:
        fields |= {"epochs": 15, "batch_size": small_batch(dataset)}
    return fields


def as_written_settings(dataset: str, model: str) -> dict[str, Any]:
    """Return the same with the notebook's slips, and with that of a data set of its own."""
    fields = notebook_settings(dataset, model) | {"slips": ("validation_from_training", "no_eval_mode")}
    if dataset == "cats_vs_dogs":
        fields["slips"] = ("swapped_split", "no_eval_mode")
        if models[model].transfers:
            fields["slips"] += ("no_normalisation",)
        else:
            fields["greyscale"] = True
    if datasets[dataset].writer_block is not None:
        fields["slips"] += ("shared_writers",)
    return fields
