"""A chain of augmentations as people edit it: add, order, switch probability and settings, remove."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import AugmentationStep
from core.registry import Setting, Value
from core.transforms import COURSE_CHAIN, chain_word, transforms
from pages._ui import state
from pages._ui.choose.setting_widgets import setting_widget
from pages._ui.live_slider.live_slider import live_slider

MOST_STEPS = 12
_ADD, _BEFORE = "chain_add", "chain_before"
_PROBABILITY = Setting(
    name="probability",
    title="Probability",
    default=1.0,
    low=0.0,
    high=1.0,
    step=0.05,
    help="How often this step is applied: 0.5 is every second image, on average.",
)
_numbers = count(1)  # names of steps, unique in this process: a widget's key must not pass from one step to another


def chain_editor() -> tuple[tuple[AugmentationStep, ...], Callable[[], None]]:
    """Show the chain of this session with its controls; return it as it is now set, and what draws its sliders.

    They answer while they are dragged, and are to be drawn once all that follows from them stands (`live_slider`).
    Steps are folded but for the last one, so that on a phone the draws below are in sight of its sliders.
    """
    chain_of_session()
    entries: list[tuple[int, AugmentationStep]] = st.session_state[state.CHAIN]
    _adding(len(entries))
    sliders: list[Callable[[], None]] = []
    entries = [
        (number, _step(position, number, step, sliders, last=len(entries) - 1))
        for position, (number, step) in enumerate(entries)
    ]
    st.session_state[state.CHAIN] = entries
    if not entries:
        st.caption("The chain is empty: every epoch sees the same pixels. Add a transform.")

    def draw_sliders() -> None:
        for draw in sliders:
            draw()

    return tuple(step for _number, step in entries), draw_sliders


def chain_of_session() -> tuple[AugmentationStep, ...]:
    """Return the chain of this session: the course's own until another one is made."""
    if state.CHAIN not in st.session_state:
        set_chain(COURSE_CHAIN)
    return tuple(step for _number, step in st.session_state[state.CHAIN])


def set_chain(steps: Sequence[AugmentationStep]) -> None:
    """Put another chain into the editor."""
    st.session_state.pop(_BEFORE, None)
    st.session_state[state.CHAIN] = [(next(_numbers), step) for step in steps]


def _step(
    position: int, number: int, step: AugmentationStep, sliders: list[Callable[[], None]], *, last: int
) -> AugmentationStep:
    transform = transforms[step.name]
    with st.expander(f"**{position + 1}. {transform.title}**", expanded=position == last, key=f"chain_{number}_box"):
        with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
            st.caption(transform.summary, width="stretch")
            _button("arrow_upward", "Move up", number, position == 0, _move, position, -1)
            _button("arrow_downward", "Move down", number, position == last, _move, position, 1)
            _button("delete", "Remove", number, False, _remove, position)
        probability = _setting(_PROBABILITY, float(step.probability), sliders, key=f"chain_{number}_probability")
        settings = {
            setting.name: _setting(
                setting,
                step.settings.get(setting.name, setting.default),
                sliders,
                key=f"chain_{number}_{setting.name}",
            )
            for setting in transform.settings
        }
    return AugmentationStep(name=step.name, probability=float(str(probability)), settings=settings)


def _setting(setting: Setting, value: Value, sliders: list[Callable[[], None]], *, key: str) -> Value:
    """Return what a setting is set to; a number has a slider, which cannot leave its range, and a place for it here."""
    if isinstance(value, bool) or not isinstance(value, int | float) or setting.low is None or setting.high is None:
        return setting_widget(setting, value, key=key)
    title = f"{setting.title} ({setting.unit})" if setting.unit else setting.title
    draw = partial(live_slider, title, setting.low, setting.high, setting.step or 1, key=key, first=value)
    sliders.append(partial(_in, st.container(), partial(draw, tip=setting.help)))
    return type(value)(st.session_state.get(key, value))


def _in(place: DeltaGenerator, draw: Callable[[], None]) -> None:
    with place:
        draw()


def _button(icon: str, tip: str, number: int, disabled: bool, act, *args: int) -> None:  # type: ignore[no-untyped-def]
    st.button(
        "",
        icon=f":material/{icon}:",
        help=tip,
        key=f"chain_{number}_{icon}",
        disabled=disabled,
        on_click=act,
        args=args,
        type="tertiary",
        width=32,
    )


def _move(position: int, by: int) -> None:
    entries = list(st.session_state[state.CHAIN])
    entries.insert(position + by, entries.pop(position))
    st.session_state[state.CHAIN] = entries
    st.session_state.pop(_BEFORE, None)


def _remove(position: int) -> None:
    entries = list(st.session_state[state.CHAIN])
    st.session_state[_BEFORE] = list(entries)
    del entries[position]
    st.session_state[state.CHAIN] = entries


def _replace(steps: Sequence[AugmentationStep]) -> None:
    if chain_word(chain_of_session()) == chain_word(steps):  # settings that nobody has named are there as well
        return
    entries = st.session_state[state.CHAIN]
    set_chain(steps)
    st.session_state[_BEFORE] = entries


def _undo() -> None:
    """Bring back the chain before a step was removed or all were replaced."""
    st.session_state[state.CHAIN] = st.session_state.pop(_BEFORE)


def _adding(length: int) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Add a transform",
            list(transforms),
            format_func=lambda name: transforms[name].title,
            key=_ADD,
            help="It goes to the end of the chain; move it with the arrows.",
        )
        st.button(
            "Add",
            icon=":material/add:",
            key="chain_add_button",
            on_click=_add,
            disabled=length >= MOST_STEPS,
            help=f"A chain has at most {MOST_STEPS} steps." if length >= MOST_STEPS else None,
        )
    with st.container(horizontal=True):
        st.button(
            "Course chain",
            icon=":material/school:",
            key="chain_course",
            on_click=_replace,
            args=(COURSE_CHAIN,),
            help="Flip left-right half of the time, then RandomCrop with a padding of 4 px.",
        )
        st.button("Empty", icon=":material/delete_sweep:", key="chain_empty", on_click=_replace, args=((),))
        if _BEFORE in st.session_state:
            st.button("Undo", icon=":material/undo:", key="chain_undo", on_click=_undo, type="tertiary")


def _add() -> None:
    name = st.session_state[_ADD]
    by_chance = not transforms[name].settings and not transforms[name].takes_turns
    step = AugmentationStep(name=name, probability=0.5 if by_chance else 1.0)
    st.session_state[state.CHAIN] = [*st.session_state[state.CHAIN], (next(_numbers), step)]
    st.session_state.pop(_BEFORE, None)
