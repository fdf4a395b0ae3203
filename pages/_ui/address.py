"""What is shown, in the address bar: survives a reload and a page switch, and a link shows it to others.

A widget bound to the URL would write the option's label there, and the names of runs change; and a parameter that
is merely set is wiped when the student goes to another page. So the value is kept in the session as well and put
back on return, for the page that it was set on or for all that show the same (`state.OF_ALL_PAGES`). Where the two
differ, a link and the browser's Back and Forward win over what is kept; a click that was on its way before the address
had changed does not.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages._ui.state import OF_ALL_PAGES

_HERE, _VISIT, _JUST_COME = "visited_page", "visits", "just_come"
_EVERY_PAGE = Path(__file__).parent / "elements" / "every_page"
_SCRIPTS = "\n".join(script.read_text("utf-8") for script in sorted(_EVERY_PAGE.glob("*.js")))
_NOTES = "address_notes"  # what the page that is shown keeps in the session of what its widgets hold
_UNSAID = "address_unsaid"  # the browser still shows the address of another step of this page


def arrive(page: str) -> None:
    """Note which page is about to be drawn, so that coming to it is told from what is done on it.

    Another step of the lesson on the same page is a visit of its own: its link brings the view that it is about. What
    was changed on the page just before is noted first of all: whoever goes on at once cuts the page off before its end.
    """
    here, before = (page, st.query_params.get("step")), st.session_state.get(_HERE)
    notes = st.session_state.get(_NOTES) if before is not None and before[0] == page else None
    if notes is not None:
        notes()
    else:
        st.session_state.pop(_NOTES, None)
    st.session_state[_JUST_COME] = before != here
    if st.session_state[_JUST_COME]:
        st.session_state[_UNSAID] = before is not None and before[0] == page and not is_back_or_forward()
    if st.session_state[_JUST_COME]:
        st.session_state[_HERE] = here
        st.session_state[_VISIT] = st.session_state.get(_VISIT, 0) + 1


def note_by(notes: Callable[[], None]) -> None:
    """Call ``notes`` at the beginning of each further run of this page, when its widgets hold what was just done."""
    st.session_state[_NOTES] = notes


def settle() -> None:
    """At the end of a page: give the browser what it does on every page, and let its address follow a link that leads
    to another step of the same one.

    Streamlit's browser leaves it as it was, unless the page writes it; the next click would bring the old step back.
    What the page puts back on arrival is no step of its own for Back.
    """
    st.html(f"<script>{_SCRIPTS}</script>", unsafe_allow_javascript=True)
    if st.session_state.pop(_UNSAID, False):
        st.query_params.from_dict(st.query_params.to_dict())


def here() -> str:
    """Return the address of the page that is drawn."""
    return str(st.session_state.get(_HERE, ("",))[0])


def is_back_or_forward() -> bool:
    """Whether the browser's Back or Forward is why the page is drawn."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))


def has_just_come() -> bool:
    """Whether the page is drawn because the visitor has just come to it."""
    return bool(st.session_state.get(_JUST_COME))


def brings(name: str) -> bool:
    """Whether a link, Back or Forward has just brought the parameter ``name``."""
    return name in st.query_params and bool(st.session_state.get(_JUST_COME) or is_back_or_forward())


def read(name: str) -> str | None:
    """Return the parameter ``name`` and keep the address and the session in step."""
    given, kept = st.query_params.get(name) or None, st.session_state.get(_key(name))
    visit = st.session_state.get(_VISIT, 0)
    arrived = st.session_state.get(_seen(name)) != visit
    st.session_state[_seen(name)] = visit
    value = given if is_back_or_forward() or (arrived and given) else kept or given
    write(name, value)
    return value


def write(name: str, value: str | None) -> None:
    """Set the parameter ``name``, or take it out of the address (None)."""
    if value is None:
        st.session_state.pop(_key(name), None)
        if name in st.query_params:
            del st.query_params[name]
        return
    st.session_state[_key(name)] = value
    if st.query_params.get(name) != value:
        st.query_params[name] = value
        st.session_state.pop(_UNSAID, None)


def write_together(values: Mapping[str, str | None]) -> None:
    """Set parameters, or take them out (None), in one step of the browser's history."""
    for name, value in values.items():
        if value is None:
            st.session_state.pop(_key(name), None)
        else:
            st.session_state[_key(name)] = value
    before = st.query_params.to_dict()
    after = {name: value for name, value in (before | dict(values)).items() if value is not None}
    if after != before:
        st.query_params.from_dict(after)
        st.session_state.pop(_UNSAID, None)


def forget_owners() -> None:
    """Take out what links from before carried: a nickname, which named an owner and gave that owner's rights."""
    if "owner" in st.query_params:
        del st.query_params["owner"]


def _key(name: str) -> str:
    return f"address_{name}" if name in OF_ALL_PAGES else f"address_{here()}_{name}"


def _seen(name: str) -> str:
    return f"seen_{name}"
