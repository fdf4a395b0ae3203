"""The sections of the start page that need no PyTorch: the ten-minute lesson, the glossary and the guide."""

from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from pages._ui import address
from pages._ui.frame import PAGES, plain
from pages._ui.glossary import TERM, TERMS
from pages._ui.guidance import progress
from pages._ui.guidance.steps import STEPS, TEN_MINUTES, minutes, where
from pages._ui.guide import GUIDE
from pages._ui.state import GUIDE_PAGE

OWN_LESSON = "lesson_own"  # the fold
GLOSSARY = "start_glossary"


def lesson() -> None:
    """List the steps of the lesson, ticked as far as they are done, with what begins, hides and leaves it."""
    now = progress.lesson()
    names = now.steps if now else TEN_MINUTES
    done = now.done if now else frozenset()
    with st.container(horizontal=True, vertical_alignment="center"):
        if now is None:
            _step_link(names[0], "Begin the lesson", lesson=names)
        elif now.next_open is not None:
            _step_link(now.next_open, f"Go on with step {now.number(now.next_open)}")
        if now is not None:
            st.markdown(f"{len(done)} of {len(names)} done")
            label = "Show the lesson" if now.hidden else "Hide the lesson"
            st.button(label, key="lesson_show", type="tertiary", on_click=progress.hide, args=(not now.hidden,))
            st.button(
                "End the lesson",
                key="lesson_leave",
                type="tertiary",
                on_click=progress.leave,
                help="Forgets the ticks.",
            )
    with st.grid(4, min_column_width=230, gap="small"):
        for number, name in enumerate(names, start=1):
            with st.container():
                _step_link(name, f"{number}. {STEPS[name].title}", lesson=() if now else names, ticked=name in done)
    _own_lesson()


def _step_link(name: str, label: str, *, lesson: Sequence[str] = (), ticked: bool | None = None) -> None:
    icon = {None: "arrow_forward", False: "radio_button_unchecked", True: "check_circle"}[ticked]
    st.page_link(
        PAGES[STEPS[name].page],
        label=label,
        icon=f":material/{icon}:",
        help=STEPS[name].task,
        query_params=where(name, lesson=lesson),
    )


def _own_lesson() -> None:
    """Let a teacher choose and order steps, and show the link that begins such a lesson.

    What it is drawn with is a fifth of all scripts that a browser fetches for this page: it comes when it is opened.
    """
    fold = st.expander("Another lesson for a class", icon=":material/edit_note:", key=OWN_LESSON, on_change="rerun")
    if not fold.open:
        return
    with fold:
        chosen = st.multiselect(
            "Steps, in their order",
            list(STEPS),
            list(TEN_MINUTES),
            format_func=lambda name: STEPS[name].title,
            key="lesson_steps",
            persist_state="session",
            help="A step that is taken out and chosen again goes to the end.",
        )
        if not chosen:
            st.caption("Choose one step or more.")
            return
        st.caption(f"About {minutes(chosen)} minutes for a newcomer. Whoever opens this link is in the lesson:")
        here = urlsplit(st.context.url or "http://localhost:8501")
        link = here._replace(path=here.path or "/", query=f"lesson={','.join(chosen)}", fragment="")
        st.code(urlunsplit(link), language=None, wrap_lines=True)


def asked_for() -> None:
    """Show the term that a link of another page has asked for, and open the glossary in which the others stand."""
    name = st.query_params.get(TERM)
    if name is None:
        return
    if address.brings(TERM):
        st.session_state[GLOSSARY] = True
    if name in TERMS:
        st.info(f"**{name}**: {TERMS[name]}", icon=":material/dictionary:")
    else:
        st.warning(f"The glossary below has no '{plain(name[:40])}'.", icon=":material/link_off:")


def glossary() -> None:
    """Show the terms, filtered by what is typed."""
    wanted = st.text_input("Find a term", key="glossary_find", placeholder="stride", type="search").strip().lower()
    found = {name: text for name, text in TERMS.items() if wanted in name.lower() or wanted in text.lower()}
    if not found:
        st.caption("No such term here. Try a shorter word, or clear the field to see all.")
        return
    st.table(
        {"term": list(found), "in one sentence": list(found.values())},
        hide_index=True,
        border="horizontal",
        alt="Terms and what they mean",
    )


def guide_links() -> None:
    """Link to every page of the guide."""
    with st.container(horizontal=True):
        for name, title in GUIDE.items():
            st.page_link(PAGES["guide"], label=title, icon=":material/article:", query_params={GUIDE_PAGE: name})
