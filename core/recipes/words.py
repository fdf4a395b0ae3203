"""Settings of a training as people read them, on the page and on the command line. Plain text."""

import dataclasses
from collections.abc import Mapping

from core.config import AugmentationStep, TrainingConfig
from core.intervals import percent
from core.recipes.changes import changes
from core.registry import Value
from core.transforms import transforms

_NAMES = {
    "limit": "training images",
    "gamma": "step factor γ",
    "start_size": "images grow from",
    "begins_from": "goes on from",
}
_WITHOUT = {"limit": "all", "start_size": "full size"}  # settings that may be left out, and what that means


def setting_words(name: str) -> str:
    """Return a setting's name: "learning rate"."""
    return _NAMES.get(name, name.replace("_", " "))


def value_words(value: object, *, of: str = "") -> str:
    """Return the value ``of`` a setting: "0.05", "yes", "all", "Flip, horizontal (50 %), then crop"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        if value and isinstance(value[0], AugmentationStep):
            return chain_words(value).removesuffix(".")
        return ", ".join(str(part).replace("_", " ") for part in value) or "none"
    return _WITHOUT.get(of, "none") if value in (None, "") else str(value).replace("_", " ")


def chain_words(steps: tuple[AugmentationStep, ...]) -> str:
    """Return a chain as a sentence: "Flip (50%), then crop."."""
    if not steps:
        return "Every training image is seen as it is."
    words = [
        transforms[step.name].title + (f" ({percent(step.probability)})" if step.probability < 1 else "")
        for step in steps
    ]
    return ", then ".join(words) + "."


def changed_words(config: TrainingConfig) -> str:
    """Return what differs from the recipe: "learning rate 1 (0.05), epochs 3 (20)"; "" where nothing does.

    What is broken on purpose is `broken_words`.
    """
    return ", ".join(
        f"{setting_words(change.name)} {value_words(change.value, of=change.name)} "
        f"({value_words(change.recipe, of=change.name)})"
        for change in changes(config)
        if change.name != "slips"
    )


def broken_words(config: TrainingConfig) -> str:
    """Return "broken on purpose: shuffled labels, no relu"; "" for an honest training."""
    return f"broken on purpose: {value_words(config.slips)}" if config.slips else ""


def all_settings(config: TrainingConfig) -> Mapping[str, Value | object]:
    """Return every setting by its name, the network's own last, in the order of the configuration."""
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return {name: value for name, value in fields.items() if name != "model_arguments"} | dict(config.model_arguments)


def settings_beside_the_recipe(config: TrainingConfig) -> list[tuple[str, str, str]]:
    """Return name, value and, where it differs, the recipe's value ("" elsewhere), in words; what differs comes
    first."""
    recipes = {change.name: value_words(change.recipe, of=change.name) for change in changes(config)}
    rows = [
        (setting_words(name), value_words(value, of=name), recipes.get(name, ""))
        for name, value in all_settings(config).items()
    ]
    return sorted(rows, key=lambda row: not row[2])
