"""A run that has ended while it is shown: what is done to it from elsewhere redraws the page."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.rights import OPERATOR
from core.runs import open_store
from core.runs.records import StoreError
from core.runs.store.store import Store
from pages.train._training import run_view
from tests.pages import runs


class DrawnAgainError(Exception):
    """The page is drawn again."""


@pytest.fixture
def look(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The look that a page with a stopped run on it takes now and then, its first one taken."""
    looks: list[Callable[[], None]] = []

    def fragment(*, run_every: float) -> Any:
        assert run_every >= 5, "thirty pages look"
        return lambda tick: looks.append(tick) or tick  # type: ignore[func-returns-value]

    def again() -> None:
        raise DrawnAgainError

    monkeypatch.setattr(run_view, "st", SimpleNamespace(fragment=fragment, rerun=again))
    run_view._look_again(runs.ended(home, "stopped", reason="stopped"))
    return looks[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda store, run: store.resume(run, by=OPERATOR),
        lambda store, run: store.rename(run, "Another", by=OPERATOR),
        lambda store, run: store.delete(run, by=OPERATOR),
    ],
    ids=["resumed", "renamed", "deleted"],
)
def test_what_another_tab_does_to_the_run_is_seen(
    look: Callable[[], None], change: Callable[[Store, str], None]
) -> None:
    look()
    (run,) = open_store().list()
    change(open_store(), run.id)
    with pytest.raises(DrawnAgainError):
        look()


def test_a_store_that_refuses_just_now_leaves_the_page_as_it_is(
    look: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_store: Store, _run: str) -> None:
        raise StoreError("locked")

    monkeypatch.setattr(Store, "get", refuse)
    look()
