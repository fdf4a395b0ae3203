"""The lesson on a page: which step it is at, what to do here, whether it is done, and where it goes on."""

from collections.abc import Mapping

import streamlit as st

from pages._ui import address
from pages._ui.guidance import progress
from pages._ui.guidance.line import NO_TIP, STEP, ended, step_here
from pages._ui.guidance.progress import Lesson
from pages._ui.guidance.steps import STEPS, told_apart, where

_AT = "lesson_at"
_TICK = ":green[:material/check_circle: **done**]"
# No setting says it: on a phone the line is cut where the screen ends, until it is unfolded.
_ON_A_PHONE = """<style>@media (max-width: 640px) {
  .st-key-lesson { flex-wrap: nowrap; }
  .st-key-lesson > div { min-width: 0; }
  .st-key-lesson details:not([open]) summary p { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
}</style>"""
LESSON = "lesson"  # in the address: a lesson's steps with commas between


def strip(pages: Mapping[str, str]) -> None:
    """Show the step that the page is at; ``pages`` are their files by address. Nothing without a lesson."""
    if address.brings(LESSON):
        _begin(st.query_params[LESSON])
    if address.brings(STEP):
        progress.hide(False)
    progress.is_shown()
    now = progress.lesson()
    if now is None or now.hidden:
        return
    name = step_here({name: STEPS[name].page for name in now.steps}, now.done, at=_AT)
    st.html(_ON_A_PHONE)
    with st.container(horizontal=True, vertical_alignment="center", key="lesson"):
        if now.next_open is None:
            _all_done(now, name)
        elif name is not None:
            _step(now, name, pages)
        else:
            number, step = now.number(now.next_open), STEPS[now.next_open]
            _fold(f"**Step {number} of {len(now.steps)} – {step.title}**", "lesson_fold")
            _link("Go there", now.next_open, pages)


def _all_done(now: Lesson, name: str | None) -> None:
    """Say that the lesson is done, on the page of its last step as on any other, and let it be ended."""
    last = f" Step {now.number(name)} of {len(now.steps)} – {ended(STEPS[name].title)}" if name else ""
    st.markdown(f"{_TICK}{last} **All {len(now.steps)} steps are done.**", width="stretch")
    st.button("End the lesson", key="lesson_end", icon=":material/done_all:", type="primary", on_click=_end)


def _end() -> None:
    progress.leave()
    st.query_params.pop(LESSON, None)  # a reload would begin it again
    st.toast("The lesson has ended. Start has it again.", icon=":material/school:")


def _fold(said: str, key: str) -> None:
    """Show a line that can be unfolded, and what else can be done with the lesson below it."""
    with st.expander(said, icon=":material/school:", key=key):
        st.button("Hide the lesson", key="lesson_hide", on_click=progress.hide, args=(True,), help="Start shows it.")


def _begin(text: str) -> None:
    """Begin the lesson that an address asks for, and say what in it is no step."""
    steps, strange = told_apart(text[:1000])
    if strange:
        some = ", ".join("".join(letter for letter in name[:20] if letter.isalnum()) or "?" for name in strange[:3])
        st.warning(
            f"The lesson of this address names {len(strange)} that are no steps ({some}). Steps are "
            f"{', '.join(STEPS)}." + ("" if steps else " None is left, so no lesson begins; Start has one."),
            icon=":material/link_off:",
        )
    if steps:
        progress.begin(steps)


def _step(now: Lesson, name: str, pages: Mapping[str, str]) -> None:
    step, number = STEPS[name], now.number(name)
    tick = f"{_TICK} " if name in now.done else ""
    _fold(f"{tick}**Step {number} of {len(now.steps)} – {ended(step.title)}** {step.task}", f"lesson_fold_{name}")
    following = next((other for other in now.steps[number:] if other not in now.done), None)
    if following is not None:
        _link("Next step", following, pages)
    elif now.next_open not in (None, name):
        _link(f"Back to step {now.number(now.next_open)}", now.next_open, pages)


def _link(label: str, name: str, pages: Mapping[str, str]) -> None:
    page = pages[STEPS[name].page]
    st.page_link(page, label=label, icon=":material/arrow_forward:", help=NO_TIP, query_params=where(name))
