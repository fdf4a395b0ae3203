"""What the Convolution page keeps in its address: all that is set up, but for what is as it is at first.

A link, and Back and Forward, set the widgets before they are drawn; what they hold afterwards is written as one step of
the browser's history. The photo is the student's own and does not go along.
"""

from collections.abc import Mapping

import streamlit as st

from core.errors import ConfigError
from core.explain.convolution.convolve import VIEWS
from core.explain.convolution.kernels import KERNEL_SIZES, PRESETS, Grid, preset
from core.explain.convolution.pooling import POOLINGS
from core.explain.convolution.puzzle import SEEDS
from pages._ui import state
from pages._ui.choose import shown
from pages._ui.choose.shown import Shown, Typed, by_name, not_taken
from pages.learn._convolution import controls, your_kernel
from pages.learn._convolution.kernel_grid import DIGITS, LARGEST, checked
from pages.learn._convolution.learn_kernel import section as learning
from pages.learn._convolution.pooling_section import SIZES
from pages.learn._convolution.puzzle import section as puzzle
from pages.learn._convolution.sections import MODES

KERNEL, DIVIDE = "kernel", "divide"
PARTS = {"kernel": "Your kernel", "learn": "Learn this kernel", "puzzle": "Kernel puzzle"}
PARTS_KEY = "conv_part"
_KEPT = "conv_in_address"


_OFF_ON = {"0": False, "1": True}
_SHOWN = {
    "view": Shown(key=PARTS_KEY, first=PARTS["kernel"], options=PARTS),
    "tab": Shown(key=your_kernel.TABS_KEY, first=your_kernel.TABS["window"], options=your_kernel.TABS),
    "look": Shown(key="conv_view", first="grey", options=by_name(VIEWS)),
    "show": Shown(key="conv_mode", first="clip", options=by_name(MODES)),
    **{move.name: Typed(key=f"conv.{move.name}", first=move.default, low=move.low or 0, high=move.high or 0)
       for move in controls.MOVES},
    "bias": Shown(key=controls.BIAS, first=0.0, low=-1, high=1),
    "relu": Shown(key="conv_relu", first=False, options=_OFF_ON),
    "gamma": Shown(key="bn_gamma", first=1.0, low=0, high=3),
    "beta": Shown(key="bn_beta", first=0.0, low=-2, high=2),
    "pool": Shown(key="pool_kind", first="max", options=by_name(POOLINGS)),
    "pool_size": Shown(key="pool_size", first=2, options=by_name(SIZES)),
    "secret": Shown(key="learn_secret", first=learning.DRAWN, options=by_name(learning.SECRETS)),
    "secret_seed": Typed(key="learn_seed", first=learning.FIRST_SEED, high=learning.SEED.high or 0),
    "side": Shown(key="learn_side", first=96, options=by_name(learning.SIDES)),
    "noise": Shown(key="learn_noise", first=0.0, options=by_name(learning.NOISES)),
    "rate": Shown(key="learn_rate", first=0.05, options=by_name(learning.RATES)),
    "momentum": Shown(key="learn_momentum", first=0.9, options=by_name(learning.MOMENTA)),
    "steps": Shown(key="learn_steps", first=2000, options=by_name(learning.STEPS)),
    "seed": Typed(key=puzzle.SEED, first=puzzle.FIRST_SEED, high=SEEDS[-1]),
    "level": Shown(key=puzzle.LEVEL, first=1, low=1, high=puzzle.LEVELS),
}  # fmt: skip
_NAMES = (KERNEL, DIVIDE, *_SHOWN)


def take() -> None:
    """Set the widgets to what a link, Back or Forward brings, or to what they were before another page was visited.

    What is not one of their values is said, and the first one is shown instead.
    """
    shown.take(_NAMES, kept=_KEPT, put=_set, written=_written)


def keep() -> None:
    """Write into the address what the widgets hold now."""
    shown.keep(_written(), kept=_KEPT)


def _written() -> dict[str, str | None]:
    values = shown.written(_SHOWN)
    values[KERNEL], values[DIVIDE] = _kernel_written()
    return values


def _set(given: Mapping[str, str]) -> list[str]:
    """Set every widget by the texts of the address, and return a sentence for each that it cannot be set to."""
    refused = shown.put_all(_SHOWN, given)
    try:
        name, kernel = _kernel_read(given.get(KERNEL, controls.FIRST))
    except ConfigError as error:
        refused.append(not_taken(KERNEL, given[KERNEL], str(error)))
        name, kernel = controls.FIRST, preset(controls.FIRST).kernel
    divide = given.get(DIVIDE)
    controls.link_brings(name, kernel, divide=_OFF_ON.get(divide or "", _divided(name)))
    if divide is not None and divide not in _OFF_ON:
        refused.append(not_taken(DIVIDE, divide, "it can be 0, 1"))
    return refused


def _kernel_read(text: str) -> tuple[str, Grid]:
    """Return the preset's name (or that of one's own numbers) and the kernel; raises ConfigError for neither."""
    name, _, size = text.partition("-")
    if name in PRESETS:
        if size and not (size.isascii() and size.isdecimal() and len(size) == 1):
            raise ConfigError(f"sizes run from 1 to {KERNEL_SIZES[-1]}")
        found = preset(name, int(size) if size else None)
        return name, found.kernel
    numbers = text.split("_")
    for side in KERNEL_SIZES:
        if len(numbers) == side * side:
            kernel = checked([numbers[side * row : side * row + side] for row in range(side)], side)
            if kernel is not None:
                return controls.OWN, kernel
    raise ConfigError(
        f"it can be {', '.join(PRESETS)}, or the numbers of a square between −{LARGEST:g} and {LARGEST:g}, with _ "
        "between"
    )


def _kernel_written() -> tuple[str | None, str | None]:
    """Return the kernel, and whether it is divided by its sum, as they stand in the address."""
    kernel: Grid | None = st.session_state.get(state.KERNEL)
    if kernel is None:
        return None, None
    name = st.session_state.get(controls.PRESET, controls.FIRST)
    if name == controls.OWN:
        text = "_".join(f"{round(weight, DIGITS):.10g}" for row in kernel for weight in row)
    else:
        text = name if len(kernel) == len(PRESETS[name].kernel) else f"{name}-{len(kernel)}"
    divide = bool(st.session_state.get(controls.DIVIDE, _divided(name)))
    return (None if text == controls.FIRST else text), (None if divide == _divided(name) else str(int(divide)))


def _divided(name: str) -> bool:
    return name != controls.OWN and PRESETS[name].divide_by_sum
