"""What is sent while its page changes: nothing of it is lost, and each photo goes into the class that was pressed."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core.data.own import Joining, OwnPictures, OwnSets
from core.rights import OPERATOR
from tests.browser.own.test_own_pictures import faults, photos
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
    notes = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"no picture"}
    large = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": bytes(26 * 2**20)}
    chooser.value.set_files([*photos(10, 3), notes, large])
    expect(page.get_by_text("3 pictures kept.")).to_be_visible()
    expect(page.get_by_text("notes.pdf was not sent: application/pdf files are not allowed.")).to_be_visible()
    expect(page.get_by_text("large.jpg was not sent: File must be 25.0MB or smaller.")).to_be_visible()
    quiet(page)

    assert faults(page) == []
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
    page.route("**/upload_file/**", slowly, times=1)
    field.set_input_files(photos(40, 1))
    page.wait_for_timeout(500)  # its address has been asked for
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", level=1, name="Compare")).to_be_visible()
    quiet(page)
    page.wait_for_timeout(2_000)  # it has come
    page.go_back()
    expect(page.get_by_text("8 pictures so far")).to_be_visible()
    expect(page.get_by_text("1 picture kept.")).to_be_visible()
    kept = [each.class_id for each in OwnPictures(sets).list(own.id)]
    assert [kept.count(each.id) for each in own.classes] == [6, 2]


def test_a_large_zip_becomes_a_set_though_its_box_is_closed_while_it_is_on_its_way(
    page: Page, server: Server, sets: OwnSets, tmp_path: Path
) -> None:
    file = tmp_path / "brought.zip"
    with zipfile.ZipFile(file, "w") as whole:
        for name, (one,) in (("mug", photos(50, 1)), ("shoe", photos(51, 1))):
            whole.writestr(f"{name}/one.jpg", one["buffer"])
        whole.writestr("film.bin", os.urandom(26 * 2**20))  # which is no picture
    sets.create("Desks", by=OPERATOR, classes=("mug", "shoe"))
    open_page(page, server, "pictures")
    page.get_by_role("button", name="New set").click()
    field = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    expect(field).to_be_attached()
    quiet(page)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(1_500)
        route.continue_()

    page.route("**/upload_file/**", slowly, times=1)
    field.set_input_files(file)
    page.wait_for_timeout(300)
    page.get_by_role("heading", level=1).click()  # beside the box
    expect(page.get_by_role("combobox", name="Set")).to_have_value("brought")
    expect(page.get_by_text("2 pictures kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Make the set")).to_have_count(0)
