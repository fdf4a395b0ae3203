"""A chain of augmentations as one short word, for addresses: ``flip_horizontal-p0.5~crop-4-black``.

Steps are parted by ~, what belongs to one of them by -: its name, its probability where that is not 1, and all of its
settings in order, or none where each is as it is at first. None of these characters is escaped in an address.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from core.config import AugmentationStep
from core.errors import ConfigError, short
from core.registry import Setting, Value
from core.transforms.chain import Chain
from core.transforms.transform import transforms

EMPTY = "none"
LONGEST = 1_000  # characters that are read
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,20})?", re.ASCII)
_PROBABILITY = re.compile(rf"p{_NUMBER.pattern}", re.ASCII)


def chain_word(steps: Sequence[AugmentationStep]) -> str:
    """Return the chain as `chain_from_word` reads it."""
    return "~".join(_step_word(step) for step in steps) or EMPTY


def chain_from_word(word: str) -> tuple[AugmentationStep, ...]:
    """Return the chain that a word stands for, checked; raises ConfigError with a sentence where it is none."""
    if word == EMPTY:
        return ()
    if len(word) > LONGEST:
        raise ConfigError(f"A chain in an address has at most {LONGEST:,} characters; this one has {len(word):,}.")
    steps = tuple(_step(part) for part in word.split("~"))
    Chain(steps)
    return steps


def _step_word(step: AugmentationStep) -> str:
    known = transforms[step.name].settings
    values = {setting.name: step.settings.get(setting.name, setting.default) for setting in known}
    parts = [step.name]
    if step.probability != 1:
        parts.append(f"p{_written(step.probability)}")
    if any(values[setting.name] != setting.default for setting in known):
        parts += [_written(value) for value in values.values()]
    return "-".join(parts)


def _written(value: Value) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value)


def _step(word: str) -> AugmentationStep:
    name, *parts = word.split("-")
    known = transforms[name].settings
    probability = 1.0
    if parts and _PROBABILITY.fullmatch(parts[0]):
        probability = float(parts.pop(0)[1:])
    if parts and len(parts) != len(known):
        raise ConfigError(f"{name} has {len(known)} settings; the address gives {len(parts)}.")
    settings = {setting.name: _value(setting, part) for setting, part in zip(known, parts, strict=False)}
    return AugmentationStep(name=name, probability=probability, settings=settings)


def _value(setting: Setting, text: str) -> Value:
    if isinstance(setting.default, str):
        return setting.check(text)
    if not _NUMBER.fullmatch(text):
        raise ConfigError(f"{setting.name} is {short(text)}; it must be a number.")
    return setting.check(int(text) if isinstance(setting.default, int) and "." not in text else float(text))
