"""From a new photo to what a network makes of it."""

import io
import time

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, seconds_until
from tests.browser.server import Server, open_page
from tests.browser.widgets import quiet

_MOSAIC = "img[alt*='Click a map']"


def photo_name(number: int) -> str:
    """Return the name of the photo `upload` makes of ``number``."""
    return f"photo-{number}.jpg"


def row_shows(number: int) -> str:
    """Return the expression for: the row of the chosen photo shows photo ``number``."""
    return f"everything(document, 'img').some(image => image.alt.endsWith({photo_name(number)!r}))"


def upload(page: Page, number: int, done: str) -> float:
    """Upload a photo that the server has not seen yet and return the seconds until ``done``."""
    page.get_by_role("button", name="Change photo").click()
    page.get_by_role("radio", name="Upload").click()
    field = page.get_by_test_id("stFileUploader").filter(has_text="Your photo").locator("input[type=file]")
    field.wait_for(state="attached")
    file = {"name": photo_name(number), "mimeType": "image/jpeg", "buffer": photo(time.time_ns() % 2**32)}
    return seconds_until(page, "change", done, lambda: field.set_input_files(file))  # type: ignore[arg-type]


def photo(seed: int) -> bytes:
    """Return a JPEG of 1600×1200 pixels that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def maps_of_photos(page: Page, server: Server, times: int, checkpoint: str) -> list[float]:
    """Return the seconds from a new photo to the maps that a network makes of it, without the first one's."""
    seconds = []
    for number in range(times + 1):
        open_page(page, server, "feature-maps", f"?checkpoint={checkpoint}")
        mosaic = page.locator(_MOSAIC).first
        mosaic.wait_for()
        before = str(mosaic.evaluate("image => image.src + image.alt"))
        seconds.append(upload(page, number, f"{_mosaic_changed(before)} && {row_shows(number)}"))
    return seconds[1:]


def _mosaic_changed(before: str) -> str:
    return (
        "everything(document, 'img').some(image => image.alt.includes('Click a map') && image.complete "
        f"&& image.src + image.alt !== {before!r})"
    )


def feature_maps(page: Page, server: Server, times: int) -> Measured:
    """From a new photo to the maps of a small network and of ResNet-18, and from another layer to its maps."""
    photos = maps_of_photos(page, server, times, "mnist-strided_cnn")
    layers: list[float] = []
    box = page.get_by_role("combobox", name="Layer", exact=True)
    for number in range(times + 1):
        quiet(page)
        before = str(page.locator(_MOSAIC).first.evaluate("image => image.src + image.alt"))
        box.click()
        entry = page.get_by_role("option").nth(1 + number % 2)
        layers.append(seconds_until(page, "pointerdown", _mosaic_changed(before), entry.click))
    large = maps_of_photos(page, server, times, "cats_vs_dogs-resnet18")
    note = "From the choice of the file: upload, checks and scaling included."
    return [
        Seen(
            name="maps-photo",
            title="Feature maps of a small network for a new photo",
            unit="s",
            values=tuple(photos),
            target=0.3,
            note=note,
        ),
        Seen(name="maps-layer", title="Maps of another layer", unit="s", values=tuple(layers[1:]), target=0.3),
        Seen(
            name="maps-resnet18",
            title="Feature maps of ResNet-18 at 128 px for a new photo",
            unit="s",
            values=tuple(large),
            target=0.8,
            note=note,
        ),
    ]


def classify(page: Page, server: Server, times: int) -> Measured:
    """From a new photo to ResNet-18's answer and its heat map."""
    values = []
    for number in range(times + 1):
        open_page(page, server, "classify", "?checkpoint=cats_vs_dogs-resnet18")
        page.locator("img[alt^='Heat map for']").first.wait_for()
        name = photo_name(number)
        done = (
            f"everything(document, '[role=img]').some(bars => bars.ariaLabel?.startsWith({name + ':'!r})) && "
            "everything(document, 'img').some(image => image.alt.startsWith('Heat map for') "
            f"&& image.alt.endsWith({name!r}) && image.complete && image.naturalWidth > 0)"
        )
        values.append(upload(page, number, done))
    return [
        Seen(
            name="classify",
            title="A photo classified with ResNet-18, with its heat map",
            unit="s",
            values=tuple(values[1:]),
            target=0.5,
            note="From the choice of the file: upload, checks and scaling included.",
        )
    ]
