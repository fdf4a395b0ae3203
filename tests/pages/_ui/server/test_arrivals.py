"""Files that are announced: each is for the field that takes such ones, and is given to it whatever page is shown."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages._ui.server import arrivals
from pages._ui.server.arrivals import (
    SILENT,
    Announced,
    Arrived,
    Field,
    announce,
    coming,
    forget,
    heard_of,
    note_what_comes,
    offer_none,
    offers,
    refuse,
    stalled,
    under_way,
    was_taken,
)

PHOTOS, ZIP = Field(key="photos", kinds=["jpg", "png"], meant=7), Field(key="a zip", kinds=["zip"], single=True)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands, in the session "ada", whose page has offered a field, and of which nothing is expected."""
    clock = [100.0]
    monkeypatch.setattr(arrivals, "_expected", {})
    monkeypatch.setattr(arrivals, "_session", lambda: "ada")
    monkeypatch.setattr(arrivals, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    offers(PHOTOS)
    return clock


def unheard_of(field: str, session: str = "ada") -> dict[str, Announced]:
    return {key: each for key, each in arrivals._expected[session].files.items() if each.field.key == field}


def named(field: str) -> list[str]:
    return [each.name for each in unheard_of(field).values()]


def stalls(field: str) -> list[str]:
    return [each.name for each in stalled(field).values()]


class Files:
    """Stands in for Streamlit's store of uploaded files."""

    def get_upload_urls(self, session_id: str, file_names: Sequence[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(file_id=f"{session_id}/{name}") for name in file_names]

    def add_file(self, session_id: str, file: SimpleNamespace) -> None:
        pass

    def remove_file(self, session_id: str, file_id: str) -> None:
        pass

    def remove_session_files(self, session_id: str) -> None:
        pass


def test_what_was_announced_and_its_page_not_told_of_is_named_until_it_is_forgotten(now: list[float]) -> None:
    files = Files()
    note_what_comes(files)
    files.get_upload_urls("ada", ["one.jpg", "two.jpg", "three.jpg", "four.jpg"])
    files.get_upload_urls("ben", ["another.jpg"])
    files.add_file("ada", SimpleNamespace(file_id="ada/one.jpg"))  # for a field that has left the page meanwhile
    files.remove_file("ada", "ada/two.jpg")
    heard_of("ada/three.jpg")  # it was let pass unread, which its page says
    refuse("ada", "ada/four.jpg")
    refuse("ada", "ada/three.jpg")
    lost = unheard_of("photos")
    assert [(each.name, each.field.meant, each.refused) for each in lost.values()] == [
        ("one.jpg", 7, False),
        ("four.jpg", 7, True),
    ]
    forget(lost)
    assert unheard_of("photos") == {}
    refuse("nobody", "a file")
    assert list(arrivals._expected) == ["ben", "ada"], "who invents a session has none"


def test_what_came_of_a_file_that_its_page_was_not_told_of_is_let_go(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = MemoryUploadedFileManager("/upload")
    note_what_comes(files)
    monkeypatch.setattr(
        arrivals, "get_script_run_ctx", lambda: SimpleNamespace(session_id="ada", uploaded_file_mgr=files)
    )
    for given in files.get_upload_urls("ada", ["one.jpg", "two.jpg"]):
        files.add_file("ada", UploadedFileRec(given.file_id, "one.jpg", "image/jpeg", b"bytes"))
    assert len(files.file_storage["ada"]) == 2
    forget(unheard_of("photos"))
    assert len(files.file_storage.get("ada", ())) == 0


def test_nothing_stays_of_what_comes_when_it_is_waited_for_no_more_or_its_session_is_over(now: list[float]) -> None:
    files, taken = MemoryUploadedFileManager("/upload"), list[Arrived]()
    note_what_comes(files)
    offers(Field(key="photos", kinds=["jpg"], take=taken.append))
    (given,) = files.get_upload_urls("ada", ["one.jpg"])
    now[0] += SILENT
    forget(stalled("photos"))
    late = UploadedFileRec(given.file_id, "one.jpg", "image/jpeg", b"bytes")
    for session in ("ada", "another that is over"):
        files.add_file(session, late)
        assert len(files.file_storage[session]) == 0
    assert taken == []


def test_where_a_field_holds_one_file_what_broke_off_before_is_waited_for_no_more(now: list[float]) -> None:
    files, taken = MemoryUploadedFileManager("/upload"), list[Arrived]()
    note_what_comes(files)
    offers(Field(key="a zip", kinds=["zip"], single=True, take=taken.append))
    announce("ada", {"photo": "a.jpg"})
    first, second, third = (each.file_id for each in files.get_upload_urls("ada", ["1.zip", "2.zip", "3.zip"]))
    files.add_file("ada", UploadedFileRec(second, "2.zip", "application/zip", b"two"))
    assert ([each.file_id for each in taken], list(unheard_of("a zip"))) == ([second], [third])
    assert list(unheard_of("photos")) == ["photo"]
    assert first in arrivals._expected["ada"].forgotten


def test_a_field_is_given_its_files_as_they_arrive_and_takes_back_what_leaves_the_list(now: list[float]) -> None:
    files, taken, back = MemoryUploadedFileManager("/upload"), list[Arrived](), list[str]()
    note_what_comes(files)
    offers(Field(key="photos", kinds=["jpg"], take=taken.append, give_back=back.append))
    one, two, word = (each.file_id for each in files.get_upload_urls("ada", ["one.jpg", "two.JPG", "a.word"]))
    offer_none()  # another page begins
    (late,) = (each.file_id for each in files.get_upload_urls("ada", ["late.jpg"]))
    for number, file_id in enumerate((one, two, word, late)):
        files.add_file("ada", UploadedFileRec(file_id, "what it is called on its way", "image/jpeg", bytes([number])))
    assert [(each.file_id, each.name, each.data) for each in taken] == [
        (one, "one.jpg", b"\0"),
        (two, "two.JPG", b"\1"),
    ]
    assert (named("photos"), coming("photos")) == ([], False)
    assert [was_taken(each) for each in (one, two, word, late)] == [True, True, False, False]
    taken[0].let_go()
    assert (list(files.file_storage["ada"]), back) == ([two, word, late], [])
    for file_id in (two, two, late, "another"):
        files.remove_file("ada", file_id)
    assert back == [two, two]
    assert was_taken(two), "its page may still list it"
    files.remove_session_files("ada")
    assert arrivals._expected == {}


def test_a_file_is_for_the_first_field_that_takes_such_ones_and_meant_for_what_that_was_meant_for(
    now: list[float],
) -> None:
    announce("ada", {"1": "one.jpg"})
    offers(ZIP)
    offers(Field(key="another zip", kinds=["zip"]))
    offers(Field(key="photos", kinds=["jpg"], meant=8))
    announce("ada", {"2": "two.jpg", "3": "three.ZIP", "4": "four.jpg.txt", "5": "five"})
    heard = [heard_of(each) for each in "123456"]
    assert [each and (each.field.key, each.field.meant) for each in heard] == [
        ("photos", 7),
        ("photos", 8),
        ("a zip", None),
        ("", None),
        ("", None),
        None,
    ]


def test_of_each_field_only_its_own_files_are_named(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg"})
    offers(ZIP)
    announce("ada", {"2": "two.zip"})
    assert (coming("photos"), coming("a zip"), coming("another")) == (True, True, False)
    now[0] += SILENT
    assert (stalls("photos"), stalls("a zip"), stalls("another")) == (["one.jpg"], ["two.zip"], [])
    assert named("another") == []
    forget(unheard_of("a zip"))
    assert (stalls("photos"), stalls("a zip")) == (["one.jpg"], [])


def test_a_file_has_not_stalled_while_another_is_on_its_way_or_was_a_moment_ago(now: list[float]) -> None:
    announce("ada", {"1": "one.jpg", "2": "two.jpg"})
    under_way("ada", 1)
    now[0] += 10 * SILENT
    assert stalls("photos") == []
    under_way("ada", -1)
    assert stalls("photos") == []
    now[0] += SILENT
    assert stalls("photos") == stalls("photos") == ["one.jpg", "two.jpg"]


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
    assert stalls("photos") == ["two.jpg"]
    files.get_upload_urls("ada", ["three.jpg"])
    heard_of("ada/two.jpg")
    heard_of("ada/three.jpg")
    assert not coming("photos")


def test_names_of_sessions_without_end_are_not_kept(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST", 3)
    monkeypatch.setattr(arrivals, "MOST_SESSIONS", 2)
    for session in ("cem", "ben", "cem", "ada"):
        monkeypatch.setattr(arrivals, "_session", lambda session=session: session)
        offers(PHOTOS)
        announce(session, {f"{session}{number}": f"{number}.jpg" for number in range(5)})
    assert list(arrivals._expected) == ["cem", "ada"], "the one that did nothing for longest has gone"
    assert named("photos") == ["2.jpg", "3.jpg", "4.jpg"]
