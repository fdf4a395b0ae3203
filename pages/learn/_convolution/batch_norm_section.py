"""Batch normalisation on the student's own activations: before, standardised, after γ and β."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.errors import ConfigError
from core.explain.convolution.batch_norm import BatchNormSteps, batch_norm_steps
from core.explain.convolution.convolve import Filter, convolve
from core.explain.convolution.kernels import PRESETS
from core.explain.drawing.colours import colour_map
from core.intervals import percent
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram
from pages._ui.frame import look_for, number, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.live_slider.live_slider import live_slider
from pages.learn._convolution.controls import Convolution

if TYPE_CHECKING:
    from torch import Tensor

GAMMA, BETA = "bn_gamma", "bn_beta"
SIDE = 160  # pixels
LIMIT = 6.0  # of the colours and of every axis: fixed, so that γ and β are seen to do what they do
_OTHERS = ("gaussian", "laplacian")
_NAMES = ("your kernel", "blur", "Laplacian")
_FLAT = 1e-9  # variance of a map whose numbers are all one
_LOUD = 0.95  # spread after standardising below which ε has been felt


def batch_norm_section(photo: Photo, chosen: Convolution) -> None:
    """Let γ and β be moved over three maps of the photo: the student's kernel, a blur, and a Laplacian."""
    try:
        maps = _three_maps(photo, chosen)
    except ConfigError as error:
        problem(error)
        return
    st.markdown(
        "Three filters see your photo: your kernel, a Gaussian blur and a Laplacian. Their numbers live on "
        "different scales; "
        "BatchNorm brings each map to mean 0 and spread 1, then lets the network choose its own scale γ and shift β.",
        help=term("BatchNorm"),
    )
    left, right = st.columns(2)
    gamma = float(st.session_state.get(GAMMA, 1.0))
    beta = float(st.session_state.get(BETA, 0.0))
    steps = batch_norm_steps(maps, gamma, beta)
    columns = st.columns(3)
    for column, title, values in zip(
        columns,
        ("Before", "Standardised: (x − μ) / σ", "After: γ · x̂ + β"),
        (steps.before, steps.standardised, steps.after),
        strict=True,
    ):
        with column:
            _show_step(title, values.numpy())
    look_for(
        f"One colour scale and one axis for all nine, from −{LIMIT:g} to {LIMIT:g}. {what_it_did(steps, gamma, beta)}"
    )
    with left:
        live_slider("γ (scale)", 0.0, 3.0, 0.1, key=GAMMA, first=1.0, tip="The spread of each map afterwards.")
    with right:
        live_slider("β (shift)", -2.0, 2.0, 0.1, key=BETA, first=0.0, tip="The mean of each map afterwards.")
    try_this("Set γ to 0, then to 3, and say before each what the histograms will do.")
    think(
        "Why does a network get γ and β back, after it was brought to mean 0 and spread 1?",
        "Because that scale is not always the best one for what follows. A ReLU cuts half of what has mean 0; with a β "
        "of its own each channel decides how much is cut.",
    )


def what_it_did(steps: BatchNormSteps, gamma: float, beta: float) -> str:
    """Return what is to be seen in these maps at these settings."""
    spreads = steps.standardised.std(dim=(1, 2), correction=0).tolist()
    known = list(zip(_NAMES, steps.variance.tolist(), spreads, strict=True))
    flat = [name for name, variance, _spread in known if variance < _FLAT]
    faint = [(name, spread) for name, variance, spread in known if variance >= _FLAT and spread < _LOUD]
    said = []
    if len(flat) + len(faint) < len(_NAMES) - 1:
        all_of_them = "all the others" if flat or faint else "all"
        said.append(f"Before, one map may shout and another whisper; standardised, {all_of_them} speak equally loud.")
    if flat:
        said.append(f"The map of {' and of '.join(flat)} is the same everywhere: there is no spread to bring to 1.")
    for name, spread in faint:
        said.append(
            f"The map of {name} hardly varies: what is divided by is √(σ² + ε) with ε = 0.00001, against a division by "
            f"0, and that leaves it a spread of {number(spread)}."
        )
    if gamma == 0:
        said.append(f"γ = 0 leaves nothing but β: every number is {number(beta, 1)}.")
    elif gamma == 1 and beta == 0:
        said.append("With γ = 1 and β = 0 the last column is the middle one. Move them.")
    else:
        width = "keeps the width" if gamma == 1 else f"makes the histograms {number(gamma, 1)} times as wide"
        place = "they stay in place" if beta == 0 else f"β moves them by {number(beta, 1)}"
        said.append(f"γ {width}; {place}.")
    if beta and gamma:
        said.append(f"A ReLU after it would cut {'less' if beta > 0 else 'more'} than with β = 0.")
    return " ".join(said)


def _three_maps(photo: Photo, chosen: Convolution) -> "Tensor":
    """Return (3, H, W): the student's kernel as it is set above, and the others with the same stride."""
    image = cached.picture(photo, chosen.view, SIDE)
    mine = convolve(image, chosen.filter)
    others = [
        convolve(
            image,
            Filter(kernel=preset.kernel, divide_by_sum=preset.divide_by_sum, stride=chosen.filter.stride, padding=1),
        )
        for preset in map(PRESETS.__getitem__, _OTHERS)
    ]
    height, width = (min(size) for size in zip(mine.shape, *(other.shape for other in others), strict=True))
    stacked = mine.new_empty((3, height, width))
    for index, values in enumerate((mine, *others)):
        stacked[index] = values[:height, :width]
    return stacked


def _show_step(title: str, values: np.ndarray) -> None:
    st.markdown(f"**{title}**")
    for name, one in zip(_NAMES, values, strict=True):
        pictures.show(
            colour_map(one, signed=True, limit=LIMIT), alt=f"{title}, map of {name}", at_least=160, width="stretch"
        )
        counts, _edges = np.histogram(one.clip(-LIMIT, LIMIT), bins=48, range=(-LIMIT, LIMIT))
        mean, spread = float(one.mean()), float(one.std())
        histogram(
            counts, low=-LIMIT, high=LIMIT, alt=f"Histogram of {name}, {title}: mean {mean:.2f}, spread {spread:.2f}"
        )
        beyond = float((np.abs(one) > LIMIT).mean())
        more = f"; {percent(beyond)} beyond ±{LIMIT:g}, in the last columns" if beyond >= 0.005 else ""
        st.caption(f"{name}: mean {number(mean)}, spread {number(spread)}{more}")
