"""One parameter of a page's address that is a widget's value: how it is read, checked and written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import short
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
            raise ValueError(f"it must lie between {self.low:g} and {self.high:g}".replace("-", "−"))
        return value

    def write(self, value: object) -> str | None:
        """Return how a value stands in the address, None for the first one."""
        if value == self.first:
            return None
        if self.options is None:
            return f"{value:.10g}" if isinstance(value, float) else str(value)
        return next((name for name, option in self.options.items() if option == value), None)


def by_name(options: Iterable[object]) -> dict[str, object]:
    """Return values by what Python writes for them, for ``options``."""
    return {str(option): option for option in options}


def not_taken(name: str, text: str, why: str) -> str:
    """Return the sentence for a parameter that is not one of its values."""
    return plain(f"The address has {name} = {short(text)}; {why}. What the page begins with is shown instead.")
