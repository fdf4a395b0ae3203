"""The board of the puzzle: target, own picture, kernels and score, which follow every key without asking the server."""

import base64
from collections.abc import Callable

import numpy as np
import streamlit as st

from core.explain.convolution.kernels import Grid
from core.explain.convolution.puzzle import SIDE, SOLVED, Level, Numbers, chain
from pages._ui.component import beside, sent
from pages.learn._convolution.kernel_grid import DIGITS, LARGEST, checked

_view = st.components.v2.component("cnn_lab_kernel_puzzle", **beside(__file__))


def board(
    picture: Numbers,
    level: Level,
    kernels: tuple[Grid, ...],
    *,
    key: str,
    elapsed: float,
    running: bool,
    on_answer: Callable[[tuple[Grid, ...]], None],
) -> None:
    """Show a level on a picture (H, W) with these kernels in its grids.

    ``on_answer`` is called with the kernels when a field is left and as soon as they solve the level. ``elapsed`` are
    the seconds since it was opened, or those that it took where the clock is no longer ``running``.
    """

    def take() -> None:
        answer = sent(key, "kernels")
        if isinstance(answer, list) and len(answer) == len(level.solution):
            found = [checked(kernel, SIDE) for kernel in answer]
            if None not in found:
                on_answer(tuple(kernel for kernel in found if kernel is not None))

    _view(
        key=key,
        data={
            "round": key,
            "width": picture.shape[1],
            "height": picture.shape[0],
            "picture": _packed(picture),
            "target": _packed(chain(picture, level.solution)),
            "begin": level.begin,
            "kernels": kernels,
            "solved": SOLVED,
            "largest": LARGEST,
            "digits": DIGITS,
            "elapsed": elapsed,
            "running": running,
        },
        on_kernels_change=take,
        height="content",
    )


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
