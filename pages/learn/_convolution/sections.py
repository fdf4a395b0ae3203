"""The sections of the Convolution page below the controls: the pictures, the window, the size, the code."""

import numpy as np
import streamlit as st

from core.errors import ConfigError
from core.explain.convolution.code import code
from core.explain.convolution.convolve import Mode, component_data, convolve, show, show_picture
from core.explain.convolution.unseen import unseen
from core.explain.sizes.output_size import SizeWork, output_sizes, remarks
from core.intervals import percent
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw import pictures
from pages._ui.frame import choice, look_for, number, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages._ui.guidance.predict import predict_first
from pages.learn._convolution.controls import Convolution
from pages.learn._convolution.moving_window import moving_window
from pages.learn._convolution.predictions import size_question

SIDE = 448  # pixels: what the two large pictures are computed on
SMALL_SIDE = 40  # pixels: what the window moves over; each must stay a visible square

MODES: dict[Mode, str] = {"clip": "As a photo", "stretch": "Stretched", "signed": "Signed"}
_LEGENDS: dict[Mode, str] = {
    "clip": "Here 0 and below is black, 1 and above white.",
    "stretch": "Here the smallest number is black, the largest white.",
    "signed": "Here positive is orange, negative blue; the full colour stands at the 99th percentile of what is not 0.",
}


def before_and_after(photo: Photo, chosen: Convolution) -> None:
    """Show the photo beside what the kernel makes of it."""
    image = cached.picture(photo, chosen.view, SIDE)
    try:
        result = convolve(image, chosen.filter)
    except ConfigError as error:
        problem(error)
        return
    mode = st.segmented_control(
        "Show the result",
        list(MODES),
        format_func=lambda mode: choice(MODES[mode]),
        default="clip",
        required=True,
        key="conv_mode",
        help="As a photo: 0 is black, 1 is white, the rest is cut off. Stretched: from the smallest number to "
        "the largest. "
        "Signed: blue is negative, near-white 0, orange positive.",
        persist_state="session",
    )
    channels, height, width = image.shape
    if chosen.filter.padding and tuple(result.shape) == (height, width):
        progress.done("padding")
    frame = max(height, result.shape[0]), max(width, result.shape[1])  # one for both: a pixel is as large in either
    left, right = st.columns(2)
    with left:
        pictures.show(
            pictures.on_page(show_picture(image), frame),
            photo=True,
            alt="The photo before the convolution",
            caption=f"Before: {channels} × {height} × {width} (channels, rows, columns){_made_smaller(photo, width)}",
        )
    with right:
        pictures.show(
            pictures.on_page(show(result, mode=mode), frame),
            photo=True,
            alt="The map that the kernel makes of the photo",
            caption=f"After: 1 × {result.shape[0]} × {result.shape[1]}, values from {number(float(result.min()))} to "
            f"{number(float(result.max()))}",
        )
    said = [chosen.look_for, _LEGENDS[mode], _cut_off(result.numpy()) if mode == "clip" else ""]
    look_for(" ".join(filter(None, said)))
    for sentence in unseen(image, chosen.filter, mode):
        st.caption(f":material/visibility_off: {sentence}")
    st.caption(f":material/straighten: {remarks(height, width, chosen.side, **chosen.moves)[0]}")


def predict_size(photo: Photo, chosen: Convolution) -> None:
    """Offer to say how large the map will be before its stride, padding or dilation is changed."""
    _channels, height, width = cached.picture(photo, chosen.view, SIDE).shape
    try:
        predict_first(lambda turn: size_question(height, width, chosen, turn), key="conv_predict")
    except ConfigError as error:
        problem(error)


def _made_smaller(photo: Photo, width: int) -> str:
    return f", made smaller from {photo.size[0]} px wide" if photo.size[0] > width else ""


def _cut_off(values: np.ndarray) -> str:
    outside = float(((values < 0) | (values > 1)).mean())
    return (
        f"{percent(outside).capitalize()} of the values lie outside 0 to 1 and are cut off here."
        if outside > 0.005
        else ""
    )


def window_section(photo: Photo, chosen: Convolution) -> None:
    """Let the window be moved over a small version of the photo."""
    try:
        data = component_data(cached.picture(photo, chosen.view, SMALL_SIDE), chosen.filter)
    except ConfigError as error:
        problem(error)
        return
    st.markdown(
        "The window stands on one place of a small version of your photo: pixels, weights, products, and their sum.",
        help=term("convolution"),
    )
    moving_window(data, key="conv_window")
    look_for(
        "Each cell is pixel × weight, with all the digits that are used: pixels are rounded to two here. A pixel is as "
        f"large in either picture. {output_colours(np.array(data['output']))} "
        "A dashed cell lies in the padding."
    )
    try_this("Find a place where the sum is large, and look at what the picture does under the window.")
    think(
        "Where is the sum of an edge kernel largest, and why is it 0 on a white wall?",
        "Where one side of the window is as light and the other as dark as can be. On a wall all pixels are alike, so "
        "the sum is that number times the sum of the weights, and these add up to 0.",
    )


def output_colours(output: np.ndarray) -> str:
    """Return what the colours of the window's output (H', W') mean, as `moving_window.js` draws them."""
    largest = float(np.abs(output).max())
    if output.min() < 0:
        return f"In the output orange is positive, blue negative, in full colour at ±{largest:.3g}."
    return f"In the output black is 0, white {largest:.3g}." if largest else "The output is 0 everywhere."


def size_section(photo: Photo, chosen: Convolution) -> None:
    """Show the size formula with the live numbers in it, and what follows from them."""
    _channels, height, width = cached.picture(photo, chosen.view, SIDE).shape
    try:
        down, across = output_sizes(height, width, chosen.side, **chosen.moves)
        sentences = remarks(height, width, chosen.side, **chosen.moves)
    except ConfigError as error:
        problem(error)
        return
    st.markdown(
        "One side of the result: *n* pixels, a kernel *k* wide, padding *p*, stride *s*, dilation *d*.",
        help=term("convolution"),
    )
    st.latex(r"\left\lfloor \frac{n + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1")
    for name, work in (("Rows", down), ("Columns", across)):
        st.markdown(f"**{name}:** {work.special}" if work.special else f"**{name}**")
        st.latex(_with_numbers(work))
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    try_this("Set stride 2 and padding 1, say the size before you look, and check it by the formula.")
    think(
        "Three 3×3 convolutions without padding: how many rows does a picture lose, and how large is one kernel that "
        "loses as many?",
        "Each loses 3 − 1 = 2 rows, so 6 in all; a 7×7 kernel loses 7 − 1 = 6 at once. It sees the same square of the "
        "picture, with 49 weights instead of 27.",
    )


def _with_numbers(work: SizeWork) -> str:
    room = work.n + 2 * work.padding - work.dilation * (work.kernel - 1) - 1
    inner = rf"{work.n} + 2 \cdot {work.padding} - {work.dilation} \cdot ({work.kernel} - 1) - 1"
    return (  # two lines: one is wider than a phone
        rf"\begin{{gathered}} \left\lfloor \frac{{{inner}}}{{{work.stride}}} \right\rfloor + 1 \\ "
        rf"= \left\lfloor \frac{{{room}}}{{{work.stride}}} \right\rfloor + 1 = {work.size} \end{{gathered}}"
    )


def code_section(photo: Photo, chosen: Convolution) -> None:
    """Show the PyTorch code that makes the same map, and give the file that it reads."""
    channels = 3 if chosen.view == "rgb" else 1
    side = chosen.side
    st.markdown(
        "The same map in PyTorch, once as a function and once as a layer. The input is (N, C, H, W) = (1, "
        f"{channels}, H, W), "
        f"the weights are (out, in, kH, kW) = (1, {channels}, {side}, {side}).",
        help=term("tensor"),
    )
    st.code(code(chosen.filter, view=chosen.view, max_side=SIDE), language="python")
    st.download_button(
        "The photo that it reads (photo.png)",
        lambda: pictures.png(photo.image),
        "photo.png",
        "image/png",
        icon=":material/image:",
        on_click="ignore",
    )
    st.caption("The button at the top right of the code copies it. Save the photo beside the notebook.")
    try_this(
        "Run it in a notebook, then change one weight in the code and one in the grid: the pictures stay the same."
    )
    think(
        "nn.Conv2d begins with random weights. What would its picture look like?",
        "Like the photo through a kernel that nobody has chosen: some mixture of blur and edges. Training changes the "
        "weights until the pictures are of use to the layers behind.",
    )
