"""The secret by which the lab knows a browser again: given out once, as a cookie that no script on a page can read.

It is kept by the browser alone. It goes neither into the address, so a link gives nobody any rights, nor into the
store, which keeps its hash (`core.rights`). Streamlit has no command that sets a cookie; the server's middleware
does.
"""

from http.cookies import CookieError, SimpleCookie
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import streamlit as st

from core.rights import is_secret, new_secret

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "cnn_lab_secret"
_SECONDS = 400 * 86_400  # the longest that browsers keep one; every page opened begins anew


class SecretCookie:
    """Middleware that sends the cookie along with every page, and nothing else."""

    def __init__(self, app: "ASGIApp") -> None:
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        below = base()
        if not _is_page(scope, below):
            await self.app(scope, receive, send)
            return
        secret = _secret_in(scope) or new_secret()
        secure = "; Secure" if scope["scheme"] == "https" else ""
        cookie = f"{COOKIE}={secret}; Max-Age={_SECONDS}; Path={below or '/'}; HttpOnly; SameSite=Lax{secure}"

        async def send_with_cookie(message: "Message") -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def base() -> str:
    """Return the path below which the lab is served, as ``/lab``; "" where it has its machine's name to itself."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def _is_page(scope: "Scope", below: str) -> bool:
    """Say whether a person opens a page: whatever else Streamlit serves has an ending, or a place of its own."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = PurePosixPath(scope["path"].removeprefix(below))
    return not path.suffix and not {"_stcore", "media", "component", "static"} & set(path.parts)


def _secret_in(scope: "Scope") -> str | None:
    """The secret that the browser has kept; None where it has none of the right shape."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                kept = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if kept is not None and is_secret(kept.value):
                return kept.value
    return None
