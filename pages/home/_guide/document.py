"""A file of ``docs/`` as the app shows it: text, tables and pictures, with links that lead to the guide itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import LabError
from pages._ui.guide import GUIDE
from pages._ui.state import GUIDE_PAGE

DOCS = Path(__file__).resolve().parents[3] / "docs"

_APART = re.compile(
    r"^(?P<code>```.*?^```)$|^(?P<table>(?:\|[^\n]*(?:\n|\Z))+)|^!\[(?P<alt>[^\]]*)\]\((?P<file>[^)\s]+)\)$",
    re.MULTILINE | re.DOTALL,
)
_LINK_OR_CODE = re.compile(r"`[^`]*`|\[([^\]]+)\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that stands on a line of its own: a file below ``docs/``, and what it shows in words."""

    file: Path
    alt: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: what stands above each column, and the rows below it, in Markdown."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Part = str | Picture | Table


def document(name: str) -> list[Part]:
    """Return a page of the guide (a key of `GUIDE`) in order: Markdown for ``st.markdown``, tables, and pictures.

    Tables stand apart because Streamlit lets those in Markdown run out of a narrow screen. Headings are one level lower
    than in the file: the app's page has its own above them. Raises LabError for a name that is not in the guide, and
    for a file that cannot be read.
    """
    if name not in GUIDE:
        raise LabError("The guide has no such page; choose one of those above.")
    try:
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    except OSError:
        raise LabError(f"docs/{name}.md cannot be read; the lab's folder is not whole, so fetch it again.") from None
    return list(_parts(text))


def _parts(text: str) -> Iterator[Part]:
    end = 0
    for found in _APART.finditer(text):
        yield from _prose(text[end : found.start()])
        end = found.end()
        if found["code"]:
            yield found["code"]
        elif found["file"]:
            yield Picture(file=DOCS / found["file"], alt=found["alt"])
        else:
            yield _table(_LINK_OR_CODE.sub(_link, found["table"]))
    yield from _prose(text[end:])


def _prose(text: str) -> Iterator[str]:
    if text.strip():
        yield re.sub("^#", "##", _LINK_OR_CODE.sub(_link, text.strip()), flags=re.MULTILINE)


def _table(text: str) -> Table:
    titles, _rule, *rows = (
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.strip().splitlines()
    )
    return Table(titles=titles, rows=tuple(rows))


def _link(match: re.Match[str]) -> str:
    """Lead to the guide where the target is one of its pages, and outwards; any other file of the project is a name."""
    text, target = match[1], match[2]
    if text is None or target.startswith(("https://", "#")):  # code, or a link that works everywhere
        return match[0]
    file, _, anchor = target.partition("#")
    name = file.removesuffix(".md")
    if name in GUIDE and file.endswith(".md"):
        return f"[{text}](?{GUIDE_PAGE}={name}{f'#{anchor}' if anchor else ''})"
    return text
