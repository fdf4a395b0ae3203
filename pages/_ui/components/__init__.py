"""The lab's own inline components: an HTML, a CSS and a JavaScript file each, no build step, no third party."""

from pathlib import Path
from typing import TypedDict

_FOLDER = Path(__file__).parent


class Sources(TypedDict):
    """What `st.components.v2.component` takes by name."""

    html: str
    css: str
    js: str


def source(name: str) -> Sources:
    """Return the three sources of the component ``name``."""
    return Sources(html=_read(f"{name}.html"), css=_read(f"{name}.css"), js=_read(f"{name}.js"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
