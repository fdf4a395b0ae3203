"""What is sent while its page changes: nothing of it is lost, and each photo goes into the class that was pressed."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core.data.own import Joining, OwnPictures, OwnSets
from core.rights import OPERATOR
from tests.browser.own.test_own_pictures import photos
from tests.browser.server import Server, open_page
from tests.browser.widgets import quiet

pytestmark = pytest.mark.browser


@pytest.fixture
def sets(server: Server) -> Any:
    opened = OwnSets(server.home)
    yield opened
    for own in opened.list():
        opened.delete(own.id, by=OPERATOR)
    opened.close()


def test_no_photo_is_lost_where_the_page_changes_while_it_is_chosen_or_on_its_way(
    page: Page, server: Server, sets: OwnSets
) -> None:
    own = sets.create("Desks", by=OPERATOR, classes=("mug", "shoe"))
    open_page(page, server, "join", f"?code={Joining(sets).open(own.id, by=OPERATOR)}")
    page.get_by_label("Your name", exact=True).fill("Zita")
    pressed, field = page.get_by_role("radio"), page.locator("input[type=file]").first
    pressed.filter(has_text="mug").click()
    expect(field).to_be_attached()
    quiet(page)

    with page.expect_file_chooser() as chooser:  # stays open until what is sent meanwhile has been kept
        page.get_by_role("button", name="Upload", exact=True).click()
    field.set_input_files(photos(0, 2))
    expect(page.get_by_text("2 pictures kept.")).to_be_visible()
    quiet(page)
    assert not chooser.value.element.evaluate("field => field.isConnected")
    chooser.value.set_files(photos(10, 3))
    expect(page.get_by_text("3 pictures kept.")).to_be_visible()
    quiet(page)

    pressed.filter(has_text="shoe").click()  # and at once, on a server that has not drawn that yet:
    field.set_input_files(photos(20, 1))
    expect(page.get_by_text("6 pictures so far")).to_be_visible()
    quiet(page)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(1_500)
        route.continue_()

    page.route("**/upload_file/**", slowly, times=1)
    field.set_input_files(photos(30, 1))
    pressed.filter(has_text="mug").click()
    expect(page.get_by_text("7 pictures so far")).to_be_visible()
    kept = [each.class_id for each in OwnPictures(sets).list(own.id)]
    assert [kept.count(each.id) for each in own.classes] == [5, 2]
