"""A worksheet on the pages: its link asks for a name, its parts stand where they are done, what is written stays."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.rights import Person, owner_of
from core.runs.classroom import Classroom, Rules
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from core.runs.worksheets import Given, Part, Question, StudentsWork, Work, Worksheet, Worksheets, shipped_worksheets
from pages._ui import state
from pages._ui.classroom.rules import can_be_closed
from pages._ui.frame import PAGES
from pages._ui.guidance.steps import STEPS
from pages._ui.worksheet.questions import keep
from tests.pages import runs
from tests.pages.visit import ME, check, component_data, open_page, start_page, texts

TEACHER = Person(owner="t", runs_the_lab=True)
NAME = "<b>Ada</b> *A*"
SHEET = Worksheet(
    title="What *finds* it?",
    lead="About kernels.",
    parts=(
        Part(
            page="convolution",
            title="Keep [it]",
            task="Raise the padding.",
            view={"view": "kernel"},
            step="padding",
            questions=(Question(text="Which <i>padding</i>?"),),
        ),
        Part(
            page="convolution", title="Pool", task="Look.", view={"tab": "pooling"}, questions=(Question(text="What?"),)
        ),
        Part(page="training", title="Train", task="Press Train.", step="train"),
    ),
)


def store(home: Path) -> Store:
    return Store(home / STORE_NAME)


@pytest.fixture(autouse=True)
def _no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("core.runs", *(f"pages.train._training.{part}" for part in ("submit", "run_actions", "run_view"))):
        monkeypatch.setattr(f"{module}.ensure_supervisor", lambda store: None)
    monkeypatch.setattr("core.runs.summons.revive_supervisor", lambda store: None)


@pytest.fixture
def given(home: Path) -> Given:
    """A worksheet that is handed out, by the sheet above on any data set."""
    return Worksheets(store(home)).make(SHEET, by=TEACHER)


def at(path: str, **address: str) -> AppTest:
    app = start_page()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, path)


def begun(home: Path, given: Given) -> None:
    """Let whoever walks through the pages have begun it."""
    Owners(store(home)).call(ME, NAME)
    Worksheets(store(home)).begin(given.id, by=Person(owner=ME))


def mine(home: Path, given: Given) -> Work:
    work = StudentsWork(store(home)).of(given.id, by=Person(owner=ME), bytes_of=[1, 2, 3])
    assert work is not None
    return work


def said(page: AppTest) -> str:
    return "\n".join([texts(check(page)), *(fold.label for fold in page.expander)]).replace("\\", "")


def links(page: AppTest) -> dict[str, tuple[str, str]]:
    return {entry.proto.label: (entry.proto.page, entry.proto.query_string) for entry in page.page_link}


def test_every_part_that_ships_stands_on_a_page_and_waits_for_what_some_page_reports() -> None:
    for sheet in shipped_worksheets().values():
        for part in sheet.parts:
            assert part.page in PAGES
            assert part.page in can_be_closed(), "one that has a heading below which it can stand"
            assert not part.step or STEPS[part.step].page == part.page


def test_its_link_asks_for_a_name_and_begins_it(home: Path, given: Given) -> None:
    page = at("home/worksheet", worksheet=given.id)
    assert "What *finds* it?" in said(page)
    page.button[0].click().run()
    assert "Say first what the class calls you" in said(page)
    page.text_input(key=state.NICKNAME).set_value(NAME)
    page.button[0].click().run()
    assert "0 of 3** parts done, 0 of 2 questions answered" in said(page)
    assert Worksheets(store(home)).now(ME) == given
    assert NAME not in json.dumps(page.query_params)
    assert links(page)["Go there"][0] == "training"


def test_in_a_class_its_link_brings_the_code_along(home: Path, given: Given) -> None:
    code = str(Classroom(store(home)).begin(by=TEACHER).code)
    page = at("home/worksheet", worksheet=given.id, code=code)
    page.text_input(key=state.NICKNAME).set_value("Ada")
    page.button[0].click().run()
    assert "0 of 3** parts done" in said(page)
    assert [member.name for member in Classroom(store(home)).members()] == ["Ada"]


def test_who_joins_a_class_by_its_code_finds_the_worksheet_there(home: Path, given: Given) -> None:
    code = str(Classroom(store(home)).begin(by=TEACHER).code)
    page = at("train/join", code=code)
    page.text_input(key=state.NICKNAME).set_value("Ada")
    page.button[0].click().run()
    assert links(check(page))["Worksheet: What \\*finds\\* it?"] == ("worksheet", f"worksheet={given.id}")


def test_who_has_joined_is_told_so_without_the_code_and_led_on(home: Path, given: Given) -> None:
    code = str(Classroom(store(home)).begin(by=TEACHER).code)
    assert "You are in" not in said(at("train/join"))
    Classroom(store(home)).join(code, NAME, by=Person(owner=ME))
    page = at("train/join")
    assert f"You are in, as **{NAME}**." in said(page)
    assert "Worksheet: What \\*finds\\* it?" in links(page)


def test_who_is_in_the_class_finds_a_worksheet_that_is_handed_out_later(home: Path) -> None:
    code = str(Classroom(store(home)).begin(by=TEACHER).code)
    given = Worksheets(store(home)).make(SHEET, by=TEACHER)
    assert list(links(at("home/worksheet"))) == ["To Start"], "not yet in the class"
    Classroom(store(home)).join(code, "Ada", by=Person(owner=ME))
    assert links(at("home/worksheet"))["Worksheet: What \\*finds\\* it?"] == ("worksheet", f"worksheet={given.id}")


def test_a_part_stands_on_its_page_ticks_itself_and_leads_on(home: Path, given: Given) -> None:
    begun(home, given)
    page = at("learn/convolution", step="p1", view="kernel")
    assert "**Part 1 of 3 – Keep [it].** Raise the padding." in said(page)
    assert links(page)["Next part"] == ("convolution", "tab=pooling&step=p2")
    assert not any(link.proto.help for link in page.page_link), "a tooltip would lie over the buttons"
    assert "Done when padding makes the map as large as the photo and every question is answered." in said(page)
    assert said(at("home/worksheet")).count("Done when you have pressed Train.") == 1
    page.text_input(key="conv.padding").set_value("1").run()
    assert mine(home, given).ticked == {1}
    assert "**done**" not in said(page), "its question is still open"
    assert "Done when every question is answered." in said(page)
    StudentsWork(store(home)).answer(given.id, {"1.1": "one"}, by=Person(owner=ME))
    page.run()
    assert "**done**" in said(page)
    assert "Done when" not in said(page)
    page.query_params["step"] = "p2"
    page.run()
    assert "Part 2 of 3 – Pool" in said(page)
    assert component_data(page, "questions")["questions"][0]["text"] == "What?"
    page.run()
    assert page.query_params["step"] in ("p2", ["p2"])


def test_a_part_that_looks_back_shows_what_was_written(home: Path) -> None:
    bet = Part(page="training", title="Bet", task="Bet.", questions=(Question(text="How many?"), Question(text="Why?")))
    back = Part(page="training", title="Back", task="Look at your bet.", recalls=1)
    given = Worksheets(store(home)).make(Worksheet(title="T", lead="", parts=(bet, back)), by=TEACHER)
    begun(home, given)
    StudentsWork(store(home)).answer(given.id, {"1.1": "*sixty*\nat least"}, by=Person(owner=ME))
    page = at("train/training", step="p2")
    assert "> How many? ***sixty* at least**\n> Why? **No answer.**" in said(page)
    assert "sixty" not in said(at("train/training", step="p1"))


def test_a_part_without_step_and_questions_is_done_when_it_has_been_visited(home: Path) -> None:
    parts = tuple(Part(page="convolution", title=title, task="Look.") for title in ("One", "Two"))
    given = Worksheets(store(home)).make(Worksheet(title="T", lead="", parts=parts), by=TEACHER)
    begun(home, given)
    assert said(at("home/worksheet")).count("Done when you have been there.") == 2
    page = at("learn/convolution", step="p1")
    assert "**done**" in said(page)
    assert mine(home, given).ticked == {1}
    assert said(at("home/worksheet")).count("Done when you have been there.") == 1
    Worksheets(store(home)).set_open(given.id, False, by=TEACHER)
    at("learn/convolution", step="p2")
    assert mine(home, given).ticked == {1}, "it is closed"


def test_of_a_step_that_the_lab_does_not_have_nothing_is_promised(home: Path) -> None:
    part = Part(page="convolution", title="T", task="Do.", step="of_old", questions=(Question(text="What?"),))
    given = Worksheets(store(home)).make(Worksheet(title="T", lead="", parts=(part,)), by=TEACHER)
    begun(home, given)
    assert "Done when" not in said(at("home/worksheet"))


def test_another_page_says_where_it_goes_on_and_the_lesson_is_quiet(home: Path, given: Given) -> None:
    begun(home, given)
    page = at("judge/compare", lesson="kernel,padding")
    assert "Part 1 of 3 – Keep [it]" in said(page)
    assert "Step 1" not in said(page)
    assert links(page)["Go there"] == ("convolution", "view=kernel&step=p1")


def test_what_the_page_shows_is_added_as_it_is(home: Path, given: Given) -> None:
    begun(home, given)
    page = at("learn/convolution", step="p1", view="kernel")
    key = f"worksheet_add_{given.id}_1"
    page.session_state[key] = True
    page.run()
    noted = page.session_state["worksheet_shown"].now
    page.radio(key=f"{key}_what").set_value(next(each for each in noted if "map that" in each))
    page.button(key=f"{key}_it").click().run()
    (kept,) = mine(home, given).pictures
    assert kept.caption.startswith("The map that the kernel makes of the photo. After: 1 ×")
    with Image.open(io.BytesIO(kept.data)) as image:
        assert min(image.size) > 100
    page = open_page(page, "home/worksheet")
    page.button(key=f"worksheet_out_{kept.id}").click().run()
    assert mine(home, given).pictures == []


def test_the_curves_of_a_run_are_added_by_their_points(home: Path, given: Given) -> None:
    begun(home, given)
    run = runs.finished(home)
    page = at("train/training", step="p3", run=run.id)
    noted = page.session_state["worksheet_shown"].now
    assert [type(one.what).__name__ for one in noted.values()].count("Curves") >= 2
    Worksheets(store(home)).leave(by=Person(owner=ME))
    page.run()
    assert "worksheet_shown" not in page.session_state, "nothing is noted for whoever does no worksheet"


def test_curves_that_have_moved_on_since_they_were_offered_are_added_as_they_are_now(home: Path, given: Given) -> None:
    begun(home, given)
    page = at("train/training", step="p3", run=runs.finished(home).id)
    key = f"worksheet_add_{given.id}_3"
    page.session_state[key] = True
    page.run()
    noted = page.session_state["worksheet_shown"].now
    loss = next(each for each, one in noted.items() if one.title.startswith("Loss"))
    page.radio(key=f"{key}_what").set_value(loss).run()
    options = page.radio(key=f"{key}_what").options
    noted = page.session_state["worksheet_shown"].now
    noted[loss] = noted[loss]._replace(caption="Loss (nats): 65 steps")
    assert [one.title for one in noted.values()] == [title.replace("\\", "") for title in options]
    page.button(key=f"{key}_it").click().run()
    (kept,) = mine(home, given).pictures
    assert kept.caption == "Loss (nats): 65 steps"


def test_what_the_browser_sends_is_kept_answer_by_answer_or_refused_in_a_sentence(
    home: Path, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(home, given)
    monkeypatch.setattr("pages._ui.worksheet.questions.open_store", lambda: store(home))
    monkeypatch.setattr("pages._ui.worksheet.questions.visitor", lambda: Person(owner=ME))
    told = keep(given.id, {"number": 5, "answers": {"1.1": "one", "9.9": "x", "2.1": "y" * 2_001}})
    assert told is not None
    assert told["number"] == 5
    assert set(told["problems"]) == {"9.9", "2.1"}
    assert mine(home, given).answers == {"1.1": "one"}
    for message in (None, 7, [], {"number": "5", "answers": {}}, {"number": 5, "answers": {"1.1": 3}}, {"number": 5}):
        assert keep(given.id, message) is None
    assert mine(home, given).answers == {"1.1": "one"}


def test_it_is_handed_in_twice_and_says_when(home: Path, given: Given) -> None:
    begun(home, given)
    page = at("home/worksheet")
    page.button(key="worksheet_hand_in").click().run()
    assert "nothing to hand in yet" in said(page)
    StudentsWork(store(home)).answer(given.id, {"1.1": "one"}, by=Person(owner=ME))
    page.button(key="worksheet_hand_in").click().run()
    page.button(key="worksheet_hand_in").click().run()
    assert "**Handed in** at" in said(page)
    assert "2 times so far" in said(page)


def test_a_closed_worksheet_and_a_deleted_one_say_so(home: Path, given: Given) -> None:
    begun(home, given)
    sheets = Worksheets(store(home))
    sheets.set_open(given.id, False, by=TEACHER)
    assert "Your teacher has closed the worksheet" in said(at("learn/convolution", step="p1"))
    page = at("home/worksheet")
    assert "closed this worksheet: nothing more is written" in said(page)
    assert page.button(key="worksheet_hand_in").disabled
    assert not component_data_of_all(page)
    page.button(key="worksheet_leave").click().run()
    assert "You do no worksheet now" in said(page)
    sheets.delete(given.id, by=TEACHER)
    assert "has been deleted" in said(at("home/worksheet", worksheet=given.id))
    assert "has been deleted" in said(at("home/worksheet", worksheet="../../x"))


def component_data_of_all(page: AppTest) -> bool:
    """Whether any of the questions can be written into."""
    protos = [each.proto for each in page.get("bidi_component")]
    return any(json.loads(proto.json)["open"] for proto in protos if proto.component_name.endswith("questions"))


def test_whoever_does_it_trains_what_it_trains_and_finds_other_pages_closed(home: Path) -> None:
    sheet = Worksheet(title="T", lead="", parts=SHEET.parts, only_its_pages=True, rules=Rules(recipe="notebook"))
    given = Worksheets(store(home)).make(sheet.on("shapes", "Shapes"), by=TEACHER)
    begun(home, given)
    page = at("train/training", step="p3")
    assert len(page.selectbox(key=state.TRAINING_DATASET).options) == 1
    check(page.button(key="train").click().run())
    (run,) = store(home).list()
    assert (run.config.dataset, run.config.recipe) == ("shapes", "notebook")
    assert mine(home, given).ticked == {3}
    assert "closed this page for now" in said(at("judge/compare"))
    page = at("home/worksheet")
    assert run.name in said(page)
    page.button(key="worksheet_leave").click().run()
    assert "closed this page for now" not in said(at("judge/compare"))


def test_a_stranger_with_the_link_sees_what_it_asks_and_nothing_that_was_written(home: Path, given: Given) -> None:
    begun(home, given)
    StudentsWork(store(home)).answer(given.id, {"1.1": "a secret thought"}, by=Person(owner=ME))
    app = start_page()
    app.session_state[state.SECRET] = "n" * 43
    app.query_params["worksheet"] = given.id
    page = open_page(app, "home/worksheet")
    sent = "\n".join(str(element) for element in page._tree.main) if hasattr(page, "_tree") else ""
    assert "secret thought" not in said(page) + sent
    assert not [button for button in page.button if str(button.key).startswith("worksheet_")]
    assert StudentsWork(store(home)).of(given.id, by=Person(owner=owner_of("n" * 43))) is None
