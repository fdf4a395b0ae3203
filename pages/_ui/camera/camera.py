"""What pages that film share: where a browser opens a camera, and the pictures that it sends."""

import base64
import binascii
from urllib.parse import urlsplit

import streamlit as st

from core.errors import PhotoError

CAMERA = __file__  # its JavaScript and CSS come before those of each component that films
ONLY_HTTPS = "Browsers open the camera inside a page only over HTTPS or on localhost."
_MOST_LETTERS = 1_400_000  # of a picture in base64: 1 MB


def camera_opens() -> bool:
    """Whether a browser opens the camera on a page with this address."""
    here = urlsplit(st.context.url or "http://localhost")
    return here.scheme == "https" or here.hostname in ("localhost", "127.0.0.1", "::1")


def sent_picture(sent: object, *, what: str = "The picture", again: str = "take another one") -> bytes:
    """Return the picture file that a component has sent as base64; raises PhotoError for anything else."""
    try:
        if isinstance(sent, str) and len(sent) <= _MOST_LETTERS:
            return base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise PhotoError(f"{what} did not arrive whole; {again}.")
