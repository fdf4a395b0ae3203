"""The questions of a part: what is typed is kept on the server while it is typed, and that it is kept is said."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.worksheets import ANSWER_LENGTH, Given, StudentsWork, Work
from pages._ui.component import beside, sent
from pages._ui.draw.plain_text import plain
from pages._ui.visitor import visitor

_view = st.components.v2.component("cnn_lab_questions", **beside(__file__))
_MOST = 40  # answers of one message


def questions(given: Given, number: int, work: Work) -> None:
    """Show the questions of part ``number`` with the answers that are kept; nothing where it has none."""
    part = given.sheet.parts[number - 1]
    if not part.questions:
        return
    key = f"questions_{given.id}_{number}"
    shown: list[dict[str, Any]] = [
        {
            "key": f"{number}.{place}",
            "text": question.text,
            "kind": question.kind,
            "choices": question.choices,
            "answer": work.answers.get(f"{number}.{place}", ""),
        }
        for place, question in enumerate(part.questions, start=1)
    ]
    told = st.session_state.get(_told(key), {"number": 0, "problems": {}})
    _view(
        key=key,
        data={"sheet": given.id, "open": given.open, "most": ANSWER_LENGTH, "questions": shown, **told},
        height="content",
        on_answers_change=lambda: _keep(key, given.id),
    )


def recall(given: Given, number: int, work: Work) -> None:
    """Show the answers of the part that part ``number`` looks back at; nothing where there is none."""
    before = given.sheet.parts[number - 1].recalls
    asked = given.sheet.parts[before - 1].questions if before else ()
    for place, question in enumerate(asked, start=1):
        answer = work.answers.get(f"{before}.{place}")
        st.markdown(f"> {plain(question.text)} **{plain(' '.join(answer.split()) if answer else 'No answer.')}**")


def keep(sheet_id: str, message: object) -> dict[str, Any] | None:
    """Keep what the browser sent, each answer by itself; return its number and what was wrong, by question.

    None for what is no message of ours.
    """
    fields = message if isinstance(message, Mapping) else {}
    number, answers = fields.get("number"), fields.get("answers")
    if type(number) not in (int, float) or not isinstance(answers, Mapping) or len(answers) > _MOST:
        return None
    problems = {}
    for key, answer in answers.items():
        if not isinstance(key, str) or not isinstance(answer, str):
            return None
        try:
            StudentsWork(open_store()).answer(sheet_id, {key: answer}, by=visitor())
        except LabError as error:
            problems[key] = str(error)
    return {"number": number, "problems": problems}


def _keep(key: str, sheet_id: str) -> None:
    told = keep(sheet_id, sent(key, "answers"))
    if told is not None:
        st.session_state[_told(key)] = told


def _told(key: str) -> str:
    return f"{key}_told"
