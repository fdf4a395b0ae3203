"""What a component has sent reaches its callback, also when the page was left meanwhile."""

from collections.abc import Callable

import pytest
import streamlit as st

from pages._ui import state
from pages._ui.component import beside, sent
from pages.use._classify.live import _came, _froze
from pages.use._classify.pad import _take
from tests.pages.visit import ROOT

SOURCES = [path for path in (ROOT / "pages").rglob("*") if path.suffix in (".html", ".js", ".css")]


def test_what_was_sent_is_read_and_what_is_gone_is_nothing() -> None:
    st.session_state["a"] = {"frame": 7}
    assert sent("a", "frame") == 7
    assert sent("a", "other") is None
    assert sent("left", "frame") is None


@pytest.mark.parametrize("callback", [lambda: _came("frame"), _froze, _take])
def test_what_arrives_when_its_page_has_been_left_changes_nothing(callback: Callable[[], None]) -> None:
    callback()
    assert st.session_state.get(state.LIVE_PICTURE) is None
    assert state.RUN not in st.session_state


def test_no_slider_has_the_browsers_own_track_which_is_white_in_the_dark() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    components = {path.parent for path, text in texts.items() if 'type="range"' in text or 'type: "range"' in text}
    assert [path.name for path, text in texts.items() if path.parent in components and "accent-color" in text] == []
    components -= {ROOT / "pages/_ui/elements"}  # where the track is drawn
    unfilled = [
        folder.name
        for folder in components
        if not any("fillTrack(" in text for path, text in texts.items() if path.parent == folder)
    ]
    assert len(components) >= 6
    assert unfilled == []
    css = beside(str(ROOT / "pages/learn/_convolution/moving_window.py"))["css"]
    assert 'input[type="range"]::-webkit-slider-runnable-track' in css
