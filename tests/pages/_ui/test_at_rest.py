"""A page that looks again at what has come to rest."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pages._ui import at_rest


class DrawnAgainError(Exception):
    """The page is drawn again."""


def test_the_page_is_drawn_again_only_where_something_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Callable[[], None]] = []

    def fragment(*, run_every: float) -> Any:
        assert run_every >= 5, "a class has thirty such pages"
        return lambda look: (looks.append(look), look)[1]

    def again() -> None:
        raise DrawnAgainError

    monkeypatch.setattr(at_rest, "st", SimpleNamespace(fragment=fragment, rerun=again))
    same = True
    at_rest.look_again(lambda: same)
    looks[0]()
    same = False
    with pytest.raises(DrawnAgainError):
        looks[0]()
