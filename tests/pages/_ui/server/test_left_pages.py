"""What a fragment asks for when its page has been left does not reach Streamlit; everything else does."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages._ui.server import left_pages
from pages._ui.server.left_pages import LeftPages
from pages._ui.startup import MIDDLEWARE


def rerun(page: str, fragment: str = "") -> Message:
    message = BackMsg()
    message.rerun_script.page_script_hash, message.rerun_script.fragment_id = page, fragment
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def reaching(*messages: Message, kind: str = "websocket") -> list[Message]:
    """Send these over one connection, and return those that come through."""
    end: Message = {"type": "websocket.disconnect", "code": 1000}
    waiting: list[Message] = [*messages, end]
    come: list[Message] = []

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            come.append(message)

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None: ...

    asyncio.run(LeftPages(streamlit)({"type": kind}, receive, send))
    return come


def test_a_fragment_of_the_page_that_was_left_is_not_heard() -> None:
    late = rerun("classify", "camera")
    messages = [rerun(""), late, rerun("convolution"), late, late, rerun("convolution", "grid")]
    assert reaching(*messages) == [messages[0], late, messages[2], messages[5]]


def test_who_goes_back_is_heard_there() -> None:
    there = rerun("classify", "camera")
    messages = [rerun("classify"), rerun("convolution"), rerun("classify"), there]
    assert reaching(*messages) == messages


def test_a_page_that_a_button_has_opened_is_heard() -> None:
    messages = [rerun("compare"), rerun("compare"), rerun("training", "watch")]  # `st.switch_page` asks for nothing
    assert reaching(*messages) == messages


def test_after_a_while_everything_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_pages, "_SECONDS", 0.0)
    messages = [rerun("classify"), rerun("convolution"), rerun("classify", "camera")]
    assert reaching(*messages) == messages


@pytest.mark.parametrize("data", [None, b"", b"\xff\xff\xff"])
def test_what_is_no_request_is_streamlits_to_answer(data: bytes | None) -> None:
    message: Message = {"type": "websocket.receive", "bytes": data}
    assert reaching(message) == [message]


def test_the_lab_has_it() -> None:
    assert LeftPages in [each.cls for each in MIDDLEWARE]
