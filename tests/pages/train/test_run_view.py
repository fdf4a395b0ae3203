"""A run that has ended while it is shown: what is done to it from elsewhere is seen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.rights import OPERATOR
from core.runs import open_store
from core.runs.records import StoreError
from core.runs.store.store import Store
from pages.train._training.run_view import _as_shown
from tests.pages import runs


@pytest.mark.parametrize(
    "change",
    [
        lambda store, run: store.resume(run, by=OPERATOR),
        lambda store, run: store.rename(run, "Another", by=OPERATOR),
        lambda store, run: store.delete(run, by=OPERATOR),
    ],
    ids=["resumed", "renamed", "deleted"],
)
def test_what_another_tab_does_to_the_run_is_seen(home: Path, change: Callable[[Store, str], None]) -> None:
    shown = runs.ended(home, "stopped", reason="stopped")
    assert _as_shown(shown)
    change(open_store(), shown.id)
    assert not _as_shown(shown)


def test_a_store_that_refuses_just_now_leaves_the_page_as_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = runs.ended(home, "stopped", reason="stopped")

    def refuse(_store: Store, _run: str) -> None:
        raise StoreError("locked")

    monkeypatch.setattr(Store, "get", refuse)
    assert _as_shown(shown)
