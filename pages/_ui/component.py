"""The lab's own inline components: HTML, CSS and JavaScript files beside the Python file, no build step.

Each one finds the functions and the sliders of ``elements/`` before its own JavaScript and CSS.
"""

from pathlib import Path
from typing import TypedDict

import streamlit as st


class Sources(TypedDict):
    """What `st.components.v2.component` takes by name."""

    html: str
    css: str
    js: str


def beside(python_file: str, *, html: str | None = None, after: str | None = None) -> Sources:
    """Return the three sources that lie beside ``python_file`` under its name; ``html`` stands in for an HTML file.

    CSS and JavaScript beside the Python file ``after`` come before them.
    """
    path = Path(python_file)
    before = [Path(__file__).parent / "elements" / "elements", *([Path(after)] if after else [])]
    return Sources(
        html=_read(path, ".html") if html is None else html,
        css="".join(_read(each, ".css") for each in [*before, path]),
        js="".join(_read(each, ".js") for each in [*before, path]),
    )


def sent(key: str, event: str) -> object:
    """Return what the component ``key`` has sent with an event, for its callback.

    None where there is nothing: what is sent while a page is being left arrives when its component is gone.
    """
    return st.session_state[key].get(event) if key in st.session_state else None


def _read(path: Path, suffix: str) -> str:
    """A source without indentation and lines of comment, which every student's browser would be sent."""
    lines = path.with_suffix(suffix).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip() and not line.strip().startswith("//"))
