"""One browser tab as the server sees it: a websocket that speaks Streamlit's protobuf, and HTTP beside it.

It does what Streamlit 1.67's own front end does and a test of the pages does not: it fetches every picture as soon as
it is shown, reruns fragments by their clock, keeps large messages and names them by their hash, and sends the state of
its widgets with every rerun.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.class_load.http import Answer, form_with_file, request
from benchmarks.class_load.notes import Notes
from benchmarks.class_load.shown import Placed, Run, Shown, pictures

PATIENCE = 60.0  # seconds for a run to end
KEPT_RUNS = 2  # runs for which a browser keeps a large message (global.maxCachedMessageAge)

_numbers = itertools.count(1)


class Tab:
    """A tab on the lab at this machine's ``port``. Open it, act, close it; what goes wrong is noted, not raised."""

    def __init__(self, port: int, notes: Notes, *, watch: Callable[[Placed], None] | None = None) -> None:
        self.port, self.notes = port, notes
        self.shown = Shown()
        self.pages: dict[str, str] = {}  # address → hash, as the menu has them
        self.query = ""
        self._watch = watch or (lambda _placed: None)
        self._page = ""
        self._session = ""
        self._xsrf = ""
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}
        self._runs = itertools.count(1)
        self._run = Run(id="", fragments=(), order=0)
        self._waiting: list[tuple[int, str, asyncio.Future[None]]] = []
        self._urls: dict[str, asyncio.Future[list[FileURLs]]] = {}
        self._clocks: dict[str, asyncio.Task[None]] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._on_screen: set[str] = set()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self, page: str = "", query: str = "") -> None:
        """Open the lab at an address, as a link does, and wait until the page is at rest."""
        answer = await request(self.port, "GET", "/_stcore/health")
        cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        self._xsrf = cookie.partition("=")[2]
        self._socket = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit", self._xsrf or "none"],  # type: ignore[list-item]
            origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie} if cookie else {},
            max_size=None,
            compression=None,
            proxy=None,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        self.query = query.lstrip("?")
        await self._rerun(name=page)

    @property
    def alive(self) -> bool:
        """Whether the connection is there."""
        return self._reader is not None and not self._reader.done()

    async def close(self) -> None:
        """Leave without a word, as a closed tab does."""
        self._stop_clocks()
        loading = list(self._loading)
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def go_to(self, page: str) -> None:
        """Switch the page by the menu and wait until it is at rest."""
        self.query = ""
        await self._rerun(page=self.pages[page])

    async def set(self, widget: Any, value: Any, *, fragment: str = "") -> None:
        """Move a widget and wait until what follows is on the screen; ``widget`` is its element's message."""
        self._states[widget.id] = state_of(widget.id, value)
        await self._rerun(fragment=fragment)
        if isinstance(value, bool):  # a button is pressed once
            self._states.pop(widget.id, None)

    async def tell(self, component: Any, name: str, value: Any, *, fragment: str = "") -> None:
        """Have a component change a value of its state, and wait until what follows is on the screen."""
        self._states[component.id] = WidgetState(id=component.id, json_value=json.dumps({name: value}))
        await self._rerun(fragment=fragment)

    async def trigger(self, component: Any, event: str, value: Any, *, fragment: str = "") -> None:
        """Have a component say something once, and wait until what follows is on the screen."""
        widget = f"$$STREAMLIT_INTERNAL_KEY_{component.id}__events"  # as Streamlit's front end calls it
        self._states[widget] = WidgetState(id=widget, json_trigger_value=json.dumps([{"event": event, "value": value}]))
        try:
            await self._rerun(fragment=fragment)
        finally:
            self._states.pop(widget, None)

    async def upload(self, widget: Any, files: dict[str, bytes], *, fragment: str = "") -> None:
        """Send files into an uploader, beside those it holds already, and wait until they are on the screen."""
        state = self._states.get(widget.id) or WidgetState(id=widget.id)
        if not widget.multiple_files:
            state.ClearField("file_uploader_state_value")
        try:
            urls = await self._ask_for_urls(list(files))
        except TimeoutError:
            self.notes.error("no addresses for files to upload")
            return
        for (name, data), url in zip(files.items(), urls, strict=True):
            answer = await self.send(name, data, url.upload_url)
            if answer.status >= 400:
                self.notes.refused(f"upload: {answer.status} {answer.body[:80].decode('latin-1')}")
                continue
            info = state.file_uploader_state_value.uploaded_file_info.add()
            info.name, info.size, info.file_id = name, len(data), url.file_id
            info.file_urls.CopyFrom(url)
        self._states[widget.id] = state
        await self._rerun(fragment=fragment)

    async def send(self, name: str, data: bytes, path: str) -> Answer:
        """Send one file to an address that the server gave for it."""
        headers, body = form_with_file(name, data, boundary="class-load-boundary")
        headers |= {"X-Xsrftoken": self._xsrf, "Cookie": f"_streamlit_xsrf={self._xsrf}"}
        return await request(self.port, "PUT", path, headers=headers, body=body)

    async def pictures_in(self) -> None:
        """Wait until every picture that is shown has been fetched."""
        while self._loading:
            await asyncio.wait(set(self._loading))

    async def _rerun(self, *, page: str = "", name: str = "", fragment: str = "") -> None:
        """Have the script run and wait until it has ended and its pictures are there; a run that fails is noted."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._run.order, fragment, done))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ask(page=page, name=name, fragment=fragment)
                await done
                await self.pictures_in()
        except TimeoutError:
            self.notes.error(f"no end of a run after {PATIENCE:.0f} s")
        except ConnectionClosed:
            self.notes.error("the server closed the connection")

    async def _ask(self, *, page: str = "", name: str = "", fragment: str = "", auto: bool = False) -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.page_name = self.query, page or self._page, name
        rerun.fragment_id, rerun.is_auto_rerun = fragment, auto
        rerun.widget_states.widgets.extend(self._states.values())
        rerun.cached_message_hashes.extend(self._kept)
        rerun.context_info.timezone = "UTC"
        rerun.context_info.locale = "en"
        rerun.context_info.url = f"http://127.0.0.1:{self.port}/{name}"
        if self._socket is not None:
            await self._socket.send(message.SerializeToString())

    async def _ask_for_urls(self, names: list[str]) -> list[FileURLs]:
        key = f"request-{next(_numbers)}"
        self._urls[key] = asyncio.get_running_loop().create_future()
        message = BackMsg()
        message.file_urls_request.request_id, message.file_urls_request.session_id = key, self._session
        message.file_urls_request.file_names.extend(names)
        if self._socket is not None:
            await self._socket.send(message.SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._urls[key]
        finally:
            del self._urls[key]

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                self._receive(ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode()))
        except ConnectionClosed:
            pass
        finally:
            self._stop_clocks()
            for _order, _fragment, done in self._waiting:
                if not done.done():
                    done.set_exception(ConnectionClosed(None, None))
                    done.exception()  # asked for here: whoever waited may have heard of it in another way
            self._waiting.clear()

    def _receive(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "ref_hash":
            kept = self._kept.get(message.ref_hash)
            if kept is None:
                self.notes.error("the server names a message that this tab no longer has")
                return
            whole = ForwardMsg()
            whole.CopyFrom(kept[0])
            whole.metadata.CopyFrom(message.metadata)
            message = whole
        elif message.metadata.cacheable:
            self._kept[message.hash] = (message, self._run.order)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message)
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self._page = message.navigation.page_script_hash
        elif kind == "delta":
            self._draw(message)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_clock(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "file_urls_response":
            waiting = self._urls.get(message.file_urls_response.response_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(list(message.file_urls_response.file_urls))
        elif kind == "logo":
            self._load(message.logo.image)
        elif kind == "script_finished":
            self._end(message)

    def _begin(self, message: ForwardMsg) -> None:
        fragments = tuple(message.metadata.run.fragment_ids)
        self._run = Run(id=message.metadata.run.script_run_id, fragments=fragments, order=next(self._runs))
        self._session = message.new_session.initialize.session_id
        if fragments:
            return
        self._stop_clocks()
        if message.new_session.page_script_hash != self._page:
            self.shown.clear()
            self._on_screen.clear()
            self._page = message.new_session.page_script_hash

    def _draw(self, message: ForwardMsg) -> None:
        placed = self.shown.take(tuple(message.metadata.delta_path), message.delta, self._run)
        if placed is None:
            return
        if placed.kind == "exception":
            self.notes.error(f"on the page: {placed.element.exception.type}: {placed.element.exception.message[:200]}")
        for address in pictures(placed.element):
            self._load(address)
        self._watch(placed)

    def _end(self, message: ForwardMsg) -> None:
        whole = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        part = message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        if not whole and not part:
            return  # stopped for another run, which follows
        self.shown.end(self._run)
        self._on_screen = {url for placed in self.shown.all("imgs") for url in pictures(placed.element)}
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] > self._run.order - KEPT_RUNS or part}
        if whole:  # a widget that is no longer there is forgotten
            there = self.shown.widgets()
            self._states = {widget: state for widget, state in self._states.items() if widget in there}
        for entry in list(self._waiting):
            order, fragment, done = entry
            if order < self._run.order and (whole or fragment in self._run.fragments) and not done.done():
                done.set_result(None)
                self._waiting.remove(entry)

    def _load(self, address: str) -> None:
        """Fetch a picture that was not on the screen before, as a browser does at once."""
        if not address.startswith("/") or address in self._on_screen:
            return
        self._on_screen.add(address)
        task = asyncio.create_task(self._fetch(address))
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)

    async def _fetch(self, address: str) -> None:
        started = time.perf_counter()
        try:
            answer = await request(self.port, "GET", urlsplit(address).path)
        except (OSError, TimeoutError) as error:
            self.notes.error(f"picture: {type(error).__name__}")
            return
        self.notes.picture(answer.status, len(answer.body), time.perf_counter() - started)

    def _start_clock(self, fragment: str, seconds: float) -> None:
        if fragment in self._clocks:
            self._clocks[fragment].cancel()
        self._clocks[fragment] = asyncio.create_task(self._tick(fragment, seconds))

    async def _tick(self, fragment: str, seconds: float) -> None:
        due = time.monotonic()
        while True:
            due += seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                await self._ask(fragment=fragment, auto=True)
            except ConnectionClosed:
                return

    def _stop_clocks(self) -> None:
        for clock in self._clocks.values():
            clock.cancel()
        self._clocks.clear()


def state_of(widget: str, value: Any) -> WidgetState:
    """Return a widget's state as a browser sends it: bool for a button's press, float, str, or a sequence of either."""
    state = WidgetState(id=widget)
    if isinstance(value, bool):
        state.trigger_value = value
    elif isinstance(value, float):
        state.double_value = value
    elif isinstance(value, str):
        state.string_value = value
    elif value and isinstance(value[0], str):
        state.string_array_value.data.extend(value)
    else:
        state.double_array_value.data.extend(value)
    return state
