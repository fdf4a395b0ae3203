"""Predict first: the student says what a control will do, then it is done, and counted how often they were right."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages._ui.guidance.predicted import count, next_turn, predicted


@dataclass(frozen=True, kw_only=True)
class Question:
    """What will happen? One of the ``options`` is ``right``, from the real numbers; ``why`` says so afterwards.

    ``show`` is called when it was answered: it sets the control, so that the page shows what happens.
    """

    text: str
    options: tuple[str, ...]
    right: str
    why: str
    show: Callable[[], None]


def predict_first(ask: Callable[[int], Question], *, key: str) -> None:
    """Offer questions in a fold, one after the other; ``ask`` makes the next one from the number of those before it.

    It is called only while the fold is open, and may raise what its page shows as a sentence.
    """
    fold = st.expander("Predict first", icon=":material/psychology_alt:", key=f"{key}_fold", on_change="rerun")
    if not fold.open:
        return
    turn = predicted().turns.get(key, 0)
    with fold:
        said = st.session_state.get(f"{key}_said")
        if said:
            st.markdown(said)
        elif predicted().asked:
            st.markdown(f"Right so far: **{predicted().tally}**.")
        question = ask(turn)
        st.pills(
            question.text,
            question.options,
            key=f"{key}_{turn}",
            on_change=_answer,
            args=(question, key, turn),
        )


def verdict(said: str, right: str, why: str) -> str:
    """Return what to say of a prediction that has been counted."""
    head = ":green[:material/check_circle:] **Right.**" if said == right else f"You said {said}; **it is {right}.**"
    return f"{head} {why} Right so far: **{predicted().tally}**."


def _answer(question: Question, key: str, turn: int) -> None:
    said = st.session_state.get(f"{key}_{turn}")
    if said is not None:
        count(said == question.right)
        next_turn(key)
        st.session_state[f"{key}_said"] = verdict(said, question.right, question.why)
        question.show()
