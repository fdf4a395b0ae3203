"""What a browser asks Streamlit for: a rerun with the values of all widgets, of which some have been used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from starlette.types import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

_PRESSES = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")


@dataclass(kw_only=True)
class Asked:
    """A rerun that a browser has asked for: which one of all that came, and ``since`` when it waits (seconds).

    ``held``: it has waited for something that may have had the browser let go of what it says that it keeps.
    """

    message: Message
    state: ClientState
    number: int
    since: float
    held: bool = False


def said_in(message: Message) -> BackMsg | None:
    """Return what a message of the connection says; None where that is nothing that Streamlit knows."""
    try:
        return BackMsg.FromString(message.get("bytes") or b"")
    except DecodeError:  # is Streamlit's to refuse
        return None


def gives_way(before: ClientState, after: ClientState, handed_on: Mapping[str, WidgetState]) -> bool:
    """Say whether what is asked for after it says all that was asked for before: a later value of the same widget."""
    return (
        not before.fragment_id
        and not after.fragment_id
        and before.page_script_hash == after.page_script_hash
        and not before.is_history_navigation
        and not any(presses(before))
        and used(before, handed_on) == used(after, handed_on)
    )


def used(asked: ClientState, before: Mapping[str, WidgetState]) -> list[str]:
    """Return the ids of the widgets that were pressed or have another value than before."""
    return [each.id for each in asked.widget_states.widgets if _is_press(each) or before.get(each.id) != each]


def presses(asked: ClientState) -> Iterable[WidgetState]:
    """Return what was pressed."""
    return filter(_is_press, asked.widget_states.widgets)


def values(asked: ClientState) -> Iterable[WidgetState]:
    """Return a copy of the values in it, without what was pressed: several photos are sent that way."""
    kept = WidgetStates()
    kept.widgets.extend(each for each in asked.widget_states.widgets if not _is_press(each))
    return kept.widgets


def _is_press(state: WidgetState) -> bool:
    return state.WhichOneof("value") in _PRESSES
