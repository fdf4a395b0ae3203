"""The teacher's console and the projector: shown to whoever has the key, refused to others whatever they send."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from core.data.own import Joining, open_own_sets
from core.rights import Person, owner_of
from core.runs.classroom import Classroom, Member, Rules
from core.runs.classroom.overview import runs_in_class
from core.runs.experiments import kept
from core.runs.experiments.plan import Arm
from core.runs.store.class_rules import read_class, write_class
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from pages._ui import state
from pages._ui.classroom.rules import TAKEN_OFF
from pages._ui.server.sessions import SESSIONS, Visit
from pages.teach._console.board import card
from pages.teach._console.people import IDLE, people
from pages.teach._projector.race import at_start
from tests.core.data.own.conftest import smallest_set
from tests.pages import runs
from tests.pages.visit import ME, check, component_data, open_page, texts, visitor

KEY = "the teacher's own key"
STUDENT = "s" * 43
HER = Person(owner=owner_of(STUDENT))
ME_TEACHING = Person(owner=ME, runs_the_lab=True)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)


def room(home: Path) -> Classroom:
    return Classroom(Store(home / STORE_NAME))


def console(home: Path) -> AppTest:
    """The console of a teacher, who has entered the key before."""
    Owners(Store(home / STORE_NAME)).enter_key(ME, KEY)
    return open_page(visitor(), "teach/console")


def student(page: str, **query: str) -> AppTest:
    app = visitor()
    app.session_state[state.SECRET] = STUDENT
    for name, value in query.items():
        app.query_params[name] = value
    return open_page(app, page)


def in_class(home: Path, **rules: object) -> str:
    """Begin a class with one student in it and return its code."""
    code = str(room(home).begin(by=ME_TEACHING).code)
    room(home).join(code, "Ada", by=HER)
    room(home).hold_to(Rules(**rules), by=ME_TEACHING)  # type: ignore[arg-type]
    return code


def choices(app: AppTest) -> list[Any]:
    return [*app.selectbox, *app.multiselect, *app.toggle]


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button if str(button.key).startswith("class_")}


def test_the_console_is_shown_to_whoever_enters_the_key_and_to_nobody_else(home: Path) -> None:
    app = open_page(visitor(), "teach/console")
    assert keys(app) == set()
    app.text_input(key=state.OPERATORS_KEY).set_value("a guess").run()
    assert "not the key of this lab" in texts(check(app))
    assert keys(app) == set()
    app.text_input(key=state.OPERATORS_KEY).set_value(KEY).run()
    assert keys(check(app)) >= {"class_begin", "class_stop_all"}
    assert KEY not in texts(app) + json.dumps(app.query_params)


def test_without_a_key_on_the_server_the_console_says_how_to_set_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_LAB_KEY")
    app = open_page(visitor(), "teach/console")
    assert "CNN_LAB_KEY" in app.info[0].value
    assert not app.text_input
    assert keys(app) == set()


def test_a_class_is_begun_closed_and_opened_again(home: Path) -> None:
    app = console(home)
    check(app.button(key="class_begin").click().run())
    code = room(home).state().code
    assert code is not None
    assert any(code[:3] in str(each.proto.body) for each in app.get("html"))
    check(app.button(key="class_close").click().run())
    assert room(home).state().code is None
    check(app.button(key="class_open").click().run())
    assert room(home).state().code not in (None, code)


def test_what_the_consoles_buttons_send_does_nothing_without_the_key(home: Path) -> None:
    in_class(home)
    run = runs.queued(home, owner=HER.owner)
    app = console(home)
    presses = [WidgetState(id=button.id, trigger_value=True) for button in app.button if str(button.key) in keys(app)]
    assert len(presses) >= 6
    before = (room(home).state(), room(home).members(), Store(home / STORE_NAME).get(run.id))
    Owners(Store(home / STORE_NAME)).leave_key(ME)  # in another tab; this page is still the teacher's
    for press in presses:
        states = app._tree.get_widget_states()
        states.widgets.append(press)
        check(app._run(states))
    assert (room(home).state(), room(home).members(), Store(home / STORE_NAME).get(run.id)) == before


def test_what_the_consoles_choices_send_does_nothing_without_the_key(home: Path) -> None:
    in_class(home)
    before = room(home).state().rules
    for key, value in (("dataset", "digits"), ("recipe", "modern"), ("pages", ["training"]), ("members_only", False)):
        app = console(home)
        (chosen,) = [each for each in choices(app) if each.key == f"class_rule_{key}"]
        Owners(Store(home / STORE_NAME)).leave_key(ME)
        check(chosen.set_value(value).run())
        assert room(home).state().rules == before


def test_all_runs_are_stopped_and_go_on_from_the_console(home: Path) -> None:
    in_class(home)
    run = runs.queued(home, owner=HER.owner)
    app = console(home)
    check(app.button(key="class_stop_all").click().run())
    assert Store(home / STORE_NAME).get(run.id).status == "stopped"
    check(app.button(key="class_go_on").click().run())
    assert Store(home / STORE_NAME).get(run.id).status == "queued"


def test_which_run_cannot_go_on_is_said_on_the_console(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_class(home)
    runs.queued(home, owner=HER.owner)
    app = console(home)
    check(app.button(key="class_stop_all").click().run())
    monkeypatch.setattr("core.runs.store.store.WAITING_PER_OWNER", 0)
    app = check(app.button(key="class_go_on").click().run())
    assert "Ada: Ada has 0 runs waiting" in texts(app).replace("\\", "")


def test_experiments_that_were_just_taken_off_train_nothing_from_a_page_that_still_shows_them(home: Path) -> None:
    in_class(home)
    arms = [Arm(line="LeNet", label="all", at=None, config=runs.digits())]
    shown = kept.begin(home, name="Ours", owner=ME, varied="nothing", arms=arms, seeds=[0, 1])
    page = student("judge/compare", **{state.EXPERIMENT: shown.id})
    room(home).hold_to(Rules(controls=("experiments",)), by=ME_TEACHING)
    page = check(page.button(key="experiment_train_None").click().run())
    assert TAKEN_OFF in texts(page).replace("\\", "")
    assert Store(home / STORE_NAME).list() == []


def test_sending_pictures_to_a_set_uses_up_nobodys_tries_at_the_code_of_the_class(home: Path) -> None:
    in_class(home)
    sets = open_own_sets()
    own = sets.create("Desks", by=HER, classes=("mug", "shoe"))
    page = student("train/join", **{state.JOIN_CODE: Joining(sets).open(own.id, by=HER)})
    for _picture in range(11):
        check(page.run())
    assert "within a minute" not in texts(page)
    assert "Desks" in texts(page)


def test_ended_runs_are_put_away_and_brought_back(home: Path) -> None:
    in_class(home)
    runs.ended(home, "failed", reason="error", message="No space left.", owner=HER.owner)
    app = console(home)
    (shown,) = component_data(app, "class_board")["runs"]
    assert (shown["who"], shown["stuck"], shown["stops"]) == ("Ada", "No space left.", False)
    check(app.button(key="class_clear").click().run())
    assert component_data(app, "class_board")["runs"] == []
    check(app.button(key="class_back").click().run())
    assert len(component_data(app, "class_board")["runs"]) == 1


def test_the_board_shows_who_is_here_and_who_is_stuck_without_anybodys_id(home: Path) -> None:
    in_class(home)
    _run, _lease = runs.at_work(home, owner=HER.owner)
    SESSIONS.note("hers")
    SESSIONS.visit("hers", HER.owner, "training")
    try:
        data = component_data(console(home), "class_board")
    finally:
        SESSIONS.due(set(), now=0.0, away=0.0)
    (ada,) = data["people"]
    assert (ada["name"], ada["here"], ada["where"], ada["joined"]) == ("Ada", True, "Training", True)
    assert HER.owner not in json.dumps(data)
    (shown,) = data["runs"]
    assert shown["said"] == "60.0 % validation, 2 of 4 epochs"
    assert shown["losses"][-1][0] == pytest.approx(0.5), "ten of twenty steps"
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in [*shown["losses"], *shown["accuracies"]])


def test_what_the_teacher_pins_is_all_that_a_student_is_offered(home: Path) -> None:
    in_class(home, dataset="shapes", recipe="notebook", controls=("settings",), pages=("compare",))
    training = student("train/training")
    assert len(training.selectbox(key=state.TRAINING_DATASET).options) == 1
    assert training.selectbox(key=state.TRAINING_RECIPE).value == "notebook"
    assert not [box for box in training.text_input if str(box.key).endswith(".epochs")]
    check(training.button(key="train").click().run())
    (run,) = Store(home / STORE_NAME).list()
    assert (run.config.dataset, run.config.recipe) == ("shapes", "notebook")
    assert "Your teacher has closed this page for now." in texts(student("judge/compare"))


def test_what_would_fill_settings_that_are_taken_off_is_not_there_either(home: Path) -> None:
    in_class(home)
    run = runs.ended(home, "finished", reason="completed", owner=HER.owner)
    for taken_off in (False, True):
        room(home).hold_to(Rules(controls=("settings",) if taken_off else ()), by=ME_TEACHING)
        form = student("train/training")
        assert any(fold.label == "Break it on purpose" for fold in form.expander) is not taken_off
        watched = student("train/training", run=run.id)
        assert (f"again_{run.id}" in {button.key for button in watched.button}) is not taken_off


def test_the_rules_are_set_on_the_console_and_do_not_hold_for_the_teacher(home: Path) -> None:
    in_class(home)
    app = console(home)
    check(app.selectbox(key="class_rule_dataset").set_value("digits").run())
    check(app.multiselect(key="class_rule_pages").set_value(["training"]).run())
    check(app.toggle(key="class_rule_members_only").set_value(False).run())
    assert room(home).state().rules == Rules(dataset="digits", pages=("training",), members_only=False)
    teachers = open_page(visitor(), "train/training")
    assert len(teachers.selectbox(key=state.TRAINING_DATASET).options) > 1


def test_of_two_own_sets_of_one_title_either_can_be_pinned(home: Path) -> None:
    in_class(home)
    sets = [smallest_set(open_own_sets()) for _each in range(2)]
    app = console(home)
    for own in sets:
        check(app.selectbox(key="class_rule_dataset").select(own.name).run())
        assert room(home).state().rules.dataset == own.name


def test_what_is_pinned_and_no_longer_there_is_said_and_can_be_changed(home: Path) -> None:
    in_class(home)
    gone = Rules(dataset="own-k7mq2xw9ab", recipe="of before", pages=("lecture", "compare"), controls=("doors",))
    with Store(home / STORE_NAME).database.writing() as connection:
        write_class(connection, replace(read_class(connection), rules=gone))
    assert student("train/training").button(key="train").disabled
    app = console(home)
    assert "own-k7mq2xw9ab** is pinned and no longer there, so nobody can train" in texts(app).replace("\\", "")
    assert "No longer there, and closed or taken off before: lecture, doors" in texts(app).replace("\\", "")
    check(app.multiselect(key="class_rule_controls").set_value(["settings"]).run())
    check(app.selectbox(key="class_rule_dataset").set_value("digits").run())
    check(app.selectbox(key="class_rule_recipe").set_value("modern").run())
    assert room(home).state().rules == Rules(
        dataset="digits", recipe="modern", pages=("compare",), controls=("settings",)
    )
    assert "no longer there" not in texts(app)
    assert not student("train/training").button(key="train").disabled


def test_who_has_not_joined_is_told_so_before_and_after_train_is_pressed(home: Path) -> None:
    in_class(home)
    app = visitor()
    app.session_state[state.SECRET] = "n" * 43
    training = open_page(app, "train/training")
    assert "join it first" in texts(training)
    assert training.button(key="train").disabled
    assert [link.proto.label for link in training.get("page_link") if link.proto.label == "Join the class"]


def test_a_student_joins_by_the_code_under_a_nickname_of_their_own(home: Path) -> None:
    code = in_class(home)
    app = visitor()
    app.session_state[state.SECRET] = "n" * 43
    app.query_params[state.JOIN_CODE] = code.lower()
    page = open_page(app, "train/join")
    page.text_input(key=state.NICKNAME).set_value("ADA")
    page.button[0].click().run()
    assert "somebody else's" in texts(check(page)).replace("\\", "")
    page.text_input(key=state.NICKNAME).set_value("Ben")
    page.button[0].click().run()
    assert "You are in, as **Ben**" in texts(check(page))
    assert [member.name for member in room(home).members()] == ["Ada", "Ben"]
    assert "Ben" not in json.dumps(page.query_params)


def test_who_sends_a_code_of_before_is_told_so_once_and_can_type_the_new_one(home: Path) -> None:
    code = in_class(home)
    app = visitor()
    app.session_state[state.SECRET] = "n" * 43
    app.query_params[state.JOIN_CODE] = code
    page = open_page(app, "train/join")
    page.text_input(key=state.NICKNAME).set_value("Ben")
    new = room(home).open_joining(by=ME_TEACHING).code
    check(page.button[0].click().run())
    assert [said.value.replace("\\", "") for said in page.error] == [
        "No class is open under this code; look at it once more, or ask whether it has changed."
    ]
    page.text_input(key="join_typed").set_value(str(new))
    check(page.button[0].click().run())
    assert page.text_input(key=state.NICKNAME).value == "", "the name was not kept half-way"
    page.text_input(key=state.NICKNAME).set_value("Ben")
    assert "You are in, as **Ben**" in texts(check(page.button[0].click().run()))


def test_the_next_class_begins_and_whoever_sits_at_the_machine_starts_anew(home: Path) -> None:
    in_class(home)
    run = runs.finished(home, owner=HER.owner)
    app = console(home)
    check(app.button(key="class_next").click().run())
    assert "class_close" in keys(app), "the teacher still has the console"
    page = student("train/training", run=run.id)
    assert not [button for button in page.button if str(button.key).startswith("delete_")]
    assert "Ada (20" in texts(page).replace("\\", "")


def test_the_projector_shows_the_race_to_all_and_the_code_to_the_teacher(home: Path) -> None:
    code = in_class(home)
    runs.at_work(home, owner=HER.owner)
    page = student("teach/projector")
    assert [row["who"] for row in component_data(page, "race")["runs"]] == ["Ada"]
    assert not [each for each in page.get("html") if code[:3] in str(each.proto.body)]
    Owners(Store(home / STORE_NAME)).enter_key(ME, KEY)
    page = open_page(visitor(), "teach/projector")
    assert [each for each in page.get("html") if code[:3] in str(each.proto.body)]


def test_two_runs_of_one_person_are_told_apart_on_the_projector(home: Path) -> None:
    in_class(home)
    runs.at_work(home, owner=HER.owner, name="wide")
    runs.queued(home, owner=HER.owner, name="narrow")
    shown = [row["who"] for row in component_data(student("teach/projector"), "race")["runs"]]
    assert shown == ["Ada · wide", "Ada · narrow"]


def test_one_person_on_their_own_machine_notices_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNN_LAB_KEY")
    app = visitor()
    assert not (home / STORE_NAME).exists()
    page = open_page(app, "train/training")
    assert not page.button(key="train").disabled
    assert "class is going on" not in texts(page)


def visit(owner: str, *, ago: float, here: bool = True) -> Visit:
    return Visit(owner=owner, page="training", at=1000.0 - ago, here=here)


def test_people_who_are_stuck_come_first_then_who_is_here(home: Path) -> None:
    failed = runs.ended(home, "failed", reason="error", message="No space.", owner="c")
    found = people(
        [Member(owner=owner, name=name, joined=900.0) for owner, name in (("a", "Ada"), ("b", "Ben"), ("c", "Cem"))],
        [visit("a", ago=130), visit("b", ago=70, here=False), visit("guest", ago=0)],
        runs_in_class(Store(home / STORE_NAME)),
        {failed.id: "No space."},
        titles={"training": "Training"},
        named=lambda owner: f"the {owner}",
        now=1000.0,
    )
    assert [(one.name, one.here, one.joined, one.stuck) for one in found] == [
        ("Cem", False, True, "No space."),
        ("Ada", True, True, ""),
        ("the guest", True, False, ""),
        ("Ben", False, True, ""),
    ]
    assert [one.where for one in found] == [
        "not seen since the lab was started",
        "Training, for 2 min 10 s",
        "Training",
        "left, last seen 1 min 10 s ago",
    ]


def test_who_has_joined_and_trains_nothing_is_stuck_after_a_while() -> None:
    def stuck(now: float) -> list[str]:
        member = Member(owner="a", name="Ada", joined=0.0)
        return [one.stuck for one in people([member], [], [], {}, titles={}, named=str, now=now)]

    assert (stuck(IDLE - 1), stuck(IDLE)) == ([""], ["no run yet"])


def test_the_race_is_led_by_the_best_then_by_who_is_furthest(home: Path) -> None:
    quick = runs.ended(home, "finished", reason="completed", owner="quick")
    slow, _lease = runs.at_work(home, epochs=1, owner="slow")
    waiting = runs.queued(home, owner="waiting")
    found = at_start(runs_in_class(Store(home / STORE_NAME)))
    assert [run.id for run in found] == [quick.id, slow.id, waiting.id]
    assert card(found[2], "")["said"] == "place 1"
