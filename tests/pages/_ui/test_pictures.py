import io
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.elements.lib import image_utils
from streamlit.testing.v1 import AppTest

from core.explain.drawing.colours import colour_map
from core.explain.drawing.mosaic import mosaic
from core.photos.samples import sample_photos
from pages._ui.draw.pictures import as_image, jpeg, png


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("signed", [True, False])
def test_a_sheet_of_maps_fits_a_palette_and_arrives_pixel_by_pixel(signed: bool) -> None:
    maps = np.random.default_rng(0).normal(size=(4, 24, 24))
    pixels = mosaic(maps if signed else np.abs(maps), scale="map", max_side=120, chosen=1)
    image = opened(png(Image.fromarray(pixels)))
    assert image.mode == "P"
    assert (np.asarray(image.convert("RGB")) == pixels).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_any_other_picture_arrives_pixel_by_pixel_too(mode: str) -> None:
    shape = (32, 32) if mode == "L" else (32, 32, len(mode))
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert (np.asarray(opened(png(Image.fromarray(pixels)))) == pixels).all()


def test_a_photo_as_jpeg_has_a_third_of_the_bytes_and_looks_the_same() -> None:
    photo = next(iter(sample_photos().values())).image
    data = jpeg(photo)
    assert opened(data).format == "JPEG"
    assert len(data) < len(png(photo)) / 3
    apart = np.abs(np.asarray(opened(data), dtype=float) - np.asarray(photo, dtype=float))
    assert apart.mean() < 4


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_a_map_of_one_or_three_rows_keeps_its_colours_and_places(side: int) -> None:
    """(1, 1, 3) and (3, 3, 3) could be taken for pictures with their channels first."""
    pixels = colour_map(np.linspace(-1, 1, side * side).reshape(side, side), signed=True, limit=1.0)
    assert np.array_equal(np.asarray(as_image(pixels)), pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_with_its_channels_first_is_turned(channels: int) -> None:
    pixels = np.random.default_rng(2).random((channels, 8, 12))
    assert as_image(pixels).size == (12, 8)


def sent() -> None:
    import numpy as np

    from pages._ui.draw.pictures import show

    small, large = np.zeros((20, 20, 3)), np.zeros((400, 400, 3))
    show(small, alt="a small photo", photo=True)
    show(large, alt="a large photo", photo=True)
    show(large, alt="a large map")


def test_only_photos_that_need_no_enlarging_are_sent_as_jpeg() -> None:
    app = AppTest.from_function(sent).run()
    assert not app.exception
    kinds = {image.proto.imgs[0].alt: image.proto.imgs[0].url.rpartition(".")[2] for image in app.image}
    assert kinds == {"a small photo": "png", "a large photo": "jpg", "a large map": "png"}


def narrower_than_its_file() -> None:
    import numpy as np

    from pages._ui.draw.pictures import show

    show(np.random.default_rng(0).random((224, 224, 3)), alt="a small photo", at_least=360, width=360)


def test_a_picture_that_is_shown_narrower_than_its_file_is_not_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_anew: list[object] = []
    monkeypatch.setattr(image_utils, "_pil_to_bytes", lambda image, **_how: drawn_anew.append(image) or b"")
    app = AppTest.from_function(narrower_than_its_file).run()
    assert not app.exception
    assert len(app.image) == 1
    assert drawn_anew == []


def captioned() -> None:
    import numpy as np
    import streamlit as st

    from pages._ui.draw.pictures import show
    from pages._ui.worksheet.shown import begin, shown

    begin("compare")
    show(np.zeros((8, 8)), alt="cat, answered dog", caption="cat → dog, 86.3 %", badge="twin of a *training* image")
    st.json([one.caption for one in shown().values()])


def test_a_caption_is_escaped_for_the_page_alone_and_plain_text_in_a_worksheet() -> None:
    app = AppTest.from_function(captioned).run()
    assert not app.exception
    (caption,) = [each.caption for each in app.image[0].proto.imgs]
    assert "86\\.3 %" in caption
    assert "\\*training\\*" in caption
    assert json.loads(app.json[0].value) == [
        "cat, answered dog. cat → dog, 86.3 %. twin of a *training* image",
    ]
