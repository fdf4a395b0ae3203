"""How a server starts: the start page's words first, then torch, then the rest while the student reads."""

import asyncio
import gc
import sys
import threading
from types import ModuleType

import pytest

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
