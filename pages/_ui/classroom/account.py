"""Signing in with an account of the school (OpenID Connect), where whoever runs the lab has set it up.

Streamlit does it (`st.login`); its signed cookie says who it is. An account is the same person in every browser and in
every class.
"""

from functools import lru_cache

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed

_KEYS_OF_A_PROVIDER = ("client_id", "server_metadata_url")


@lru_cache(maxsize=1)
def providers() -> tuple[str | None, ...]:
    """Return the names by which one can sign in, None for the one without a name; none where it is not set up.

    What stands in Streamlit's ``secrets.toml`` is read once, when the first visitor comes.
    """
    section = get_secrets_auth_section()
    if not section or not is_authlib_installed():
        return ()
    named = tuple(name for name, value in section.items() if hasattr(value, "keys"))
    return (*((None,) if all(section.get(key) for key in _KEYS_OF_A_PROVIDER) else ()), *named)


def account() -> str | None:
    """Return what tells the visitor's account from every other; None where they have not signed in, or it says not who.

    It can be no browser's secret (`core.rights.is_secret`), so that nobody comes by an account's rights with a cookie.
    """
    if not providers() or not st.user.is_logged_in:
        return None
    issuer, subject = st.user.get("iss"), st.user.get("sub")
    return f"account {issuer} {subject}" if issuer and subject else None  # else all accounts would be one person


def name_of_account() -> str:
    """Return what the account is called, "" where that is not said."""
    return str(st.user.get("name") or "") if account() is not None else ""


def sign_in_or_out() -> None:
    """Offer to sign in, or say who has and offer to sign out; nothing where it is not set up."""
    if account() is not None:
        st.button("Sign out", icon=":material/logout:", key="sign_out", on_click=st.logout)
        return
    for name in providers():
        st.button(
            f"Sign in with {name.capitalize()}" if name else "Sign in",
            icon=":material/login:",
            key=f"sign_in_{name or ''}",
            on_click=st.login,
            args=(name,) if name else (),
            help="Your runs are then yours in every browser.",
        )
