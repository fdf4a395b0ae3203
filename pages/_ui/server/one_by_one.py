"""What somebody does next waits until what they did just before has been taken up.

Streamlit 1.67 cuts a running script off when its visitor does something else, wherever it reads the session's state, in
callbacks too: a name that was typed was never kept where the next press came a tenth of a second later. And a press on
a page that is still being drawn is answered with what its button was given before, without the word that was typed last
(findings/streamlit_presses_cut_off.sh). A class on one server makes both likely.
"""

import asyncio
import contextlib
import itertools
from collections import deque
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from pages._ui.server.asked import Asked, gives_way, presses, said_in, used, values
from pages._ui.server.left_pages import LeftPages
from pages._ui.server.page_run import PageRun

PATIENCE = 5.0  # seconds; a page that takes longer to draw again what was pressed is cut off after all
_TO_THE_END = 60.0  # seconds that a fragment waits for the end of the page where no page waits behind it
_FOR_A_FIELD = 20.0  # seconds that files wait for theirs: before, they would go into the class that was chosen before

_MOST_LARGE = 100  # elements
_A_MOMENT = 0.3  # seconds, in which a browser has drawn what it was sent


class OneByOne:
    """ASGI middleware around Streamlit's websocket that hands on what a browser asks for when its time has come.

    That is when the callbacks of what was asked for before have been called, and what is used now has been drawn again;
    where a link leads to the page itself, when the browser has seen what was used before: a tab stays where its reader
    has put it while the page shows it as it did; for a fragment, which waits for the end of the page in any case, when
    all of that has been sent: Streamlit drops the rest where a fragment comes between. A value that gives way to
    another one of the same widget meanwhile, as where a slider is dragged, is left out, and so is a fragment of a page
    that was left, or one that the page has no more. What asks for no rerun never waits, but for the addresses of files:
    those wait for the field of the page that was asked for before, so that a photo goes into the class that its sender
    had pressed.

    Who has gone is told by what comes from the browser, after all that it asked for: Streamlit 1.67 hears nothing more
    of a connection on which it could not send, and logs a defect of its own instead.
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
            with contextlib.suppress(OSError):
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
        self._waiting: deque[Asked] = deque()
        self._files: deque[_Files] = deque()
        self._numbers = itertools.count()
        self._unanswered = 0  # of these, that Streamlit has heard,
        self._files_at = 0.0  # the last one then
        self._used: list[str] | None = None  # by the first that waits, once it is known
        self._page: PageRun | None = None  # the run of the page that goes on, or that was asked for
        self._part: PageRun | None = None  # the same of a fragment
        self._shown = asyncio.Event()
        self._page_shown_at = 0.0
        self._pages = LeftPages()
        self._here = ""  # the page that was asked for last
        self._before: dict[str, WidgetState] = {}  # the values that were handed on last
        self._large: dict[str, str] = {}  # Streamlit sends these once, and then names them by their hash
        self._leaves: Message | None = None

    async def receive(self) -> Message:
        """Return what Streamlit is to hear next."""
        while True:
            if self._files and self._may_come(self._files[0]):
                self._unanswered, self._files_at = self._unanswered + 1, _now()
                return self._files.popleft().message
            if self._waiting and self._is_time():
                if (heard := self._hand_on()) is not None:
                    return heard
                continue
            if self._leaves and not self._waiting:
                return self._leaves
            message = await self._next()
            if message is None:
                continue
            said = said_in(message)
            if message["type"] == "websocket.disconnect":
                self._leaves = message
                self._join()
            elif said is None or not said.HasField("rerun_script"):
                if said is not None and said.stop_script:
                    self._waiting.clear()
                    self._pages = LeftPages()  # the browser stays where it is
                if said is None or not said.HasField("file_urls_request"):
                    return message
                self._files.append(_Files(message, next(self._numbers), _now()))
            else:
                number = next(self._numbers)
                self._queue(Asked(message=message, state=said.rerun_script, number=number, since=_now()))

    def note(self, message: Message) -> None:
        """See what the browser is sent."""
        said = ForwardMsg.FromString(message.get("bytes") or b"")
        shown = self._shown_in(said)
        if shown and self._page is not None:  # a live camera's fragment shows something all the time
            self._page_shown_at = _now()
        if said.HasField("file_urls_response"):
            self._unanswered = max(0, self._unanswered - 1)
        if said.HasField("navigation") and all(each.state.fragment_id for each in self._waiting):
            self._pages.go_to(said.navigation.page_script_hash)
            here = (each for each in self._waiting if not self._pages.is_left(each.state.page_script_hash))
            self._waiting = deque(here)
        if self._page is None and said.HasField("new_session") and not said.metadata.run.fragment_ids:
            self._page = PageRun(ClientState(page_script_hash=said.new_session.page_script_hash))  # by `st.rerun`
        self._pages.note(said)
        self._page = None if self._page is None or self._page.note(said, shown) else self._page
        self._part = None if self._part is None or self._part.note(said, shown) else self._part
        self._shown.set()

    def leave(self) -> None:
        """Read no more."""
        if self._coming is not None:
            self._coming.cancel()

    async def _next(self) -> Message | None:
        """Return what comes; None where something waits and its time may have come first."""
        coming = self._coming
        if coming is None and self._leaves is None:
            coming = self._coming = asyncio.ensure_future(self._receive())
        if self._waiting or self._files:
            self._shown.clear()
            shown = asyncio.ensure_future(self._shown.wait())
            awaited = {shown} if coming is None else {shown, coming}
            await asyncio.wait(awaited, timeout=_A_MOMENT, return_when=asyncio.FIRST_COMPLETED)
            shown.cancel()
            for each in self._waiting:
                each.held = each.held or self._page is not None or not each.state.is_auto_rerun
        if coming is None or ((self._waiting or self._files) and not coming.done()):
            return None
        self._coming = None
        return await coming

    def _queue(self, asked: Asked) -> None:
        state = asked.state
        if state.fragment_id and self._pages.is_left(state.page_script_hash):
            return
        if state.is_auto_rerun and any(each.state.fragment_id == state.fragment_id for each in self._waiting):
            return
        if not state.fragment_id:  # it draws the fragments, too
            self._pages.go_to(state.page_script_hash)
            self._waiting = deque(each for each in self._waiting if not each.state.is_auto_rerun)
        last = self._waiting[-1].state if self._waiting else None
        if last is not None and not self._files and gives_way(last, state, self._before):
            asked.since = self._waiting.pop().since
        self._waiting.append(asked)
        self._used = None

    def _join(self) -> None:
        """Make one of what waits where somebody leaves: each would cut off the one before it."""
        parts = [each for each in self._waiting if each.state.fragment_id]
        pages = [each for each in self._waiting if not each.state.fragment_id]
        for each in pages[1:]:
            if each.state.page_script_hash == pages[0].state.page_script_hash:
                each.state.widget_states.widgets.extend(presses(pages[0].state))
                pages[0].state, pages[0].held = each.state, True
        self._waiting, self._used = deque((*parts, *pages[:1])), None

    def _may_come(self, files: "_Files") -> bool:
        """Say whether it is time for files: the page that was asked for before has their field."""
        if _now() - files.since >= _FOR_A_FIELD:
            return True
        before = any(each.number < files.number for each in self._waiting)
        return not before and (self._page is None or self._page.has_shown_a_field)

    def _is_time(self) -> bool:
        first = self._waiting[0]
        if self._files and self._files[0].number < first.number:
            return False
        if self._unanswered and _now() - self._files_at < PATIENCE:
            return False  # Streamlit drops an answer that has not been sent when another run begins
        only_parts = all(each.state.fragment_id for each in self._waiting)
        to_the_end = only_parts and self._page is not None and not self._leaves
        if _now() - first.since >= (_TO_THE_END if to_the_end else PATIENCE):
            return True
        if first.state.fragment_id:
            return self._page is None and self._part is None
        if self._part is not None and not self._part.has_shown((), page=""):
            return False
        leads_here = self._leads_here(first.state)
        if leads_here and _now() - self._page_shown_at < _A_MOMENT:
            return False
        if self._page is None:
            return True
        if self._used is None:
            self._used = self._page.used if leads_here else used(first.state, self._before)
        return self._page.has_shown(self._used, page=first.state.page_script_hash)

    def _leads_here(self, asked: ClientState) -> bool:
        """Say whether a link asks for the page that is shown, and may have its widgets shown as they were before."""
        return not asked.widget_states.widgets and asked.page_script_hash == self._here

    def _hand_on(self) -> Message | None:
        first = self._waiting.popleft()
        asked, self._used = first.state, None
        if asked.fragment_id and self._page is None and self._pages.is_gone(asked.fragment_id):
            return None
        if not asked.fragment_id:
            self._here = asked.page_script_hash
            self._page, self._part = PageRun(asked, used(asked, self._before)), None
        else:
            self._part = PageRun(asked)
            for each in self._waiting:
                each.since = _now()
        self._before = {each.id: each for each in values(asked)}
        if first.held:
            asked.ClearField("cached_message_hashes")
            return {**first.message, "bytes": BackMsg(rerun_script=asked).SerializeToString()}
        return first.message

    def _shown_in(self, said: ForwardMsg) -> str:
        if said.HasField("ref_hash"):
            return self._large.get(said.ref_hash, "")
        shown = _id_in(said.delta) if said.HasField("delta") else ""
        if shown and said.metadata.cacheable:
            self._large[said.hash] = shown
            if len(self._large) > _MOST_LARGE:
                del self._large[next(iter(self._large))]
        return shown


class _Files(NamedTuple):
    """A message that asks for the addresses of files, which one of all that came, and since when it waits."""

    message: Message
    number: int
    since: float


def _id_in(delta: Delta) -> str:
    """The id of what is drawn; "" where it has none. A part of a component's id stands in what the component says."""
    content = delta.new_element if delta.HasField("new_element") else delta.add_block
    kind = content.WhichOneof("type")
    return str(getattr(getattr(content, kind), "id", "")) if kind else ""


def _now() -> float:
    """Return the seconds of the loop's clock, which a test can have pass at once."""
    return asyncio.get_running_loop().time()
