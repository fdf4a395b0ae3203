"""What a component that films has sent: a picture as base64, or a sentence; and where a browser opens a camera."""

import base64
import io

import pytest
import streamlit as st
from PIL import Image

from core.errors import PhotoError
from pages._ui.camera.camera import camera_opens, sent_picture


def test_a_picture_arrives_as_the_file_that_the_browser_made() -> None:
    stream = io.BytesIO()
    Image.new("L", (280, 280), 255).save(stream, "PNG")
    assert sent_picture(base64.b64encode(stream.getvalue()).decode()) == stream.getvalue()


@pytest.mark.parametrize("sent", [None, 7, {"drawing": 1}, "not base64!", "é" * 8, "A" * 1_400_004])
def test_anything_else_is_a_sentence(sent: object) -> None:
    with pytest.raises(PhotoError, match=r"^The drawing did not arrive whole; draw another stroke\.$"):
        sent_picture(sent, what="The drawing", again="draw another stroke")


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("http://192.168.1.20:8501/join", False),
        ("http://lab.school.example/join", False),
        ("https://lab.school.example/join", True),
        ("http://localhost:8501/pictures", True),
        ("http://127.0.0.1:8501/pictures", True),
    ],
)
def test_a_browser_opens_the_camera_over_https_and_on_localhost(
    monkeypatch: pytest.MonkeyPatch, address: str, opens: bool
) -> None:
    monkeypatch.setattr(type(st.context), "url", address)
    assert camera_opens() is opens
