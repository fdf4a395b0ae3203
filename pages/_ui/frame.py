"""What every page looks like: its head, its sections, its empty states and its problems."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import NamedTuple

import streamlit as st

from core.errors import LabError
from core.intervals import minus, signed
from pages._ui import glossary
from pages._ui.draw.plain_text import plain
from pages._ui.guidance.strip import strip
from pages._ui.worksheet.strip import worksheet_strip

PAGES = {
    "": "pages/home/start.py",
    "guide": "pages/home/guide.py",
    "worksheet": "pages/home/worksheet.py",
    "convolution": "pages/learn/convolution.py",
    "feature-maps": "pages/learn/feature_maps.py",
    "architecture": "pages/learn/architecture.py",
    "augmentation": "pages/learn/augmentation.py",
    "pictures": "pages/train/pictures.py",
    "join": "pages/train/join.py",
    "training": "pages/train/training.py",
    "compare": "pages/judge/compare.py",
    "classify": "pages/use/classify.py",
    "console": "pages/teach/console.py",
    "projector": "pages/teach/projector.py",
}

# A theme cannot say it: a page that is handed in is printed without its menu, and as wide as the paper, where nobody
# can scroll to the end of a line of code; and there and on a phone tabs stand in as many rows as they need, or the one
# that a link opens would be out of sight.
_STYLE = """<style>@media print {
  [data-testid=stSidebar], [data-testid=stHeader], .st-key-on_screen { display: none; }
  [data-testid=stMarkdownContainer], .katex-display { overflow: visible !important; }
  [data-testid=stElementContainer]:has(> [data-testid=stTable]), [data-testid=stTable], [data-testid=stTable] > div {
    height: auto !important; max-height: none !important; break-inside: auto !important; }
  [data-testid=stTable] tr { break-inside: avoid; }
  [data-testid=stTable] :is(th, td) { font-size: 12px; padding: 4px; overflow-wrap: anywhere; }
  [data-testid=stWidgetLabel] * { white-space: normal !important; }
  [data-testid=stCode] :is(pre, code, span) { white-space: pre-wrap !important; overflow-wrap: anywhere !important; }
}
@media screen { .st-key-on_paper { display: none; } }
@media print, (max-width: 640px) { [data-testid=stTabs] [role=tablist] { flex-wrap: wrap; } }</style>"""


ON_SCREEN, ON_PAPER = "on_screen", "on_paper"  # keys of containers that are there only


class Fact(NamedTuple):
    """A figure to show large: what it is, its value with the unit, and the tooltip that explains it."""

    label: str
    value: str
    tip: str


def described(path: str, title: str, icon: str, tip: str, *, hidden: bool) -> st.Page:
    """Describe the page at an address of `PAGES`, as ``icon`` (a Material Symbols name) and ``tip`` stand in the menu.

    Streamlit looks for a page's file each time that the page is described, at fourteen of them with every click: here
    it does so once.
    """
    return copy(_described(path, title, icon, tip, hidden))


@cache
def _described(path: str, title: str, icon: str, tip: str, hidden: bool) -> st.Page:
    return st.Page(
        PAGES[path],
        title=title,
        icon=f":material/{icon}:",
        url_path=path or None,
        default=not path,
        visibility="hidden" if hidden else "visible",
        help=tip,
    )


def header(title: str, lead: str, *, icon: str) -> None:
    """Show a page's title, the one sentence that says what it is for, and the step of the lesson, or part of the
    worksheet, that is done here.

    ``icon`` is a Material Symbols name.
    """
    glossary.begin()
    st.title(title, icon=f":material/{icon}:", anchor=False)
    st.markdown(lead)
    if not worksheet_strip(PAGES):
        strip(PAGES)
    st.html(_STYLE)


def section(title: str, lead: str = "") -> None:
    """Start a section of a page: its heading, and a sentence that says what happens in it."""
    st.header(title, anchor=False)
    if lead:
        st.markdown(lead)


def look_for(sentence: str) -> None:
    """Say what to look for in the picture or chart above."""
    st.caption(f":material/visibility: {sentence}")


def try_this(sentence: str) -> None:
    """Say what to do now, in one sentence."""
    st.markdown(f":material/touch_app: **Try this.** {sentence}")


def think(question: str, answer: str) -> None:
    """Ask a question to think about; its answer is folded."""
    with st.expander(question, icon=":material/psychology:"):
        st.markdown(answer)


def empty_state(sentence: str, *, page: str | None = None, label: str = "") -> None:
    """Say why there is nothing to see yet, and link to the page (a key of `PAGES`) that changes that."""
    with st.container(border=True):
        st.markdown(f":material/info: {sentence}")
        if page is not None:
            st.page_link(PAGES[page], label=label or "Go there", icon=":material/arrow_forward:")


def problem(error: LabError) -> None:
    """Show a failure as the sentence it carries."""
    st.error(plain(str(error)), icon=":material/error:")


@contextmanager
def in_words() -> Iterator[None]:
    """Show what fails where nobody thought of it as its sentence: an own set may be deleted while a page is drawn."""
    try:
        yield
    except LabError as error:
        problem(error)


def facts(rows: Sequence[tuple[str, str, str]]) -> None:
    """Show figures in one row that wraps: label, value with its unit, tooltip."""
    with st.grid(min(len(rows), 6), min_column_width=150):
        for label, value, tip in rows:
            st.metric(label, value, help=tip or None, border=True)


def changed_figure(label: str, value: str, change: int, unit: str, *, tip: str) -> None:
    """Show a figure with what has become of it, such as "−5 images", red and downwards where it fell."""
    way = "up" if change > 0 else "down" if change else "off"
    colour = "green" if change > 0 else "red" if change else "off"
    st.metric(label, value, signed(change, unit), delta_color=colour, delta_arrow=way, help=tip, border=True)


def choice(label: str) -> str:
    """Return a label for a tab or a segmented control, in the text's colour.

    Streamlit writes the chosen one in the primary colour, which cannot be light enough for this on a dark page and dark
    enough for the white words of a button at once: 4.5:1 asks for both.
    """
    return f":gray[{label}]"


def number(value: float, digits: int = 2) -> str:
    """Return a number for people: ``digits`` after the point, and a real minus sign."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else minus(text)
