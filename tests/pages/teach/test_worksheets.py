"""Worksheets on the console: handed out by the teacher, followed, taken in; nothing of it for anybody else."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from core.data.own import open_own_sets
from core.rights import Person, owner_of
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from core.runs.worksheets import HandIns, StudentsWork, Worksheets
from tests.core.data.own.conftest import smallest_set
from tests.pages.visit import ME, check, open_page, start_page, texts

KEY = "the teacher's own key"
HER = Person(owner=owner_of("s" * 43))
ME_TEACHING = Person(owner=ME, runs_the_lab=True)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)
    monkeypatch.setattr("core.runs.ensure_supervisor", lambda store: None)
    monkeypatch.setattr("core.runs.summons.revive_supervisor", lambda store: None)


def sheets(home: Path) -> Worksheets:
    return Worksheets(Store(home / STORE_NAME))


def console(home: Path) -> AppTest:
    """The console of a teacher, with the form for a worksheet open."""
    Owners(Store(home / STORE_NAME)).enter_key(ME, KEY)
    app = start_page()
    app.session_state["sheet_new"] = True
    return open_page(app, "teach/console")


def handed_in(home: Path, sheet_id: str, name: str, answer: str) -> None:
    store = Store(home / STORE_NAME)
    Owners(store).call(HER.owner, name)
    sheets(home).begin(sheet_id, by=HER)
    StudentsWork(store).answer(sheet_id, {"1.1": answer}, by=HER)
    HandIns(store).hand_in(sheet_id, by=HER)


def test_the_second_one_is_handed_out_on_a_data_set_of_the_machine(home: Path) -> None:
    app = console(home)
    app.selectbox(key="sheet_which").set_value("transfer").run()
    offered = app.selectbox(key="sheet_data_transfer")
    assert offered.value == "digits", "cats and dogs are not on this machine"
    app.multiselect(key="sheet_controls_transfer").set_value(["experiments"]).run()
    app.toggle(key="sheet_alone_transfer").set_value(True).run()
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()
    assert (given.sheet.rules.dataset, given.sheet.rules.controls) == ("digits", ("experiments",))
    assert given.sheet.only_its_pages
    assert "On Digits \\(built in\\), made on" in texts(app)
    assert given.sheet.parts[1].view["data"] == "digits"
    assert given.open
    assert any(f"worksheet?worksheet={given.id}" in code.value for code in app.code)


def test_of_two_own_sets_of_one_title_either_can_be_handed_out(home: Path) -> None:
    sets = [smallest_set(open_own_sets()) for _each in range(2)]
    app = console(home)
    app.selectbox(key="sheet_which").set_value("own_pictures").run()
    for own in sets:
        app.selectbox(key="sheet_data_own_pictures").select(own.name).run()
        check(app.button(key="sheet_make").click().run())
        assert sheets(home).all()[0].sheet.rules.dataset == own.name


def test_own_pictures_may_be_left_to_each_student(home: Path) -> None:
    app = console(home)
    app.selectbox(key="sheet_which").set_value("own_pictures").run()
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()
    assert given.sheet.rules.dataset == ""
    assert {"set", "data"}.isdisjoint(name for part in given.sheet.parts for name in part.view)


def test_a_teachers_own_is_made_of_steps_and_questions(home: Path) -> None:
    app = console(home)
    app.selectbox(key="sheet_which").set_value("mine").run()
    assert "Write a title and choose one step or more." in texts(check(app))
    app.text_input(key="sheet_title").set_value("Two steps").run()
    app.multiselect(key="sheet_steps").set_value(["train", "kernel"]).run()
    app.text_area(key="sheet_questions_kernel").set_value("What?\nHow many? [number]\nIs it? [yes | no]").run()
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()
    assert [part.step for part in given.sheet.parts] == ["train", "kernel"]
    assert [question.kind for _key, question in given.sheet.questions()] == ["text", "number", "choice"]


def test_a_question_that_cannot_be_is_said_and_nothing_is_made(home: Path) -> None:
    app = console(home)
    app.selectbox(key="sheet_which").set_value("mine").run()
    app.text_input(key="sheet_title").set_value("Two steps").run()
    app.multiselect(key="sheet_steps").set_value(["train"]).run()
    app.text_area(key="sheet_questions_train").set_value("Is it? [yes | yes]").run()
    assert "Two choices are the same" in texts(check(app))
    assert not [button for button in app.button if button.key == "sheet_make"]


def test_the_console_shows_who_has_handed_in_and_gives_it_out(home: Path) -> None:
    app = console(home)
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()
    handed_in(home, given.id, "=1+1 *Ada*", "=cmd()")
    app.run()
    assert "**1** begun, **1** handed in" in texts(check(app))
    (table,) = [each for each in app.table if "answered" in each.value.columns]
    assert list(table.value["name"]) == ["\\=1\\+1 \\*Ada\\*"]
    parts = given.sheet.parts
    assert list(table.value["parts done"]) == [f"0 of {len(parts)}"]
    alone = next(number for number, part in enumerate(parts, start=1) if not part.step)
    answers = {f"{alone}.{place}": "1" for place in range(1, len(parts[alone - 1].questions) + 1)}
    StudentsWork(Store(home / STORE_NAME)).answer(given.id, answers, by=HER)
    (table,) = [each for each in check(app.run()).table if "answered" in each.value.columns]
    assert list(table.value["parts done"]) == [f"1 of {len(parts)}"]
    store = Store(home / STORE_NAME)
    rows = list(csv.reader(io.StringIO(HandIns(store).answers_csv(given.id, by=ME_TEACHING).decode("utf-8-sig"))))
    assert rows[1][0] == "'=1+1 *Ada*"
    assert rows[1][3] == "'=cmd()"
    with zipfile.ZipFile(io.BytesIO(HandIns(store).zip_file(given.id, by=ME_TEACHING))) as file:
        assert sorted(file.namelist()) == ["_1_1 _Ada_.html", "answers.csv"]


def test_what_is_not_handed_in_can_be_collected_while_there_is_any(home: Path) -> None:
    app = console(home)
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()

    def offered() -> bool:
        return any(each.proto.label == "Collect what is not handed in" for each in app.run().get("download_button"))

    Owners(Store(home / STORE_NAME)).call(HER.owner, "Ada")
    sheets(home).begin(given.id, by=HER)
    assert not offered()
    StudentsWork(Store(home / STORE_NAME)).answer(given.id, {"1.1": "half a"}, by=HER)
    assert offered()
    HandIns(Store(home / STORE_NAME)).hand_in(given.id, by=HER)
    assert not offered()


def test_it_is_closed_opened_again_and_deleted(home: Path) -> None:
    app = console(home)
    check(app.button(key="sheet_make").click().run())
    (given,) = sheets(home).all()
    check(app.button(key=f"sheet_open_{given.id}").click().run())
    assert not sheets(home).get(given.id).open
    check(app.button(key=f"sheet_open_{given.id}").click().run())
    assert sheets(home).get(given.id).open
    check(app.button(key=f"sheet_delete_{given.id}").click().run())
    assert sheets(home).all() == []


def test_what_the_buttons_send_does_nothing_without_the_key(home: Path) -> None:
    app = console(home)
    check(app.button(key="sheet_make").click().run())
    before = sheets(home).all()
    handed_in(home, before[0].id, "Ada", "one")
    app.run()
    presses = [
        WidgetState(id=button.id, trigger_value=True) for button in app.button if str(button.key).startswith("sheet_")
    ]
    assert len(presses) >= 3
    Owners(Store(home / STORE_NAME)).leave_key(ME)  # in another tab; this page is still the teacher's
    for press in presses:
        states = app._tree.get_widget_states()
        states.widgets.append(press)
        check(app._run(states))
    assert sheets(home).all() == before
    assert "handed in" not in texts(open_page(start_page(), "teach/console"))
