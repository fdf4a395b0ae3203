"""Files that were announced and of which the page was not told: each for its field, and not while any is on its way."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages._ui.server import cut_off as watched
from pages._ui.server.cut_off import (
    SILENT,
    announce,
    coming,
    cut_off,
    heard_of,
    note_what_comes,
    opens,
    stalled,
    under_way,
)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands, in the session "ada", whose page has opened a field, and of which nothing is expected."""
    clock = [100.0]
    monkeypatch.setattr(watched, "_expected", {})
    monkeypatch.setattr(watched, "_session", lambda: "ada")
    monkeypatch.setattr(watched, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    opens("photos", 7)
    return clock


class Files:
    """Stands in for Streamlit's store of uploaded files."""

    def get_upload_urls(self, session_id: str, file_names: Sequence[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(file_id=f"{session_id}/{name}") for name in file_names]

    def add_file(self, session_id: str, file: SimpleNamespace) -> None:
        pass

    def remove_file(self, session_id: str, file_id: str) -> None:
        pass


def test_what_was_announced_and_its_page_not_told_of_is_named_once(now: list[float]) -> None:
    files = Files()
    note_what_comes(files)
    files.get_upload_urls("ada", ["one.jpg", "two.jpg", "three.jpg", "four.jpg"])
    files.get_upload_urls("ben", ["another.jpg"])
    files.add_file("ada", SimpleNamespace(file_id="ada/one.jpg"))  # for a field that has left the page meanwhile
    files.remove_file("ada", "ada/two.jpg")
    heard_of("ada/three.jpg")  # it was let pass unread, which its page says
    assert cut_off("photos") == [("one.jpg", 7), ("four.jpg", 7)]
    assert cut_off("photos") == []


def test_what_came_of_a_file_that_its_page_was_not_told_of_is_let_go(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = MemoryUploadedFileManager("/upload")
    note_what_comes(files)
    monkeypatch.setattr(
        watched, "get_script_run_ctx", lambda: SimpleNamespace(session_id="ada", uploaded_file_mgr=files)
    )
    for given in files.get_upload_urls("ada", ["one.jpg", "two.jpg"]):
        files.add_file("ada", UploadedFileRec(given.file_id, "one.jpg", "image/jpeg", b"bytes"))
    assert len(files.file_storage["ada"]) == 2
    assert [each.name for each in cut_off("photos")] == ["one.jpg", "two.jpg"]
    assert len(files.file_storage.get("ada", ())) == 0


def test_a_file_is_meant_for_what_was_open_when_it_was_announced(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg"})
    opens("photos", 8)
    announce("ada", {"2": "two.jpg"})
    opens("a zip")
    announce("ada", {"3": "three.zip"})
    assert [heard_of(each) for each in ("1", "2", "3", "4")] == [7, 8, None, None]


def test_of_each_field_only_its_own_files_are_named(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg"})
    opens("a zip")
    announce("ada", {"2": "two.zip"})
    assert (coming("photos"), coming("a zip"), coming("another")) == (True, True, False)
    now[0] += SILENT
    assert (stalled("photos"), stalled("a zip"), stalled("another")) == (["one.jpg"], ["two.zip"], [])
    assert cut_off("another") == []
    assert cut_off("a zip") == [("two.zip", None)]
    assert stalled("photos") == ["one.jpg"]


def test_a_file_has_not_stalled_while_another_is_on_its_way_or_was_a_moment_ago(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg", "2": "two.jpg"})
    under_way("ada", 1)
    now[0] += 10 * SILENT
    assert stalled("photos") == []
    under_way("ada", -1)
    assert stalled("photos") == []
    now[0] += SILENT
    assert stalled("photos") == stalled("photos") == ["one.jpg", "two.jpg"]


def test_a_page_waits_for_what_comes_until_it_has_been_told_of_it_or_it_has_stalled(now: list[float]) -> None:
    files = Files()
    note_what_comes(files)
    assert not coming("photos")
    files.get_upload_urls("ada", ["one.jpg", "two.jpg"])
    assert coming("photos")
    under_way("ada", 1)
    now[0] += 10 * SILENT
    heard_of("ada/one.jpg")
    assert coming("photos")
    files.add_file("ada", SimpleNamespace(file_id="ada/two.jpg"))
    under_way("ada", -1)
    now[0] += SILENT - 1
    assert coming("photos"), "it has come, but its browser has not told the page yet"
    now[0] += 1
    assert not coming("photos"), "nobody will tell of it any more"
    assert stalled("photos") == ["two.jpg"]
    files.get_upload_urls("ada", ["three.jpg"])
    heard_of("ada/two.jpg")
    heard_of("ada/three.jpg")
    assert not coming("photos")


def test_names_of_sessions_without_end_are_not_kept(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST", 3)
    monkeypatch.setattr(watched, "MOST_SESSIONS", 2)
    for session in ("cem", "ben", "ada"):
        monkeypatch.setattr(watched, "_session", lambda session=session: session)
        opens("photos", 7)
        announce(session, {f"{session}{number}": f"{number}.jpg" for number in range(5)})
    assert list(watched._expected) == ["ben", "ada"]
    assert [name for name, _meant in cut_off("photos")] == ["2.jpg", "3.jpg", "4.jpg"]
