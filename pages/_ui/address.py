"""What is shown, in the address bar: survives a reload and a page switch, and a link shows it to others.

A widget bound to the URL would write the option's label there, and the names of runs change; and a parameter that
is merely set is wiped when the student goes to another page. So the value is kept in the session as well and put
back on return; where both are there, the address wins, because it is what a link or the back button brought.
"""

import streamlit as st


def read(name: str) -> str | None:
    """Return the parameter ``name`` and keep the address and the session in step."""
    value = st.query_params.get(name) or st.session_state.get(_key(name))
    if value:
        write(name, str(value))
        return str(value)
    return None


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


def forget_owners() -> None:
    """Take out what links from before carried: a nickname, which named an owner and gave that owner's rights."""
    if "owner" in st.query_params:
        del st.query_params["owner"]


def _key(name: str) -> str:
    return f"address_{name}"
