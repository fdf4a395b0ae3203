"""Batch normalisation on the student's own activations: before, standardised, after γ and β."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.errors import ConfigError
from core.explain.convolution.batch_norm import batch_norm_steps
from core.explain.convolution.convolve import convolve
from core.explain.convolution.kernels import PRESETS
from core.explain.drawing.colours import colour_map
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram
from pages._ui.frame import look_for, number, problem
from pages._ui.glossary import term
from pages.learn._convolution.controls import Convolution

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 160  # pixels
_OTHERS = ("gaussian", "laplacian")


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
    gamma = left.slider(
        "γ (scale)",
        0.0,
        3.0,
        1.0,
        0.1,
        key="bn_gamma",
        help="The spread of each map afterwards.",
        persist_state="session",
    )
    beta = right.slider(
        "β (shift)",
        -2.0,
        2.0,
        0.0,
        0.1,
        key="bn_beta",
        help="The mean of each map afterwards.",
        persist_state="session",
    )
    steps = batch_norm_steps(maps, gamma, beta)
    limit = max(3.0, float(steps.after.abs().max()) / 2)
    columns = st.columns(3)
    for column, title, values in zip(
        columns,
        ("Before", "Standardised: (x − μ) / σ", "After: γ · x̂ + β"),
        (steps.before, steps.standardised, steps.after),
        strict=True,
    ):
        with column:
            _show_step(title, values.numpy(), limit)
    look_for(
        "One colour scale and one axis for all nine. Before, one map may shout and another whisper; "
        "standardised, all speak "
        "equally loud. γ widens the histograms, β moves them. After β > 0, ReLU would cut less."
    )


def _three_maps(photo: Photo, chosen: Convolution) -> "Tensor":
    """Return (3, H, W): the student's kernel as it is set above, and the others with the same stride."""
    numbers = chosen.numbers
    image = cached.picture(photo, chosen.view, SIDE)
    mine = convolve(image, chosen.kernel, **numbers)
    others = [
        convolve(
            image, PRESETS[name].kernel, divide_by_sum=PRESETS[name].divide_by_sum, stride=numbers["stride"], padding=1
        )
        for name in _OTHERS
    ]
    height, width = (min(size) for size in zip(mine.shape, *(other.shape for other in others), strict=True))
    stacked = mine.new_empty((3, height, width))
    for index, values in enumerate((mine, *others)):
        stacked[index] = values[:height, :width]
    return stacked


def _show_step(title: str, values: np.ndarray, limit: float) -> None:
    st.markdown(f"**{title}**")
    for name, one in zip(("your kernel", "blur", "Laplacian"), values, strict=True):
        pictures.show(
            colour_map(one, signed=True, limit=limit), alt=f"{title}, map of {name}", at_least=160, width="stretch"
        )
        counts, _edges = np.histogram(one, bins=48, range=(-limit, limit))
        mean, spread = float(one.mean()), float(one.std())
        histogram(
            counts, low=-limit, high=limit, alt=f"Histogram of {name}, {title}: mean {mean:.2f}, spread {spread:.2f}"
        )
        st.caption(f"{name}: mean {number(mean)}, spread {number(spread)}")
