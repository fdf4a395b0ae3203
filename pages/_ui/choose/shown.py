"""One parameter of a page's address that is a widget's value: how it is read, checked and written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.errors import ConfigError, LabError, short
from core.intervals import minus
from pages._ui import address
from pages._ui.choose.setting_widgets import whole_number
from pages._ui.frame import plain


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One parameter: the widget's ``key``, the value that it has at first, and what it can be set to.

    ``options`` are the values by their names in the address; without them it is a number from ``low`` to ``high``, a
    ``whole`` one where the first one is.
    """

    key: str
    first: object
    options: Mapping[str, object] | None = None
    low: float = 0
    high: float = 0
    whole: bool = False

    def read(self, text: str) -> object:
        """Return the value that a text stands for; raises ValueError, with what it can be, for none of them."""
        if self.options is not None:
            if text not in self.options:
                raise ValueError(f"it can be {', '.join(self.options)}")
            return self.options[text]
        try:
            value = int(text) if self.whole or isinstance(self.first, int) else float(text)
        except ValueError:
            raise ValueError("it must be a number") from None
        if not self.low <= value <= self.high:
            raise ValueError(minus(f"it must lie between {self.low:.12g} and {self.high:.12g}"))
        return value

    def hold(self, value: object) -> object:
        """Return what the widget holds for a value."""
        return value

    def in_address(self, name: str, value: object) -> str | None:
        """Return how what the widget holds is to stand in the address as ``name``.

        What says the same there already stays as it is: a page that wrote its link anew would cost a second Back.
        """
        with suppress(KeyError, ValueError):
            if self.hold(self.read(st.query_params[name])) == value:
                return str(st.query_params[name])
        return self.write(value)

    def write(self, value: object) -> str | None:
        """Return what the widget holds as a text for the address, None for the first one."""
        if value == self.first:
            return None
        if self.options is None:
            return f"{value:.10g}" if isinstance(value, float) else str(value)
        return next((name for name, option in self.options.items() if option == value), None)


class Typed(Shown):
    """A whole number in a field for text, which is empty where the first value is None."""

    def hold(self, value: object) -> object:
        """Return the text that the field holds."""
        return "" if value is None else str(value)

    def write(self, value: object) -> str | None:
        """Return how a field's text stands in the address, None for the first one and for what is no number."""
        try:
            return super().write(whole_number(str(value), of=self.key))
        except ConfigError:
            return None


def by_name(options: Iterable[object]) -> dict[str, object]:
    """Return values by what Python writes for them, for ``options``."""
    return {str(option): option for option in options}


def not_taken(name: str, text: str, why: str) -> str:
    """Return the sentence for a parameter that is not one of its values."""
    return plain(
        f"The address has {name} = {short(text)}; {why.removesuffix('.')}. What the page begins with is shown instead."
    )


def take(
    names: Iterable[str],
    *,
    kept: str,
    put: Callable[[Mapping[str, str]], list[str]],
    written: Callable[[], Mapping[str, str | None]],
) -> None:
    """Set a page by what a link, Back or Forward brings of ``names``, or by what it was before another was visited.

    ``put`` sets the widgets by the texts of the address and returns a sentence for each that it could not take;
    ``written`` returns what they hold. The session has that under ``kept``, from the moment at which something was
    changed. What a step of the lesson does not name stays as it was.
    """
    names = tuple(names)

    def note() -> None:
        with suppress(LabError):  # what was chosen may be gone since, which the page is about to say
            _note(written(), kept)

    address.note_by(note)
    if any(address.brings(name) for name in names) or address.is_back_or_forward():
        given = {name: st.query_params[name] for name in names if name in st.query_params}
        if "step" in st.query_params and not address.is_back_or_forward():
            given = st.session_state.get(kept, {}) | given
        for sentence in put(given):
            st.warning(sentence, icon=":material/link_off:")
    elif address.has_just_come() and kept in st.session_state:
        put(st.session_state[kept])


def keep(values: Mapping[str, str | None], *, kept: str) -> None:
    """Write into the address, and under ``kept`` into the session, what a page shows now."""
    _note(values, kept)
    address.write_together(values)


def _note(values: Mapping[str, str | None], kept: str) -> None:
    st.session_state[kept] = {name: text for name, text in values.items() if text is not None}


def put_all(shown: Mapping[str, Shown], given: Mapping[str, str]) -> list[str]:
    """Set every widget by the texts of the address, and return a sentence for each that it cannot be set to.

    A widget whose first value is None begins with one of its own.
    """
    refusals = []
    for name, one in shown.items():
        if one.first is not None or one.key in st.session_state:
            st.session_state[one.key] = one.hold(one.first)
        if name in given:
            try:
                st.session_state[one.key] = one.hold(one.read(given[name]))
            except ValueError as error:
                refusals.append(not_taken(name, given[name], str(error)))
    return refusals


def written(shown: Mapping[str, Shown]) -> dict[str, str | None]:
    """Return what the widgets hold now, as it is to stand in the address."""
    return {
        name: one.in_address(name, st.session_state.get(one.key, one.hold(one.first))) for name, one in shown.items()
    }


def from_address(
    name: str, options: Sequence[str], *, key: str, first: str | None, forget: Sequence[str] = ()
) -> Callable[[], None]:
    """Set the widget ``key`` to the option that the address names, else to ``first``, before it is drawn.

    Returns the callback that writes its choice there, and takes out what belonged to the one before (``forget``). A
    name that is no option is said once.
    """
    wanted = address.read(name)
    if wanted is not None and wanted not in options:
        refused(name, wanted)
        wanted = None
    st.session_state[key] = first if wanted is None else wanted

    def write() -> None:
        choice = st.session_state[key]
        address.write_together({**dict.fromkeys(forget), name: None if choice == first else choice})

    return write


def refused(name: str, text: str) -> None:
    """Say that a link's parameter was not taken, and forget it."""
    if address.brings(name):
        st.warning(f"'{plain(text[:40])}' is none of what can be shown here ({name}).", icon=":material/link_off:")
    address.write(name, None)
