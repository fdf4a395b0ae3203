"""Whoever has left a page is not led back to it by what its fragments say late.

Streamlit 1.67 takes the page that a fragment names for the one that its session is on, also where the visitor has asked
for another one in between (findings/streamlit_page_change_lost.sh). A live camera, or a chart that follows a run,
speaks all the time.
"""

import time

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

_SECONDS = 10.0  # after a change of the page, which may wait for five; then the browser takes the fragments away


class LeftPages:
    """ASGI middleware around Streamlit's websocket that leaves out what fragments of a page that was left ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a connection on, without what comes too late."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        visit = _Visit()

        async def receive_in_time() -> Message:
            while visit.is_late(message := await receive()):
                pass
            return message

        await self.app(scope, receive_in_time, send)


class _Visit:
    """What one browser has asked for over its connection."""

    def __init__(self) -> None:
        self.page, self.changed = "", float("-inf")

    def is_late(self, message: Message) -> bool:
        """Note a change of the page; say whether this comes from a fragment of another page, just after one."""
        try:
            asked = BackMsg.FromString(message.get("bytes") or b"").rerun_script
        except DecodeError:  # is Streamlit's to refuse
            return False
        now = time.monotonic()
        if asked.fragment_id:
            return asked.page_script_hash != self.page and now - self.changed < _SECONDS
        if asked.page_script_hash:
            self.changed = now if asked.page_script_hash != self.page else float("-inf")
            self.page = asked.page_script_hash
        return False
