"""What a component has sent reaches its callback, also when the page was left meanwhile."""

from collections.abc import Callable

import pytest
import streamlit as st

from pages._ui import state
from pages._ui.component import sent
from pages.use._classify.live import _came, _froze
from pages.use._classify.pad import _take


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
