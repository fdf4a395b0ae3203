"""Photos added to the Classify page as its component sends them: AppTest runs no JavaScript."""

import base64
import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages._ui import state
from pages.use._classify.many import sender
from tests.pages.visit import check


def picture(colour: str = "red") -> bytes:
    """Return a PNG of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, "PNG")
    return stream.getvalue()


def add(page: AppTest, *files: tuple[str, bytes], shows: str | None = None) -> AppTest:
    """Let files come one after the other, each in one part; the page is drawn after the last one."""
    for count, (name, data) in enumerate(files, start=1):
        before = page.session_state[state.MANY_ANSWER]["number"] if state.MANY_ANSWER in page.session_state else 0
        page.session_state[state.MANY_PART] = {
            "number": before + 1,
            "part": 0,
            "parts": 1,
            "name": name,
            "size": len(data),
            "letters": base64.b64encode(data).decode(),
            "shows": shows,
            "last": count == len(files),
        }
        page.run()
    return check(page)


def take_away(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Press "Take them away", which the component sends."""
    with monkeypatch.context() as pressed:
        pressed.setattr(sender, "sent", lambda _key, _event: 1)
        pressed.setattr(sender, "_view", lambda **given: given["on_clear_change"]())
        page.run()
    return check(page.run())
