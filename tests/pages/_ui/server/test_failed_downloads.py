"""A file that cannot be made: whoever asked for it reads why."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import app_session
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from core.errors import ExportError
from pages._ui.server.failed_downloads import SaysWhy, say_why


def asked_for(make: Callable[[], bytes], *, file_id: str | None = None) -> BackendOperationResponse:
    """Ask for the file that ``make`` makes, as a browser does, and return what it is told."""
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    known = files.add_deferred(make, "text/plain", "1.1", file_name="a.txt")
    request = BackendOperationRequest(request_id="one")
    request.deferred_file.file_id = file_id or known
    answer = asyncio.run(SaysWhy(lambda: files).handle(request, "session"))
    assert answer.request_id == "one"
    return answer


def failing(error: Exception) -> Callable[[], bytes]:
    def make() -> bytes:
        raise error

    return make


def test_a_file_that_can_be_made_is_where_it_is_said_to_be() -> None:
    answer = asked_for(lambda: b"there")
    assert answer.deferred_file.url.startswith("/media/")
    assert not answer.error_msg


def test_what_the_lab_knows_to_be_wrong_is_said_as_it_is() -> None:
    assert asked_for(failing(ExportError("Its weights are gone; train it again."))).error_msg == (
        "Its weights are gone; train it again."
    )


def test_what_nobody_foresaw_has_a_sentence_too_and_its_story_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = asked_for(failing(ZeroDivisionError("secret path")))
    assert "for a reason that the lab does not know. Press again" in answer.error_msg
    assert "secret path" not in answer.error_msg
    assert "ZeroDivisionError: secret path" in caplog.text


def test_a_button_of_a_page_that_has_changed_is_to_be_pressed_again() -> None:
    answer = asked_for(lambda: b"there", file_id="of-before")
    assert answer.error_msg == "The page has changed since this button was drawn. Press again."


def test_the_sessions_of_this_streamlit_ask_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_session, "DeferredFileHandler", app_session.DeferredFileHandler)
    say_why()
    assert app_session.DeferredFileHandler is SaysWhy
    assert "DeferredFileHandler" in app_session.AppSession._create_backend_operation_dispatcher.__code__.co_names
