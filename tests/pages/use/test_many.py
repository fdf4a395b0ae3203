"""Many photos: parts of files as a browser sends them, in order or not, whole or not, and what becomes of them."""

import base64
import contextlib
import itertools
import math
from types import SimpleNamespace
from typing import Any

import pytest

from core.photos.kept import KeptPhotos
from pages._ui import cached, state
from pages.use._classify.many import sender
from pages.use._classify.many.sender import Added, Told, take
from tests.pages.visit import jpeg


class CutOffError(Exception):
    """Stands for Streamlit's, which ends a rerun for another one at any look into the session."""


class Session(dict[str, Any]):
    """A session whose rerun is cut off at a look of one's choice."""

    looks_left: float = math.inf

    def look(self) -> None:
        self.looks_left -= 1
        if self.looks_left < 0:
            self.looks_left = math.inf
            raise CutOffError

    def get(self, key: str, default: Any = None) -> Any:
        self.look()
        return super().get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.look()
        return super().setdefault(key, default)

    def __setitem__(self, key: str, value: Any) -> None:
        self.look()
        super().__setitem__(key, value)

    def pop(self, key: str, *default: Any) -> Any:
        self.look()
        return super().pop(key, *default)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    kept = Session()
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
    assert not session[state.MANY_COMING].bytes, "they are let go"


def test_a_part_that_is_sent_again_counts_once(session: dict[str, Any]) -> None:
    data = jpeg()
    for _ in range(2):
        send(session, part(7, data[:99], place=0, parts=2))
    for _ in range(2):
        told = send(session, part(7, data[99:], place=1, parts=2))
        assert (told["part"], told["problem"]) == (1, "")
    assert len(session[state.CLASSIFIED]) == 1


@pytest.mark.parametrize("parts", [1, 3])
def test_a_rerun_that_another_control_cuts_off_loses_nothing_wherever_that_is(
    session: Session, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    data = jpeg()
    for number, looks in enumerate(itertools.count(), start=1):
        for place in range(parts):
            piece = data[place * 100 : (place + 1) * 100] if place + 1 < parts else data[place * 100 :]
            sent = part(number, piece, place=place, parts=parts)
            session.looks_left = looks
            with contextlib.suppress(CutOffError):
                send(session, sent)
            whole = session.looks_left != math.inf
            session.looks_left = math.inf
            told = send(session, sent)
            assert (told["number"], told["part"], told["problem"]) == (number, place, "")
        assert [one.photo is not None for one in session[state.CLASSIFIED]] == [True] * number
        if whole:
            break
    assert looks > 3, "it was cut off at some places"


def test_an_answer_that_is_cut_off_is_asked_for_again_and_its_photo_counts_once(session: Session) -> None:
    asked: list[Added] = []

    def answer(added: Added) -> None:
        asked.append(added)
        if len(asked) == 1:
            raise CutOffError

    sent = part(7, jpeg())
    with pytest.raises(CutOffError):
        take(sent, answer)
    assert take(sent, answer)["problem"] == ""
    assert asked == [session[state.CLASSIFIED][0]] * 2


def test_a_file_that_breaks_off_is_forgotten_when_the_next_one_comes(session: dict[str, Any]) -> None:
    send(session, part(7, b"x" * 10_000, place=0, parts=3))
    send(session, part(8, jpeg()))
    assert [one.name for one in session[state.CLASSIFIED]] == ["a.jpg"]
    assert not session[state.MANY_COMING].bytes


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
        assert not session[state.MANY_COMING].bytes
    assert len(session[state.CLASSIFIED]) == 200
    shelf.settle()
    assert shelf.held_bytes <= 40_000
