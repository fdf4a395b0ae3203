"""What a page shows at this moment, for whoever puts it into a worksheet: noted where it is drawn.

Pictures that the lab itself has drawn, curves and named figures; what a student then adds is kept on the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import streamlit as st

from core.runs.worksheets.pictures import Curves, Figures, curve, curves, figures

_SHOWN = "worksheet_shown"  # absent: nobody wants to know
_MOST = 24
_LONGEST = 190  # characters of a caption


class Shown(NamedTuple):
    """What is drawn: its ``title``, which stays while it changes, and the ``caption`` that says how it is now."""

    title: str
    caption: str
    what: bytes | Curves | Figures


@dataclass(kw_only=True)
class _Noted:
    """What ``page``, an address, shows ``now``, by a key each.

    What it showed ``before`` stands until it has been drawn anew.
    """

    page: str
    before: dict[str, Shown]
    now: dict[str, Shown] = field(default_factory=dict)


def begin(page: str | None) -> None:
    """Note what ``page``, an address, shows from now on; None: nobody wants to know."""
    last: _Noted | None = st.session_state.pop(_SHOWN, None)
    if page is not None:
        before = (last.now or last.before) if last is not None and last.page == page else {}
        st.session_state[_SHOWN] = _Noted(page=page, before=before)


def is_drawn() -> None:
    """At the end of a page: what it showed before is gone."""
    noted: _Noted | None = st.session_state.get(_SHOWN)
    if noted is not None:
        noted.before = {}


def shown() -> Mapping[str, Shown]:
    """Return what the page shows, by a key that stays while it changes."""
    noted: _Noted | None = st.session_state.get(_SHOWN)
    return {} if noted is None else noted.now or noted.before


def note_picture(data: bytes, caption: str) -> None:
    """Note a picture's file."""
    _note(caption, Shown(caption, caption, data))


def note_curves(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float | None]]],
    *,
    key: str,
    title: str,
    alt: str,
    x_name: str,
    shares: bool,
) -> None:
    """Note a chart under its ``key``: each line a name with its x and y; ``shares`` where y is in [0, 1] and read as
    percent, ``alt`` the chart in a sentence."""
    if _SHOWN in st.session_state:
        drawn = curves(title, [curve(name, x, y) for name, x, y in lines], x_name=x_name, shares=shares)
        if drawn.lines:
            _note(key, Shown(title, f"{title}: {alt}", drawn))


def note_figures(rows: Sequence[tuple[str, str]], caption: str) -> None:
    """Note named figures, such as the bars of an answer."""
    if rows:
        _note(caption, Shown(caption, caption, figures(rows)))


def _note(key: str, shown: Shown) -> None:
    noted: _Noted | None = st.session_state.get(_SHOWN)
    if noted is not None and (key in noted.now or len(noted.now) < _MOST):
        title, caption = (" ".join(text.split())[:_LONGEST] for text in (shown.title, shown.caption))
        noted.now[key] = shown._replace(title=title, caption=caption)
