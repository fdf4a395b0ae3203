"""One widget for one setting: what a builder's signature declares is its form."""

import math
import re
from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ConfigError
from core.registry import Setting, Value
from pages._ui.frame import plain
from pages._ui.glossary import mention

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)


def setting_widget(setting: Setting, value: Value, *, key: str) -> Value:
    """Show the widget that suits ``setting``, starting at ``value``, and return what it is set to, checked.

    Raises ConfigError, with a sentence, for text that is not what the setting takes.
    """
    title = f"{setting.title} ({setting.unit})" if setting.unit else setting.title
    mention(setting.help)
    if isinstance(value, bool):
        return st.toggle(title, value, key=key, help=setting.help, persist_state="session")
    if setting.choices:
        options = list(setting.choices)
        index = options.index(str(value)) if str(value) in options else 0
        shown = st.selectbox(
            title, options, index=index, key=key, help=setting.help, format_func=_readable, persist_state="session"
        )
        return setting.check(shown)
    if isinstance(value, tuple):
        text = st.text_input(title, str(held(value)), key=key, help=setting.help, persist_state="session")
        return setting.check(whole_numbers(text, of=setting.title))
    if isinstance(value, str):
        return setting.check(st.text_input(title, value, key=key, help=setting.help, persist_state="session"))
    return setting.check(_number(setting, value, title, key))


def optional_number(setting: Setting, value: int | None, *, key: str, empty: str) -> int | None:
    """Show a field for a whole number that may stay empty, which means ``empty``, and return it, checked.

    Raises ConfigError, with a sentence, for text that is no such number.
    """
    start = "" if value is None else str(value)
    text = st.text_input(setting.title, start, key=key, placeholder=empty, help=setting.help, persist_state="session")
    return whole_number_of(text, setting) if text.strip() else None


def held(value: Value) -> bool | str:
    """Return what a setting's widget holds for a value: a text for whatever is typed."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return value
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def settings_form(
    settings: tuple[Setting, ...], values: dict[str, Value], *, key: str, columns: int = 3
) -> dict[str, Value]:
    """Show a widget for each setting in a grid that wraps; return the values.

    A value that is not what its setting takes is said below its widget, and ConfigError is raised at the end.
    """
    with st.grid(columns, min_column_width=150) as grid:
        return setting_cells(grid, settings, values, key=key)


def setting_cells(
    grid: DeltaGenerator, settings: tuple[Setting, ...], values: Mapping[str, Value], *, key: str
) -> dict[str, Value]:
    """Show a widget for each setting in the next cells of a grid, as `settings_form` does."""
    found: dict[str, Value] = {}
    problems: list[ConfigError] = []
    for setting in settings:
        with grid.cell():
            try:
                start = values.get(setting.name, setting.default)
                found[setting.name] = setting_widget(setting, start, key=f"{key}.{setting.name}")
            except ConfigError as error:
                st.caption(f":red[{plain(str(error))}]")
                problems.append(error)
    if problems:
        raise problems[0]
    return found


def whole_numbers(text: str, *, of: str) -> tuple[int, ...]:
    """Return "16, 32 64" as (16, 32, 64); raises ConfigError where something else stands there."""
    words = re.split(r"[,;\s]+", text.strip())
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        raise ConfigError(f"{of} takes whole numbers with commas between, such as 16, 32; it has '{text[:40]}'.")
    return tuple(int(word) for word in words)


def any_number(text: str, *, of: str) -> float:
    """Return the number that a text stands for, with a point or a comma; raises ConfigError where it is none."""
    number = text.strip().replace("−", "-").replace(",", ".")
    if not _NUMBER.fullmatch(number) or not math.isfinite(float(number)):
        raise ConfigError(f"{of} takes a number such as 0.05; it has '{text[:40]}'.")
    return float(number)


def whole_number(text: str, *, of: str) -> int:
    """Return the whole number that digits stand for; raises ConfigError for any other text, "2,5" and "1,000" too."""
    number = text.strip().replace("−", "-")
    if not re.fullmatch(r"[+-]?\d{1,15}", number, re.ASCII):  # "1,000" is a thousand to some, and one to others
        what = f"'{text[:40]}'" if text.strip() else "empty"
        raise ConfigError(f"{of} is {what}; it must be a whole number, in digits alone.")
    return int(number)


def whole_number_of(text: str, setting: Setting) -> int:
    """Return the whole number that digits stand for; raises ConfigError, with the range, for any other text."""
    try:
        number = whole_number(text, of=setting.title)
    except ConfigError as error:
        if setting.low is None or setting.high is None:
            raise
        raise ConfigError(f"{str(error)[:-1]}, between {setting.low} and {setting.high}.") from None
    return int(str(setting.check(number)))


def _number(setting: Setting, value: int | float, title: str, key: str) -> int | float:
    """Return what a field holds; it is one for text, because a browser's field for numbers makes 15 of "1,5"."""
    text = st.text_input(title, str(held(value)), key=key, help=setting.help, persist_state="session")
    return whole_number_of(text, setting) if isinstance(value, int) else any_number(text, of=setting.title)


def _readable(choice: str) -> str:
    return {"fp32": "float32", "bf16": "bfloat16"}.get(choice, choice.replace("_", " "))
