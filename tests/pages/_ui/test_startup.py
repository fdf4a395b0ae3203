"""How a server starts: the start page's words first, then torch, then the rest while the student reads."""

import asyncio
import gc
import os
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

from core.config import TrainingConfig
from core.runs import open_store
from core.runs.executors.processes import lost_handle, process_handle
from core.runs.store.queue_writes import Queue
from pages._ui import cached, startup

PATIENCE = 20.0  # seconds


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> dict[str, threading.Event]:
    """Stand-ins for both imports, each of which lasts until its event is set."""
    held = {name: threading.Event() for name in ("import_torch", "import_the_rest")}
    for name, event in held.items():
        monkeypatch.setattr(cached, name, lambda event=event: event.wait(PATIENCE))
    for name in ("_torch", "_torch_wanted"):
        monkeypatch.setattr(startup, name, threading.Event())
    monkeypatch.setattr(startup, "_BREATH", PATIENCE * 10)
    return held


def started() -> None:
    async def enter() -> None:
        async with startup.lifespan(None):  # type: ignore[arg-type]
            pass

    asyncio.run(enter())


def test_a_page_that_needs_torch_has_it_imported_at_once_and_waits_for_nothing_more(
    imports: dict[str, threading.Event],
) -> None:
    started()
    visitor = threading.Thread(target=startup.wait_for_torch, daemon=True)
    visitor.start()
    visitor.join(0.2)
    assert visitor.is_alive()
    imports["import_torch"].set()
    visitor.join(PATIENCE)
    assert not visitor.is_alive()


def test_the_rest_follows_while_the_student_reads(
    imports: dict[str, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(startup, "_BREATH", 0.01)
    monkeypatch.setattr(cached, "import_the_rest", done.set)
    started()
    imports["import_torch"].set()
    assert done.wait(PATIENCE)
    assert startup._torch.is_set()


def test_an_import_that_fails_holds_nobody_back(
    imports: dict[str, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ImportError("torch is broken")

    monkeypatch.setattr(cached, "import_torch", broken)
    startup._torch_wanted.set()
    with pytest.raises(ImportError, match="torch is broken"):
        startup._import_in_turn()
    assert startup._torch.is_set()


def test_the_collector_leaves_new_modules_alone_and_is_not_told_so_again(monkeypatch: pytest.MonkeyPatch) -> None:
    startup.exempt_modules_from_collection()
    before = gc.get_freeze_count()
    kept = [[] for _object in range(1000)]  # type: ignore[var-annotated]
    startup.exempt_modules_from_collection()
    assert gc.get_freeze_count() <= before
    monkeypatch.setitem(sys.modules, "a_module_of_this_test", ModuleType("a_module_of_this_test"))
    startup.exempt_modules_from_collection()
    assert gc.get_freeze_count() >= before + len(kept)


@pytest.mark.parametrize("died", [True, False])
def test_a_supervisor_that_died_is_started_again_by_any_page(
    app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch, died: bool
) -> None:
    started: list[object] = []
    monkeypatch.setattr("core.runs.summons.start_detached", lambda command, **_: started.append(command))
    monkeypatch.setattr(startup, "_looked", -startup._LOOK_EVERY)
    Queue(open_store()).appear(lost_handle(4711) if died else process_handle(os.getpid()))
    app.run()
    assert not app.exception
    assert len(started) == int(died)


def test_many_pages_look_at_the_supervisor_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(startup, "_with_the_store", lambda _act: looks.append(now))
    monkeypatch.setattr(startup, "_looked", 99.0)
    for now in (99.5, 100.0, 100.2, 100.9, 101.1):
        monkeypatch.setattr(startup.time, "monotonic", lambda now=now: now)
        startup.keep_queue_served()
    assert looks == [100.0, 101.1]


def test_a_page_makes_no_store_where_there_is_none(app: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_looked", -startup._LOOK_EVERY)
    app.run()
    assert not (home / "lab.sqlite3").exists()


@pytest.mark.parametrize("left", ["queued", "at work", "nothing"])
def test_what_waited_or_was_at_work_when_the_lab_was_stopped_is_served_before_anybody_has_opened_a_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    summoned = threading.Event()
    monkeypatch.setattr("core.runs.summons.start_detached", lambda *_words, **_more: summoned.set())
    store = open_store()
    if left != "nothing":
        store.submit(TrainingConfig(dataset="digits", model="lenet", image_size=32, epochs=2), "ada", "a run")
    if left == "at work":
        claim = Queue(store).claim(slots=1)
        assert claim is not None
        Queue(store).started(claim, lost_handle(4711))
    startup._serve_what_waits()
    assert summoned.is_set() is (left != "nothing")
