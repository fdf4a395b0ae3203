"""What is played with: from a weight, a slider, a place of a map or a filter to the picture that follows."""

import functools

from playwright.sync_api import Page

from benchmarks.rows import Seen
from benchmarks.screen.clock import Measured, picture_changed, picture_now, seconds_until
from tests.browser.server import Server, open_page
from tests.browser.widgets import quiet


def convolution(page: Page, server: Server, times: int) -> Measured:
    """From a new weight, and from a key on a slider, to the new picture."""
    alt = "The map that the kernel makes of the photo"
    open_page(page, server, "convolution")
    quiet(page)
    cell = page.get_by_role("textbox", name="Weight in row 2, column 2")
    slider = page.get_by_role("slider", name="Bias")
    kernels, biases = [], []
    for number in range(times + 1):
        before = picture_now(page, alt)
        cell.fill(str(number % 7 + 2))
        kernels.append(seconds_until(page, "keydown", picture_changed(alt, before), lambda: cell.press("Enter")))
        quiet(page)
    for number in range(times + 1):
        before = picture_now(page, alt)
        slider.focus()
        key = ("ArrowRight", "ArrowLeft")[number % 2]  # to and fro: a slider ends somewhere
        biases.append(
            seconds_until(page, "keydown", picture_changed(alt, before), functools.partial(slider.press, key))
        )
        quiet(page)
    return [
        Seen(
            name="kernel",
            title="Kernel to picture",
            unit="s",
            values=tuple(kernels[1:]),
            target=0.2,
            statistic="p95",
        ),
        Seen(
            name="slider",
            title="Slider to picture",
            unit="s",
            values=tuple(biases[1:]),
            target=0.2,
            statistic="p95",
        ),
    ]


def kernels_found(page: Page, server: Server, times: int) -> Measured:
    """From a key in the kernel puzzle to the new score, and from a new seed to the film of how its kernel was found."""
    open_page(page, server, "convolution", "?view=puzzle")
    quiet(page)
    weight = page.get_by_role("textbox", name="Kernel, row 2, column 2")
    scores = []
    for number in range(times + 1):
        weight.fill("0.")
        before = page.locator("#score").inner_text()
        changed = f"everything(document, '#score')[0].textContent !== {before!r}"
        scores.append(seconds_until(page, "keydown", changed, functools.partial(weight.press, "36"[number % 2])))
    open_page(page, server, "convolution", "?view=learn")
    quiet(page)
    seed = page.get_by_label("Seed", exact=True)
    weights = "everything(document, '[data-film]')[0].dataset.film"
    films = []
    for number in range(times + 1):
        before = str(page.locator(".view[data-film]").get_attribute("data-film"))
        seed.fill(str(2 + number))
        films.append(
            seconds_until(page, "keydown", f"{weights} !== {before!r}", functools.partial(seed.press, "Enter"))
        )
        quiet(page)
    return [
        Seen(
            name="puzzle",
            title="Weight to score of the kernel puzzle",
            unit="s",
            values=tuple(scores[1:]),
            target=0.2,
            statistic="p95",
        ),
        Seen(
            name="learn-kernel",
            title="A secret 3×3 kernel found, from its seed to the first frame",
            unit="s",
            values=tuple(films[1:]),
            target=2,
            statistic="p95",
            note="2,000 steps over the sample photograph at 96 px, to 0.01.",
        ),
    ]
