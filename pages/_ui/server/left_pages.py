"""Whoever has left a page is not led back to it by what its fragments say late.

Streamlit 1.67 takes the page that a fragment names for the one that its session is on, also where the visitor has asked
for another one in between (findings/streamlit_page_change_lost.sh). A live camera, or a chart that follows a run,
speaks all the time. The same fragment on both pages is drawn alone then: nothing else comes any more.
"""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


class LeftPages:
    """The page that one browser is on, or has asked for, by its hash, and the fragments that were drawn on it last."""

    def __init__(self) -> None:
        self._page = ""  # nobody knows yet
        self._fragments: set[str] | None = None  # the same

    def go_to(self, page: str) -> None:
        """Note that ``page`` was asked for, or shown although nobody had asked for it; "" says nothing."""
        self._page = page or self._page

    def note(self, said: ForwardMsg) -> None:
        """See what the browser is told."""
        if said.HasField("new_session") and not said.metadata.run.fragment_ids:
            self._fragments = set()
        if self._fragments is not None and said.HasField("delta"):
            self._fragments.add(said.delta.fragment_id)
        elif self._fragments is not None:  # inside a fragment that was drawn anew
            self._fragments.difference_update(said.stop_auto_rerun.fragment_ids)

    def is_left(self, page: str) -> bool:
        """Say whether a fragment of ``page`` speaks too late."""
        return bool(self._page) and page != self._page

    def is_gone(self, fragment: str) -> bool:
        """Say whether a page that has been drawn anew is without it; Streamlit does not say that it never answers."""
        return self._fragments is not None and fragment not in self._fragments
