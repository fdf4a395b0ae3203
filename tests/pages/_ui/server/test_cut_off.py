"""Files that were announced and did not come: named once, and not while anything is still on its way."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from pages._ui.server import cut_off as watched
from pages._ui.server.cut_off import SILENT, announce, coming, cut_off, note_what_comes, stalled, under_way


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands, in the session "ada", of which nothing is expected yet."""
    clock = [100.0]
    monkeypatch.setattr(watched, "_expected", {})
    monkeypatch.setattr(watched, "_session", lambda: "ada")
    monkeypatch.setattr(watched, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


class Files:
    """Stands in for Streamlit's store of uploaded files."""

    def get_upload_urls(self, session_id: str, file_names: Sequence[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(file_id=f"{session_id}/{name}") for name in file_names]

    def add_file(self, session_id: str, file: SimpleNamespace) -> None:
        pass

    def remove_file(self, session_id: str, file_id: str) -> None:
        pass


def test_what_was_announced_and_neither_came_nor_was_called_off_is_named_once(now: list[float]) -> None:
    files = Files()
    note_what_comes(files)
    files.get_upload_urls("ada", ["one.jpg", "two.jpg", "three.jpg", "four.jpg"])
    files.get_upload_urls("ben", ["another.jpg"])
    files.add_file("ada", SimpleNamespace(file_id="ada/one.jpg"))
    files.remove_file("ada", "ada/two.jpg")
    assert cut_off(["ada/three.jpg"]) == ["four.jpg"], "the third was let pass unread, which its page says"
    assert cut_off() == []


def test_a_file_has_not_stalled_while_another_is_on_its_way_or_was_a_moment_ago(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg", "2": "two.jpg"})
    under_way("ada", 1)
    now[0] += 10 * SILENT
    assert stalled() == []
    under_way("ada", -1)
    assert stalled() == []
    now[0] += SILENT
    assert stalled() == stalled() == ["one.jpg", "two.jpg"]


def test_a_page_waits_for_what_comes_until_it_has_been_told_of_it_or_it_has_stalled(now: list[float]) -> None:
    files = Files()
    note_what_comes(files)
    assert not coming()
    files.get_upload_urls("ada", ["one.jpg", "two.jpg"])
    assert coming()
    under_way("ada", 1)
    now[0] += 10 * SILENT
    assert coming(["ada/one.jpg"])
    files.add_file("ada", SimpleNamespace(file_id="ada/two.jpg"))
    under_way("ada", -1)
    assert coming(["ada/one.jpg"]), "it has come, but its browser has not told the page yet"
    now[0] += 1
    assert not coming(["ada/one.jpg"])
    assert coming(), "the first one may still come"
    now[0] += SILENT
    assert not coming()


def test_names_of_sessions_without_end_are_not_kept(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST", 3)
    monkeypatch.setattr(watched, "MOST_SESSIONS", 2)
    for session in ("cem", "ben", "ada"):
        announce(session, {f"{session}{number}": f"{number}.jpg" for number in range(5)})
    assert list(watched._expected) == ["ben", "ada"]
    assert cut_off() == ["2.jpg", "3.jpg", "4.jpg"]
