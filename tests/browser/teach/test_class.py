"""A teacher and a student in two browsers: from the key to the code, from the code to a curve that is stopped."""

import io
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.rights import OPERATOR, Person, owner_of, shown_name
from core.runs.classroom import Classroom
from core.runs.experiments import kept
from core.runs.experiments.plan import Arm
from core.runs.store.store import Store
from pages._ui.server.secret_cookie import COOKIE
from tests.browser.conftest import KEY
from tests.browser.server import Server, open_page, settled, store_of
from tests.browser.test_accessibility import DARK, faults
from tests.browser.widgets import choose, press, quiet
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
        arms = [Arm(line="LeNet", label=f"{n} epochs", at=n, config=runs.digits(epochs=n)) for n in (1, 2)]
        shown = kept.begin(store.home, name="Our epochs", owner="a", varied="epochs", arms=arms, seeds=[0])
        yield still_server
        kept.delete(store.home, shown.id, by=OPERATOR)
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
        open_page(student, school, "join", f"?code={room.state().code}")
        press(page, "Another code")
        page.mouse.move(0, 0)  # its tooltip would lie over the page
        quiet(page)
        code = str(room.state().code)
        expect(page.get_by_text(f"{code[:3]} {code[3:]}")).to_be_visible()
        student.get_by_label("Your nickname", exact=True).fill("Ada")
        press(student, "Join")
        expect(student.get_by_text("No class is open under this code")).to_be_visible()
        student.get_by_role("textbox", name="Code").fill(f"{code[:3]} {code[3:]}".lower())
        press(student, "Join")
        student.get_by_label("Your nickname", exact=True).fill("Ada")
        quiet(student)  # until the page has come, a Join of the form before stands there as well
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
        send_out_and_end(page, student, school)
        assert not room.state().on
        nobody = shown_name(ada.owner, "")

    page.emulate_media(color_scheme="dark")
    open_page(page, school, "projector")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK)
    expect(page.get_by_role("img", name=f"{nobody} leads the one run with 60.0 %.")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert faults(page) == []
    choose(page, "Shown here", "Our epochs")
    expect(page.get_by_text("Our epochs:")).to_be_visible()
    assert "experiment=" in page.url
    choose(page, "Shown here", "The race")
    expect(page.get_by_role("img", name=f"{nobody} leads the one run with 60.0 %.")).to_be_visible()


def send_out_and_end(page: Page, student: Page, school: Server) -> None:
    """Send the only student out, who cannot train then, and end the class, whereupon everybody can."""
    page.get_by_role("button", name="Send somebody out").click()
    page.get_by_role("button", name="Send out", exact=True).click()
    expect(page.get_by_role("button", name="Send somebody out")).to_be_hidden()
    open_page(student, school, "training")
    expect(student.get_by_role("link", name="Join the class")).to_be_visible()
    expect(student.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    page.get_by_role("button", name="End the class").click()
    page.get_by_role("button", name="End it", exact=True).click()
    expect(page.get_by_role("button", name="Begin a class")).to_be_visible()
    student.reload()
    expect(student.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    expect(student.get_by_role("link", name="Join the class")).to_be_hidden()


def test_of_three_runs_alike_none_hides_another_in_the_race(page: Page, school: Server) -> None:
    for owner in ("Ada", "Ben", "Cem"):
        runs.finished(school.home, owner=owner)
    open_page(page, school, "projector")
    chart = page.get_by_role("img", name=re.compile("leads 3 runs"))
    expect(chart).to_be_visible()
    settled(page)
    inks = page.locator(".race .bar").evaluate_all("bars => bars.map(bar => getComputedStyle(bar).backgroundColor)")
    assert len(set(inks)) == 3
    with Image.open(io.BytesIO(chart.screenshot())) as picture:
        found = Counter(picture.convert("RGB").get_flattened_data())
    counts = [found[tuple(int(part) for part in re.findall(r"\d+", ink))] for ink in inks]
    assert min(counts) > 250, "of each line, in pixels: more than its dot"
