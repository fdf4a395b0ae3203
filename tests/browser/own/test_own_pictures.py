"""A class photographs: from the teacher's square through two phones to the wall, a head on its pictures, judged, asked
about a photo of now, and out and in again with the pictures.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.data.own import OwnPictures, OwnSets
from core.rights import OPERATOR
from tests.browser.conftest import Console
from tests.browser.server import Server, open_page, store_of
from tests.browser.test_accessibility import DARK, faults
from tests.browser.test_training import wait_for_state
from tests.browser.test_use import upload_photo
from tests.browser.widgets import press, quiet
from tests.core.data.own.generated import photograph

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
FOLLOWS = 3_000  # milliseconds in which a picture that was kept must be on the teacher's wall


@pytest.fixture
def phones(page: Page, console: Console) -> Iterator[list[Page]]:
    """Two phones, browsers of their own."""
    assert page.context.browser is not None
    contexts = [page.context.browser.new_context(viewport=PHONE, has_touch=True) for _phone in range(2)]
    opened = [context.new_page() for context in contexts]
    for each in opened:
        console.listen_to(each)
    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def lab(server: Server) -> Iterator[Server]:
    """The server that trains; what is made there goes when the test is over."""
    yield server
    sets = OwnSets(server.home)
    for own in sets.list():
        sets.delete(own.id, by=OPERATOR)
    sets.close()
    with store_of(server) as store:
        for run in store.list(which=lambda run: run.config.dataset.startswith("own-")):
            store.request_stop(run.id, by=OPERATOR)
            store.delete(run.id, by=OPERATOR)


def photos(first: int, count: int) -> list[Any]:
    files = []
    for seed in range(first, first + count):
        buffer = io.BytesIO()
        photograph(seed, side=300).save(buffer, "JPEG")
        files.append({"name": f"IMG_{seed}.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()})
    return files


def made(page: Page, server: Server) -> str:
    """Make a set of two classes, open it, and return its code."""
    open_page(page, server, "pictures")
    new = page.get_by_role("button", name="New set")
    if new.count():  # other tests' sets are in the lab
        new.click()
    page.get_by_role("textbox", name="Title").fill("On our desks")
    page.get_by_role("textbox", name="Classes").fill("mug\nshoe")
    page.get_by_role("button", name="Make the set").click()
    quiet(page)
    press(page, "Let phones join")
    code = page.locator("p").filter(has_text=re.compile(r"^[A-Z]{3} [A-Z]{3}$"))
    expect(code).to_be_visible()
    quiet(page)
    return code.inner_text().replace(" ", "")


def sent(phone: Page, of: str, files: list[Any]) -> None:
    """Choose a class and send photos of it; wait until they are kept."""
    phone.get_by_role("radio", name=of).click()
    quiet(phone)
    phone.locator("input[type=file]").first.set_input_files(files)
    count = len(files)
    expect(phone.get_by_text(f"{count} {'picture' if count == 1 else 'pictures'} kept.")).to_be_visible()


def broken_off(page: Page, files: Any, name: str) -> None:
    """Choose a file whose upload breaks off on its way; wait for the sentence about it."""
    page.route("**/upload_file/**", lambda route: route.abort(), times=1)
    page.locator("input[type=file]").last.set_input_files(files)
    said = f"{name} did not arrive: it was called off, or the connection broke; add it again. Nothing of it was kept."
    expect(page.get_by_text(said)).to_be_visible()


def burst(page: Page, count: str) -> int:
    """Take a burst until so many pictures are here, stop it by the keyboard; then another, by holding the button."""
    page.get_by_role("button", name="Open the camera").press("Enter")
    expect(page.get_by_role("button", name="Take one")).to_be_focused()
    page.get_by_role("button", name="Burst of 20").click()
    expect(page.get_by_text(re.compile(f"^{count} of 20 are here$"))).to_be_visible()
    page.get_by_role("button", name="Stop the burst").press("Enter")
    said = page.get_by_text(re.compile(r"^\d+ pictures are here$")).first
    expect(said).to_be_visible()
    taken = int(said.inner_text().split()[0])
    expect(page.get_by_text(f"{taken} pictures kept.")).to_be_visible()

    page.get_by_role("button", name="Burst of 20").hover()
    page.mouse.down()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of 20 are here$"))).to_be_visible()
    page.wait_for_timeout(700)  # a hold, not a press
    page.mouse.up()
    expect(page.get_by_role("button", name="Burst of 20")).to_be_visible()
    return taken


def test_a_class_photographs_trains_a_head_and_asks_it(
    page: Page, phones: list[Page], lab: Server, console: Console
) -> None:
    console.expect(
        r"ERR_FAILED \(.*/upload_file/|^Client Error: File uploader error on file upload - AxiosError: Network Error"
    )
    page.context.grant_permissions(["camera"])
    code = made(page, lab)
    expect(page.get_by_alt_text(f"A square to scan; it opens {lab.url}/join?code={code}")).to_be_visible()
    expect(page.get_by_text("Only this machine can open this address")).to_be_visible()
    for number, (phone, name) in enumerate(zip(phones, ("Alma", "Boris"), strict=True)):
        if number:
            open_page(phone, lab, "join")
            phone.get_by_role("textbox", name="Code").fill(f"{code[:3]} {code[3:]}".lower())
            phone.get_by_role("button", name="Join").click()
        else:
            open_page(phone, lab, "join", f"?code={code}")
        phone.get_by_label("Your name", exact=True).fill(name)
        phone.get_by_role("radio", name="mug").click()  # with which a field is left on a phone
        quiet(phone)
        if number:
            broken_off(phone, photos(800, 1), "IMG_800.jpg")
        sent(phone, "mug", photos(100 * number, 6))
        expect(phone.get_by_text("IMG_800.jpg: did not arrive")).to_have_count(number)
        assert faults(phone) == []
        expect(page.get_by_text(f"mug: {6 * number + 6}, shoe: {6 * number}")).to_be_visible(timeout=FOLLOWS)
        sent(phone, "shoe", photos(100 * number + 10, 5))
        sent(phone, "shoe", photos(100 * number + 15, 1))
        wide = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
    expect(page.get_by_text("mug: 12, shoe: 12")).to_be_visible(timeout=FOLLOWS)
    expect(page.get_by_role("button", name=re.compile(r"^Picture \d+"))).to_have_count(12)
    tiles = page.get_by_role("button", name=re.compile(r"^Picture \d+")).all()
    assert [(tile.get_attribute("aria-label") or "").split(", by ")[-1] for tile in tiles] == ["Alma"] * 6 + [
        "Boris"
    ] * 6

    press(page, "Another code")
    quiet(page)
    phone = phones[0]
    phone.locator("input[type=file]").first.set_input_files(photos(900, 1))
    expect(phone.get_by_text("No set is open under this code")).to_be_visible()

    page.get_by_role("button", name="Picture 2, by Alma").click()
    page.get_by_role("button", name="Picture 3, by Alma").press("Space")
    quiet(page)
    press(page, "Move")
    expect(page.get_by_text("mug: 10, shoe: 14")).to_be_visible()
    expect(
        page.get_by_text(re.compile("judged on pictures held back, by the same people as the rest, n = 5"))
    ).to_be_visible()
    assert faults(page) == []

    press(page, "Close")
    quiet(page)
    page.reload()
    expect(page.get_by_text("mug: 10, shoe: 14")).to_be_visible()
    page.get_by_text("Add pictures", exact=True).click()
    expect(page.get_by_role("button", name="Let phones join")).to_be_visible()
    sets = OwnSets(lab.home)
    (own,) = [own for own in sets.list() if own.title == "On our desks"]
    pictures = OwnPictures(sets)
    assert len(pictures.list(own.id)) == 24

    page.get_by_role("radio", name="Camera").click()
    taken = burst(page, "[3-9]")
    series = Counter(each.burst for each in pictures.list(own.id) if each.burst)
    assert (len(series), taken in series.values()) == (2, True)
    assert all(each.class_id == own.classes[0].id for each in pictures.list(own.id) if each.burst)
    in_all = len(pictures.list(own.id))
    expect(page.get_by_text(f"mug: {in_all - 14}, shoe: 14")).to_be_visible()
    assert faults(page) == []

    press(page, "Train with it")
    expect(page.get_by_role("heading", level=1, name="Training")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("combobox", name="Network")).to_have_value(re.compile("Lite0"))
    quiet(page)
    press(page, "Train")
    wait_for_state(page, "finished")
    press(page, "Skip")  # the bet
    expect(page.get_by_text(re.compile(r"Test accuracy [\d.]+ % \([\d.]+ to [\d.]+, n = \d+\)"))).to_be_visible()
    page.get_by_role("link", name="Classify photos with it").click()
    (photo,) = photos(700, 1)
    upload_photo(page, "now.jpg", photo["buffer"])
    expect(page.get_by_role("img", name=re.compile(r"^now\.jpg: (mug|shoe) (over )?[\d.]+ %"))).to_be_visible()

    open_page(page, lab, "pictures", f"?set={own.id}")
    with page.expect_download() as download:
        press(page, "Save")
    page.get_by_role("button", name="New set").click()
    saved = {"name": "On our desks.zip", "mimeType": "application/zip", "buffer": download.value.path().read_bytes()}
    broken_off(page, saved, "On our desks.zip")
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(saved)
    expect(page.get_by_role("combobox", name="Set")).to_have_value("On our desks (no. 2)")
    expect(page.get_by_role("button", name="Make the set")).to_have_count(0)  # nothing lies over the new set
    expect(page.get_by_text(re.compile(r"^\d+ pictures kept"))).to_be_visible()
    again, _own = [own for own in sets.list() if own.title == "On our desks"]
    assert [(each.name, each.pictures) for each in again.classes] == [("mug", in_all - 14), ("shoe", 14)]
    with store_of(lab) as store:
        brought, run = store.list(which=lambda run: run.config.dataset.startswith("own-"))
    assert (brought.name, brought.message) == (run.name, run.message)
    assert brought.config.dataset.startswith(again.name)

    sets.delete(again.id, by=OPERATOR)  # while its page is open
    press(page, "Save")
    expect(page.get_by_test_id("stDownloadButtonError")).to_contain_text("There is no set of own pictures")


def test_the_page_for_phones_is_for_everyone(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme="light")
    phone = context.new_page()
    heard = Console()
    heard.listen_to(phone)
    try:
        open_page(phone, server, "join")
        expect(phone.get_by_role("textbox", name="Code")).to_be_visible()
        assert faults(phone) == []
        phone.emulate_media(color_scheme="dark")
        expect(phone.get_by_test_id("stApp")).to_have_css("background-color", DARK)
        assert faults(phone, runOnly=["color-contrast"]) == []
        assert heard.complaints() == []
    finally:
        context.close()


def test_the_page_for_phones_is_not_in_the_menu(page: Page, server: Server) -> None:
    open_page(page, server, "join")
    menu = page.get_by_test_id("stSidebarNav")
    expect(menu.get_by_role("link", name="Your pictures")).to_be_visible()
    expect(menu.get_by_role("link", name="Add pictures")).to_have_count(0)
