"""The controls of the Convolution page: which kernel, how it moves, what it looks at."""

from dataclasses import dataclass, replace

import streamlit as st

from core.explain.convolution.convolve import VIEWS, Filter, weights
from core.explain.convolution.kernels import KERNEL_SIZES, PRESETS, preset, resize_kernel
from core.intervals import minus
from core.registry import Setting
from pages._ui import state
from pages._ui.choose.setting_widgets import setting_cells
from pages._ui.glossary import linked, term
from pages._ui.guidance import progress
from pages._ui.live_slider.live_slider import live_slider
from pages.learn._convolution.kernel_grid import Kernel, kernel_grid, set_kernel

OWN = "own"
FIRST = "vertical_edges"
MOVES = tuple(
    Setting(name=name, title=name.capitalize(), default=low, low=low, high=high, unit="px", help=linked(name))
    for name, low, high in (("stride", 1, 4), ("padding", 0, 6), ("dilation", 1, 4))
)
_NOTHING = 1e-6  # what is left of 0 when weights with four digits are added up
PRESET, SIZE, DIVIDE, BIAS = "conv_preset", "conv_size", "conv_divide", "conv_bias"
_TYPED, _TYPED_DIVIDE = "conv_typed", "conv_typed_divide"  # one's own numbers by their size, the latest last
_CUT = "conv_cut"  # the preset that a size which it has not made one's own numbers


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """What the student has set up: a filter, the preset that its kernel came from (or `OWN`), and the view."""

    filter: Filter
    preset: str
    view: str

    @property
    def moves(self) -> dict[str, int]:
        """How the window moves, by the names that `core.explain.sizes.output_size` takes."""
        return {name: getattr(self.filter, name) for name in ("stride", "padding", "dilation")}

    @property
    def side(self) -> int:
        """How many numbers wide the kernel is."""
        return len(self.filter.kernel)

    @property
    def look_for(self) -> str:
        """What to look for in the result, as it is set."""
        own = self.preset == OWN
        said = ["Your own kernel: where does it answer strongly?" if own else PRESETS[self.preset].look_for]
        if self.view == "rgb":
            said.append("Each channel meets the same weights, and the three sums are added up.")
        said.append(self._flat_areas())
        if self.filter.bias:
            said.append(f"The bias then adds {_short(self.filter.bias)} to every number.")
        if self.filter.relu:
            said.append("ReLU makes what is negative 0.")
        return " ".join(said)

    def _flat_areas(self) -> str:
        """What the sum of the weights makes of places where nothing changes."""
        total = float(weights(self.filter.kernel, 3 if self.view == "rgb" else 1).double().sum())
        if abs(total) < _NOTHING:
            return "The weights add up to 0: flat areas give 0."
        if abs(total - 1) < _NOTHING:
            return "The weights add up to 1: flat areas keep their brightness."
        if self.filter.divide_by_sum:
            return f"Divided by their sum, {_short(total)}, the weights keep the brightness of flat areas."
        so = "become negative" if total < 0 else "become that many times as bright"
        return f"The weights add up to {_short(total)}: flat areas {so}."


@dataclass(frozen=True, kw_only=True)
class _Kernel:
    filter: Filter
    preset: str


def kernel_controls() -> _Kernel:
    """Show which kernel slides: a preset or numbers of one's own, what it is divided by, what is cut; what is added has
    a slider of its own, `bias_slider`."""
    _begin()
    chosen = st.selectbox(
        "Kernel",
        [*PRESETS, OWN],
        format_func=lambda name: "My own numbers" if name == OWN else PRESETS[name].title,
        key=PRESET,
        on_change=_take_preset,
        help=term("kernel"),
        persist_state="session",
    )
    st.select_slider(
        "Size",
        list(KERNEL_SIZES),
        format_func=lambda side: f"{side}×{side}",
        key=SIZE,
        on_change=_take_size,
        help="How many pixels a side the kernel covers. A preset becomes your own numbers where it has no such size; "
        "what you typed at a size is there again when you come back to it.",
        persist_state="session",
    )
    kernel = kernel_grid(on_edit=_take_edit)
    st.caption(f"Type into a cell and press Enter. Orange adds, blue subtracts. {_sum_of(kernel)}")
    with st.container(horizontal=True, gap="small"):
        divide = st.toggle(
            "÷ sum",
            key=DIVIDE,
            on_change=_take_divide,
            help="Divide by the sum of the weights, so that brightness stays. A sum of 0 leaves them as they are.",
            persist_state="session",
        )
        relu = st.toggle("ReLU", key="conv_relu", help=term("ReLU"), persist_state="session")
    bias = float(st.session_state[BIAS])
    return _Kernel(filter=Filter(kernel=kernel, divide_by_sum=divide, bias=bias, relu=relu), preset=str(chosen))


def bias_slider() -> None:
    """Show what is added to every sum; to be drawn below all that follows from it."""
    live_slider("Bias", -1.0, 1.0, 0.05, key=BIAS, first=0.0, tip=term("bias"))


def _begin() -> None:
    """Set up what callbacks change later: such a widget must not have a default of its own."""
    if state.KERNEL not in st.session_state:
        set_kernel(preset(FIRST).kernel)
    st.session_state.setdefault(PRESET, FIRST)
    st.session_state.setdefault(SIZE, len(st.session_state[state.KERNEL]))
    st.session_state.setdefault(DIVIDE, False)
    st.session_state.setdefault(BIAS, 0.0)


def movement_controls(kernel: _Kernel) -> Convolution:
    """Show how the kernel moves and what it looks at, and return all that is set up.

    Raises ConfigError, which is said beside its field, for a number that is out of range.
    """
    with st.grid(4, min_column_width=120) as grid:
        view = grid.cell().selectbox(
            "Look at",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            key="conv_view",
            help=term("channel"),
            persist_state="session",
        )
        moves = setting_cells(grid, MOVES, {}, key="conv")
    moved = replace(kernel.filter, **{name: int(value) for name, value in moves.items()})
    return Convolution(filter=moved, preset=kernel.preset, view=str(view))


def _sum_of(kernel: Kernel) -> str:
    return f"The weights add up to {_short(sum(map(sum, kernel)))}."


def _short(value: float) -> str:
    """Return a number with the digits that it needs, four after the point at most."""
    return minus(f"{round(value, 4) + 0:.10g}")


def put(name: str, kernel: Kernel) -> None:
    """Put a kernel into the grid: that of a preset, or one's own numbers (`OWN`)."""
    set_kernel(kernel)
    st.session_state[PRESET], st.session_state[SIZE] = name, len(kernel)


def link_brings(name: str, kernel: Kernel, *, divide: bool) -> None:
    """Put a kernel of the address into the grid; one's own numbers are kept as those that are typed."""
    if name != OWN or kernel != st.session_state.get(state.KERNEL):
        st.session_state.pop(_CUT, None)
        if name == OWN:
            _keep_typed(kernel)
    put(name, kernel)
    st.session_state[DIVIDE] = divide
    if _typed().get(len(kernel)) == kernel:
        _take_divide()


def _take_preset() -> None:
    """Put the preset's numbers into the grid, or those that were typed, at the slider's size where they have it."""
    name, size, typed = st.session_state[PRESET], st.session_state.get(SIZE, 3), _typed()
    st.session_state.pop(_CUT, None)
    if name != OWN:
        found = preset(name, size if size in PRESETS[name].sizes else None)
        put(name, found.kernel)
        st.session_state[DIVIDE] = found.divide_by_sum
    elif typed:
        put(OWN, typed.get(size) or typed[next(reversed(typed))])
        st.session_state[DIVIDE] = st.session_state.get(_TYPED_DIVIDE, False)


def _take_size() -> None:
    """Show the kernel at the new size: the preset's, the numbers that were typed there, or these, cut or with zeros."""
    name, size = st.session_state.get(PRESET, FIRST), int(st.session_state[SIZE])
    if name == OWN:
        name = st.session_state.get(_CUT, OWN)
    if name != OWN and size in PRESETS[name].sizes:
        put(name, preset(name, size).kernel)
        return
    kernel = resize_kernel(st.session_state[state.KERNEL], size)
    if name != OWN:
        st.session_state[_CUT] = name
    put(OWN, kernel if name != OWN else _typed().get(size, kernel))


def _take_edit() -> None:
    kernel: Kernel = st.session_state[state.KERNEL]
    st.session_state[PRESET] = OWN
    st.session_state.pop(_CUT, None)
    _keep_typed(kernel)
    _take_divide()
    weights = sum(kernel, ())
    if any(weights) and abs(sum(weights)) < _NOTHING:
        progress.done("kernel")


def _take_divide() -> None:
    if st.session_state[PRESET] == OWN:
        st.session_state[_TYPED_DIVIDE] = st.session_state.get(DIVIDE, False)


def _keep_typed(kernel: Kernel) -> None:
    _typed().pop(len(kernel), None)
    _typed()[len(kernel)] = kernel


def _typed() -> dict[int, Kernel]:
    found: dict[int, Kernel] = st.session_state.setdefault(_TYPED, {})
    return found
