"""The list of all runs while it is open: what goes to the browser, and how often."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.data.catalogue import datasets
from core.models import models
from pages._ui.at_rest import AT_REST
from pages._ui.run_table import rows, table
from pages.train._training import run_list
from tests.pages import runs

ALL_RUNS = 40


class DrawnAgainError(Exception):
    """The page is drawn again."""


class Page:
    """Stands in for Streamlit, the table and its feed: counts the rows that are sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[int] = []
        self.captions: list[str] = []
        self.every: float | None = None
        self.tick: Callable[[], None] = lambda: None
        monkeypatch.setattr(
            run_list, "st", SimpleNamespace(fragment=self._fragment, rerun=self._again, caption=self._say)
        )
        monkeypatch.setattr(run_list, "look_for", lambda _said: None)
        monkeypatch.setattr(run_list, "visitors_id", lambda: "me")
        monkeypatch.setattr(run_list, "run_table", lambda groups, **_said: self.sent.append(len(groups[0].rows)))
        monkeypatch.setattr(run_list, "follow_rows", lambda found, **_said: self.sent.append(len(found)))

    def _fragment(self, *, run_every: float | None) -> Any:
        self.every = run_every

        def keep(tick: Callable[[], None]) -> Callable[[], None]:
            self.tick = tick
            return tick

        return keep

    def _say(self, text: str) -> None:
        self.captions.append(text)

    def _again(self) -> None:
        raise DrawnAgainError


def test_the_table_goes_to_the_browser_once_more_when_all_has_been_read_and_not_with_each_look(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.many(home, ALL_RUNS, owner="Ada", called="run")
    page, now = Page(monkeypatch), [0.0]

    def look(run: object) -> Any:
        now[0] += 0.1  # seconds for one network
        return real(run)  # type: ignore[arg-type]

    real = rows._look
    monkeypatch.setattr(rows, "_look", look)
    for module in (rows, run_list):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    rows._known().clear()
    run_list.show_list(shown=None)
    assert page.sent == [ALL_RUNS, 0]
    assert page.every == run_list.AT_ONCE

    def wait() -> None:
        for _look in range(ALL_RUNS):
            now[0] += run_list.AT_ONCE
            page.tick()

    with pytest.raises(DrawnAgainError):
        wait()
    assert set(page.sent[1:]) == {0}, "what has been read is not sent bit by bit"
    said = [int(text.split()[3]) for text in page.captions]
    assert said == sorted(said, reverse=True)
    assert len(set(said)) > 5
    page.sent.clear()
    run_list.show_list(shown=None)
    assert page.sent == [ALL_RUNS, 0]
    assert page.every == AT_REST
    page.tick()  # nothing has changed
    runs.many(home, 1, owner="Bob", called="from another tab")
    with pytest.raises(DrawnAgainError):
        page.tick()


def test_what_many_rows_say_alike_is_sent_once_and_a_figure_to_the_places_that_are_seen() -> None:
    one = rows.Row(reference="a", name="First", data="digits", model="lenet", recipe="as_written", owner_name="Ada")
    two = dataclasses.replace(one, reference="b", owner="me", accuracy=2 / 3, interval=(1 / 3, 1.0), note="Wider")
    sent = table._encoded([one, two], you="me")
    first, second = sent["rows"]
    titles = [datasets["digits"].title, models["lenet"].title]
    assert sorted(sent["words"]) == sorted(["", *titles, "as written", "Ada", "you", "Wider"])
    assert [at for at, (a, b) in enumerate(zip(first, second, strict=True)) if a != b] == [0, 3, 4, 15, 17]
    assert second[3:5] == [0.66667, [0.33333, 1.0]]
    assert [sent["words"][second[at]] for at in (15, 17)] == ["you", "Wider"]
