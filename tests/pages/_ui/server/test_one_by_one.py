"""What somebody does waits for what they did just before; what waits for nothing goes through at once."""

import asyncio
import contextlib
import selectors
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from pages._ui.server import one_by_one
from pages._ui.server.one_by_one import OneByOne
from pages._ui.startup import MIDDLEWARE
from tests.browser.server import Server

FRAGMENT_ENDS = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
LEAVES: Message = {"type": "websocket.disconnect", "code": 1001}


def asked(page: str = "training", fragment: str = "", *pressed: str, **values: str) -> Message:
    message = BackMsg()
    message.rerun_script.page_script_hash, message.rerun_script.fragment_id = page, fragment
    for name, value in values.items():
        message.rerun_script.widget_states.widgets.add(id=name, string_value=value)
    for name in pressed:
        message.rerun_script.widget_states.widgets.add(id=name, trigger_value=True)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def heartbeat() -> Message:
    return {"type": "websocket.receive", "bytes": BackMsg(app_heartbeat=True).SerializeToString()}


def sends_files() -> Message:
    message = BackMsg()
    message.file_urls_request.file_names.append("one.jpg")
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def begins(*fragments: str) -> ForwardMsg:
    said = ForwardMsg()
    said.new_session.SetInParent()
    said.metadata.run.fragment_ids.extend(fragments)
    return said


def draws(name: str = "", *, large: str = "", fragment: str = "") -> ForwardMsg:
    said = ForwardMsg(hash=large)
    said.metadata.cacheable = bool(large)
    said.delta.fragment_id = fragment
    said.delta.new_element.button.id = name
    return said


def ends(status: int = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    return ForwardMsg(script_finished=status)  # type: ignore[arg-type]


def is_on(page: str) -> ForwardMsg:
    said = ForwardMsg()
    said.navigation.page_script_hash = page
    return said


def draws_a_field(kind: str = "file_uploader") -> ForwardMsg:
    said = ForwardMsg()
    field = getattr(said.delta.new_element, kind)
    field.id = "photos"
    if kind == "file_uploader":
        field.multiple_files = True
    return said


def gives_addresses() -> ForwardMsg:
    said = ForwardMsg()
    said.file_urls_response.response_id = "1"
    return said


def draws_a_field_for_a_zip() -> ForwardMsg:
    said = ForwardMsg()
    said.delta.new_element.file_uploader.id = "zip"
    return said


def opens(name: str) -> ForwardMsg:
    said = ForwardMsg()
    said.delta.add_block.tab_container.id = name
    return said


class Jumps(selectors.DefaultSelector):
    """Waits for nothing: the clock goes on to the next moment that something waits for."""

    passed = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed += timeout or 0.0
        return super().select(timeout and 0)


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = Jumps()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.passed


def on_a_clock_of_its_own(talk: Coroutine[object, object, None]) -> None:
    """Have no pause of the machine, however long, count as time that passes."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(talk)


class Conversation:
    """A browser and Streamlit, the middleware between them; ``heard`` is what has come to Streamlit so far."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self._says: asyncio.Queue[Message] = asyncio.Queue()
        self._sends: Send | None = None
        self.gone = False

    async def __aenter__(self) -> "Conversation":
        self._talk = asyncio.ensure_future(OneByOne(self._streamlit)({"type": "websocket"}, self._says.get, self._sent))
        await self.rest()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._talk.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._talk

    async def browser(self, *messages: Message) -> list[Message]:
        """Say this, and return what comes to Streamlit of all that was said."""
        for message in messages:
            self._says.put_nowait(message)
        return await self.rest()

    async def server(self, *messages: ForwardMsg) -> list[Message]:
        """Show this, and return what comes to Streamlit then."""
        assert self._sends is not None
        for message in messages:
            await self._sends({"type": "websocket.send", "bytes": message.SerializeToString()})
        return await self.rest()

    async def rest(self) -> list[Message]:
        before = -1
        while before != len(self.heard):
            before = len(self.heard)
            await asyncio.sleep(0.02)
        heard, self.heard = self.heard, []
        return heard

    async def _streamlit(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self._sends = send
        while (message := await receive())["type"] != "websocket.disconnect":
            self.heard.append(message)
        self.heard.append(message)

    async def _sent(self, _message: Message) -> None:
        if self.gone:
            raise ConnectionError


def test_a_press_waits_until_its_button_is_drawn_again() -> None:
    async def talk() -> None:
        typed, pressed = asked(word="one"), asked("training", "", "send", word="one")
        async with Conversation() as both:
            assert await both.browser(typed, pressed) == [typed]
            assert await both.server(ends()) == []  # of what ran before
            assert await both.server(begins(), draws("word")) == []
            assert await both.server(draws("send")) == [pressed]

    on_a_clock_of_its_own(talk())


def test_what_was_not_drawn_again_waits_for_the_end() -> None:
    async def talk() -> None:
        pressed = asked("training", "", "send")
        async with Conversation() as both:
            await both.browser(asked(word="one"), pressed)
            again = ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
            assert await both.server(begins(), draws("word"), again, begins(), draws("word")) == []
            assert await both.server(ends()) == [pressed]

    on_a_clock_of_its_own(talk())


def test_what_was_drawn_before_the_press_is_remembered() -> None:
    async def talk() -> None:
        async with Conversation() as both:
            await both.browser(asked(word="one"))
            await both.server(begins(), opens("tabs"), draws("send"), draws("$$x_wall", large="hash"))
            for each in (asked("training", "", "send", word="one"), asked(word="one", tabs="second")):
                assert await both.browser(each) == [each]
                await both.server(begins(), opens("tabs"), draws("send"), ForwardMsg(ref_hash="hash"))
            chosen = asked("training", "", "$$$$x_wall__events", word="one", tabs="second")
            assert await both.browser(chosen) == [chosen]

    on_a_clock_of_its_own(talk())


def test_of_values_that_follow_one_another_the_last_one_is_heard() -> None:
    async def talk() -> None:
        first, second, third = (asked(slider=value) for value in "123")
        async with Conversation() as both:
            assert await both.browser(first, second, third) == [first]
            assert await both.server(begins(), draws("other")) == []
            assert await both.server(draws("slider")) == [third]

    on_a_clock_of_its_own(talk())


def test_values_that_never_end_are_heard_now_and_then() -> None:
    async def talk() -> None:
        async with Conversation() as both:
            await both.browser(asked(slider="0"))
            heard = [await both.browser(asked(slider=str(number))) for number in range(1, 500)]
            assert 0 < sum(map(len, heard)) < 15

    on_a_clock_of_its_own(talk())


def test_no_press_gives_way() -> None:
    async def talk() -> None:
        typed, pressed, moved = asked(word="one"), asked("training", "", "send", word="one"), asked(word="two")
        async with Conversation() as both:
            assert await both.browser(typed, pressed, moved) == [typed]
            assert await both.server(begins(), draws("word"), draws("send")) == [pressed]
            assert await both.server(begins(), draws("word")) == [moved]

    on_a_clock_of_its_own(talk())


def test_another_page_waits_for_callbacks_only() -> None:
    async def talk() -> None:
        leaves = asked("compare")
        async with Conversation() as both:
            pressed = asked("training", "", "send")
            assert await both.browser(pressed, leaves) == [pressed]
            assert await both.server(begins("run"), draws(), begins()) == []
            assert await both.server(draws()) == [leaves]

    on_a_clock_of_its_own(talk())


def test_a_link_to_the_page_itself_waits_until_what_was_used_before_is_drawn_again() -> None:
    async def talk() -> None:
        first, opened, leads = asked(tabs="first", word="one"), asked(tabs="second", word="one"), asked()
        async with Conversation() as both:
            await both.browser(first)
            await both.server(begins(), opens("tabs"), draws("word"), ends())
            assert await both.browser(opened, leads) == [opened]
            assert await both.server(begins(), draws("word")) == []
            assert await both.server(opens("tabs"), ends()) == []
            await asyncio.sleep(one_by_one._A_MOMENT)  # the browser has drawn it
            assert await both.rest() == [leads]

    on_a_clock_of_its_own(talk())


def test_a_link_to_the_page_itself_waits_for_no_fragment_that_shows_something_all_the_time() -> None:
    async def talk() -> None:
        async with Conversation() as both:
            await both.browser(asked(word="one"))
            await both.server(begins(), draws("word"), ends())
            await asyncio.sleep(one_by_one._A_MOMENT)
            await both.server(begins("camera"), draws("photo", fragment="camera"), ends(FRAGMENT_ENDS))
            assert await both.browser(leads := asked()) == [leads]

    on_a_clock_of_its_own(talk())


def test_no_value_gives_way_to_another_one() -> None:
    async def talk() -> None:
        before, typed, pressed = asked(), asked(word="one"), asked("training", "", "send", word="one")
        other = asked(word="one", slider="2")
        async with Conversation() as both:
            assert await both.browser(before, typed, pressed, other) == [before]
            assert await both.server(draws("word")) == []
            assert await both.server(begins(), draws("word"), draws("send"), draws("slider")) == [typed]
            assert await both.server(begins(), draws("word"), draws("send"), draws("slider")) == [pressed]
            assert await both.server(begins(), draws("word"), draws("slider")) == [other]

    on_a_clock_of_its_own(talk())


def test_what_is_asked_for_on_another_page_or_by_the_way_back_gives_no_way() -> None:
    async def talk() -> None:
        back = BackMsg.FromString(asked(slider="2")["bytes"])
        back.rerun_script.is_history_navigation = True
        said: list[Message] = [
            asked(slider="1"),
            {"type": "websocket.receive", "bytes": back.SerializeToString()},
            asked(slider="3"),
            asked("compare", slider="4"),
        ]
        async with Conversation() as both:
            heard = await both.browser(*said)
            for _time in range(3):
                heard += await both.server(begins(), draws("slider"), ends())
            assert heard == said

    on_a_clock_of_its_own(talk())


def test_after_a_rerun_the_widget_has_to_be_drawn_once_more() -> None:
    async def talk() -> None:
        pressed = asked("training", "", "send")
        async with Conversation() as both:
            await both.browser(asked(word="one"), pressed)
            again = ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
            assert await both.server(begins(), draws("other"), again) == []
            await both.browser(heartbeat())
            assert await both.server(begins(), draws("other")) == []
            assert await both.server(draws("send")) == [pressed]

    on_a_clock_of_its_own(talk())


def test_a_press_in_a_fragment_comes_before_what_is_asked_of_the_page_next() -> None:
    async def talk() -> None:
        first, stopped, moved = asked(word="one"), asked("training", "run", "stop", word="one"), asked(word="two")
        async with Conversation() as both:
            assert await both.browser(first, stopped, moved) == [first]
            assert await both.server(begins(), draws("word"), draws("stop", fragment="run")) == []
            assert await both.server(ends()) == [stopped]
            assert await both.server(begins("run")) == []
            assert await both.server(draws("stop")) == [moved]

    on_a_clock_of_its_own(talk())


def test_a_fragment_that_is_gone_is_not_waited_for() -> None:
    async def talk() -> None:
        here, gone, moved = asked("training", "chart"), asked("training", "run", "stop"), asked(word="two")
        async with Conversation() as both:
            await both.browser(asked())
            assert await both.browser(gone, here) == []
            assert await both.server(begins(), draws("x", fragment="chart"), ends()) == [here]
            await both.server(begins("chart"), draws("y", fragment="inner"), ends(FRAGMENT_ENDS))
            assert await both.browser(asked("training", "inner"), moved) == [asked("training", "inner")]

    on_a_clock_of_its_own(talk())


def test_a_fragment_that_is_not_drawn_yet_is_not_gone() -> None:
    async def talk() -> None:
        stopped = asked("training", "run", "stop")
        async with Conversation() as both:
            await both.browser(asked(), stopped)
            assert await both.server(begins(), draws()) == []
            await asyncio.sleep(one_by_one._TO_THE_END + 1)
            assert await both.rest() == [stopped], "the page takes too long"

    on_a_clock_of_its_own(talk())


def test_a_page_that_a_fragment_has_drawn_anew_is_waited_for_to_its_end() -> None:
    async def talk() -> None:
        looks, stopped = asked("training", "list"), asked("training", "run", "stop")
        again = (begins("list"), ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN), begins(), draws("x", fragment="list"))
        async with Conversation() as both:
            assert await both.browser(looks) == [looks]
            await both.server(*again)
            assert await both.browser(stopped) == []
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == []
            assert await both.server(draws("stop", fragment="run"), ends()) == [stopped]

    on_a_clock_of_its_own(talk())


def test_a_page_behind_a_fragment_waits_no_minute_and_for_its_callbacks() -> None:
    async def talk() -> None:
        stopped, leaves = asked("training", "run", "stop"), asked("compare")
        async with Conversation() as both:
            await both.browser(asked(), stopped, leaves)
            assert await both.server(begins(), draws()) == []
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == [stopped]
            assert await both.server(ends(), begins("run"), draws("stop", fragment="run")) == [leaves]

    on_a_clock_of_its_own(talk())


def test_whoever_waited_no_longer_says_what_the_browser_keeps() -> None:
    async def talk() -> None:
        kept = BackMsg.FromString(asked("training", "", "send")["bytes"])
        kept.rerun_script.cached_message_hashes.append("hash")
        pressed: Message = {"type": "websocket.receive", "bytes": kept.SerializeToString()}
        async with Conversation() as both:
            assert await both.browser(pressed, pressed) == [pressed]
            (again,) = await both.server(begins(), draws("send"))
            assert again == asked("training", "", "send")

    on_a_clock_of_its_own(talk())


@pytest.mark.parametrize("data", [None, b"", b"\xff\xff\xff"])
def test_what_is_no_request_is_streamlits_to_answer(data: bytes | None) -> None:
    async def talk() -> None:
        message: Message = {"type": "websocket.receive", "bytes": data}
        async with Conversation() as both:
            assert await both.browser(asked(), message) == [asked(), message]

    on_a_clock_of_its_own(talk())


def test_who_stops_the_page_wants_nothing_of_what_waits() -> None:
    async def talk() -> None:
        stop: Message = {"type": "websocket.receive", "bytes": BackMsg(stop_script=True).SerializeToString()}
        first = asked(word="one")
        async with Conversation() as both:
            assert await both.browser(first) == [first]
            assert await both.server(begins(), is_on("training")) == []
            assert await both.browser(asked("compare"), stop) == [stop]
            assert await both.server(draws("word", fragment="run"), ends()) == []
            assert await both.browser(asked("training", "run")) == [asked("training", "run")], "one stays on the page"

    on_a_clock_of_its_own(talk())


def test_a_page_waits_for_the_callbacks_of_its_fragment_and_a_fragment_for_the_end_of_the_page() -> None:
    async def talk() -> None:
        stopped, moved, looks = (
            asked("training", "run", "stop"),
            asked(word="one"),
            asked("training", "run", word="one"),
        )
        async with Conversation() as both:
            assert await both.browser(stopped, moved) == [stopped]
            assert await both.server(begins("run"), draws("stop")) == [moved]
            assert await both.browser(looks) == []
            again = ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
            assert await both.server(again, begins(), draws("word"), draws("stop", fragment="run")) == []
            assert await both.server(ends()) == [looks]

    on_a_clock_of_its_own(talk())


def test_what_a_clock_asks_for_waits_once_and_not_where_the_page_is_drawn_anew() -> None:
    async def talk() -> None:
        ticks = BackMsg.FromString(asked("training", "run")["bytes"])
        ticks.rerun_script.is_auto_rerun = True
        tick: Message = {"type": "websocket.receive", "bytes": ticks.SerializeToString()}
        first, moved = asked(), asked(word="one")
        async with Conversation() as both:
            assert await both.browser(first, tick, tick) == [first]
            assert await both.server(begins(), draws("word", fragment="run"), ends()) == [tick]
            assert await both.browser(moved) == [moved], "nothing is called where a clock asks"
            assert await both.browser(asked(word="two"), tick, asked(word="three")) == []
            assert await both.server(begins(), draws("word")) == [asked(word="three")]
            assert await both.server(begins(), ends()) == []

    on_a_clock_of_its_own(talk())


def test_a_fragment_of_a_page_that_was_left_is_not_heard_however_long_the_next_one_takes() -> None:
    async def talk() -> None:
        leaves, late, here = asked("compare"), asked("training", "run"), asked("compare", "chart")
        async with Conversation() as both:
            assert await both.browser(asked(), leaves, late, here) == [asked()]
            assert await both.server(begins(), draws()) == [leaves]
            assert await both.browser(late) == []
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == [], "a fragment waits for the end of the page"
            assert await both.server(begins(), is_on("compare"), draws(fragment="chart"), ends()) == [here]

    on_a_clock_of_its_own(talk())


def test_a_fragment_that_is_not_heard_keeps_nobody_waiting() -> None:
    async def talk() -> None:
        late, pressed = asked("training", "run"), asked("compare", "", "send")
        async with Conversation() as both:
            await both.browser(asked("compare"))
            assert await both.browser(late, pressed) == []
            assert await both.server(begins(), draws("send")) == [pressed]

    on_a_clock_of_its_own(talk())


def test_a_page_that_the_server_has_moved_on_to_is_not_left() -> None:
    async def talk() -> None:
        pressed, here, late = asked("training", "", "open"), asked("compare", "chart"), asked("training", "run")
        moves = (ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN), begins(), is_on("compare"), draws(fragment="chart"))
        async with Conversation() as both:
            await both.browser(pressed)
            await both.server(begins(), is_on("training"))
            assert await both.browser(late) == [], "it waits for the end of the page"
            assert await both.server(*moves, draws(fragment="run"), ends()) == []
            assert await both.browser(late, here) == [here]

    on_a_clock_of_its_own(talk())


def test_what_is_still_shown_of_a_page_that_was_left_leads_nobody_back() -> None:
    async def talk() -> None:
        leaves, late = asked("compare"), asked("training", "run")
        async with Conversation() as both:
            assert await both.browser(asked(), leaves) == [asked()]
            await both.server(begins(), is_on("training"))
            assert await both.browser(late) == [], "the next page still waits"
            assert await both.server(draws()) == [leaves]
            await both.server(is_on("training"))
            assert await both.browser(late) == [], "the next page has not begun"
            assert await both.server(begins(), is_on("compare"), draws(fragment="run"), ends()) == []

    on_a_clock_of_its_own(talk())


def test_a_page_that_follows_what_was_taken_for_it_is_seen_as_well() -> None:
    async def talk() -> None:
        here, gone = asked("compare", "chart"), asked("compare", "run")
        before = (begins(), is_on("training"), draws(fragment="run"), ends())
        async with Conversation() as both:
            await both.browser(asked("compare"))
            await both.server(*before, begins(), is_on("compare"), draws(fragment="chart"), ends())
            assert await both.browser(gone, here) == [here]

    on_a_clock_of_its_own(talk())


def test_a_fragment_that_the_page_has_drawn_instead_has_run() -> None:
    async def talk() -> None:
        first, second = asked("training", "run", "stop"), asked("training", "chart", "zoom")
        async with Conversation() as both:
            assert await both.browser(first, second) == [first]
            assert await both.server(begins(), draws(fragment="chart")) == [], "the page is drawn in its place"
            assert await both.server(ends()) == [second]

    on_a_clock_of_its_own(talk())


def test_what_asks_for_no_rerun_waits_for_nothing() -> None:
    async def talk() -> None:
        first, second = asked(word="one"), asked("training", "", "send")
        async with Conversation() as both:
            assert await both.browser(first, second, heartbeat()) == [first, heartbeat()]

    on_a_clock_of_its_own(talk())


@pytest.mark.parametrize("kind", ["file_uploader", "camera_input"])
def test_files_come_for_what_was_pressed_before_and_not_for_what_is_pressed_next(kind: str) -> None:
    async def talk() -> None:
        mug, shoe = asked(of="mug"), asked(of="shoe")
        async with Conversation() as both:
            assert await both.browser(sends_files()) == [sends_files()], "nobody is waited for"
            await both.server(gives_addresses())
            assert await both.browser(mug, sends_files(), shoe) == [mug]
            assert await both.server(begins(), draws_a_field_for_a_zip(), draws("of")) == []
            assert await both.server(draws_a_field(kind)) == [sends_files()]
            assert await both.server(gives_addresses()) == [shoe], "a run that begins would drop the addresses"
            assert await both.browser(sends_files()) == []
            assert await both.server(ends(), begins(), draws("of")) == []
            assert await both.server(ends()) == [sends_files()], "that page has no field any more"
            await both.server(gives_addresses())

            assert await both.browser(again := asked(of="shoe", other="x")) == [again]
            early = ends(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
            await both.server(begins(), draws("of"), draws_a_field(kind), early, begins())
            assert await both.browser(sends_files()) == [], "it is drawn once more"
            assert await both.server(draws("of"), draws_a_field(kind)) == [sends_files()]

    on_a_clock_of_its_own(talk())


def test_no_press_gives_way_across_files() -> None:
    async def talk() -> None:
        first, mug, shoe = asked(other="x"), asked(other="x", of="mug"), asked(other="x", of="shoe")
        async with Conversation() as both:
            assert await both.browser(first, mug, sends_files(), shoe) == [first]
            assert await both.server(begins(), draws("other"), draws("of")) == [mug]
            assert await both.server(ends(), begins(), draws("of"), draws_a_field()) == [sends_files()]
            assert await both.server(gives_addresses()) == [shoe]

    on_a_clock_of_its_own(talk())


def test_files_wait_longer_than_a_press_but_not_for_ever() -> None:
    async def talk() -> None:
        async with Conversation() as both:
            assert await both.browser(asked(), sends_files()) == [asked()]
            await asyncio.sleep(2 * one_by_one.PATIENCE)
            assert await both.rest() == [], "they would go into the class before"
            await asyncio.sleep(one_by_one._FOR_A_FIELD)
            assert await both.rest() == [sends_files()]

    on_a_clock_of_its_own(talk())


def test_who_leaves_is_heard_to_the_end() -> None:
    async def talk() -> None:
        first, third, fourth = asked(word="one"), asked(word="two"), asked("compare")
        second, joined = asked("training", "", "send", word="one"), asked("training", "", "send", word="two")
        async with Conversation() as both:
            assert await both.browser(first, second, third, fourth, LEAVES) == [first]
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == [joined, LEAVES]

    on_a_clock_of_its_own(talk())


def test_who_leaves_waits_for_no_end_of_the_page() -> None:
    async def talk() -> None:
        stopped = asked("training", "run", "stop")
        async with Conversation() as both:
            assert await both.browser(asked(), stopped, LEAVES) == [asked()]
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == [stopped, LEAVES]

    on_a_clock_of_its_own(talk())


def test_who_can_no_longer_be_told_anything_is_heard_to_the_end() -> None:
    async def talk() -> None:
        typed, pressed = asked(word="one"), asked("training", "", "send", word="one")
        async with Conversation() as both:
            await both.browser(typed, pressed)
            both.gone = True
            assert await both.server(begins(), draws("word"), draws("send")) == [pressed]
            assert await both.browser(LEAVES) == [LEAVES]

    on_a_clock_of_its_own(talk())


def test_patience_ends() -> None:
    async def talk() -> None:
        first, second = asked(word="one"), asked("training", "", "send")
        async with Conversation() as both:
            assert await both.browser(first, second) == [first]
            await asyncio.sleep(one_by_one.PATIENCE + 1)
            assert await both.rest() == [second]

    on_a_clock_of_its_own(talk())


def test_the_server_has_it() -> None:
    assert OneByOne in [each.cls for each in MIDDLEWARE]


class Served(Server):
    """A page of a file of its own, and before it what the lab's server has."""

    def command(self) -> list[str]:
        command = super().command()
        command[command.index("streamlit_app.py")] = str(self.home / "served.py")
        return command


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ClientConnection]:
    """A visitor of a page that keeps what is typed and what a button was given; all of it takes its time."""
    (tmp_path / "page.py").write_text(
        "import time\nfrom pathlib import Path\nimport streamlit as st\n"
        "def keep(name, word=None):\n"
        "    time.sleep(0.05)\n"
        "    with (Path(__file__).parent / name).open('a') as kept:\n"
        "        kept.write((word or st.session_state['word']) + ' ')\n"
        "word = st.text_input('Word', key='word', on_change=keep, args=('typed',))\n"
        "time.sleep(0.05)\n"
        "st.slider('Other', 0, 100)\n"
        "st.button('Send', on_click=keep, args=('pressed', word))\n"
    )
    (tmp_path / "served.py").write_text(
        "import streamlit as st\nfrom starlette.middleware import Middleware\n"
        "from pages._ui.server.one_by_one import OneByOne\n"
        f"app = st.App({str(tmp_path / 'page.py')!r}, middleware=[Middleware(OneByOne)])\n"
    )
    server = Served(tmp_path, PYTHONPATH=str(Path(__file__).parents[4]))
    try:
        server.start()
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        with connect(address, subprotocols=["streamlit"], max_size=None) as visitor:  # type: ignore[list-item]
            yield visitor
    finally:
        server.clear_away()


def test_nothing_that_is_done_in_a_hurry_is_lost(page: ClientConnection, tmp_path: Path) -> None:
    names: dict[str, str] = {}

    def ask(*states: WidgetState) -> None:
        message = BackMsg()
        message.rerun_script.widget_states.widgets.extend(states)
        page.send(message.SerializeToString())

    def at_rest() -> None:
        with contextlib.suppress(TimeoutError):
            while drawn := ForwardMsg.FromString(page.recv(timeout=1.0)).delta.new_element:
                if kind := drawn.WhichOneof("type"):
                    names[kind] = getattr(drawn, kind).id

    ask()
    at_rest()
    for number in range(3):
        word = WidgetState(id=names["text_input"], string_value=f"word{number}")
        ask(word)
        time.sleep(0.03)
        other = WidgetState(id=names["slider"], double_array_value={"data": [number + 1]})
        ask(word, other)
        ask(word, other, WidgetState(id=names["button"], trigger_value=True))
        at_rest()
    expected = "word0 word1 word2 "
    assert ((tmp_path / "typed").read_text(), (tmp_path / "pressed").read_text()) == (expected, expected)
