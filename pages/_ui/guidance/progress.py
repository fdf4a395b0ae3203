"""Which lesson the visitor is in, and which of its steps are done: kept by their own browser, for all of its tabs.

A page reports what has really happened by one line, ``progress.done("kernel")``, whether there is a lesson or not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages._ui.guidance.kept_by_browser import change, kept, write_cookies
from pages._ui.guidance.steps import told_apart
from pages._ui.worksheet import shown
from pages._ui.worksheet.now import happened

COOKIE = "cnn_lab_lesson"  # no identity: the names of the steps, those that are done, and whether they are hidden
_NEWS = "lesson_news"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The names of a lesson's steps in their order, those that are done, and whether pages are quiet about it."""

    steps: tuple[str, ...]
    done: frozenset[str] = frozenset()
    hidden: bool = False

    @property
    def next_open(self) -> str | None:
        """The first step that is not done, None after the last."""
        return next((name for name in self.steps if name not in self.done), None)

    def number(self, name: str) -> int:
        """The number of a step, from 1."""
        return self.steps.index(name) + 1


def lesson() -> Lesson | None:
    """Return the lesson that the visitor is in, None where there is none."""
    return _read(kept(COOKIE))


def begin(steps: Sequence[str]) -> None:
    """Begin a lesson of these steps; the one that the visitor is in goes on, and shows again."""
    fresh = Lesson(steps=tuple(steps))
    _change(lambda now: replace(now, hidden=False) if now and now.steps == fresh.steps else fresh)


def done(name: str) -> None:
    """Tick a step, where it is one of the lesson or worksheet that the visitor is in: it has just happened."""
    if happened(name):
        st.session_state[_NEWS] = True
    now = lesson()
    if now is not None and name in now.steps and name not in now.done:
        _change(lambda now: now and replace(now, done=now.done | ({name} & set(now.steps))))
        st.session_state[_NEWS] = True


def hide(hidden: bool) -> None:
    """Hide the lesson on all pages, or show it again."""
    now = lesson()
    if now is not None and now.hidden != hidden:
        _change(lambda now: now and replace(now, hidden=hidden))


def leave() -> None:
    """Leave the lesson, and forget what was done."""
    _change(lambda _now: None)


def is_shown() -> None:
    """Note that what is done so far has been drawn."""
    st.session_state.pop(_NEWS, None)


def settle() -> None:
    """At the end of a page: draw it anew where a step was ticked meanwhile, and let the browser keep what was done."""
    if st.session_state.pop(_NEWS, False):
        st.rerun()
    shown.is_drawn()
    write_cookies()


def _change(become: Callable[[Lesson | None], Lesson | None]) -> None:
    change(COOKIE, lambda text: _written(become(_read(text))))


def _written(now: Lesson | None) -> str:
    """Return the cookie's value: names alone, which are letters; nothing without a lesson."""
    if now is None:
        return ""
    ticked = [name for name in now.steps if name in now.done]
    return "~".join([".".join(now.steps), ".".join(ticked), "hidden" if now.hidden else "shown"])


def _read(cookie: str) -> Lesson | None:
    """Return what `_written` wrote; None for anything else, which is as good as no lesson."""
    match cookie.split("~"):
        case [names, ticked, ("hidden" | "shown") as hidden]:
            steps, strange = told_apart(names.replace(".", ","))
            if steps and not strange:
                done, _strange = told_apart(ticked.replace(".", ","))
                return Lesson(steps=steps, done=frozenset(done) & set(steps), hidden=hidden == "hidden")
    return None
