"""The controls of the Convolution page: which kernel, how it moves, what it looks at."""

from dataclasses import dataclass
from typing import TypedDict

import streamlit as st

from core.explain.convolution.convolve import VIEWS
from core.explain.convolution.kernels import KERNEL_SIZES, PRESETS, preset, resize_kernel
from pages._ui import state
from pages._ui.glossary import term
from pages.learn._convolution.kernel_grid import Kernel, kernel_grid, set_kernel

OWN = "own"
FIRST = "vertical_edges"
_PRESET, _SIZE, _DIVIDE, _BIAS = "conv_preset", "conv_size", "conv_divide", "conv_bias"


class Numbers(TypedDict):
    """The keywords that every function of `core.explain.convolution.convolve` takes."""

    divide_by_sum: bool
    bias: float
    stride: int
    padding: int
    dilation: int
    relu: bool


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """What the student has set up: a kernel, the preset it came from (or `OWN`), the view, and the numbers."""

    kernel: Kernel
    preset: str
    view: str
    numbers: Numbers

    @property
    def look_for(self) -> str:
        """What to look for in the result, as it is set."""
        if self.preset == OWN:
            said = ["Your own kernel: where does it answer strongly, where not at all? A sum of 0 makes flat areas 0."]
        else:
            said = [PRESETS[self.preset].look_for]
        total = sum(map(sum, self.kernel)) * (3 if self.view == "rgb" else 1)
        if self.numbers["divide_by_sum"] and abs(total) > 1e-6 and abs(total - 1) > 1e-6:
            said.append(f"Divided by their sum, {_short(total)}, the weights keep the brightness.")
        elif total > 1 + 1e-6:
            said.append(f"The weights add up to {_short(total)}: flat areas become that many times as bright.")
        if self.numbers["bias"]:
            said.append(f"The bias then adds {_short(self.numbers['bias'])} to every number.")
        if self.numbers["relu"]:
            said.append("ReLU makes what is negative 0.")
        return " ".join(said)


@dataclass(frozen=True, kw_only=True)
class _Kernel:
    kernel: Kernel
    preset: str
    divide_by_sum: bool
    bias: float
    relu: bool


def kernel_controls() -> _Kernel:
    """Show which kernel slides: a preset or numbers of one's own, what it is divided by, what is added, what is cut."""
    _begin()
    chosen = st.selectbox(
        "Kernel",
        [*PRESETS, OWN],
        format_func=lambda name: "My own numbers" if name == OWN else PRESETS[name].title,
        key=_PRESET,
        on_change=_take_preset,
        help=term("kernel"),
        persist_state="session",
    )
    st.select_slider(
        "Size",
        list(KERNEL_SIZES),
        format_func=lambda side: f"{side}×{side}",
        key=_SIZE,
        on_change=_take_size,
        help="How many pixels a side the kernel covers. A preset becomes your own numbers where it has no such size.",
        persist_state="session",
    )
    kernel = kernel_grid(on_edit=_take_edit)
    st.caption(f"Type into a cell and press Enter. Orange adds, blue subtracts. {_sum_of(kernel)}")
    with st.container(horizontal=True, gap="small"):
        divide = st.toggle(
            "÷ sum",
            key=_DIVIDE,
            help="Divide by the sum of the weights, so that brightness stays. A sum of 0 leaves them as they are.",
            persist_state="session",
        )
        relu = st.toggle("ReLU", key="conv_relu", help=term("ReLU"), persist_state="session")
    bias = st.slider("Bias", -1.0, 1.0, step=0.05, key=_BIAS, help=term("bias"), persist_state="session")
    return _Kernel(kernel=kernel, preset=str(chosen), divide_by_sum=divide, bias=bias, relu=relu)


def _begin() -> None:
    """Set up what callbacks change later: such a widget must not have a default of its own."""
    if state.KERNEL not in st.session_state:
        set_kernel(preset(FIRST).kernel)
    st.session_state.setdefault(_PRESET, FIRST)
    st.session_state.setdefault(_SIZE, len(st.session_state[state.KERNEL]))
    st.session_state.setdefault(_DIVIDE, False)
    st.session_state.setdefault(_BIAS, 0.0)


def movement_controls(kernel: _Kernel) -> Convolution:
    """Show how the kernel moves and what it looks at, and return all that is set up."""
    with st.grid(4, min_column_width=120):
        view = st.selectbox(
            "Look at",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            key="conv_view",
            help=term("channel"),
            persist_state="session",
        )
        stride, padding, dilation = (
            st.number_input(
                f"{name.capitalize()} (px)",
                low,
                high,
                low,
                key=f"conv_{name}",
                help=term(name),
                persist_state="session",
            )
            for name, low, high in (("stride", 1, 4), ("padding", 0, 6), ("dilation", 1, 4))
        )
    return Convolution(
        kernel=kernel.kernel,
        preset=kernel.preset,
        view=str(view),
        numbers=Numbers(
            divide_by_sum=kernel.divide_by_sum,
            bias=kernel.bias,
            stride=int(stride),
            padding=int(padding),
            dilation=int(dilation),
            relu=kernel.relu,
        ),
    )


def _sum_of(kernel: Kernel) -> str:
    return f"The weights add up to {_short(sum(map(sum, kernel)))}."


def _short(value: float) -> str:
    """Return a number with the digits that it needs, four after the point at most."""
    return f"{round(value, 4) + 0:.10g}".replace("-", "−")


def _take_preset() -> None:
    """Put the preset's numbers into the grid, at the size on the slider where it has that size."""
    name = st.session_state[_PRESET]
    if name == OWN:
        return
    size = st.session_state.get(_SIZE, 3)
    found = preset(name, size if size in PRESETS[name].sizes else None)
    set_kernel(found.kernel)
    st.session_state[_SIZE] = len(found.kernel)
    st.session_state[_DIVIDE] = found.divide_by_sum
    st.session_state[_BIAS] = found.bias


def _take_size() -> None:
    """Redraw the preset at the new size, or cut the student's own grid to it."""
    name, size = st.session_state.get(_PRESET, FIRST), int(st.session_state[_SIZE])
    if name != OWN and size in PRESETS[name].sizes:
        set_kernel(preset(name, size).kernel)
    else:
        set_kernel(resize_kernel(st.session_state[state.KERNEL], size))
        st.session_state[_PRESET] = OWN


def _take_edit() -> None:
    st.session_state[_PRESET] = OWN
