"""What a fragment asks for when its page has been left comes too late; everything else does not."""

import pytest
from streamlit.proto.ClientState_pb2 import ClientState

from pages._ui.server import left_pages
from pages._ui.server.left_pages import LeftPages


def late(*asked: tuple[str, str]) -> list[bool]:
    """Ask for these, each a page and a fragment or none ("") of it, over one connection; say which are too late."""
    pages = LeftPages()
    return [pages.is_late(ClientState(page_script_hash=page, fragment_id=fragment)) for page, fragment in asked]


def test_a_fragment_of_the_page_that_was_left_is_late() -> None:
    camera = ("classify", "camera")
    asked = [("", ""), camera, ("convolution", ""), camera, camera, ("convolution", "grid")]
    assert late(*asked) == [False, False, False, True, True, False]


def test_who_goes_back_is_not_late_there() -> None:
    assert not any(late(("classify", ""), ("convolution", ""), ("classify", ""), ("classify", "camera")))


def test_a_page_that_a_button_has_opened_is_not_late() -> None:
    assert not any(late(("compare", ""), ("compare", ""), ("training", "watch")))  # `st.switch_page` asks for nothing


def test_after_a_while_nothing_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_pages, "_SECONDS", 0.0)
    assert not any(late(("classify", ""), ("convolution", ""), ("classify", "camera")))
