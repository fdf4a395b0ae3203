"""How much may be uploaded at a time, before a page has looked at it: Streamlit bounds one file and no more.

What is beyond is let pass unread, with the answer that a browser expects: its uploader then tells the page of a file
that is not here, and the page says so in its own words.
"""

import contextlib
from collections import defaultdict

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import exists, get_instance

from pages._ui.server.arrivals import refuse, under_way

FILES = 24  # of one session
ALL_BYTES = 256 * 2**20  # of all sessions
_PATH = "/_stcore/upload_file/"


class UploadQuota:
    """ASGI middleware around Streamlit's own handling of uploads."""

    def __init__(self, app: ASGIApp, *, files: int = FILES, all_bytes: int = ALL_BYTES) -> None:
        self.app, self.files, self.all_bytes = app, files, all_bytes
        self._coming: dict[str, list[int]] = defaultdict(list)  # bytes on their way, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or let an upload pass unread."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _PATH not in scope["path"]:
            await self.app(scope, receive, send)
            return
        session, _slash, file_id = str(scope["path"].partition(_PATH)[2]).partition("/")
        count = _bytes(scope)
        if not self._fits(session, count):
            refuse(session, file_id)
            await _let_pass(receive, send)
            return
        self._coming[session].append(count)
        under_way(session, 1)
        try:
            with contextlib.suppress(ClientDisconnect):  # who is gone needs no answer, and no log a traceback
                await self.app(scope, receive, send)
        finally:
            under_way(session, -1)
            self._coming[session].remove(count)
            if not self._coming[session]:
                del self._coming[session]

    def _fits(self, session: str, count: int) -> bool:
        held = _held()
        files = len(held.get(session, ())) + len(self._coming.get(session, ()))
        everything = sum(map(sum, held.values())) + sum(map(sum, self._coming.values()))
        return files < self.files and everything + count <= self.all_bytes


def hold_in_memory() -> None:
    """Have a file arrive in memory, where Streamlit holds it afterwards in any case.

    Beyond 1 MB Starlette goes on in a file on disk, and every 64 KiB of the rest waits for another thread's turn: some
    forty turns for the photo of a phone, each of them milliseconds where a class computes.
    """
    MultiPartParser.spool_max_size = int(st.get_option("server.maxUploadSize")) * 2**20


def _bytes(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else int(st.get_option("server.maxUploadSize")) * 2**20


def _held() -> dict[str, list[int]]:
    """The bytes of each file that Streamlit holds, by session."""
    storage = getattr(get_instance().uploaded_file_mgr, "file_storage", {}) if exists() else {}
    return {session: [len(file.data) for file in list(files.values())] for session, files in list(storage.items())}


async def _let_pass(receive: Receive, send: Send) -> None:
    more = True
    while more:
        message: Message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
