"""Do the worksheets that ship with a clock: ``python scripts/time_worksheets.py [NAME …] [--data NAME]``.

Starts a server on a temporary home and walks through every part in Chromium as a student does: opens its page, does
what it waits for, answers its questions. What the machine takes is measured: pages, and trainings to their end, with
nobody else training. Reading and writing are not: they are reckoned from the number of words (`READ`, `WRITTEN`,
`ANSWER`), and what is done by hand is what the lesson's steps are planned with.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.data.own.records import PREFIX  # noqa: E402
from core.rights import Person, owner_of  # noqa: E402
from core.runs.store.owners import Owners  # noqa: E402
from core.runs.store.store import STORE_NAME, Store  # noqa: E402
from core.runs.worksheets import Given, Part, StudentsWork, Worksheets, shipped_worksheets  # noqa: E402
from core.runs.worksheets.form import OWN_SET  # noqa: E402
from pages._ui.guidance.steps import STEPS  # noqa: E402
from pages._ui.server.secret_cookie import COOKIE  # noqa: E402
from scripts.take_screenshots import set_of_photographs as photographs  # noqa: E402
from tests.browser.chromium import ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import Server, open_page, settled  # noqa: E402
from tests.conftest import REAL_DATA  # noqa: E402

READ, WRITTEN = 150, 20  # words a minute: read and thought about, written on a keyboard by a teenager
ANSWER = {"text": 25, "number": 3, "choice": 3}  # words
ENDED = "text=/finished|failed|diverged/"


def part_seconds(page: Page, server: Server, given: Given, number: int) -> tuple[float, float]:
    """Do a part; return the seconds until its page stood there, and those of a training to its end."""
    part = given.sheet.parts[number - 1]
    begun = time.monotonic()
    link = page.locator(f".st-key-worksheet_part_{number}").get_by_role("link", name="Go there")
    link.click()
    page.get_by_text(f"Part {number} of {len(given.sheet.parts)}").first.wait_for()
    settled(page)
    opened = time.monotonic() - begun
    trained = 0.0
    if part.step == "train":
        begun = time.monotonic()
        page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True).click()
        page.locator(ENDED).first.wait_for(timeout=400_000)
        trained = time.monotonic() - begun
    open_page(page, server, "worksheet")
    page.locator(f".st-key-worksheet_part_{number}").wait_for()
    return opened, trained


def set_of_photographs(server: Server) -> str:
    """Make a set of generated photographs, and return its name among the data sets."""
    return f"{PREFIX}{photographs(server)}"


def by_hand(part: Part) -> tuple[float, float, float]:
    """Return the minutes that a part is reckoned with: read, written, done."""
    words = " ".join([part.title, part.task, *(question.text for question in part.questions)]).split()
    answers = sum(ANSWER[question.kind] for question in part.questions)
    done = STEPS[part.step].minutes if part.step and part.step != "train" else 1.0
    return len(words) / READ, answers / WRITTEN, done


def clock(page: Page, server: Server, name: str, data: str) -> None:
    """Do one worksheet and print a line a part."""
    sheet = shipped_worksheets()[name]
    if sheet.needs:
        data = set_of_photographs(server) if sheet.needs == OWN_SET else data
        sheet = sheet.on(data, data)
    store = Store(server.home / STORE_NAME)
    open_page(page, server, "worksheet")
    (secret,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    me = Person(owner=owner_of(secret), runs_the_lab=True)
    Owners(store).call(me.owner, "Ida")
    given = Worksheets(store).make(sheet, by=me)
    Worksheets(store).begin(given.id, by=me)
    open_page(page, server, "worksheet")
    sums = [0.0] * 5
    print(f"{sheet.title} ({data if sheet.needs else 'no data set'}); minutes: page, training, read, written, done")
    for number, part in enumerate(sheet.parts, start=1):
        opened, trained = part_seconds(page, server, given, number)
        row = [opened / 60, trained / 60, *by_hand(part)]
        answers = {f"{number}.{place}": _answer(part, place) for place in range(1, len(part.questions) + 1)}
        StudentsWork(store).answer(given.id, answers, by=me)
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        print(
            f"  {number}. {part.title}: {', '.join(f'{value:.2f}' for value in row)}; planned {part.minutes:g}",
            flush=True,
        )
    begun = time.monotonic()
    open_page(page, server, "worksheet")
    page.get_by_role("button", name="Hand in").click()
    page.get_by_text("Handed in").first.wait_for()
    handed = (time.monotonic() - begun) / 60
    print(
        f"  hand-in {handed:.2f}; in all {', '.join(f'{value:.1f}' for value in sums)} = {sum(sums) + handed:.1f} min"
    )


def _answer(part: Part, place: int) -> str:
    question = part.questions[place - 1]
    return question.choices[0] if question.choices else "1" if question.kind == "number" else "word " * 25


def main() -> None:
    """Do the worksheets that were asked for, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {' '.join(shipped_worksheets())}")
    parser.add_argument("--data", default="digits", help="the data set of the second one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ |= {"CNN_LAB_HOME": str(Path(folder) / "home")}
        server = Server(Path(folder) / "home", data=REAL_DATA).start()
        try:
            chromium = playwright.chromium.launch(executable_path=chromium_path(playwright), args=ARGUMENTS)
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(90_000)
            for name in asked.names or list(shipped_worksheets()):
                clock(page, server, name, asked.data)
            chromium.close()
        finally:
            server.clear_away()


if __name__ == "__main__":
    main()
