"""What somebody does next waits until what they did just before has been taken up.

Streamlit 1.67 cuts a running script off when its visitor does something else, wherever it reads the session's state, in
callbacks too: a name that was typed was never kept where the next press came a tenth of a second later. And a press on
a page that is still being drawn is answered with what its button was given before, without the word that was typed last
(findings/streamlit_presses_cut_off.sh). A class on one server makes both likely.
"""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

PATIENCE = 5.0  # seconds; a page that takes longer to draw again what was pressed is cut off after all

_DONE = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
)
_LARGE = 100  # elements
_PRESSES = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")


class OneByOne:
    """ASGI middleware around Streamlit's websocket that hands on what a browser asks for when its time has come.

    That is when the callbacks of what was asked for before have been called, and what is used now has been drawn again.
    A value that gives way to another one meanwhile, as where a slider is dragged, is left out. What asks for no rerun
    never waits.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a connection on."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        visit = _Visit(receive)

        async def send_and_note(message: Message) -> None:
            await send(message)
            visit.note(message)

        try:
            await self.app(scope, visit.receive, send_and_note)
        finally:
            visit.leave()


class _Visit:
    """What one browser has asked for over its connection, and what it was shown since."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._coming: asyncio.Task[Message] | None = None
        self._waiting: deque[tuple[Message, ClientState]] = deque()
        self._used: list[str] | None = None  # by the first that waits, once it is known
        self._run: _Run | None = None  # what was asked for and is not done yet
        self._shown = asyncio.Event()
        self._before: dict[str, WidgetState] = {}  # the values that were handed on last
        self._large: dict[str, str] = {}  # Streamlit sends these once, and then names them by their hash
        self._leaves: Message | None = None

    async def receive(self) -> Message:
        """Return what Streamlit is to hear next."""
        until = time.monotonic() + PATIENCE
        while True:
            if self._waiting and (self._leaves or self._is_time() or time.monotonic() >= until):
                return self._hand_on()
            if self._leaves:
                return self._leaves
            message = await self._next(until)
            if message is None:
                continue
            asked = _asked_by(message)
            if message["type"] == "websocket.disconnect":
                self._leaves = message
                continue
            if asked is None:
                return message
            if self._waiting and _gives_way(self._waiting[-1][1], asked):
                self._waiting.pop()
                self._used = self._used if self._waiting else None
            elif not self._waiting:
                until = time.monotonic() + PATIENCE
            self._waiting.append((message, asked))

    def note(self, message: Message) -> None:
        """See what the browser is sent."""
        if self._run is None or not message.get("bytes"):
            return
        said = ForwardMsg.FromString(message["bytes"])
        self._run.note(said, self._large)
        if self._run.done:
            self._run = None
        self._shown.set()

    def leave(self) -> None:
        """Read no more."""
        if self._coming is not None:
            self._coming.cancel()

    async def _next(self, until: float) -> Message | None:
        """Return what comes; None where something waits and its time may have come first."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        if self._waiting:
            self._shown.clear()
            shown = asyncio.ensure_future(self._shown.wait())
            patience = max(until - time.monotonic(), 0.0)
            await asyncio.wait({self._coming, shown}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            shown.cancel()
            if not self._coming.done():
                return None
        message = await self._coming
        self._coming = None
        return message

    def _is_time(self) -> bool:
        asked = self._waiting[0][1]
        if self._run is None or asked.fragment_id:  # a fragment waits for the whole page of itself
            return True
        if self._used is None:
            self._used = _used(asked, self._before)
        return self._run.has_shown(self._used, page=asked.page_script_hash)

    def _hand_on(self) -> Message:
        message, asked = self._waiting.popleft()
        if not asked.fragment_id or (self._run is None and not asked.is_auto_rerun):
            self._run = _Run(asked)
        self._before = {each.id: each for each in _values(asked)}
        self._used = None
        return message


class _Run:
    """A run of the page, or of a fragment, that was asked for: whether it is done, and what it has shown."""

    def __init__(self, asked: ClientState) -> None:
        self.done = False
        self._page, self._is_part = asked.page_script_hash, bool(asked.fragment_id)
        self._begun = False
        self._shown: set[str] | None = None  # ids; None as long as callbacks may still be called

    def note(self, said: ForwardMsg, large: dict[str, str]) -> None:
        """See what the browser is told; ``large`` are the ids of elements by the hashes of their messages."""
        kind = said.WhichOneof("type")
        if kind == "new_session":
            self._begun = self._begun or self._is_part or not said.metadata.run.fragment_ids
        elif kind == "script_finished":
            self.done = self._begun and said.script_finished in _DONE
        elif kind in ("delta", "ref_hash"):
            shown = _id_in(said.delta) if kind == "delta" else large.get(said.ref_hash, "")
            if said.metadata.cacheable and kind == "delta":
                large[said.hash] = shown
                if len(large) > _LARGE:
                    del large[next(iter(large))]
            if self._begun:
                self._shown = (self._shown or set()) | ({shown} if shown else set())

    def has_shown(self, widgets: Collection[str], *, page: str) -> bool:
        """Say whether its callbacks have been called and these widgets, if they are of its page, drawn again."""
        if self._shown is None:
            return False
        if self._is_part or page != self._page:
            return True
        return all(any(shown in widget for shown in self._shown) for widget in widgets)


def _asked_by(message: Message) -> ClientState | None:
    try:
        said = BackMsg.FromString(message.get("bytes") or b"")
    except DecodeError:  # is Streamlit's to refuse
        return None
    return said.rerun_script if said.HasField("rerun_script") else None


def _gives_way(before: ClientState, after: ClientState) -> bool:
    """Say whether what is asked for after it says all that was asked for before: the later values of one page."""
    return (
        not before.fragment_id
        and not after.fragment_id
        and before.page_script_hash == after.page_script_hash
        and not any(map(_is_press, before.widget_states.widgets))
    )


def _used(asked: ClientState, before: Mapping[str, WidgetState]) -> list[str]:
    """The ids of the widgets that were pressed or have another value than before."""
    return [each.id for each in asked.widget_states.widgets if _is_press(each) or before.get(each.id) != each]


def _values(asked: ClientState) -> Iterable[WidgetState]:
    """A copy of the values in it, without what was pressed: several photos are sent that way."""
    kept = WidgetStates()
    kept.widgets.extend(each for each in asked.widget_states.widgets if not _is_press(each))
    return kept.widgets


def _is_press(state: WidgetState) -> bool:
    return state.WhichOneof("value") in _PRESSES


def _id_in(delta: Delta) -> str:
    """The id of what is drawn; "" where it has none. A part of a component's id stands in what the component says."""
    content = delta.new_element if delta.HasField("new_element") else delta.add_block
    kind = content.WhichOneof("type")
    return str(getattr(getattr(content, kind), "id", "")) if kind else ""
