"""The seven steps of the lesson, each as somebody does it who follows its sentence and nothing else."""

import re
import time
from collections.abc import Callable

from benchmarks.lesson.newcomer import KEY, THINK, Newcomer

WATCHES = 30.0  # seconds that one watches a training, at most


def kernel(one: Newcomer) -> None:
    """Two numbers of the grid."""
    for column, weight in ((1, "-5"), (3, "5")):
        one.take(THINK)
        one.write(one.page.get_by_role("textbox", name=f"Weight in row 2, column {column}"), weight)
        one.look()


def maps(one: Newcomer) -> None:
    """The next layer, and a map of it."""
    one.press(one.button("Next"))
    one.look(2)
    sheet = one.page.get_by_role("slider", name=re.compile("Click a map"))
    one.find(sheet)
    sheet.click(position={"x": 150, "y": 40})
    one.rest()
    one.look(2)


def sizes(one: Newcomer) -> None:
    """The padding by its slider, PyTorch's error, the number that it waits for."""
    slider = one.page.get_by_test_id("stMain").get_by_role("slider", name="Padding (px)")
    one.find(slider)
    for _step in range(2):
        one.take(KEY)
        slider.press("ArrowRight")
        one.rest()
    one.look(2)
    one.page.get_by_text("What PyTorch says").scroll_into_view_if_needed()
    one.look()
    one.press(one.button("Put 1024 in"))
    one.look()


def chain(one: Newcomer) -> None:
    """A rotation, and another draw."""
    one.choose("Add a transform", "Rotation")
    one.press(one.button("Add"))
    one.look()
    one.press(one.button("Another draw"))
    one.look(2)


def train(one: Newcomer) -> None:
    """One button; then the curves, until they have ended or one has seen how they go."""
    one.press(one.button("Train"))
    one.wait_for("Epoch")
    began = time.monotonic()
    one.look(2)
    while time.monotonic() - began < WATCHES * one.pace and not one.page.get_by_text("Finished").count():
        one.take(1.0)
    one.look()


def compare(one: Newcomer) -> None:
    """One network more."""
    box = one.page.get_by_test_id("stMain").get_by_role("combobox", name="Networks", exact=True)
    one.press(box)
    one.press(one.page.get_by_role("option").filter(has_text="ResNet-18").first)
    one.page.keyboard.press("Escape")
    one.look(2)


def classify(one: Newcomer) -> None:
    """A photo of one's own choice."""
    one.press(one.button("Change photo"))
    one.press(one.button("Take this one"))
    one.page.keyboard.press("Escape")
    one.look(3)


STEPS: dict[str, Callable[[Newcomer], None]] = {
    "Make a kernel of your own": kernel,
    "Look into a deeper layer": maps,
    "Why 16·5·5?": sizes,
    "Shake the images": chain,
    "Train a network": train,
    "Judge it fairly": compare,
    "Use it": classify,
}
