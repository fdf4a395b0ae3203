"""The lesson on the pages: steps stand where they are done, tick themselves, and are kept. And predictions count."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.errors import ConfigError
from pages._ui import state
from pages._ui.frame import PAGES
from pages._ui.guidance import kept_by_browser, predicted, progress
from pages._ui.guidance.predicted import Predicted, Said
from pages._ui.guidance.progress import Lesson
from pages._ui.guidance.steps import STEPS, TEN_MINUTES, minutes, told_apart, where
from pages.home._start.sections import OWN_LESSON
from pages.learn._convolution import controls
from tests.pages import runs
from tests.pages.visit import ME, ROOT, SECRET, check, keeps, open_page, texts, visitor

CONVOLUTION, MAPS = "learn/convolution", "learn/feature_maps"


def said(page: AppTest) -> str:
    """All that a page says, the line of the lesson included, which is a fold."""
    return "\n".join([texts(check(page)), *(fold.label for fold in page.expander)]).replace("\\", "")


def at(path: str, **address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, path)


def ticked() -> set[str]:
    now = lesson_now()
    return set(now.done) if now else set()


def lesson_now() -> Lesson | None:
    """The lesson that the browser of whoever walks is told to keep."""
    return progress._read(kept_by_browser._told().get(ME, {}).get(progress.COOKIE, ""))


def links(page: AppTest) -> dict[str, tuple[str, str]]:
    """What leads on: label → page and parameters."""
    return {entry.proto.label: (entry.proto.page, entry.proto.query_string) for entry in page.page_link}


@pytest.mark.parametrize(
    ("weights", "is_done"),
    [
        (((0.0, 0.0), (0.0, 5.0)), False),
        (((0.0, 0.0), (0.0, 0.0)), False),
        (((0.1, 0.2), (0.0, -0.3)), True),
    ],
)
def test_a_kernel_of_ones_own_is_done_when_flat_areas_are_black(
    monkeypatch: pytest.MonkeyPatch, weights: tuple[tuple[float, ...], ...], is_done: bool
) -> None:
    monkeypatch.setattr(st, "session_state", {state.KERNEL: weights, state.SECRET: SECRET})
    progress.begin(("kernel",))
    controls._take_edit()
    assert (lesson_now() == Lesson(steps=("kernel",), done=frozenset({"kernel"}))) is is_done


def test_every_step_stands_on_a_page_and_some_page_reports_it() -> None:
    assert {step.page for step in STEPS.values()} <= set(PAGES)
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "pages").rglob("*.py"))
    reported = set(re.findall(r'progress\.done\("(\w+)"\)', sources))
    assert reported == set(STEPS)


def test_the_lesson_of_ten_minutes_takes_ten_and_leads_over_seven_pages() -> None:
    assert minutes(TEN_MINUTES) == 10
    assert len({STEPS[name].page for name in TEN_MINUTES}) == 7


def test_without_a_lesson_no_page_speaks_of_one(app: AppTest) -> None:
    page = open_page(app, CONVOLUTION)
    assert "Step 1" not in said(page)
    assert links(app.switch_page(PAGES[""]).run())["Begin the lesson"] == (
        "convolution",
        f"lesson={'%2C'.join(TEN_MINUTES)}&step=kernel&view=kernel",
    )


def test_a_step_ticks_itself_when_it_is_done_and_leads_on(home: object) -> None:
    page = at(CONVOLUTION, lesson="kernel,padding,maps", step="kernel")
    assert "Step 1 of 3 – Make a kernel of your own" in said(page)
    page.session_state[state.KERNEL] = ((0.0, 0.0, 0.0), (-5.0, 5.0, 0.0), (0.0, 0.0, 0.0))
    page.session_state["conv_preset"] = "own"
    keeps(progress.COOKIE, "kernel.padding.maps~kernel~shown")
    page.run()
    assert "**done**" in said(page)
    assert links(page)["Next step"] == ("convolution", "step=padding&view=kernel")
    page.query_params["step"] = "padding"
    page.query_params["view"] = "kernel"
    page.run()
    assert "Step 2 of 3 – Keep the picture's size" in said(page)
    assert page.session_state[state.KERNEL][1] == (-5.0, 5.0, 0.0), "what a step does not name stays"
    page.text_input(key="conv.padding").set_value("1").run()
    assert ticked() == {"kernel", "padding"}
    assert said(page).count("**done**") == 1, "the tick shows at once, though it was earned below the strip"
    assert links(page)["Next step"] == ("feature-maps", "step=maps&look=maps")


@pytest.mark.parametrize(
    ("step", "done", "leads"),
    [
        ("kernel", {"padding"}, ("Next step", "maps")),
        ("padding", {"maps"}, ("Back to step 1", "kernel")),
        ("padding", {"padding", "kernel"}, ("Next step", "maps")),
        ("padding", {"kernel", "maps"}, None),
    ],
)
def test_a_step_leads_to_none_that_is_done(
    home: object, step: str, done: set[str], leads: tuple[str, str] | None
) -> None:
    page = at(CONVOLUTION, lesson="kernel,padding,maps", step=step)
    keeps(progress.COOKIE, f"kernel.padding.maps~{'.'.join(done)}~shown")
    page.run()
    found = {label: query for label, (_page, query) in links(page).items() if "step" in label}
    assert {label: query.split("&")[0] for label, query in found.items()} == (
        {leads[0]: f"step={leads[1]}"} if leads else {}
    )


def test_a_title_that_is_a_question_gets_no_full_stop(home: object) -> None:
    assert "– Why 16·5·5?** Set the padding" in said(at("learn/architecture", lesson="sizes,maps", step="sizes"))


def test_what_is_done_in_one_tab_is_done_in_the_other_and_neither_forgets_it(home: object) -> None:
    one = at(CONVOLUTION, lesson="padding,maps")
    other = at(MAPS)
    one.text_input(key="conv.padding").set_value("1").run()
    other.button(key="maps_Next").click().run()
    other.text_input(key="maps_number").set_value("3").run()
    assert ticked() == {"padding", "maps"}
    assert "All 2 steps are done" in said(other)
    assert "All 2 steps are done" in said(one.run())
    (cookie,) = [entry.value for entry in one.html if progress.COOKIE in entry.value]
    assert "=padding.maps~padding.maps~shown;" in cookie, "the tab that is drawn last writes both"


def test_a_tab_that_looks_while_another_one_ticks_sees_what_was_done_before(home: object) -> None:
    open_page(visitor(), CONVOLUTION)
    keeps(progress.COOKIE, "padding.maps~padding~shown")
    seen: list[str] = []

    def become(text: str) -> str:
        seen.append(kept_by_browser._told()[ME][progress.COOKIE])
        raise ConfigError("no")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept_by_browser, "browsers_id", lambda: ME)
        with pytest.raises(ConfigError):
            kept_by_browser.change(progress.COOKIE, become)
    assert seen == ["padding.maps~padding~shown"]
    assert ticked() == {"padding"}, "what goes wrong forgets nothing"


def test_an_answer_in_one_tab_counts_beside_that_in_the_other(home: object) -> None:
    tabs = [open_page(visitor(), CONVOLUTION) for _tab in range(2)]
    for tab in tabs:
        tab.session_state["conv_predict_fold"] = True
        tab.run()
        tab.pills[0].set_value(tab.pills[0].options[0]).run()
    assert predicted._read(cookie_of(tabs[0].run())).asked == 2


def test_another_page_says_where_the_lesson_is(home: object) -> None:
    page = at(CONVOLUTION, lesson="padding,maps")
    page.text_input(key="conv.padding").set_value("1").run()
    assert ":green[:material/check_circle: **done**] **Step 1 of 2 – Keep the picture's size.**" in said(page)
    open_page(page, "learn/architecture")
    assert "Step 2 of 2 – Look into a deeper layer" in said(page)
    assert links(page)["Go there"] == ("feature-maps", "step=maps&look=maps")
    assert not any(link.proto.help for link in page.page_link if link.proto.label == "Go there")
    open_page(page, MAPS)
    page.button(key="maps_Next").click().run()
    page.text_input(key="maps_number").set_value("3").run()
    assert ticked() == {"padding", "maps"}
    open_page(page, "home/start")
    assert "All 2 steps are done" in said(page)
    page.button(key="lesson_end").click().run()
    assert "steps are done" not in said(page)


def test_whoever_does_the_last_step_is_told_so_there_and_ends_the_lesson(home: object) -> None:
    page = at(CONVOLUTION, lesson="padding", step="padding")
    page.text_input(key="conv.padding").set_value("1").run()
    assert "**done**] Step 1 of 1 – Keep the picture's size. **All 1 steps are done.**" in said(page)
    page.button(key="lesson_end").click().run()
    assert lesson_now() is None
    assert page.toast[0].value == "The lesson has ended. Start has it again."
    assert "lesson" not in page.query_params, "a reload does not begin it again"
    assert "steps are done" not in said(page)


def test_it_can_be_hidden_taken_up_again_and_left(home: object) -> None:
    page = at(CONVOLUTION, lesson="padding,kernel")
    page.text_input(key="conv.padding").set_value("1").run()
    page.button(key="lesson_hide").click().run()
    assert "Step " not in said(page)
    page.query_params.clear()  # as a browser does on its way to another page
    open_page(page, "home/start")
    assert "1 of 2 done" in said(page)
    page.button(key="lesson_show").click().run()
    assert "Step 2 of 2 – Make a kernel of your own" in said(page)
    page.button(key="lesson_leave").click().run()
    assert lesson_now() is None
    assert "Begin the lesson" in links(page)


def test_steps_that_are_no_steps_are_said_and_the_others_begin(home: object) -> None:
    page = at(CONVOLUTION, lesson="kernel,dance,kernel,fly<b>")
    assert "names 2 that are no steps (dance, flyb)" in said(page)
    assert "Step 1 of 1" in said(page)
    page.run()
    assert not page.warning, "it is said once"
    assert "None is left, so no lesson begins" in said(at(CONVOLUTION, lesson=",,x"))


def test_a_teachers_list_is_a_link(app: AppTest) -> None:
    assert not app.multiselect, "it comes with the fold, and so do the scripts that draw it"
    app.session_state[OWN_LESSON] = True
    app.run()
    app.multiselect(key="lesson_steps").set_value(["puzzle", "train"]).run()
    assert app.code[0].value.endswith("?lesson=puzzle,train")
    assert "About 4 minutes" in said(app)
    app.multiselect(key="lesson_steps").set_value([]).run()
    assert "Choose one step or more" in said(app)


@pytest.mark.parametrize(
    "lesson",
    [
        None,
        Lesson(steps=("kernel",)),
        Lesson(steps=("train", "maps"), done=frozenset({"maps"}), hidden=True),
        Lesson(steps=TEN_MINUTES, done=frozenset(TEN_MINUTES)),
    ],
)
def test_what_the_browser_keeps_is_read_again(lesson: Lesson | None) -> None:
    value = progress._written(lesson)
    assert re.fullmatch(r"[a-z.~]*", value)
    assert progress._read(value) == lesson


@pytest.mark.parametrize(
    "cookie", ["", "x", "kernel", "kernel~~maybe", "dance~~shown", "~kernel~shown", "a~b~c~d", "é~~shown"]
)
def test_a_damaged_cookie_is_no_lesson(cookie: str) -> None:
    assert progress._read(cookie) is None


def test_a_tick_of_a_step_that_the_lesson_has_not_is_nothing() -> None:
    assert progress._read("kernel~maps.kernel~shown") == Lesson(steps=("kernel",), done=frozenset({"kernel"}))


def test_names_are_told_apart_each_once_and_in_order() -> None:
    assert told_apart(" train,kernel ,x,train,,") == (("train", "kernel"), ("x",))
    assert where("place", lesson=("place",)) == {"lesson": "place", "step": "place", "look": "place"}


def test_a_prediction_is_counted_and_then_shown(home: object) -> None:
    page = open_page(visitor(), CONVOLUTION)
    assert not page.pills, "it is folded, and stands in nobody's way"
    page.session_state["conv_predict_fold"] = True
    page.run()
    (question,) = page.pills
    assert "The map has 297 × 446 numbers" in question.label
    assert "stride 2" in question.label
    assert len(set(question.options)) == 4
    question.set_value("149 × 223").run()
    assert "**Right.**" in said(page)
    assert "Right so far: **1 of 1**" in said(page)
    assert page.text_input(key="conv.stride").value == "2", "the control is set, so that it is seen"
    assert page.query_params["stride"] in ("2", ["2"])
    (question,) = page.pills
    assert "padding 1" in question.label
    question.set_value("149 × 223").run()
    assert "You said 149 × 223; **it is 150 × 224.**" in said(page)
    assert "1 of 2" in said(page)


def test_the_next_layers_maps_are_predicted_from_its_shape(home: object) -> None:
    page = at(MAPS, untrained="lenet@shapes")
    page.session_state["maps_predict_fold"] = True
    page.run()
    (question,) = page.pills
    assert "this layer has maps of 28×28" in question.label
    question.set_value("smaller").run()
    assert "**Right.** 6 maps of 28×28 before, 16 maps of 10×10 now." in said(page)
    assert page.query_params["layer"] in ("conv2", ["conv2"])
    (question,) = page.pills
    assert "this layer has 16 maps" in question.label, "the last layer is followed by the first"
    question.set_value("more").run()
    assert "You said more; **it is fewer.**" in said(page)


def cookie_of(page: AppTest) -> str:
    """What the browser is told to keep of predictions."""
    written = r"document.cookie = 'cnn_lab_predicted=([a-z0-9_.~-]+); Path=/; Max-Age=\d+; SameSite=Lax'"
    (value,) = [found[1] for entry in check(page).html if (found := re.search(written, entry.value))]
    return value


def come_back(monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    """Let the server be started anew, and the browser bring a cookie."""
    kept_by_browser._told().clear()
    monkeypatch.setattr(kept_by_browser, "_brought", lambda name: cookie if name == predicted.COOKIE else "")


def test_a_reload_forgets_no_prediction(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(visitor(), CONVOLUTION)
    page.session_state["conv_predict_fold"] = True
    page.run()
    page.pills[0].set_value("149 × 223").run()
    come_back(monkeypatch, cookie_of(page))
    page = open_page(visitor(), CONVOLUTION)
    page.session_state["conv_predict_fold"] = True
    assert "Right so far: **1 of 1**" in said(page.run())
    assert "padding 1" in page.pills[0].label, "the second question, not the first one again"


def test_what_was_said_of_a_run_outlives_a_reload_and_counts_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.finished(home)
    cookie = f"0.0~~{run.id}-1-0"
    for _reload in range(2):
        come_back(monkeypatch, cookie)
        page = at("train/training", run=run.id)
        assert "**Right.** In epoch 2: validation 60.00 %, training 60.00 %." in said(page)
        assert "Right so far: **1 of 1**" in said(page)
        cookie = cookie_of(page) if kept_by_browser._told() else cookie
    assert cookie == f"1.1~~{run.id}-1-1"


@pytest.mark.parametrize(
    "now",
    [
        Predicted(),
        Predicted(right=3, asked=4, turns={"conv_predict": 3, "maps_predict": 1}),
        Predicted(asked=1, runs={"k7mq2xw9ab": Said(answer=2), "zzzzzzzzz9": Said(answer=0, counted=True)}),
    ],
)
def test_predictions_that_the_browser_keeps_are_read_again(now: Predicted) -> None:
    value = predicted._written(now)
    assert re.fullmatch(r"[a-z0-9_.~-]+", value)
    assert predicted._read(value) == now


@pytest.mark.parametrize(
    "cookie", ["", "x", "1.2", "2.1~~", "1.2~a~", "1.2~a-b~", "1.2~~a-1", "-1.2~~", "1.2~~;-1-0", "9999999.9999999~~"]
)
def test_a_damaged_cookie_is_no_prediction(cookie: str) -> None:
    assert predicted._read(cookie) == Predicted()


def test_of_many_runs_the_last_eight_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {state.SECRET: SECRET})
    for number in range(10):
        predicted.say_of_run(f"run{number}", Said(answer=1))
    assert list(predicted.predicted().runs) == [f"run{number}" for number in range(2, 10)]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        *((CONVOLUTION, {"tab": tab}) for tab in ("window", "pooling", "softmax", "size", "code", "batchnorm")),
        *((CONVOLUTION, {"view": view}) for view in ("learn", "puzzle")),
        *((MAPS, {"look": look}) for look in ("maps", "place", "kernel", "off")),
    ],
)
def test_every_view_says_what_to_try_and_asks_a_question(shipped: Path, path: str, address: dict[str, str]) -> None:
    page = at(path, **address)
    assert said(page).count("**Try this.**") == 1
    assert [fold.icon for fold in page.expander].count(":material/psychology:") == 1
