"""Whoever has left a page is not led back to it by what its fragments say late.

Streamlit 1.67 takes the page that a fragment names for the one that its session is on, also where the visitor has asked
for another one in between (findings/streamlit_page_change_lost.sh). A live camera, or a chart that follows a run,
speaks all the time.
"""

import time

from streamlit.proto.ClientState_pb2 import ClientState

_SECONDS = 5.0  # after a change of the page; by then the browser has long taken the fragments away


class LeftPages:
    """The pages that one browser has asked for over its connection."""

    def __init__(self) -> None:
        self._page, self._changed = "", float("-inf")

    def is_late(self, asked: ClientState) -> bool:
        """Note a change of the page; say whether this comes from a fragment of another page, just after one."""
        now = time.monotonic()
        if asked.fragment_id:
            return asked.page_script_hash != self._page and now - self._changed < _SECONDS
        if asked.page_script_hash:
            self._changed = now if asked.page_script_hash != self._page else float("-inf")
            self._page = asked.page_script_hash
        return False
