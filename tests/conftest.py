"""What every test gets: a home of its own, no network, no surprise from the machine's settings.

Three kinds of test need something that a machine may lack: ``data`` the real data sets (CNN_LAB_DATA), ``browser`` a
Chromium, ``ray`` Ray. Without it they are skipped with a reason; CNN_LAB_REQUIRE=data,browser turns such a skip into a
failure, so that a build cannot go green by leaving them out.
"""

import gc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from core import rights

# Before anything imports torch or datasets: one thread, because short tests on small nets lose more to waiting
# for each other than they gain, and results do not depend on the machine; never a call to the Hub.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
# Tests are collected before any of them has a home: nobody's own sets are among their data sets.
os.environ["CNN_LAB_HOME"] = str(Path(tempfile.gettempdir()) / f"cnn-lab-no-home-{os.getpid()}")

_named = os.environ.pop("CNN_LAB_DATA", "")
REAL_DATA = str(Path(_named).expanduser().resolve()) if _named and Path(_named).expanduser().is_dir() else None
NO_DATA = f"CNN_LAB_DATA names no folder ({_named})" if _named else "CNN_LAB_DATA is not set"
NO_RAY = "Ray is not installed: pip install -r requirements-ray.txt"
REQUIRED = frozenset(filter(None, os.environ.get("CNN_LAB_REQUIRE", "").replace(" ", "").split(",")))
LAYERS = ("core", "pages", "browser")

hypothesis.settings.register_profile("lab", deadline=None, max_examples=50, database=None, derandomize=True)
hypothesis.settings.load_profile("lab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is quick first: the core, then the pages, then the browser."""
    items.sort(key=_layer)
    for item in items:
        if item.get_closest_marker("browser") and _layer(item) != LAYERS.index("browser"):
            raise pytest.UsageError(f"{item.nodeid} drives a browser: .ci/run looks for it below tests/browser")
        if item.get_closest_marker("data") and REAL_DATA is None:
            item.add_marker(pytest.mark.skip(reason=NO_DATA))
        if item.get_closest_marker("ray") and importlib.util.find_spec("ray") is None:
            item.add_marker(pytest.mark.skip(reason=NO_RAY))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what is there before the first test, instead of looking again and again."""
    gc.freeze()


def _layer(item: pytest.Item) -> int:
    folders = item.path.relative_to(Path(__file__).parent).parts
    return LAYERS.index(folders[0]) if folders[0] in LAYERS else 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip of a test that CNN_LAB_REQUIRE asks for is a failure."""
    report = yield
    missing = sorted(name for name in REQUIRED if item.get_closest_marker(name))
    if missing and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CNN_LAB_REQUIRE asks for {', '.join(missing)} tests, but this one was skipped: {why}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself would take its tests along unseen; under CNN_LAB_REQUIRE that is a failure too."""
    report = yield
    if REQUIRED and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Skipped while collecting, although CNN_LAB_REQUIRE is set: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _settings_of_this_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, shared_home: Path) -> None:
    """Only tests marked ``data`` see the real data; nobody sees, or writes to, the home of whoever runs the tests."""
    monkeypatch.setenv("CNN_LAB_HOME", str(shared_home))
    for guesses in (rights.CODES, rights.KEYS):
        monkeypatch.setattr(guesses, "_wrong", [])
        monkeypatch.setattr(guesses, "_known", {})
    if request.node.get_closest_marker("data") and REAL_DATA is not None:
        monkeypatch.setenv("CNN_LAB_DATA", REAL_DATA)
    else:
        monkeypatch.delenv("CNN_LAB_DATA", raising=False)


@pytest.fixture(autouse=True)
def _no_supervisor_outlives_its_test() -> Iterator[None]:
    """One waits ten minutes for work, beside a process that holds 400 MB: those of forty tests fill a machine."""
    yield
    summons = sys.modules.get("core.runs.summons")
    for child in summons._children if summons else ():
        child.terminate()


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for the whole session: tests that only read data share its decode cache."""
    return tmp_path_factory.mktemp("shared-home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for one test: its own store, runs and caches."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("CNN_LAB_HOME", str(folder))
    return folder


@pytest.fixture
def data_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real data sets; mark the test ``data`` as well."""
    if REAL_DATA is None:
        pytest.skip(NO_DATA)
    monkeypatch.setenv("CNN_LAB_DATA", REAL_DATA)
    return Path(REAL_DATA)
