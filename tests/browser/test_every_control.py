"""Every button, link, tab and choice of every page is pressed, in the states that students are in."""

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core.data.own import Joining, NewPicture, OwnPictures, OwnSets
from core.rights import OPERATOR, Person
from core.runs.records import Run, Status
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from pages._ui.server.secret_cookie import COOKIE
from tests.browser.chromium import CAMERA_DECLINED
from tests.browser.conftest import Console
from tests.browser.pressing import Presser
from tests.browser.server import Server, open_page, store_of
from tests.core.data.own.generated import photograph
from tests.pages import runs
from tests.pages.visit import ME, SECRET

pytestmark = pytest.mark.browser

STATES: tuple[Status | str, ...] = (
    "queued",
    "running",
    "stopping",
    "stopped",
    "finished",
    "diverged",
    "failed",
    "interrupted",
    "deleted",
)
TO_OTHERS = ("running", "stopped", "finished", "failed", "deleted")  # the rest look to others like one of these
# Two script runners of one Streamlit session, the one that ends and the next, have a lock each for the same state: what
# the first says is shown to nobody, but logged. By what is said at its end: how many tracebacks it writes.
RACES_OF_STREAMLIT = {
    r"RuntimeError: dictionary changed size during iteration": 1,
    r"self\[widget_id\]\)\n.*\n.*in __getitem__\n.*\nKeyError: ": 2,
}
GONE_PICTURE = r"404 \(Not Found\) \(.*/media/"  # who presses at once leaves before the browser has asked for it
PAGES = (
    "",
    "convolution",
    "feature-maps",
    "architecture",
    "augmentation",
    "pictures",
    "join",
    "training",
    "compare",
    "classify",
)
OF_COMPONENTS: dict[str, set[str]] = {}  # per page; buttons of the lab's own components, of which no state is asked
NAMED = ("feature-maps", "pictures", "join", "training", "compare", "classify")  # pages on which a nickname shows


def prepared(home: Path, state: str, owner: str) -> Run:
    """Put one run into this state, and no other run into the store."""
    store = Store(home / STORE_NAME)
    with store.database.writing() as connection:
        connection.execute("DELETE FROM runs")
    if state == "queued":
        return runs.queued(home, owner=owner)
    if state in ("running", "stopping"):
        run = runs.at_work(home, owner=owner)[0]
        return store.request_stop(run.id, by=OPERATOR) if state == "stopping" else run
    if state in ("finished", "deleted"):
        run = runs.finished(home, owner=owner)
        if state == "deleted":
            store.delete(run.id, by=OPERATOR)
        return run
    return runs.ended(home, state, reason="asked", log="the last line", owner=owner)


def known_as(page: Page, server: Server, nickname: str) -> None:
    """Be the browser that owns the prepared runs, with this nickname or none."""
    page.context.add_cookies([{"name": COOKIE, "value": SECRET, "url": server.url}])
    with store_of(server) as store:
        Owners(store).call(ME, nickname)


def set_of_photographs(home: Path, owner: str) -> str:
    """Make the one set of this owner, open to phones, with pictures of which two are of one photograph."""
    sets, by = OwnSets(home), Person(owner=owner)
    for old in sets.list(owner):
        sets.delete(old.id, by=by)
    own = sets.create("Desks", by=by, classes=("mug", "shoe"))
    for place, each in enumerate(own.classes):
        for seed in (0, 1, 2, 2):
            file = io.BytesIO()
            photograph(10 * place + seed, side=120).save(file, "JPEG", quality=70 + sets.get(own.id).pictures)
            new = NewPicture(data=file.getvalue(), file_name="a.jpg", contributor="Ada")
            OwnPictures(sets).add(own.id, each.id, new, by=by)
    Joining(sets).open(own.id, by=by)
    return own.id


def nothing_broke(page: Page, server: Server, said_before: int) -> None:
    """Fail where the page shows an exception, or the server has logged one since ``said_before`` (bytes of its log)."""
    boxes = [box.inner_text() for box in page.get_by_test_id("stException").all()]
    log = server.log.read_text(errors="replace")[said_before:]
    of_races = sum(each * len(re.findall(race, log)) for race, each in RACES_OF_STREAMLIT.items())
    assert (boxes, log.count("Traceback") - of_races) == ([], 0), log


@pytest.mark.parametrize(
    ("address", "nickname"), [*((address, "") for address in PAGES), *((address, "Ada") for address in NAMED)]
)
def test_everything_on_a_page_can_be_pressed(
    page: Page, console: Console, still_server: Server, address: str, nickname: str
) -> None:
    console.expect(GONE_PICTURE)
    page.add_init_script(CAMERA_DECLINED)  # a film would make every press slow
    prepared(still_server.home, "finished", ME)
    known_as(page, still_server, nickname)
    before = still_server.log.stat().st_size

    def again() -> None:
        query = f"?set={set_of_photographs(still_server.home, ME)}" if address == "pictures" else ""
        open_page(page, still_server, address, query)

    def check(name: str) -> None:
        nothing_broke(page, still_server, before)

    known = OF_COMPONENTS.setdefault(address, set())
    Presser(page, again, check, inside="[data-testid=stMain]", known=known).press_everything()


@pytest.mark.parametrize(
    ("state", "whose", "nickname"),
    [
        *((state, "own", "") for state in ("running", "finished", "failed", "deleted")),
        *((state, "own", "Ada") for state in STATES),
        *((state, "Grace's", "Ada") for state in TO_OTHERS),
    ],
)
def test_everything_about_a_run_can_be_pressed(
    page: Page, console: Console, still_server: Server, state: str, whose: str, nickname: str
) -> None:
    console.expect(GONE_PICTURE)
    owner = ME if whose == "own" else "Grace"
    known_as(page, still_server, nickname)
    before = still_server.log.stat().st_size

    def again() -> None:
        run = prepared(still_server.home, state, owner)
        open_page(page, still_server, "training", f"?run={run.id}")

    def check(name: str) -> None:
        nothing_broke(page, still_server, before)

    known = OF_COMPONENTS.setdefault("a run", set())
    Presser(page, again, check, inside="[role=tabpanel]", known=known).press_everything()
