"""A chain in an address: what is written is read again, and nothing else is."""

import re

import pytest

from core.config import AugmentationStep
from core.errors import ConfigError
from core.transforms import COURSE_CHAIN, Chain, chain_from_word, chain_word, transforms


def same(one: tuple[AugmentationStep, ...], other: tuple[AugmentationStep, ...]) -> bool:
    """Whether two chains do the same: a setting that is left out is the one at first."""
    return [(step.name, step.probability, values) for step, _transform, values in Chain(one).steps] == [
        (step.name, step.probability, values) for step, _transform, values in Chain(other).steps
    ]


@pytest.mark.parametrize("name", transforms)
def test_every_transform_comes_back_with_its_settings(name: str) -> None:
    for end in ("low", "high"):
        settings = {
            setting.name: setting.choices[-1] if setting.choices else type(setting.default)(getattr(setting, end))  # type: ignore[call-arg, arg-type]
            for setting in transforms[name].settings
        }
        chain = (AugmentationStep(name=name, probability=0.35, settings=settings), AugmentationStep(name=name))
        assert same(chain_from_word(chain_word(chain)), chain)


def test_a_word_is_short_and_needs_no_escape_in_an_address() -> None:
    assert chain_word(COURSE_CHAIN) == "flip_horizontal-p0.5~crop"
    assert chain_word(()) == "none"
    every = tuple(AugmentationStep(name=name, probability=0.5) for name in transforms)
    assert re.fullmatch(r"[a-z0-9_.~-]+", chain_word(every))


def test_a_number_with_many_digits_comes_back_to_the_last_bit() -> None:
    for value in (1e-5, 0.1 + 0.2, 1 / 3):
        chain = (AugmentationStep(name="affine", settings={"degrees": value, "translate": 0.0}),)
        assert chain_from_word(chain_word(chain))[0].settings["degrees"] == value


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "no transform ''"),
        ("no_such", "no transform 'no_such'"),
        ("crop-4", "crop has 2 settings; the address gives 1"),
        ("crop-four-black", "must be a number"),
        ("crop-4-red", "it can be black, reflect"),
        ("crop-999-black", "must lie between 1 and 32"),
        ("crop-4.5-black", "must be a whole number"),
        ("rotation-nan", "must be a number"),
        ("rotation-٣", "must be a number"),
        ("flip_horizontal-p2", "must lie between 0 and 1"),
        ("flip_horizontal-pp", "flip_horizontal has 0 settings"),
        ("~".join(["crop"] * 21), "21 steps; it may have 20"),
        ("crop~" * 400, "at most 1,000 characters"),
    ],
)
def test_what_is_no_chain_is_a_sentence(word: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        chain_from_word(word)
