"""Place your bet: asked once, skipped by a press, and answered with the difference."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.runs import open_store
from pages._ui import state
from tests.pages import runs
from tests.pages.visit import check, open_page, table_rows, texts

FIGURE = "Test accuracy 98.6 %"  # 362 of the 367 test images: five wrong


@pytest.fixture
def page(app: AppTest, home: Path) -> AppTest:
    app.query_params["run"] = runs.finished(home).id
    return open_page(app, "train/training")


def test_the_figure_waits_for_the_bet_and_comes_with_the_difference(page: AppTest) -> None:
    assert FIGURE not in texts(page)
    assert "Test loss" not in [metric.label for metric in page.metric]
    assert "Compare it" not in [link.label for link in page.page_link]
    (slider,) = page.slider
    assert "of the 367 test images" in slider.label
    slider.set_value(80).run()
    check(page.button(key="bet_place").click().run())
    assert FIGURE in texts(page)
    assert "You bet 80 %. It is 98.6 %: +18.6 points from there." in texts(page)
    assert not page.slider
    assert "Compare it" in [link.label for link in page.page_link]


def test_a_bet_inside_the_interval_is_as_near_as_can_be(page: AppTest) -> None:
    page.slider[0].set_value(98).run()
    page.button(key="bet_place").click().run()
    assert "as near as the test itself can tell" in texts(page)


def test_the_list_of_all_runs_does_not_give_it_away(page: AppTest, home: Path) -> None:
    (run,) = open_store().list()
    runs.finished(home, owner="Ada")
    page.query_params.clear()
    page.session_state[state.TRAINING_OPEN] = state.ALL_RUNS

    def told() -> dict[str, tuple[object, object]]:
        return {row["reference"]: (row["state"], row["accuracy"]) for row in table_rows(check(page.run()))}

    before = told()
    assert before.pop(run.id) == ("place your bet", None)
    assert [figure for _state, figure in before.values()] == [0.98638]
    page.query_params["run"] = run.id
    page.session_state[state.TRAINING_OPEN] = state.WATCH
    check(page.run())
    check(page.button(key="bet_skip").click().run())
    page.session_state[state.TRAINING_OPEN] = state.ALL_RUNS
    assert told()[run.id] == ("finished", 0.98638)


def test_who_skips_is_never_asked_again(page: AppTest, home: Path) -> None:
    check(page.button(key="bet_skip").click().run())
    assert FIGURE in texts(page)
    assert "You bet" not in texts(page)
    page.query_params["run"] = runs.finished(home, name="Another one").id
    assert FIGURE in texts(check(page.run()))


def test_nobody_bets_on_the_run_of_somebody_else(app: AppTest, home: Path) -> None:
    app.query_params["run"] = runs.finished(home, owner="Ada").id
    page = open_page(app, "train/training")
    assert not page.slider
    assert FIGURE in texts(page)
