"""Take README's pictures from the running app: ``python scripts/take_screenshots.py [PAGE …]``.

Starts a server on a temporary home, trains a small network there so that the Training page is alive, opens each
page in Chromium and writes docs/images/<page>.png. Never on CNN_LAB_DATA: the pictures of the data sets are not ours
to publish.
"""

import argparse
import io
import os
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.data.own import NewPicture, OwnPictures, OwnSets  # noqa: E402
from core.recipes import recipe_config  # noqa: E402
from core.rights import OPERATOR, Person, new_secret, owner_of  # noqa: E402
from core.runs import ensure_supervisor  # noqa: E402
from core.runs.classroom import Classroom, Rules  # noqa: E402
from core.runs.store.owners import Owners  # noqa: E402
from core.runs.store.store import STORE_NAME, Store  # noqa: E402
from core.runs.worksheets import StudentsWork, Worksheets, shipped_worksheets  # noqa: E402
from pages._ui.server.secret_cookie import COOKIE  # noqa: E402
from tests.browser.chromium import ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import Server, open_page, settled  # noqa: E402
from tests.browser.test_frame import PAGES as ALL_PAGES  # noqa: E402
from tests.core.data.own.generated import photograph  # noqa: E402

# Without the guide, which shows text that README links.
PAGES = [*(address for address in ALL_PAGES if address != "guide"), "worksheet", "console", "projector"]
KEY = "the key of these pictures"
STUDENTS = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fritzi", "Gül", "Hanno")

FOLDER = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1280, 860
DIGITS = "?checkpoint=digits-lenet"  # its samples are scikit-learn's
QUERIES = {"classify": DIGITS, "feature-maps": DIGITS, "architecture": "?part=build"}
COLOURS = 256  # a screenshot needs no more, and is a third of the size


def start_training(page: Page, server: Server) -> None:
    """Train on the built-in digits and wait until the curves have some length."""
    open_page(page, server, "training")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("application", name=re.compile(r"After epoch ([5-9]|\d\d)")).wait_for(timeout=180_000)


def start_class(page: Page, server: Server) -> None:
    """Let a class train on the built-in digits, each with another learning rate, until most have a curve; real ones."""
    open_page(page, server, "training")
    (teacher,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    store = store_of_home(server)
    Owners(store).enter_key(owner_of(teacher), KEY)
    by = Person(owner=owner_of(teacher), runs_the_lab=True)
    room = Classroom(store)
    if room.state().on:
        return
    code = str(room.begin(by=by).code)
    room.hold_to(Rules(dataset="digits"), by=by)
    submitted = []
    for place, name in enumerate(STUDENTS):
        student = Person(owner=owner_of(new_secret()))
        room.join(code, name, by=student)
        config = recipe_config("notebook", dataset="digits", model="lenet", epochs=12, learning_rate=0.01 * 2**place)
        submitted.append(store.submit(config, student.owner, f"rate {0.01 * 2**place:g}"))
    ensure_supervisor(store)
    while sum(store.get(run.id).epochs_done >= 3 for run in submitted) < len(STUDENTS) - 2:
        page.wait_for_timeout(500)


def start_worksheet(page: Page, server: Server) -> None:
    """Let this browser have begun the first worksheet, and answered a part of it."""
    open_page(page, server, "worksheet")
    (secret,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    store, me = store_of_home(server), Person(owner=owner_of(secret), runs_the_lab=True)
    given = Worksheets(store).make(shipped_worksheets()["convolution"], by=me)
    Owners(store).call(me.owner, "Ida")
    Worksheets(store).begin(given.id, by=me)
    answers = {
        "1.1": "Upright edges light up, the wall turns black.",
        "1.2": "Sobel adds up to 0: where all pixels are alike, so does the sum. The blur adds up to 1.",
        "2.1": "2.37",
    }
    StudentsWork(store).answer(given.id, answers, by=me)


def store_of_home(server: Server) -> Store:
    """Open the store of the server's home."""
    return Store(server.home / STORE_NAME)


def set_of_photographs(server: Server) -> str:
    """Fill a set with generated photographs, by somebody else, and return its id."""
    sets = OwnSets(server.home)
    own = sets.create("What lies on our desks", by=OPERATOR, classes=("warm", "cold"))
    for place, each in enumerate(own.classes):
        for seed in range(24):
            buffer = io.BytesIO()
            photograph(100 * place + seed, side=160, tint=1.5 - 3 * place).save(buffer, "JPEG")
            name = ("Ada", "Ben", "Cem", "Dora")[seed // 6]
            new = NewPicture(data=buffer.getvalue(), file_name="a.jpg", contributor=name)
            OwnPictures(sets).add(own.id, each.id, new, by=OPERATOR)
    return own.id


def prepare(page: Page, address: str) -> None:
    """Bring what a page is about into view."""
    first = {
        "classify": page.get_by_role("heading", name="Answers"),
        "feature-maps": page.get_by_role("combobox", name="Layer", exact=True),
    }.get(address)
    if first is not None:
        first.evaluate("element => element.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(1000)


def take(page: Page, server: Server, address: str) -> Path:
    """Open one page and write its picture."""
    if address in ("console", "projector"):
        start_class(page, server)
        open_page(page, server, address)
        page.wait_for_timeout(3000)
    elif address == "training":
        start_training(page, server)
    elif address == "worksheet":
        start_worksheet(page, server)
        open_page(page, server, address)
        page.wait_for_timeout(2000)
    elif address == "pictures":
        open_page(page, server, address, f"?set={set_of_photographs(server)}")
        page.wait_for_timeout(3000)
    else:
        open_page(page, server, address, QUERIES.get(address, ""))
        page.wait_for_timeout(3000)  # charts and components draw themselves after the script has come to rest
        settled(page)
        prepare(page, address)
    buffer = io.BytesIO(page.screenshot(animations="disabled"))
    path = FOLDER / f"{address or 'start'}.png"
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    return path


def main() -> None:
    """Take the pictures that were asked for, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help=f"addresses, of: start {' '.join(filter(None, PAGES))}")
    wanted = ["" if name == "start" else name for name in parser.parse_args().pages] or list(PAGES)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ |= {"CNN_LAB_KEY": KEY, "CNN_LAB_HOME": str(Path(folder) / "home")}
        server = Server(Path(folder) / "home", CNN_LAB_KEY=KEY, CNN_LAB_SLOTS="2").start()
        try:
            chromium = playwright.chromium.launch(executable_path=chromium_path(playwright), args=ARGUMENTS)
            page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.set_default_timeout(90_000)
            for address in wanted:
                print(take(page, server, address).relative_to(ROOT))
            chromium.close()
        finally:
            server.clear_away()


if __name__ == "__main__":
    main()
