"""How people join something by a code: six letters, an address, and a square to scan."""

import io
import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

import segno
import streamlit as st

from pages._ui import state
from pages._ui.draw.pictures import show
from pages._ui.frame import plain
from pages._ui.server.secret_cookie import base

_LARGE = '<p style="font-size: {:.1f}rem; font-weight: 700; letter-spacing: 0.12em; margin: 0">{} {}</p>'


def invitation(code: str, beside: Callable[[], None] | None = None, *, width: int = 260, key: str = "joining") -> None:
    """Show a code with the square that brings it along; ``beside`` draws what stands below it.

    ``width`` of the square is in pixels. Who can change something beside it is warned where the address is good on this
    machine only.
    """
    lab = lab_address()
    address = f"{lab}/join?{state.JOIN_CODE}={code}"
    with st.container(horizontal=True, gap="large", vertical_alignment="center", key=key):
        show(square(address), alt=f"A square to scan; it opens {address}", width=width, at_least=1)
        with st.container(width="stretch"):
            st.markdown(f"Scan the square, or open **{plain(f'{lab}/join')}** and type")
            st.html(_LARGE.format(width / 81, code[:3], code[3:]))
            if beside is not None:
                beside()
    if beside is not None and _is_this_machine(urlsplit(lab).hostname or ""):
        st.warning(
            "Only this machine can open this address. Start the lab with `--server.address 0.0.0.0` and open it by the "
            "machine’s name or number, so that others reach it (Guide, “In a classroom”).",
            icon=":material/wifi_off:",
        )


def square(address: str) -> bytes:
    """Return the picture of a square that opens an address when it is scanned, as PNG."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


def lab_address() -> str:
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
