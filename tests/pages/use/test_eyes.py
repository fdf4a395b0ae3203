"""Through the network's eyes: what reaches it, what is wrong with that, and the choice of cutting or squeezing."""

import io
from pathlib import Path

from PIL import Image
from streamlit.testing.v1 import AppTest

from core.models.input_format import InputFormat
from core.models.received import receive
from pages.use._classify.eyes import _before
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, texts, upload, visitor


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def wide() -> bytes:
    stream = io.BytesIO()
    image = Image.effect_noise((200, 100), 90).convert("RGB")
    image.save(stream, "PNG")
    return stream.getvalue()


def test_a_photo_is_cut_or_squeezed_as_one_chooses_and_the_fault_is_said(folder: Path) -> None:
    ship(folder, "photos", dataset="cifar10")
    page = upload(open_page(visitor(), "use/classify"), "wide.png", wide())
    assert "cut to its centre square, which leaves out 50 % of it" in said(page)
    assert "Cut: 50 % of the photo lies outside the square." in said(page)
    page.segmented_control(key="photo_fit").set_value("squeeze").run()
    assert "squeezed into a square, from 200×100 px" in said(page)
    assert "Squeezed: it was 2.0 times as wide as high, and is shown as a square." in said(page)
    assert "leaves out" not in said(page)


def test_where_handwriting_is_made_there_is_nothing_to_choose(folder: Path) -> None:
    ship(folder, "tiny")
    page = open_page(visitor(), "use/classify")
    assert not [each for each in page.segmented_control if each.key == "photo_fit"]
    page.toggle(key="photo_made_digits").set_value(False).run()
    assert [each for each in page.segmented_control if each.key == "photo_fit"]


def test_what_is_cut_away_is_dimmed_on_the_photo() -> None:
    photo = Image.new("RGB", (400, 200), (200, 200, 200))
    format = InputFormat(channels=3, size=32, mean=(0.5,) * 3, std=(0.25,) * 3)
    cut = _before(photo, receive(photo, format))
    assert cut.size == (252, 126)
    assert [cut.getpixel((x, 60)) for x in (10, 126, 240)] == [(50, 50, 50), (200, 200, 200), (50, 50, 50)]
    squeezed = _before(photo, receive(photo, format, fit="squeeze"))
    assert squeezed.getpixel((10, 60)) == (200, 200, 200)
