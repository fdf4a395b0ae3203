"""Where the cookie goes by which the lab knows a browser again."""

import asyncio
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit import config

from pages._ui.server.secret_cookie import COOKIE, SecretCookie


@pytest.fixture
def below() -> Iterator[str]:
    before = str(st.get_option("server.baseUrlPath"))
    config.set_option("server.baseUrlPath", "school.lab/media")
    yield "/school.lab/media"
    config.set_option("server.baseUrlPath", before)


async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def cookies(path: str, *, scheme: str = "http", kept: str = "") -> SimpleCookie:
    """What a request for a path is answered with."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"cookie", f"{COOKIE}={kept}".encode())] if kept else []
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": path, "headers": headers}
    asyncio.run(SecretCookie(page)(scope, None, send))  # type: ignore[arg-type]
    return SimpleCookie(b"\n".join(value for _name, value in sent[0]["headers"]).decode())


def test_it_is_for_the_whole_of_a_name_that_the_lab_has_to_itself() -> None:
    assert [(found["path"], found["secure"]) for found in cookies("/training").values()] == [("/", "")]


def test_below_a_path_nothing_else_of_that_name_receives_it(below: str) -> None:
    for path in (below, f"{below}/", f"{below}/training"):
        assert cookies(path)[COOKIE]["path"] == below
    for path in (f"{below}/media/a.png", f"{below}/_stcore/health", f"{below}/static/js/index.js"):
        assert not cookies(path)


def test_over_https_it_travels_over_https_alone_and_stays_the_same(below: str) -> None:
    first = cookies(f"{below}/join", scheme="https")[COOKIE]
    assert (first["secure"], first["httponly"], first["samesite"]) == (True, True, "Lax")
    assert cookies(f"{below}/join", scheme="https", kept=first.value)[COOKIE].value == first.value
