"""Registries and settings: names, bounds and types are checked where they come in."""

from typing import Annotated

import pytest

from core.errors import ConfigError
from core.registry import Registry, Setting, check_values, settings_of


def builder(
    *,
    width: Annotated[int, Setting(low=1, high=8, unit="filters")] = 4,
    rate: Annotated[float, Setting(low=0.0, high=1.0)] = 0.5,
    widths: Annotated[tuple[int, ...], Setting(low=1, high=64)] = (8, 16),
    mode: Annotated[str, Setting(choices=("a", "b"))] = "a",
    plain: bool = True,
) -> None:
    """Has four declared settings and one argument that is nobody's business."""


def test_settings_come_from_the_signature_with_name_default_and_title() -> None:
    settings = settings_of(builder)
    assert [(setting.name, setting.default, setting.title) for setting in settings] == [
        ("width", 4, "Width"),
        ("rate", 0.5, "Rate"),
        ("widths", (8, 16), "Widths"),
        ("mode", "a", "Mode"),
    ]


def test_missing_values_are_defaults_and_whole_numbers_pass_for_floats() -> None:
    values = check_values(settings_of(builder), {"rate": 1, "widths": [4, 2]}, of="builder")
    assert values == {"width": 4, "rate": 1.0, "widths": (4, 2), "mode": "a"}
    assert isinstance(values["rate"], float)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 9}, "width is 9; it must lie between 1 and 8"),
        ({"width": True}, "width is True; it must be a whole number"),
        ({"width": 2.5}, "width is 2.5; it must be a whole number"),
        ({"rate": "fast"}, "rate is 'fast'; it must be float"),
        ({"widths": (8, 65)}, "widths is 65; it must lie between 1 and 64"),
        ({"widths": ()}, "widths is (); it must be a list of whole numbers"),
        ({"mode": "c"}, "mode is 'c'; it can be a, b"),
        ({"depth": 1}, "builder has no setting 'depth'; it has width, rate, widths, mode"),
    ],
)
def test_a_wrong_value_is_refused_with_both_sides_named(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_values(settings_of(builder), values, of="builder")
    assert sentence in str(raised.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    registry: Registry[int] = Registry("kernel")
    registry.add("sobel", 1)
    registry.add("blur", 2)
    with pytest.raises(ConfigError, match="There is no kernel 'sharp'; there is sobel, blur"):
        registry["sharp"]


def test_a_name_is_registered_once() -> None:
    registry: Registry[int] = Registry("kernel")
    registry.add("sobel", 1)
    with pytest.raises(ValueError, match="registered twice"):
        registry.add("sobel", 2)


def test_a_list_has_a_bound_of_its_own() -> None:
    setting = Setting(name="channels", default=(8, 16), low=1, high=512, most=4)
    assert setting.check([1, 2, 3, 4]) == (1, 2, 3, 4)
    with pytest.raises(ConfigError, match="channels has 6,000 entries; it may have 4"):
        setting.check([4] * 6_000)


def test_a_value_of_any_length_makes_a_short_sentence() -> None:
    with pytest.raises(ConfigError) as raised:
        Setting(name="channels", default=(8,)).check(["x" * 100_000])
    assert len(str(raised.value)) < 200


def test_an_unknown_name_of_any_length_makes_a_short_sentence() -> None:
    networks: Registry[int] = Registry("model")
    networks.add("lenet", 1)
    with pytest.raises(ConfigError, match=r"There is no model 'vgg'; there is lenet\."):
        networks["vgg"]
    with pytest.raises(ConfigError) as raised:
        networks["x" * 5_000]
    assert len(str(raised.value)) < 200


def test_what_people_read_is_the_title_and_the_name_of_what_is_gone() -> None:
    registry: Registry[Setting] = Registry("setting")
    registry.add("low", Setting(title="The lowest"))
    assert (registry.title_of("low"), registry.title_of("gone")) == ("The lowest", "gone")
