"""The settings that we would take: one cycle, Nesterov momentum, soft labels, augmentation that suits the data."""

from typing import Any

from core.config import AugmentationStep
from core.data.catalogue import datasets
from core.models import models
from core.transforms import COURSE_CHAIN

_FLIP = AugmentationStep(name="flip_horizontal", probability=0.5)
_SHIFT = AugmentationStep(name="crop", settings={"padding": 4, "border": "reflect"})
_SMALL_SHIFT = AugmentationStep(name="crop", settings={"padding": 2, "border": "reflect"})
_ERASE = AugmentationStep(name="erasing", settings={"largest": 0.1})
_HEADS: dict[str, dict[str, Any]] = {
    # Its features are larger, and more: at 0.08 the head gets worse by the epoch.
    "efficientnet_lite0": {"batch_size": 128, "learning_rate": 0.003},
}
_TURNS = AugmentationStep(name="flip_alternating")


def modern_settings(dataset: str, model: str) -> dict[str, Any]:
    """Return the fields of a configuration in which ``modern`` differs from the defaults, for a pair that fits."""
    fields: dict[str, Any] = {
        "epochs": 10,
        "batch_size": 128,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 5e-4,
        "label_smoothing": 0.1,
        "schedule": "one_cycle",
        "precision": "auto",
        "augmentation": _augmentation(dataset),
    }
    if model in ("simple_nn", "lenet", "sequential"):  # small nets without BatchNorm, or unknown ones: less of it all
        fields |= {"learning_rate": 0.05, "label_smoothing": 0.0, "weight_decay": 1e-4}
    if model == "lenet" and dataset == "cifar10":  # with 62,006 weights it learns slowly: longer, and shifted less
        fields |= {"epochs": 40, "batch_size": 256, "learning_rate": 0.1, "augmentation": (_FLIP, _SMALL_SHIFT)}
    if models[model].transfers:
        fields |= {"batch_size": 512, "learning_rate": 0.08, "weight_decay": 1e-4, **_HEADS.get(model, {})}
    if models[model].transfers and datasets[dataset].count is not None:  # each picture is looked at once: seconds
        fields |= {"augmentation": ()}
    if model == "fast_cnn":
        fields |= _fast(dataset)
    if datasets[dataset].hub_id is None:  # the built-in sets are small
        fields |= {
            "epochs": 20,
            "batch_size": small_batch(dataset),
            "learning_rate": min(0.05, fields["learning_rate"]),
        }
    if dataset == "cats_vs_dogs":
        fields |= {"epochs": 20}
    if dataset == "shapes" and model in ("simple_nn", "enhanced_cnn"):  # wide dense layers: at 0.05 they only guess
        fields |= {"learning_rate": 0.01}
    return fields


def small_batch(dataset: str) -> int:
    """Return the batch size for a small set: 32, halved until an own set fills four of them."""
    count, size = datasets[dataset].count, 32
    while count is not None and size > 2 and count < 6 * size:  # about two thirds of the pictures are trained on
        size //= 2
    return size


def _fast(dataset: str) -> dict[str, Any]:
    """The fast network's own: large steps on large batches, held back by weight decay and soft labels."""
    fields: dict[str, Any] = {
        "epochs": 20,
        "batch_size": 512,
        "learning_rate": 0.75,
        "momentum": 0.85,
        "weight_decay": 1.3e-3,
        "label_smoothing": 0.2,
        "mirror_at_test": _left_is_right(dataset),
    }
    if dataset in ("cifar10", "shapes"):
        fields |= {
            "augmentation": (_TURNS, _SHIFT, _ERASE),
            "model_arguments": {"norm_scale": False},
            "norm_shift_rate": 64.0,
        }
    if dataset in ("mnist", "fashion_mnist"):
        fields["epochs"] = 8
    if dataset == "cats_vs_dogs":
        zoom = AugmentationStep(name="resized_crop", settings={"smallest": 0.5})
        fields |= {"batch_size": 256, "learning_rate": 0.4, "start_size": 64, "augmentation": (_TURNS, zoom)}
    return fields


def _left_is_right(dataset: str) -> bool:
    """Whether a mirrored image keeps its label: digits do not."""
    return dataset not in ("mnist", "digits")


def _augmentation(dataset: str) -> tuple[AugmentationStep, ...]:
    if dataset in ("mnist", "digits"):
        gentle = {"degrees": 8.0, "translate": 0.1, "scale": 0.1, "shear": 0.0}
        return (AugmentationStep(name="affine", settings=gentle),)
    if dataset == "fashion_mnist":
        return (_FLIP, AugmentationStep(name="crop", settings={"padding": 2}))
    if dataset == "cats_vs_dogs":
        return (_FLIP, AugmentationStep(name="resized_crop", settings={"smallest": 0.5}))
    return COURSE_CHAIN
