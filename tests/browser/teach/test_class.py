"""A teacher and a student in two browsers: from the key to the code, from the code to a curve that is stopped."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.rights import OPERATOR, Person, owner_of
from core.runs.classroom import Classroom
from core.runs.store.store import Store
from pages._ui.server.secret_cookie import COOKIE
from tests.browser.conftest import KEY
from tests.browser.server import Server, open_page, store_of
from tests.browser.test_accessibility import DARK, faults
from tests.browser.widgets import press
from tests.pages import runs

pytestmark = pytest.mark.browser


@pytest.fixture
def student(page: Page) -> Iterator[Page]:
    """A phone, a browser of its own."""
    assert page.context.browser is not None
    context = page.context.browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def school(still_server: Server) -> Iterator[Server]:
    """The server whose queue nobody serves, without a run; the class and its runs leave it again."""
    with store_of(still_server) as store:
        _delete_runs(store)
        yield still_server
        _delete_runs(store)
        Classroom(store).end(by=OPERATOR)


def _delete_runs(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute("DELETE FROM runs")


def test_a_class_from_the_key_to_the_race(page: Page, student: Page, school: Server) -> None:
    open_page(page, school, "console")
    page.get_by_label("Key of whoever runs the lab", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    press(page, "Begin a class")
    expect(page.get_by_role("img", name="A square to scan")).to_be_visible()
    with store_of(school) as store:
        room = Classroom(store)
        code = room.state().code
        open_page(student, school, "join", f"?code={code}")
        student.get_by_label("Your nickname", exact=True).fill("Ada")
        press(student, "Join")
        expect(student.get_by_text("You are in, as Ada")).to_be_visible()
        (secret,) = [cookie["value"] for cookie in student.context.cookies() if cookie["name"] == COOKIE]
        ada = Person(owner=owner_of(secret))
        assert room.is_member(ada.owner)

        run, _lease = runs.at_work(school.home, owner=ada.owner)
        stop = page.get_by_role("button", name="Stop Ada's My first run")
        expect(page.get_by_text("60.0 % validation, 2 of 4 epochs")).to_be_visible()
        assert faults(page) == []
        stop.focus()
        page.keyboard.press("Enter")
        expect(stop).to_be_hidden()
        assert store.get(run.id).status == "stopping"

    page.emulate_media(color_scheme="dark")
    open_page(page, school, "projector")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK)
    expect(page.get_by_role("img", name="Ada leads the one run with 60.0 %.")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert faults(page) == []
