"""What each ingredient of the fast network is worth: the same short training without it, for several seeds.

The figures are validation accuracies, because they guide choices; the test images are not looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.rows import Ablated
from benchmarks.training.accuracy import Log, epochs_of
from core.config import AugmentationStep, TrainingConfig
from core.data import availability, load, make_split
from core.errors import DataError
from core.home import home
from core.recipes import recipe_config
from core.training.trainer import Trainer

DATASET, MODEL = "cifar10", "fast_cnn"

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The recipe with something taken away.

    ``settings`` replace fields of the configuration, ``steps`` augmentations by their names (None: left out).
    ``reason`` says why the ingredient is there, "" for the whole recipe.
    """

    name: str
    title: str
    reason: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, AugmentationStep | None] = field(default_factory=dict)


VARIANTS = (
    Variant(name="whole", title="the whole recipe"),
    Variant(
        name="whitening",
        title="without whitening: the first layer learns",
        reason="Neighbouring pixels say nearly the same; the first layer hands on what is new in each.",
        settings={"model_arguments": {"whiten": False}},
    ),
    Variant(
        name="identity",
        title="without the identity start",
        reason="Every convolution begins by passing its input on: signal and gradient reach every layer.",
        settings={"model_arguments": {"identity": False}},
    ),
    Variant(
        name="turns",
        title="flips by chance instead of by turns",
        reason="By turns, two epochs show each image once either way; by chance, half of them twice the same.",
        steps={"flip_alternating": AugmentationStep(name="flip_horizontal", probability=0.5)},
    ),
    Variant(
        name="shift",
        title="without random shifts",
        reason="An object a few pixels further on is the same object.",
        steps={"crop": None},
    ),
    Variant(
        name="erasing",
        title="without random erasing",
        reason="A net that may not rely on one detail looks for others.",
        steps={"erasing": None},
    ),
    Variant(
        name="shifts",
        title="BatchNorm learns at the rate of all others, with a scale",
        reason="A shift decides which answers the activation lets through; in few epochs it has to move quickly.",
        settings={"norm_shift_rate": 1.0, "model_arguments": {"norm_scale": True}},
    ),
    Variant(
        name="mirror",
        title="judged without the mirror image",
        reason="The mean of two opinions on an image and its mirror image errs less than one.",
        settings={"mirror_at_test": False},
    ),
    Variant(
        name="smoothing",
        title="without label smoothing",
        reason="A target of 0.82 instead of 1 leaves the net no reward for being ever surer of what it knows already.",
        settings={"label_smoothing": 0.0},
    ),
    Variant(
        name="cycle",
        title="a constant learning rate, a fifth of the peak",
        reason="Large steps find the region, small ones settle in it: the rate rises, then falls to nothing.",
        settings={"schedule": "constant", "learning_rate": 0.15},
    ),
    Variant(
        name="decay",
        title="without weight decay",
        reason="Small weights before BatchNorm keep the effective step large, and spurious details are forgotten.",
        settings={"weight_decay": 0.0},
    ),
)


def default_log() -> Path:
    """Return the file of finished trainings in the lab's home."""
    return home() / "benchmarks" / "ablation.jsonl"


def config_of(variant: Variant, *, seed: int, epochs: int, limit: int | None, **settings: Any) -> TrainingConfig:
    """Return what is trained for one row and seed."""
    fields = {"epochs": epochs, "limit": limit, "seed": seed, **settings, **variant.settings}
    config = recipe_config("modern", dataset=DATASET, model=MODEL, **fields)
    steps = (variant.steps.get(step.name, step) for step in config.augmentation)
    return replace(config, augmentation=tuple(step for step in steps if step is not None))


def measure(
    variants: Sequence[Variant], *, seeds: int, epochs: int, limit: int | None, log: Path, tell: Tell, **settings: Any
) -> list[Ablated]:
    """Train what is missing in ``log`` for each variant and seed; return a row a variant, the whole recipe first.

    Raises DataError where CIFAR-10 is not on this machine.
    """
    if availability(DATASET) == "hub":
        raise DataError("CIFAR-10 is not on this machine: name its folder in CNN_LAB_DATA, or fetch it.")
    done = Log(log)
    accuracies: dict[str, list[float]] = {variant.name: [] for variant in variants}
    n = 0
    for seed in range(seeds):  # seed by seed: what is there when it is stopped compares like with like
        for variant in variants:
            config = config_of(variant, seed=seed, epochs=epochs, limit=limit, **settings)
            entry = done.find(variant.name, "ours", config)
            if entry is None:
                tell(f"{variant.title}, seed {seed} …")
                data = load(config.dataset, size=config.image_size)
                split = make_split(data)
                curve = list(epochs_of(Trainer(config, data, split)))
                entry = done.add(variant.name, "ours", config, {"epochs": curve, "validation_n": len(split.validation)})
            accuracy, n = entry["epochs"][-1]["val_accuracy"], entry["validation_n"]
            accuracies[variant.name].append(accuracy)
            tell(f"{variant.title}, seed {seed}: {accuracy:.2%} on validation images")
    whole = accuracies[variants[0].name]
    return [
        Ablated(
            name=variant.name,
            title=variant.title,
            reason=variant.reason,
            accuracies=tuple(accuracies[variant.name]),
            whole=tuple(whole),
            n=n,
            epochs=epochs,
            images=limit,
        )
        for variant in variants
    ]
