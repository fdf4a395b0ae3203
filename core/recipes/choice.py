"""Every hyper-parameter for a pair of data set and model, under a recipe's name.

``notebook`` trains as the course does, ``as_written`` repeats its slips as well, ``modern`` is what we would do.
"""

import dataclasses
import json
import shlex
from dataclasses import replace
from typing import Any

import torch

from core.config import AugmentationStep, TrainingConfig
from core.data.catalogue import datasets
from core.errors import ConfigError
from core.models import build_model, models
from core.transforms import COURSE_CHAIN

RECIPES = {
    "modern": "One-cycle learning rate, Nesterov momentum, label smoothing, augmentation that suits the data.",
    "notebook": "As the course has it: plain SGD, its batch size and epochs, with honest splits.",
    "as_written": "The notebook to the letter, its slips included, to see what they cost.",
}

_SMALL_SETS = ("digits", "shapes")
_FLIP = AugmentationStep(name="flip_horizontal", probability=0.5)
_SHIFT = AugmentationStep(name="crop", settings={"padding": 4, "border": "reflect"})
_SMALL_SHIFT = AugmentationStep(name="crop", settings={"padding": 2, "border": "reflect"})
_ERASE = AugmentationStep(name="erasing", settings={"largest": 0.1})
_TURNS = AugmentationStep(name="flip_alternating")


def fitting_models(dataset: str) -> list[str]:
    """Return the names of the models that take this data set's images, at a size that the recipe chooses."""
    return [name for name in models if _refusal(dataset, name) is None]


def recipe_config(recipe: str, *, dataset: str, model: str, **overrides: Any) -> TrainingConfig:
    """Return the full configuration for a pair; ``overrides`` replace fields of `TrainingConfig` by name.

    Raises ConfigError, with a sentence, for an unknown name, a pair that does not fit, or a value out of range.
    """
    if recipe not in RECIPES:
        raise ConfigError(f"There is no recipe '{recipe}'; there is {', '.join(RECIPES)}.")
    sentence = _refusal(dataset, model)
    if sentence is not None:
        raise ConfigError(sentence)
    build = {"modern": _modern, "notebook": _notebook, "as_written": _as_written}[recipe]
    fields = {"dataset": dataset, "model": model, "recipe": recipe, **build(dataset, model)}
    size = overrides.get("image_size") or fields.get("image_size") or _image_size(dataset, model)
    channels = _channels(dataset, model, bool(overrides.get("greyscale", fields.get("greyscale", False))))
    suggested = models[model].suggest(channels=channels, image_size=size)
    if (fields.get("start_size") or 0) >= size:  # the images are smaller than the recipe's: nothing left to grow
        fields["start_size"] = None
    arguments = {**suggested, **fields.get("model_arguments", {}), **overrides.pop("model_arguments", {})}
    try:
        config = TrainingConfig(**{**fields, "image_size": size, "model_arguments": arguments})
        return replace(config, **overrides)
    except TypeError:
        known = ", ".join(TrainingConfig.__dataclass_fields__)
        raise ConfigError(f"A training has no setting among {', '.join(overrides)}; it has {known}.") from None


def shell_command(config: TrainingConfig) -> str:
    """Return the call of ``python -m core train`` that trains with ``config``: its recipe, and what differs from it.

    Raises ConfigError for a label that is no recipe.
    """
    decides = {name: getattr(config, name) for name in ("image_size", "greyscale")}  # what other defaults follow from
    base = recipe_config(config.recipe, dataset=config.dataset, model=config.model, **decides)
    plain = recipe_config(config.recipe, dataset=config.dataset, model=config.model)
    words = ["python", "-m", "core", "train", "--dataset", config.dataset, "--model", config.model]
    words += ["--recipe", config.recipe, "--seed", str(config.seed)]
    settings: dict[str, object] = {name: value for name, value in decides.items() if value != getattr(plain, name)}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name in ("dataset", "model", "recipe", "seed", "model_arguments", *decides):
            continue
        if value != getattr(base, field.name):
            if field.name in ("epochs", "limit"):
                words += [f"--{field.name}", str(value)]
            else:
                settings[field.name] = value
    settings |= {
        name: value for name, value in config.model_arguments.items() if value != base.model_arguments.get(name)
    }
    if "augmentation" in settings:
        settings["augmentation"] = [dataclasses.asdict(step) for step in config.augmentation]
    for name, value in settings.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(words)


def check_trainable(config: TrainingConfig) -> None:
    """Refuse, before any image is there, what would end as soon as they are.

    Raises ConfigError for a limit below one batch, ModelError or ConfigError for a network that cannot be built: it is
    laid out without its weights, for the side that images start from as well.
    """
    if config.limit is not None and config.limit < config.batch_size:
        raise ConfigError(
            f"{config.limit:,} training images are fewer than one batch of {config.batch_size:,}; choose a smaller "
            "batch size or more images."
        )
    channels = _channels(config.dataset, config.model, config.greyscale)
    classes = len(datasets[config.dataset].classes)
    for size in (config.image_size, config.start_size or config.image_size):
        with torch.device("meta"):
            build_model(
                config.model, channels=channels, image_size=size, classes=classes, arguments=config.model_arguments
            )


def _image_size(dataset: str, model: str) -> int:
    return models[model].natural_size or datasets[dataset].size


def _channels(dataset: str, model: str, greyscale: bool) -> int:
    return 1 if greyscale else 3 if model == "resnet18" else datasets[dataset].channels


def _refusal(dataset: str, model: str) -> str | None:
    size = _image_size(dataset, model)
    return models[model].refusal(channels=_channels(dataset, model, False), image_size=size)


def _notebook(dataset: str, model: str) -> dict[str, Any]:
    """The course's own settings, and for the built-in sets the same idea with batches that suit them."""
    if dataset in ("mnist", "fashion_mnist") and model != "resnet18":
        return {"epochs": 10, "batch_size": 512, "learning_rate": 0.06}
    if dataset == "cats_vs_dogs" or model == "resnet18":
        return {
            "epochs": 25,
            "batch_size": 64,
            "learning_rate": 0.06 if model != "resnet18" else 0.01,
            "momentum": 0.0 if model != "resnet18" else 0.9,
            "schedule": "step",
        }
    fields: dict[str, Any] = {"epochs": 10, "batch_size": 64, "learning_rate": 0.01, "momentum": 0.9}
    if model == "enhanced_cnn" and dataset != "digits":
        fields["augmentation"] = COURSE_CHAIN
    if dataset in _SMALL_SETS:
        fields |= {"epochs": 15, "batch_size": 32}
    return fields


def _as_written(dataset: str, model: str) -> dict[str, Any]:
    fields = _notebook(dataset, model) | {"slips": ("validation_from_training", "no_eval_mode")}
    if dataset == "cats_vs_dogs":
        fields["slips"] = ("swapped_split", "no_eval_mode")
        if model == "resnet18":
            fields["slips"] += ("no_normalisation",)
        else:
            fields["greyscale"] = True
    return fields


def _modern(dataset: str, model: str) -> dict[str, Any]:
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
    if model in ("simple_nn", "lenet"):  # small nets without BatchNorm: less of everything
        fields |= {"learning_rate": 0.05, "label_smoothing": 0.0, "weight_decay": 1e-4}
    if model == "lenet" and dataset == "cifar10":  # with 62,006 weights it learns slowly: longer, and shifted less
        fields |= {"epochs": 40, "batch_size": 256, "learning_rate": 0.1, "augmentation": (_FLIP, _SMALL_SHIFT)}
    if model == "resnet18":
        fields |= {"batch_size": 512, "learning_rate": 0.08, "weight_decay": 1e-4}
    if model == "fast_cnn":
        fields |= _fast(dataset)
    if dataset in _SMALL_SETS:
        fields |= {"epochs": 20, "batch_size": 32, "learning_rate": min(0.05, fields["learning_rate"])}
    if dataset == "cats_vs_dogs":
        fields |= {"epochs": 20}
    return fields


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
