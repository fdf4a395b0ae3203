"""Gradient descent as a film: kernel, output and loss at each frame, played in the browser."""

import base64

import numpy as np
import streamlit as st

from core.explain.convolution.learning import Learned, Task
from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_learn_kernel", **beside(__file__))


def player(task: Task, learned: Learned) -> None:
    """Show all frames of a descent; playing, scrubbing and the speed are the browser's affair."""
    _view(
        key="learn_player",
        data={
            "width": task.given.shape[1],
            "height": task.given.shape[0],
            "given": _packed(task.given),
            "wanted": _packed(task.wanted),
            "steps": list(learned.steps),
            "losses": [float(f"{loss:.4g}") for loss in learned.losses],
            "kernels": [[float(f"{weight:.5g}") for weight in kernel.reshape(-1)] for kernel in learned.kernels],
            "secret": task.secret.round(4).reshape(-1).tolist(),
        },
        height="content",
    )


def _packed(values: np.ndarray) -> str:
    """Return numbers as float32 in base64: a fifth of what a list of them takes."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
