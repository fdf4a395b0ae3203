"""A class of a teacher and three students, each in a browser of their own, from the square to the hand-in."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import KEY, Console
from tests.browser.server import Server, open_page, settled, store_of
from tests.browser.test_accessibility import DARK, faults
from tests.browser.widgets import TRAINED, choose, press, quiet

pytestmark = pytest.mark.browser

NAMES = ("<b>Ada</b>", "=1+1", "Cem")
WIDTHS = (390, 1280, 1280)
BETS = {"From scratch: how many of 100 unseen images will be right?": "60", "By transfer: how many of 100?": "90"}
WHY = "Why do you think so?"


@pytest.fixture
def school(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server with a key, whose queue is served."""
    lab = Server(tmp_path / "home", CNN_LAB_KEY=KEY, CNN_LAB_SLOTS="2")
    try:
        yield lab.start()
    finally:
        lab.clear_away()


@pytest.fixture
def students(browser: Browser, console: Console) -> Iterator[list[Page]]:
    """Three browsers, the first one a phone."""
    contexts = [browser.new_context(viewport={"width": width, "height": 844}) for width in WIDTHS]
    pages = [_listened_to(context, console) for context in contexts]
    yield pages
    for context in contexts:
        context.close()
    assert console.complaints() == []


def _listened_to(context: BrowserContext, console: Console) -> Page:
    page = context.new_page()
    console.listen_to(page)
    return page


def scanned(page: Page) -> str:
    """Return the address that the square on a page stands for: what it says, held against its own dark squares."""
    picture = page.get_by_role("img", name="A square to scan")
    says = str(picture.get_attribute("alt")).partition("it opens ")[2]
    file = page.request.get(page.evaluate("source => new URL(source, location).href", picture.get_attribute("src")))
    with Image.open(io.BytesIO(file.body())) as image:
        side = image.width // 8  # each square is 8 pixels, and four of them make the margin
        dark = [[image.convert("L").getpixel((8 * x + 4, 8 * y + 4)) < 128 for x in range(side)] for y in range(side)]
    inside = [[bool(one) for one in row] for row in segno.make(says, error="m", micro=False).matrix]
    assert [row[4:-4] for row in dark[4:-4]] == inside
    return says


def hand_out(page: Page, school: Server) -> str:
    """Begin a class, hand the second worksheet out on digits, and return the address on the square for students."""
    open_page(page, school, "console")
    page.get_by_label("Key of whoever runs the lab", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    press(page, "Begin a class")
    page.get_by_role("img", name="A square to scan").wait_for()
    page.locator("summary").filter(has_text="Hand out a worksheet").click()
    quiet(page)
    choose(page, "Worksheet", "From scratch or by transfer?")
    press(page, "Make the link")
    expect(page.get_by_text("0 begun")).to_be_visible()
    return scanned(page)


def join(page: Page, name: str, address: str, school: Server) -> None:
    """Scan the square, say who one is, and begin the worksheet that stands there."""
    page.goto(address)
    settled(page)
    page.get_by_label("Your nickname", exact=True).fill(name)
    press(page, "Join")
    page.get_by_role("link", name="Worksheet: From scratch or by transfer?").click()
    press(page, "Begin")
    expect(page.get_by_text("0 of 8 parts done")).to_be_visible()


def bet(page: Page, name: str) -> None:
    """Answer the first part on its page, what is no number first."""
    page.locator(".st-key-worksheet_part_1").get_by_role("link", name="Go there").click()
    expect(page.get_by_text("Part 1 of 8")).to_be_visible()
    for question, answer in BETS.items():
        page.get_by_label(question).fill(answer)
    page.get_by_label(WHY).fill(f"<script>alert('{name}')</script>\nIt has seen more.")
    expect(page.get_by_text("✓ Kept.")).to_be_visible()
    expect(page.get_by_test_id("stExpander").get_by_text("done", exact=True)).to_be_visible()


def train(page: Page, part: int, answer: str) -> None:
    """Go on to the next part, whose form is filled in, press Train, and write down what came."""
    page.get_by_role("link", name="Next part").click()
    expect(page.get_by_text(f"Part {part} of 8")).to_be_visible()
    settled(page)
    press(page, "Train")
    expect(page.get_by_role("tab", name="Watch")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text(f"Part {part} of 8")).to_be_visible()
    page.get_by_label("Best validation accuracy, in percent").fill(answer)
    expect(page.get_by_text("✓ Kept.")).to_be_visible()


def add_curves(page: Page) -> None:
    """Put what the page shows of the run into the worksheet."""
    expect(page.get_by_role("link", name="Look into its layers")).to_be_visible(timeout=TRAINED)
    quiet(page)
    press(page, "Add what the page shows")
    page.get_by_role("radio", name="Accuracy (%)").check(force=True)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("1 of this part, 1 of 12 in all")).to_be_visible()
    page.keyboard.press("Escape")


def hand_in(page: Page) -> None:
    """Look at everything on one page, and hand it in."""
    page.get_by_test_id("stMain").get_by_role("link", name="Your worksheet").first.click()
    expect(page.get_by_text("Trained meanwhile", exact=True)).to_be_visible()
    press(page, "Hand in")
    expect(page.get_by_text("Handed in", exact=True)).to_be_visible()


def downloaded(page: Page, name: str) -> bytes:
    """Press a button that gives a file, and return it."""
    with page.expect_download() as waiting:
        press(page, name)
    return Path(waiting.value.path()).read_bytes()


def test_a_class_does_a_worksheet_from_the_square_to_the_hand_in(
    school: Server, page: Page, students: list[Page], console: Console, tmp_path: Path
) -> None:
    address = hand_out(page, school)
    for student, name in zip(students, NAMES, strict=True):
        join(student, name, address, school)
        bet(student, name)
    for part in (2, 3):
        for student in students:
            train(student, part, "91.5")
        for student in students if part == 2 else []:
            add_curves(student)
    phone, *others = students
    expect(phone.get_by_role("link", name="Look into its layers")).to_be_visible(timeout=TRAINED)
    phone.get_by_role("link", name="Next part").click()
    expect(phone.get_by_text("Part 4 of 8")).to_be_visible()
    expect(phone.get_by_text("two networks").or_(phone.get_by_text("Fair play")).first).to_be_visible()
    phone.get_by_role("radio", name="by transfer").check()
    expect(phone.get_by_text("✓ Kept.")).to_be_visible()
    assert faults(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    for student in others:
        hand_in(student)
    page.bring_to_front()
    expect(page.get_by_text("2 handed in")).to_be_visible()
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "Collect what is not handed in"))) as file:
        assert sorted(file.namelist()) == ["answers.csv", "not handed in - _b_Ada__b_.html"]
    hand_in(phone)
    phone.get_by_label(WHY).fill("I have thought again.")
    phone.keyboard.press("Tab")
    press(phone, "Hand in again")
    expect(phone.get_by_text("2 times so far")).to_be_visible()
    assert faults(phone) == []
    phone.emulate_media(color_scheme="dark")
    expect(phone.get_by_test_id("stApp")).to_have_css("background-color", DARK)
    assert faults(phone, runOnly=["color-contrast"]) == []
    taken_home = downloaded(others[0], "Take it home").decode()

    page.bring_to_front()
    expect(page.get_by_text("3 handed in")).to_be_visible()
    assert faults(page) == []
    rows = list(csv.reader(io.StringIO(downloaded(page, "Answers").decode("utf-8-sig"))))
    by_name = {row[0]: row for row in rows[1:]}
    assert set(by_name) == {"<b>Ada</b>", "'=1+1", "Cem"}, "what would be a formula is text"
    assert by_name["<b>Ada</b>"][2:6] == ["2", "60", "90", "I have thought again."], "the latest counts"
    assert by_name["Cem"][5].startswith("<script>")
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "All of them"))) as file:
        assert len(file.namelist()) == 4
        file.extractall(tmp_path / "zip")
    for name in (tmp_path / "zip").glob("*.html"):
        text = name.read_text("utf-8")
        assert text.count("<svg") == 2, "the curves that were added, and those of the runs"
        assert "<script" not in text
        assert "91.5" in text
    assert "=1+1, handed in on" in taken_home
    opened = students[2]
    opened.goto("about:blank")
    opened.set_content(next((tmp_path / "zip").glob("*Ada*.html")).read_text("utf-8"))
    expect(opened.get_by_role("heading", level=1)).to_have_text("From scratch or by transfer? – <b>Ada</b>")

    stranger = page.context.browser.new_context() if page.context.browser else page.context
    other = _listened_to(stranger, console)
    with store_of(school) as store, store.database.reading() as connection:
        (sheet,) = connection.execute("SELECT id FROM worksheets").fetchone()
    open_page(other, school, "worksheet", f"?worksheet={sheet}")
    expect(other.get_by_role("button", name="Begin")).to_be_visible()
    seen = str(other.get_by_test_id("stMain").inner_text())
    assert [told for told in ("60", "Ada", "Handed in") if told in seen] == []
    open_page(other, school, "console")
    expect(other.get_by_label("Key of whoever runs the lab", exact=True)).to_be_visible()
    assert other.get_by_text("handed in").count() == 0
    stranger.close()
