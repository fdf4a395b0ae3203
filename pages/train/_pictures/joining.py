"""How phones join a set: six letters, an address and a square to scan, which the owner opens, changes and closes."""

import io
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

import segno
import streamlit as st

from core.data.own import Joining, OwnSet, OwnSetError, open_own_sets
from pages._ui import state
from pages._ui.draw.pictures import show
from pages._ui.frame import plain
from pages._ui.server.secret_cookie import base
from pages._ui.visitor import visitor
from pages.train._pictures.acting import act

_LARGE = '<p style="font-size: 3.2rem; font-weight: 700; letter-spacing: 0.12em; margin: 0">{} {}</p>'
EVERY = 2.0  # seconds between two looks for new pictures


def joining(own: OwnSet) -> None:
    """Show the code of a set that is open, or the button that opens it."""
    if own.code is None:
        st.button("Let phones join", icon=":material/qr_code_2:", type="primary", on_click=_opened, args=(own.id,))
        st.caption("Shows a code and a square to scan. Whoever has it can add pictures, until you close it.")
        return
    base = _base()
    address = f"{base}/join?{state.JOIN_CODE}={own.code}"
    with st.container(horizontal=True, gap="large", vertical_alignment="center", key="joining"):
        show(_square(address), alt=f"A square to scan; it opens {address}", width=260, at_least=1)
        with st.container(width="stretch"):
            st.markdown(f"Scan the square, or open **{plain(f'{base}/join')}** and type")
            st.html(_LARGE.format(own.code[:3], own.code[3:]))
            with st.container(horizontal=True):
                st.button("Close", icon=":material/lock:", on_click=_closed, args=(own.id,), key="join_close")
                st.button(
                    "Another code",
                    icon=":material/autorenew:",
                    on_click=_rotated,
                    args=(own.id,),
                    key="join_rotate",
                    help="Whoever has the old one can add no more; what has come stays.",
                )
    if _is_this_machine(urlsplit(base).hostname or ""):
        st.warning(
            "Only this machine can open this address. Start the lab with `--server.address 0.0.0.0` and open it by the "
            "machine’s name or number, so that phones reach it (Guide, “In a classroom”).",
            icon=":material/wifi_off:",
        )


@st.fragment(run_every=EVERY)
def follow(set_id: str, revision: int) -> None:
    """Draw the page anew when the set has changed meanwhile: a look asks the store for one number."""
    seen = f"seen_{set_id}"
    changes = open_own_sets().changes()
    before = st.session_state.get(seen)
    st.session_state[seen] = changes
    if before not in (None, changes) and has_changed(set_id, revision):
        st.rerun()


def has_changed(set_id: str, revision: int) -> bool:
    """Say whether a set is another than it was at this revision, or gone."""
    try:
        return open_own_sets().get(set_id).revision != revision
    except OwnSetError:
        return True


def _square(address: str) -> bytes:
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


def _base() -> str:
    """The address of the lab as this browser has it; where that is only good here, by its number in the network."""
    here: SplitResult = urlsplit(st.context.url or f"http://localhost:{st.get_option('server.port')}")
    host = here.netloc
    if _is_this_machine(here.hostname or "") and _listens_to_all() and (number := _own_number()):
        host = f"{number}:{here.port}" if here.port else number
    return f"{here.scheme}://{host}{base()}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _listens_to_all() -> bool:
    return (st.get_option("server.address") or "0.0.0.0") in ("0.0.0.0", "::")


def _own_number() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks by which way a packet would leave
        except OSError:
            return None
        number = str(probe.getsockname()[0])
    return None if _is_this_machine(number) else number


def _opened(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).open(set_id, by=visitor()))


def _rotated(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).rotate(set_id, by=visitor()))


def _closed(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).close(set_id, by=visitor()))
