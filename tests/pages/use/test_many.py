"""Many photos: parts of files as a browser sends them, in order or not, whole or not, and what becomes of them."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from core.photos.kept import KeptPhotos
from pages._ui import cached, state
from pages.use._classify.many import sender
from pages.use._classify.many.sender import Added, Told, take
from tests.pages.visit import jpeg


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    shelf = KeptPhotos()
    monkeypatch.setattr(sender, "st", SimpleNamespace(session_state=kept))
    monkeypatch.setattr(cached, "kept_photos", lambda: shelf)
    return kept


def part(number: int, data: bytes, *, place: int = 0, parts: int = 1, **more: Any) -> dict[str, Any]:
    letters = base64.b64encode(data).decode()
    return {
        "number": number,
        "part": place,
        "parts": parts,
        "name": "a.jpg",
        "size": len(data),
        "letters": letters,
    } | more


def send(session: dict[str, Any], sent: object, answered: list[Added] | None = None) -> Told:
    told = take(sent, ([] if answered is None else answered).append)
    session[state.MANY_ANSWER] = told
    return told


def test_a_file_comes_in_parts_and_becomes_a_photo_with_the_last(session: dict[str, Any]) -> None:
    data, answered = jpeg(), []  # type: ignore[var-annotated]
    for place, piece in enumerate((data[:200], data[200:300], data[300:])):
        assert not answered
        told = send(session, part(7, piece, place=place, parts=3, shows="cat"), answered)
        assert told == {"number": 7, "part": place, "problem": "", "full": False}
    (added,) = session[state.CLASSIFIED]
    assert answered == [added]
    assert added.photo is not None
    assert (added.name, added.shows, added.photo.size) == ("a.jpg", "cat", (80, 40))
    assert state.MANY_COMING not in session, "its bytes are let go"


def test_a_part_that_is_sent_again_counts_once(session: dict[str, Any]) -> None:
    data = jpeg()
    for _ in range(2):
        send(session, part(7, data[:99], place=0, parts=2))
    for _ in range(2):
        told = send(session, part(7, data[99:], place=1, parts=2))
        assert (told["part"], told["problem"]) == (1, "")
    assert len(session[state.CLASSIFIED]) == 1


def test_a_file_that_breaks_off_is_forgotten_when_the_next_one_comes(session: dict[str, Any]) -> None:
    send(session, part(7, b"x" * 10_000, place=0, parts=3))
    send(session, part(8, jpeg()))
    assert [one.name for one in session[state.CLASSIFIED]] == ["a.jpg"]
    assert state.MANY_COMING not in session


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (part(7, b"Dear Sir or Madam"), "not a picture the lab can open"),
        (part(7, b""), "This file is empty"),
        (part(7, b"", size=99 * 2**20), "This file has 99.0 MB; a photo may have at most 25 MB"),
        (part(7, b"", letters=None), "did not arrive whole"),
        (part(7, b"", letters="%%%"), "did not arrive whole"),
        (part(7, jpeg(), place=1, parts=2), "did not arrive whole"),
        (part(7, jpeg(), parts=1_000_000), "did not arrive whole"),
    ],
)
def test_what_is_no_photo_has_its_sentence_and_its_name(session: dict[str, Any], sent: object, sentence: str) -> None:
    told = send(session, sent)
    assert sentence in told["problem"]
    (added,) = session[state.CLASSIFIED]
    assert (added.photo, added.error, added.name) == (None, told["problem"], "a.jpg")
    assert send(session, part(8, jpeg()))["problem"] == "", "the others go on"


@pytest.mark.parametrize("sent", [None, [], "x", {"number": "7"}, {"number": -1, "name": 3}])
def test_whatever_else_a_browser_sends_is_a_sentence(session: dict[str, Any], sent: object) -> None:
    assert "did not arrive whole" in send(session, sent)["problem"]


def test_where_no_more_are_taken_that_is_said(session: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "MOST", 2)
    told = [send(session, part(number, jpeg(size=(40 + number, 30)))) for number in (1, 2, 3)]
    assert [one["full"] for one in told] == [False, False, True]
    assert len(session[state.CLASSIFIED]) == 2


def test_two_hundred_photos_take_no_more_memory_than_the_shelf_has(session: dict[str, Any]) -> None:
    shelf = cached.kept_photos()
    shelf.most_bytes = 40_000
    for number in range(1, 201):
        send(session, part(number, jpeg(size=(100 + number, 60))))
        assert state.MANY_COMING not in session
    assert len(session[state.CLASSIFIED]) == 200
    shelf.settle()
    assert shelf.held_bytes <= 40_000
