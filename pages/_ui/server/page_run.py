"""What a run of a page has come to, by what the browser is told of it."""

from collections.abc import Collection, Sequence

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_DONE = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
)


class PageRun:
    """A run of the page, or of a fragment: whether it has begun, and what it has shown."""

    def __init__(self, asked: ClientState, used: Sequence[str] = ()) -> None:
        self.used = used  # ids of the widgets whose use has led to it
        self.has_shown_a_field = False  # for files
        self._begun = False
        self._page, self._part = asked.page_script_hash, asked.fragment_id
        # Ids; None as long as callbacks may still be called, and what a clock asks for calls none.
        self._shown: set[str] | None = set() if asked.is_auto_rerun else None

    def note(self, said: ForwardMsg, shown: str) -> bool:
        """See what the browser is told, and the id of what that shows; say whether the run is done."""
        kind = said.WhichOneof("type")
        if kind == "new_session":
            parts = said.metadata.run.fragment_ids
            self._begun = self._begun or not parts or self._part in parts  # the page draws the fragment, too
            if not parts:  # `st.rerun`: what was drawn is drawn once more
                self._shown, self.has_shown_a_field = set() if self._shown else self._shown, False
        elif self._begun and kind in ("delta", "ref_hash"):
            self._shown = self._shown or set()
            self._shown.add(shown)
            element = said.delta.new_element  # a field for one file only, as for a zip, is none for photos
            self.has_shown_a_field |= element.file_uploader.multiple_files or element.HasField("camera_input")
        return self._begun and kind == "script_finished" and said.script_finished in _DONE

    def has_shown(self, widgets: Collection[str], *, page: str) -> bool:
        """Say whether its callbacks have been called and these widgets, if they are of its page, drawn again."""
        if self._shown is None or page != self._page:
            return self._shown is not None
        drawn = self._shown - {""}
        return all(each in drawn or any(one in each for one in drawn) for each in widgets)
