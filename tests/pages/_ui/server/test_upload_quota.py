"""What may be uploaded at a time: so many files of a session, so many bytes of all; the rest is let pass unread."""

import ast
import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from starlette import datastructures
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send
from streamlit import config

from core.runs.executors.processes import ROOT
from pages._ui.choose.uploads import MAX_MEGABYTES
from pages._ui.server import arrivals, upload_quota
from pages._ui.server.upload_quota import UploadQuota, hold_in_memory
from pages.train._pictures.zip_in import MOST_MEGABYTES

BODY = 100


class Store:
    """Stands in for Streamlit's handling of an upload: takes the body and holds it."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.waiting: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.waiting is not None:
            await self.waiting.wait()
        data = (await receive())["body"]
        session, name = scope["path"].split("/")[-2:]
        self.held.setdefault(session, {})[name] = SimpleNamespace(data=data)
        await send({"type": "http.response.start", "status": 204, "headers": []})


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    manager = SimpleNamespace(file_storage=store.held)
    monkeypatch.setattr(upload_quota, "exists", lambda: True)
    monkeypatch.setattr(upload_quota, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    return store


async def put(app: UploadQuota, session: str, name: str, *, method: str = "PUT", length: bool = True) -> int:
    parts: list[Message] = [{"type": "http.request", "body": b"x" * BODY, "more_body": False}]
    answers: list[Message] = []

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"content-length", str(BODY).encode())] if length else []
    path = f"/_stcore/upload_file/{session}/{name}"
    await app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    assert parts == [], "the body is read in any case: a browser that sends it would wait for ever"
    return int(answers[0]["status"])


def test_who_breaks_off_needs_no_answer_and_what_was_on_its_way_no_longer_is(store: Store) -> None:
    async def breaks_off(*_connection: object) -> None:
        raise ClientDisconnect

    app = UploadQuota(breaks_off, files=1)
    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/ada/first", "headers": []}
    asyncio.run(app(scope, AsyncMock(), AsyncMock()))
    app.app = store
    asyncio.run(put(app, "ada", "second"))
    assert list(store.held["ada"]) == ["second"]


def test_a_session_holds_so_many_files_and_the_next_passes_unread(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_expected", {})
    arrivals.announce("ada", {str(number): f"{number}.jpg" for number in range(4)})
    app = UploadQuota(store, files=2)
    assert [asyncio.run(put(app, "ada", str(number))) for number in range(4)] == [204] * 4
    assert list(store.held["ada"]) == ["0", "1"]
    assert [each.refused for each in arrivals._expected["ada"].files.values()] == [False, False, True, True]
    asyncio.run(put(app, "ben", "0"))
    assert list(store.held["ben"]) == ["0"], "another session has a quota of its own"


def test_when_a_page_has_looked_at_a_file_there_is_room_again(store: Store) -> None:
    app = UploadQuota(store, files=1)
    asyncio.run(put(app, "ada", "first"))
    store.held["ada"].clear()
    asyncio.run(put(app, "ada", "second"))
    assert list(store.held["ada"]) == ["second"]


def test_all_sessions_together_hold_so_many_bytes(store: Store) -> None:
    app = UploadQuota(store, all_bytes=2 * BODY)
    for session in ("ada", "ben", "cem"):
        asyncio.run(put(app, session, "photo"))
    assert list(store.held) == ["ada", "ben"]


def test_files_that_are_still_on_their_way_count(store: Store) -> None:
    app = UploadQuota(store, files=1)

    async def both() -> None:
        store.waiting = asyncio.Event()
        first = asyncio.create_task(put(app, "ada", "first"))
        await asyncio.sleep(0)
        await put(app, "ada", "second")
        store.waiting.set()
        await first

    asyncio.run(both())
    assert list(store.held["ada"]) == ["first"]
    store.held.clear()
    store.waiting = None
    asyncio.run(put(app, "ada", "third"))
    assert list(store.held["ada"]) == ["third"], "what has arrived is no longer on its way"


def test_an_upload_of_unknown_length_counts_as_the_longest(store: Store) -> None:
    app = UploadQuota(store, all_bytes=2**20)
    asyncio.run(put(app, "ada", "photo", length=False))
    assert store.held == {}


def test_the_server_takes_what_the_largest_field_offers_and_every_field_says_what_it_takes() -> None:
    fields = [
        {word.arg for word in node.keywords}
        for file in (ROOT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "file_uploader"
    ]
    assert len(fields) >= 3
    assert all("max_upload_size" in each for each in fields)
    assert config.get_option("server.maxUploadSize") == max(MOST_MEGABYTES, MAX_MEGABYTES)


def test_other_requests_pass(store: Store) -> None:
    app = UploadQuota(store, files=0)
    asyncio.run(put(app, "ada", "photo", method="DELETE"))
    assert list(store.held) == ["ada"]


def test_a_phones_photo_arrives_without_waiting_for_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 2**20)  # Starlette's own, whatever a test before has left
    turns = []

    async def in_another_thread(act: Any, *arguments: Any) -> Any:
        turns.append(act)
        return act(*arguments)

    monkeypatch.setattr(datastructures, "run_in_threadpool", in_another_thread)
    asyncio.run(_arrive(3 * 2**20))
    assert len(turns) > 30, "as Starlette does it by itself"
    turns.clear()
    hold_in_memory()
    asyncio.run(_arrive(3 * 2**20))
    assert turns == []


async def _arrive(size: int) -> None:
    """Have Starlette take in a form with one file of so many bytes, in parts as they come from the network."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = head + bytes(size) + b"\r\n--x--\r\n"
    parts = [body[start : start + 2**16] for start in range(0, len(body), 2**16)]

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    form = await Request({"type": "http", "method": "PUT", "headers": headers}, receive).form()
    file = form["file"]
    assert isinstance(file, datastructures.UploadFile)
    assert len(await file.read()) == size
    await form.close()
