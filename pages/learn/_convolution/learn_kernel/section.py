"""Learn this kernel: a secret kernel filters the student's photo, and gradient descent looks for it."""

from collections.abc import Sequence
from typing import cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import LabError
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.learning import SIDE, Descent, Learned, Task, learn, secret_kernel, set_task
from core.photos.door import Photo
from core.registry import Setting
from pages._ui import cached
from pages._ui.choose.setting_widgets import setting_widget
from pages._ui.frame import look_for, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages.learn._convolution.learn_kernel.player import player
from pages.learn._convolution.learn_kernel.words import verdict

DRAWN = "drawn"
SECRETS = (DRAWN, *(name for name, entry in PRESETS.items() if SIDE in entry.sizes))
SIDES = (4, 6, 8, 16, 32, 96)  # pixels
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
MOMENTA = (0.0, 0.5, 0.9, 0.95, 0.99)
STEPS = (20, 200, 2000, 20_000)
NOISES = (0.0, 0.02, 0.1, 0.5)
FIRST_SEED = 1
SEED = Setting(
    name="seed",
    title="Seed",
    default=FIRST_SEED,
    low=0,
    high=999_999,
    help="The same seed draws the same kernel and the same noise.",
)


def learn_section(photo: Photo) -> None:
    """Let gradient descent find a kernel that nobody has seen, or show why it cannot."""
    st.markdown(
        "Somebody has filtered your photo and kept the kernel secret. Gradient descent knows the photo and the result, "
        "begins with nine zeros, and changes them a little at each step so that the loss falls. That is all that "
        "training is.",
        help=f"{term('gradient descent')} {term('loss')}",
    )
    try:
        secret, seed, side, noise, descent = _controls()
        task, learned = _descended(photo.sha256, side, secret, seed, noise, descent, photo)
    except LabError as error:
        problem(error)
        return
    if learned.diverged:
        progress.done("learn")
    st.markdown(f"**{verdict(learned, descent, noise)}**", help=term("rank"))
    player(task, learned)
    look_for(
        "Orange is positive, blue negative, on one scale. The rough shape comes at once, the fine differences late."
    )
    rate = next((rate for rate in RATES if rate > learned.largest_rate), RATES[-1])  # this picture's
    try_this(
        f"Take a learning rate of {rate:g}, then a picture of 4 px, then a noise of 0.5: three ways to fail, three "
        "reasons."
    )
    think(
        "The loss is 0 and the kernel is still not the secret one. How can that be?",
        "A loss of 0 says that every equation is met, not that there is only one solution. With fewer than nine that "
        "say something new, many kernels meet them all. A network with more weights than its images can fix is in "
        "the same position.",
    )


def _controls() -> tuple[str, int, int, float, Descent]:
    with st.grid(4, min_column_width=130) as grid:
        secret = grid.cell().selectbox(
            "Secret kernel",
            SECRETS,
            format_func=lambda name: "Drawn by the seed" if name == DRAWN else PRESETS[name].title,
            key="learn_secret",
            help=term("kernel"),
            persist_state="session",
        )
        with grid.cell():
            seed = setting_widget(SEED, FIRST_SEED, key="learn_seed")
        side = _one_of(grid, "Picture", SIDES, 96, "learn_side", "The photo's longer side.", "{} px")
        noise = _one_of(
            grid, "Noise", NOISES, 0.0, "learn_noise", "Spread of what is added to each number of the output."
        )
        rate = _one_of(grid, "Learning rate", RATES, 0.05, "learn_rate", term("learning rate"))
        momentum = _one_of(grid, "Momentum", MOMENTA, 0.9, "learn_momentum", term("momentum"))
        steps = _one_of(grid, "Steps", STEPS, 2000, "learn_steps", "How often the nine weights are changed.", "{:,}")
    return secret, cast(int, seed), int(side), noise, Descent(rate=rate, momentum=momentum, steps=int(steps))


def _one_of(
    grid: DeltaGenerator, label: str, options: Sequence[float], first: float, key: str, tip: str, shown: str = "{:g}"
) -> float:
    return grid.cell().select_slider(
        label, options, first, format_func=shown.format, key=key, help=tip, persist_state="session"
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _descended(
    sha256: str, side: int, secret: str, seed: int, noise: float, descent: Descent, _photo: Photo
) -> tuple[Task, Learned]:
    kernel = secret_kernel(None if secret == DRAWN else secret, seed)
    task = set_task(cached.picture(_photo, "grey", side), kernel, noise=noise, seed=seed)
    return task, learn(task, descent, noise=noise)
