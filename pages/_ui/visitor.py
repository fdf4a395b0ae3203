"""Who is looking: an account that has signed in, a browser known by its secret, or, without cookies, this session."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.errors import LabError
from core.rights import Person, is_secret, new_secret, owner_of
from core.runs import open_store
from core.runs.records import Run
from core.runs.store.owners import Owners
from pages._ui import state
from pages._ui.classroom.account import account
from pages._ui.classroom.now import the_class
from pages._ui.server.secret_cookie import COOKIE


def visitor() -> Person:
    """Return who is looking, with the rights that they have now; ask anew for everything that changes a run.

    From the second class on that is somebody else in each, but for whoever runs the lab and for accounts.
    """
    owner = browsers_id()
    person = Person(owner=owner)
    with suppress(LabError):  # a store that cannot be read is said where it is used
        person = Owners(open_store()).person(owner)
        number = the_class().number
        if not person.runs_the_lab and number >= 2 and account() is None:
            person = Owners(open_store()).person(owner_of(_secret(), of_class=number))
    return replace(person, address=network_address())


def visitors_id() -> str:
    """Return the owner's id of who is looking; where there was no second class, without asking for their rights."""
    return browsers_id() if the_class().number < 2 else visitor().owner


def browsers_id() -> str:
    """Return the owner's id of the account or browser itself, whichever class goes on: by it one runs the lab."""
    return owner_of(_secret())


def network_address() -> str:
    """Return the address in the network from which the visitor's browser asks; "" for this machine's own.

    Behind a proxy on this machine it is the one that the proxy names (X-Forwarded-For).
    """
    with suppress(RuntimeError):  # tests run pages without a server
        return st.context.ip_address or ""
    return ""


def is_known_again() -> bool:
    """Say whether it is the same person after a reload: signed in, or in a browser that keeps its secret."""
    return account() is not None or bool(_cookie())


def whose(run: Run) -> str:
    """Return "your run", or whose it is."""
    return "your run" if run.owner == visitors_id() else f"{run.owner_name}'s run"


def who_owns(run: Run) -> str:
    """Return "you", or who it is."""
    return "you" if run.owner == visitors_id() else run.owner_name


def who_stopped(run: Run) -> str:
    """Return "You", "Ada" or "Somebody", to begin a sentence with."""
    if not run.stopped_by:
        return "Somebody"
    name = "you" if run.stopped_by == visitors_id() else run.stopped_by_name
    return name[:1].upper() + name[1:]


def _secret() -> str:
    return account() or _cookie() or str(st.session_state.setdefault(state.SECRET, new_secret()))


def _cookie() -> str:
    kept = ""
    with suppress(RuntimeError):  # tests run pages without a server
        kept = st.context.cookies.to_dict().get(COOKIE, "")
    return kept if is_secret(kept) else ""
