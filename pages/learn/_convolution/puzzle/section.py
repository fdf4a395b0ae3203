"""The kernel puzzle: levels by seed, hints, the clock, and what has been solved in this session."""

import time

import numpy as np
import streamlit as st

from core.errors import LabError
from core.explain.convolution.kernels import Grid
from core.explain.convolution.puzzle import SEEDS, SOLVED, Level, levels, score
from core.photos.door import Photo
from core.registry import Setting
from pages._ui import cached
from pages._ui.choose.setting_widgets import setting_widget
from pages._ui.frame import choice, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages.learn._convolution.puzzle.board import board

PICTURE_SIDE = 96  # pixels
FIRST_SEED = 1
LEVELS = len(levels(FIRST_SEED))
LEVEL, SEED = "puzzle_level", "puzzle_seed"
_OPENED, _SOLVED, _KERNELS, _HINTS = "puzzle_opened", "puzzle_solved", "puzzle_kernels", "puzzle_hints"
_SEED = Setting(
    name="seed",
    title="Seed",
    default=FIRST_SEED,
    low=SEEDS[0],
    high=SEEDS[-1],
    help="The same seed has the same levels: send the address of this page to others and race.",
)
Place = tuple[int, int]  # seed and level


def puzzle_section(photo: Photo) -> None:
    """Let a target picture be met by editing kernels, level by level."""
    st.markdown(
        "Somebody has filtered your photo: find the kernel that makes the same picture. The score is how much of the "
        f"way from the first picture to the target you have gone, and {SOLVED:g} of 100 solves the level.",
        help=term("kernel"),
    )
    try:
        seed, number = _choose()
        level = levels(seed)[number - 1]
        picture = cached.picture(photo, "grey", PICTURE_SIDE)[0].double().numpy()
        if min(picture.shape) < 8:
            problem(
                LabError(f"The photo is {picture.shape[1]}×{picture.shape[0]} pixels here; choose a less narrow one.")
            )
            return
        score(picture, level.begin, level)
    except LabError as error:
        problem(error)
        return
    _play(picture, level, (seed, number))
    think(
        "Blur first and find edges then, or the other way round: does it matter?",
        "No: two convolutions in a row are again one, with a 5×5 kernel, whichever comes first. (With zeros around the "
        "picture they differ at its rim.) With a ReLU between the two it would matter, and that is why networks have "
        "one.",
    )


def _choose() -> Place:
    solved = _of_session(_SOLVED)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=170):
            seed = int(str(setting_widget(_SEED, FIRST_SEED, key=SEED)))
        st.session_state.setdefault(LEVEL, 1)
        number = st.segmented_control(
            "Level",
            range(1, LEVELS + 1),
            format_func=lambda number: choice(f"{number} ✓" if (seed, number) in solved else str(number)),
            required=True,
            key=LEVEL,
            persist_state="session",
        )
    return seed, int(number)


def _play(picture: np.ndarray, level: Level, place: Place) -> None:
    opened, solved, kernels = _of_session(_OPENED), _of_session(_SOLVED), _of_session(_KERNELS)
    opened.setdefault(place, time.time())

    def answer(found: tuple[Grid, ...]) -> None:
        kernels[place] = found
        if place not in solved and score(picture, found, level) >= SOLVED:
            solved[place] = time.time() - opened[place]
            progress.done("puzzle")

    seed, number = place
    st.markdown(f"**Level {number}: {level.title}.** {level.task}")
    board(
        picture,
        level,
        kernels.get(place, level.begin),
        key=f"puzzle_board_{seed}_{number}",
        elapsed=solved.get(place, time.time() - opened[place]),
        running=place not in solved,
        on_answer=answer,
    )
    if place in solved:
        _congratulate(place)
    else:
        _hint(level, place)
        try_this("Change one weight, look at where the third picture fades, and keep what raises the score.")


def _congratulate(place: Place) -> None:
    seed, number = place
    solved = _of_session(_SOLVED)
    mine = [seconds for (of, _level), seconds in solved.items() if of == seed]
    st.success(
        f"Solved in {_in_words(solved[place])}. Of this seed you have {len(mine)} of {LEVELS}, in "
        f"{_in_words(sum(mine))} altogether.",
        icon=":material/check_circle:",
    )
    if number < LEVELS:
        st.button("Next level", icon=":material/arrow_forward:", on_click=_go_to, args=(number + 1,), type="primary")


def _hint(level: Level, place: Place) -> None:
    given = _of_session(_HINTS)
    told = given.get(place, 0)
    for hint in level.hints[:told]:
        st.caption(f":material/lightbulb: {hint}")
    if told < len(level.hints):
        st.button(
            f"Hint {told + 1} of {len(level.hints)}",
            icon=":material/lightbulb:",
            on_click=given.__setitem__,
            args=(place, told + 1),
        )


def _go_to(number: int) -> None:
    st.session_state[LEVEL] = number


def _of_session(name: str) -> dict:
    found: dict = st.session_state.setdefault(name, {})
    return found


def _in_words(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
