"""The drawing pad's own door: a picture as base64, or a sentence."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.errors import PhotoError
from pages.use._classify.pad import drawn
from tests.pages.networks import ship
from tests.pages.visit import open_page, start_page


def test_a_drawing_arrives_as_the_file_that_the_browser_made() -> None:
    stream = io.BytesIO()
    Image.new("L", (280, 280), 255).save(stream, "PNG")
    assert drawn(base64.b64encode(stream.getvalue()).decode()) == stream.getvalue()


@pytest.mark.parametrize("sent", [None, 7, {"drawing": 1}, "not base64!", "é" * 8, "A" * 400_004])
def test_anything_else_is_a_sentence(sent: object) -> None:
    with pytest.raises(PhotoError, match="did not arrive whole"):
        drawn(sent)


@pytest.mark.parametrize(("dataset", "offered"), [("digits", True), ("mnist", True), ("cifar10", False)])
def test_a_sheet_is_offered_for_networks_of_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, dataset: str, offered: bool
) -> None:
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: tmp_path)
    ship(tmp_path, "tiny", dataset=dataset)
    page: AppTest = open_page(start_page(), "use/classify")
    assert ("Draw a digit" in [fold.label for fold in page.expander]) is offered
