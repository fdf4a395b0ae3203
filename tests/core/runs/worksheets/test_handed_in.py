"""Handing in: one file that is text whatever people have typed, the latest counts, and a table that runs nothing."""

import csv
import html.parser
import io
import time
import zipfile
from collections.abc import Callable

import pytest

from core.config import TrainingConfig
from core.rights import Person, RightsError
from core.runs.store.owners import Owners
from core.runs.store.store import Store
from core.runs.worksheets import Given, HandIns, StudentsWork, WorksheetError, Worksheets, written
from core.runs.worksheets.pictures import curve, curves, figures
from tests.core.runs.worksheets.test_work import png

Student = Callable[[str], Person]
HOSTILE = "<script>alert(1)</script>"


class _Looked(html.parser.HTMLParser):
    """What a browser would make of a page: its tags, and whatever would fetch something."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("src", "href", "action", "srcset", "data"):
                self.fetched.append(str(value)[:10])


@pytest.fixture
def ada(store: Store, given: Given, student: Student) -> Person:
    person = student(HOSTILE)
    Worksheets(store).begin(given.id, by=person)
    return person


def test_a_page_holds_everything_and_is_text_whatever_was_typed(
    store: Store, given: Given, ada: Person, config: TrainingConfig
) -> None:
    work = StudentsWork(store)
    work.answer(given.id, {"1.1": f"two\nlines {HOSTILE} &amp;", "3.1": "that"}, by=ada)
    work.add(given.id, 1, png(), caption=f'a "map" {HOSTILE}', by=ada)
    work.add(
        given.id, 2, curves("Loss", [curve(HOSTILE, [1, 2], [3, 4])], x_name="step", shares=False), caption="L", by=ada
    )
    work.add(given.id, 2, figures([(HOSTILE, "93 %")]), caption="bars", by=ada)
    store.submit(config, ada.owner, f"run {HOSTILE}")
    page = HandIns(store).page(given.id, by=ada)
    looked = _Looked(page)
    assert "script" not in looked.tags
    assert looked.fetched == ["data:image"], "nothing comes from anywhere"
    text = page.decode()
    assert "not handed in" in text
    assert "two<br>lines" in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
    assert "default-src 'none'" in text


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_the_runs_that_were_submitted_since_it_was_begun_go_along_however_the_clock_is_set(
    store: Store, given: Given, student: Student, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    ada, wall = student("Ada"), time.time
    store.submit(config, ada.owner, "before")
    if jump < 0:
        monkeypatch.setattr(time, "time", lambda: wall() + 2 * jump)  # set back: what came before is dated later
    Worksheets(store).begin(given.id, by=ada)
    monkeypatch.setattr(time, "time", lambda: wall() + 3 * jump)
    mine = store.submit(config, ada.owner, "since then")
    store.submit(config, "another student", "not hers")
    work = StudentsWork(store).of(given.id, by=ada)
    assert work is not None
    assert work.runs == {mine.id}
    page = HandIns(store).page(given.id, by=ada).decode()
    assert "since then" in page
    assert "before" not in page


def test_of_many_runs_the_newest_go_along_and_that_is_said(
    store: Store, given: Given, ada: Person, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "MOST_RUNS", 2)
    for name in ("oldest", "older"):
        store.submit(config, ada.owner, name)
    assert "The newest" not in HandIns(store).page(given.id, by=ada).decode()
    store.submit(config, ada.owner, "newest")
    page = HandIns(store).page(given.id, by=ada).decode()
    assert "The newest 2 of 3 runs." in page
    assert "oldest" not in page


def test_it_is_handed_in_again_and_the_latest_counts(
    store: Store, given: Given, teacher: Person, ada: Person, student: Student
) -> None:
    hand_ins, work, ben = HandIns(store), StudentsWork(store), student("Ben")
    Worksheets(store).begin(given.id, by=ben)
    with pytest.raises(WorksheetError, match="nothing to hand in yet"):
        hand_ins.hand_in(given.id, by=ada)
    work.answer(given.id, {"1.1": "=1+1", "1.2": "-3,5 %"}, by=ada)
    first = hand_ins.hand_in(given.id, by=ada)
    work.answer(given.id, {"1.1": "@later"}, by=ada)
    (row,) = list(csv.reader(io.StringIO(hand_ins.answers_csv(given.id, by=teacher).decode("utf-8-sig"))))[1:]
    assert row[0] == HOSTILE
    assert row[2:] == ["1", "'=1+1", "-3.5", ""], "what was handed in, a number as one, and nothing that is run"
    assert hand_ins.hand_in(given.id, by=ada) >= first
    standings = hand_ins.standings(given.id, by=teacher)
    assert [(one.name, one.answered, one.times, one.handed_in is not None) for one in standings] == [
        (HOSTILE, 2, 2, True),
        ("Ben", 0, 0, False),
    ]
    rows = list(csv.reader(io.StringIO(hand_ins.answers_csv(given.id, by=teacher).decode("utf-8-sig"))))
    assert rows[0] == ["name", "handed in", "times", "1.1 What?", "1.2 How many?", "3.1 Which?"]
    assert [each[3] for each in rows[1:]] == ["'@later"]


def test_all_of_them_are_a_zip_whose_names_are_harmless(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    hostile = ["../../up", "con", "a/b", "A_b", "\u200bx", "answers"]
    for name in hostile:
        person = student(name)
        Worksheets(store).begin(given.id, by=person)
        StudentsWork(store).answer(given.id, {"1.1": f"by {name}"}, by=person)
        HandIns(store).hand_in(given.id, by=person)
    with zipfile.ZipFile(io.BytesIO(HandIns(store).zip_file(given.id, by=teacher))) as file:
        names = file.namelist()
        pages = b"".join(file.read(name) for name in names if name.endswith(".html"))
    assert len({name.casefold() for name in names}) == len(hostile) + 1
    assert not [name for name in names if "/" in name or "\\" in name or name.startswith((".", "con."))]
    assert "answers.csv" in names
    assert all(f"by {name}".encode() in pages for name in hostile if name != "\u200bx")


def test_what_was_not_handed_in_can_be_collected_and_says_so_everywhere(
    store: Store, given: Given, teacher: Person, ada: Person, student: Student
) -> None:
    hand_ins, ben, idle = HandIns(store), student("=Ben"), student("Cem")
    for person in (ben, idle):
        Worksheets(store).begin(given.id, by=person)
    StudentsWork(store).answer(given.id, {"1.1": "edges"}, by=ada)
    hand_ins.hand_in(given.id, by=ada)
    with pytest.raises(WorksheetError, match="has handed it in"):
        hand_ins.collect(given.id, by=teacher)
    StudentsWork(store).answer(given.id, {"1.1": "half a"}, by=ben)
    Worksheets(store).set_open(given.id, False, by=teacher)
    with zipfile.ZipFile(io.BytesIO(hand_ins.collect(given.id, by=teacher))) as file:
        table, page = (file.read(name).decode("utf-8-sig") for name in ("answers.csv", "not handed in - _Ben.html"))
        assert len(file.namelist()) == 2
    assert list(csv.reader(io.StringIO(table)))[1:] == [["'=Ben", "not handed in", "0", "half a", "", ""]]
    assert "=Ben, not handed in." in page
    assert "half a" in page
    assert [one.times for one in hand_ins.standings(given.id, by=teacher)] == [1, 0, 0], "nothing was handed in by that"
    with pytest.raises(RightsError):
        hand_ins.collect(given.id, by=ben)


def test_a_name_is_that_of_the_moment_when_it_was_handed_in(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    ben = student("Ben")
    Worksheets(store).begin(given.id, by=ben)
    StudentsWork(store).answer(given.id, {"1.1": "edges"}, by=ben)
    HandIns(store).hand_in(given.id, by=ben)
    Owners(store).call(ben.owner, "Somebody else")
    assert b"\nBen," in HandIns(store).answers_csv(given.id, by=teacher)
