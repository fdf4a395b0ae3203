"""What students write: kept at once, bounded, theirs alone; and who may hand out, close and delete."""

import io
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from core.config import TrainingConfig
from core.errors import RunError
from core.rights import Person, RightsError
from core.runs.classroom import Classroom, Rules
from core.runs.store.owners import Owners
from core.runs.store.store import Store
from core.runs.worksheets import MOST_PICTURES, Given, HandIns, StudentsWork, Worksheet, WorksheetError, Worksheets
from core.runs.worksheets.pictures import MOST_BYTES, Curves, Figures, curve, curves, figures, small_file
from tests.core.runs.worksheets.conftest import SHEET

Student = Callable[[str], Person]
ACTS: dict[str, Callable[[Store, str, Person], object]] = {
    "make": lambda store, _sheet, by: Worksheets(store).make(SHEET, by=by),
    "close": lambda store, sheet, by: Worksheets(store).set_open(sheet, False, by=by),
    "delete": lambda store, sheet, by: Worksheets(store).delete(sheet, by=by),
    "see who": lambda store, sheet, by: HandIns(store).standings(sheet, by=by),
    "read answers": lambda store, sheet, by: HandIns(store).answers_csv(sheet, by=by),
    "read all": lambda store, sheet, by: HandIns(store).zip_file(sheet, by=by),
}


def png(*, side: int = 40, noise: bool = False) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (side, side, 3)) if noise else np.full((side, side, 3), 200)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("act", ACTS)
def test_nobody_but_the_teacher_does_what_a_teacher_does(
    store: Store, given: Given, student: Student, act: str
) -> None:
    ada = student("Ada")
    Worksheets(store).begin(given.id, by=ada)
    for stranger in (ada, student("Ben"), Person(owner=""), Person(owner="*")):
        with pytest.raises(RightsError):
            ACTS[act](store, given.id, stranger)
    assert Worksheets(store).all() == [given]


def test_one_begins_with_a_name_and_has_one_worksheet_at_a_time(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    sheets, nobody, ada = Worksheets(store), student(""), student("Ada")
    with pytest.raises(WorksheetError, match="what the class calls you"):
        sheets.begin(given.id, by=nobody)
    assert sheets.now(ada.owner) is None
    sheets.begin(given.id, by=ada)
    other = sheets.make(SHEET, by=teacher)
    sheets.begin(other.id, by=ada)
    assert sheets.now(ada.owner) == other
    sheets.begin(given.id, by=ada)
    assert sheets.now(ada.owner) == given
    sheets.leave(by=ada)
    assert sheets.now(ada.owner) is None


def test_where_a_class_goes_on_one_joins_it_first(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    room, ada = Classroom(store), student("")
    code = str(room.begin(by=teacher).code)
    Owners(store).call(ada.owner, "Ada")
    with pytest.raises(WorksheetError, match="join it first"):
        Worksheets(store).begin(given.id, by=ada)
    room.join(code, "Ada", by=ada)
    Worksheets(store).begin(given.id, by=ada)
    room.next_class(by=teacher)
    assert not Worksheets(store).get(given.id).open, "the next class has worksheets of its own"


def test_answers_are_kept_all_or_none_and_are_nobody_elses(store: Store, given: Given, student: Student) -> None:
    work, ada, ben = StudentsWork(store), student("Ada"), student("Ben")
    with pytest.raises(WorksheetError, match="not begun"):
        work.answer(given.id, {"1.1": "edges"}, by=ada)
    for one in (ada, ben):
        Worksheets(store).begin(given.id, by=one)
    assert work.answer(given.id, {"1.1": " edges ", "1.2": "3"}, by=ada) == {"1.1": "edges", "1.2": "3"}
    for wrong in ({"1.1": "lines", "1.2": "many"}, {"1.1": "lines", "9.9": "x"}, {"1.1": "x" * 2_001}):
        with pytest.raises(WorksheetError):
            work.answer(given.id, wrong, by=ada)
    hers, his = work.of(given.id, by=ada), work.of(given.id, by=ben)
    assert hers is not None
    assert his is not None
    assert (hers.answers, his.answers) == ({"1.1": "edges", "1.2": "3"}, {})
    assert work.of(given.id, by=student("Cem")) is None
    work.answer(given.id, {"1.2": ""}, by=ada)
    assert work.of(given.id, by=ada).answers == {"1.1": "edges"}  # type: ignore[union-attr]


def test_a_part_is_done_when_it_has_happened_and_is_answered(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    work, ada = StudentsWork(store), student("Ada")
    Worksheets(store).begin(given.id, by=ada)

    def done() -> list[int]:
        now = work.of(given.id, by=ada)
        (seen,) = [one.parts for one in HandIns(store).standings(given.id, by=teacher)]
        assert now is not None
        assert seen == len(given.sheet.done_parts(now.answers, now.ticked)), "the teacher sees as many"
        return [number for number in (1, 2, 3) if now.is_done(number, given)]

    work.answer(given.id, {"1.1": "edges", "3.1": "this"}, by=ada)
    assert done() == [3]
    work.answer(given.id, {"1.2": "4"}, by=ada)
    work.tick(given.id, 2, by=ada)
    assert done() == [1, 2, 3]
    with pytest.raises(WorksheetError, match="has 3 parts"):
        work.tick(given.id, 4, by=ada)


def test_into_a_closed_worksheet_nothing_is_written_and_a_deleted_one_says_so(
    store: Store, given: Given, teacher: Person, student: Student
) -> None:
    sheets, work, ada = Worksheets(store), StudentsWork(store), student("Ada")
    sheets.begin(given.id, by=ada)
    work.answer(given.id, {"1.1": "edges"}, by=ada)
    kept = work.add(given.id, 1, png(), caption="map", by=ada)
    sheets.set_open(given.id, False, by=teacher)
    for act in (
        lambda: work.answer(given.id, {"1.1": "lines"}, by=ada),
        lambda: work.tick(given.id, 2, by=ada),
        lambda: work.add(given.id, 1, png(), caption="map", by=ada),
        lambda: work.take_out(given.id, kept.id, by=ada),
        lambda: HandIns(store).hand_in(given.id, by=ada),
        lambda: sheets.begin(given.id, by=student("Ben")),
    ):
        with pytest.raises(WorksheetError, match="closed this worksheet"):
            act()
    assert b"edges" in HandIns(store).page(given.id, by=ada), "it can still be taken home"
    sheets.delete(given.id, by=teacher)
    for gone in (given.id, "../../etc", ""):
        with pytest.raises(WorksheetError, match="has been deleted"):
            sheets.get(gone)
    with store.database.reading() as connection:
        tables = ("sheet_owners", "sheet_answers", "sheet_ticks", "sheet_pictures", "hand_ins")
        assert [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * 5


def test_pictures_are_bounded_and_taken_out_by_their_owner_alone(store: Store, given: Given, student: Student) -> None:
    work, ada, ben = StudentsWork(store), student("Ada"), student("Ben")
    for one in (ada, ben):
        Worksheets(store).begin(given.id, by=one)
    kept = [work.add(given.id, 1, png(), caption=f"map {n}", by=ada) for n in range(MOST_PICTURES)]
    with pytest.raises(WorksheetError, match="take one out first"):
        work.add(given.id, 1, png(), caption="one too many", by=ada)
    work.take_out(given.id, kept[0].id, by=ben)
    assert len(work.of(given.id, by=ada).pictures) == MOST_PICTURES  # type: ignore[union-attr]
    work.take_out(given.id, kept[0].id, by=ada)
    left = work.of(given.id, by=ada)
    assert left is not None
    assert [each.caption for each in left.pictures] == [f"map {n}" for n in range(1, MOST_PICTURES)]
    assert {each.data for each in left.pictures} == {b""}, "their bytes are read where they are shown"
    whole = work.of(given.id, by=ada, bytes_of=[1])
    assert whole is not None
    assert all(each.data for each in whole.pictures)


def test_curves_and_figures_are_kept_by_few_points() -> None:
    line = curve("loss", range(1_001), [1.0, float("nan"), None, *(1 / (n + 1) for n in range(998))])
    assert len(line.x) <= 201
    assert (line.x[0], line.x[-1]) == (0.0, 1000.0)
    drawn = curves("Loss", [line, curve("nothing", [], [])], x_name="step", shares=False)
    assert isinstance(drawn, Curves)
    assert [each.name for each in drawn.lines] == ["loss"]
    assert figures([("cat", "93 %")] * 50) == Figures(rows=(("cat", "93 %"),) * 40)


@pytest.mark.parametrize(("side", "noise"), [(40, False), (1_400, False), (1_400, True)])
def test_a_picture_is_made_small_enough(side: int, noise: bool) -> None:
    kind, data = small_file(png(side=side, noise=noise))
    assert len(data) <= MOST_BYTES
    assert kind == ("jpeg" if noise else "png")
    with Image.open(io.BytesIO(data)) as image:
        assert max(image.size) == min(side, image.size[0])


@pytest.mark.parametrize("data", [b"", b"no picture", png()[:60]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(WorksheetError, match="no picture"):
        small_file(data)


def test_who_does_a_worksheet_is_held_to_it_until_they_leave_it(
    store: Store, teacher: Person, student: Student, config: TrainingConfig
) -> None:
    sheets, ada = Worksheets(store), student("Ada")
    held = sheets.make(Worksheet(title="T", lead="", parts=SHEET.parts).on("shapes", "Shapes"), by=teacher)
    sheets.begin(held.id, by=ada)
    with pytest.raises(RunError, match="Your worksheet trains with the data set shapes now, and not with digits"):
        store.submit(config, ada.owner, "hers")
    Classroom(store).hold_to(Rules(dataset="digits", members_only=False), by=teacher)
    assert store.submit(config, ada.owner, "as the class does").status == "queued"
    Classroom(store).end(by=teacher)
    sheets.leave(by=ada)
    assert store.submit(config, ada.owner, "free").status == "queued"
    sheets.begin(held.id, by=ada)
    sheets.set_open(held.id, False, by=teacher)
    assert Classroom(store).rules_of(ada.owner) == Rules()


@pytest.mark.parametrize(("field", "name"), [("dataset", "no_such"), ("recipe", "no_such")])
def test_a_worksheet_on_what_there_is_not_is_refused(store: Store, teacher: Person, field: str, name: str) -> None:
    sheet = Worksheet(title="T", lead="", parts=SHEET.parts, rules=Rules(**{field: name}))  # type: ignore[arg-type]
    with pytest.raises(WorksheetError, match="There is no"):
        Worksheets(store).make(sheet, by=teacher)


def test_a_server_that_is_killed_has_lost_no_answer_that_it_had_kept(
    store: Store, given: Given, student: Student
) -> None:
    ada = student("Ada")
    Worksheets(store).begin(given.id, by=ada)
    script = f"""
        import itertools
        from pathlib import Path
        from core.rights import Person
        from core.runs.store.store import Store
        from core.runs.worksheets import StudentsWork
        work = StudentsWork(Store(Path({str(store.path)!r})))
        for n in itertools.count():
            work.answer({given.id!r}, {{"1.1": f"answer {{n}}", "1.2": str(n)}}, by=Person(owner={ada.owner!r}))
            print(n, flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _line in range(20)]
    process.send_signal(signal.SIGKILL)
    rest, _errors = process.communicate()
    last = int(rest.split("\n")[-2]) if "\n" in rest else acknowledged[-1]
    work = StudentsWork(store).of(given.id, by=ada)
    assert work is not None
    kept = int(work.answers["1.2"])
    assert kept in (last, last + 1)
    assert work.answers["1.1"] == f"answer {kept}"
