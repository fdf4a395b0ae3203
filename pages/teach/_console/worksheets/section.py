"""The worksheets that were handed out: their links, who does them, what came in; closed, opened again, deleted."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from core.data import datasets
from core.errors import LabError
from core.rights import Person
from core.runs import open_store
from core.runs.store.owners import Owners
from core.runs.worksheets import Given, HandIns, Standing, Worksheets
from pages._ui import state
from pages._ui.choose.take_home import download
from pages._ui.classroom.invitation import lab_address, square
from pages._ui.classroom.key import act, say_problem
from pages._ui.classroom.now import the_class
from pages._ui.frame import plain, problem
from pages._ui.visitor import visitor
from pages.teach._console.worksheets.making import making

EVERY = 3.0  # seconds between two looks


def worksheets() -> None:
    """Show what was handed out, followed while the page is open, and offer to hand out another one."""
    handed_out()
    fold = st.expander("Hand out a worksheet", icon=":material/assignment_add:", key="sheet_new", on_change="rerun")
    if fold.open:
        with fold:
            making()


@st.fragment(run_every=EVERY)
def handed_out() -> None:
    """Every worksheet with who has begun it and who has handed it in."""
    say_problem()
    try:
        found = [(given, HandIns(open_store()).standings(given.id, by=visitor())) for given in _all()]
    except LabError as error:
        problem(error)
        return
    if not found:
        st.caption("None is handed out yet.")
    for given, standings in found:
        _one(given, standings)


def _all() -> Sequence[Given]:
    return Worksheets(open_store()).all()


def link(given: Given) -> str:
    """Return the link that opens a worksheet; where people can join the class by a code, it brings that along."""
    code = the_class().code
    joins = f"&{state.JOIN_CODE}={code}" if code else ""
    return f"{lab_address()}/worksheet?{state.WORKSHEET}={given.id}{joins}"


def _one(given: Given, standings: Sequence[Standing]) -> None:
    came = sum(one.handed_in is not None for one in standings)
    with st.container(border=True, key=f"sheet_{given.id}"):
        closed = "" if given.open else " :gray-badge[:material/lock: closed]"
        st.markdown(f"**{plain(given.sheet.title)}**{closed}")
        made = time.strftime("%d %B, %H:%M", time.localtime(given.made))
        data = given.sheet.rules.dataset
        on = f"On {plain(datasets.title_of(data))}, made" if data else "Made"
        st.caption(f"{on} on {made}. **{len(standings)}** begun, **{came}** handed in.")
        with st.container(horizontal=True, vertical_alignment="center"):
            if given.open:
                with st.popover("Link and square", icon=":material/qr_code_2:", width="content"):
                    _link(given)
            _take(given, came, sum(one.handed_in is None and one.has_something for one in standings))
            _change(given, len(standings))
        if standings:
            _table(given, standings)


def _link(given: Given) -> None:
    address = link(given)
    st.image(square(address), width=240, alt=f"A square to scan; it opens {address}")
    st.code(address, language=None, wrap_lines=True)
    st.caption(
        "Whoever opens it is asked for a nickname. Students who join the class by its code find it there as well."
    )


def _take(given: Given, came: int, left: int) -> None:
    """Offer what ``came`` in, and what ``left`` have written and not handed in: the lesson may be over."""
    hand_ins = HandIns(open_store())
    if came:
        tip = "A zip: a page a student, which opens without the lab, and the table of answers."
        _offer(given, "All of them", hand_ins.zip_file, "zip", tip)
        _offer(
            given, "Answers", hand_ins.answers_csv, "csv", "For a spreadsheet: a row a student, a column a question."
        )
    if left:
        tip = f"A zip of what {left} have written so far, each page marked as not handed in. They can still hand it in."
        _offer(given, "Collect what is not handed in", hand_ins.collect, "zip", tip, which="-not-handed-in")


def _offer(given: Given, label: str, make: Callable[..., bytes], ending: str, tip: str, *, which: str = "") -> None:
    letters = (sign if sign.isalnum() and sign.isascii() else "-" for sign in given.sheet.title.lower())
    name, me = "".join(letters).strip("-")[:40] or "worksheet", visitor().owner
    download(
        label,
        lambda: make(given.id, by=_still(me)),
        f"{name}{which}.{ending}",
        {"zip": "application/zip", "csv": "text/csv"}[ending],
        key=f"sheet_{ending}{which}_{given.id}",
        tip=tip,
    )


def _still(owner: str) -> Person:
    """Who asks for a file now: the request comes by no session, and the key may have been laid down meanwhile."""
    return Owners(open_store()).person(owner)


def _change(given: Given, begun: int) -> None:
    label, icon = ("Close", "lock") if given.open else ("Open again", "lock_open")
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"sheet_open_{given.id}",
        on_click=_set_open,
        args=(given.id, not given.open),
        help="Nothing more is written or handed in; what there is stays." if given.open else None,
    )
    with st.popover("Delete", icon=":material/delete:", width="content"):
        st.markdown(f"What {begun} have written and handed in goes with it. There is no way back.")
        st.button(
            "Delete it", icon=":material/delete:", key=f"sheet_delete_{given.id}", on_click=_delete, args=(given.id,)
        )


def _table(given: Given, standings: Sequence[Standing]) -> None:
    asked = sum(1 for _each in given.sheet.questions())
    st.table(
        {
            "name": [plain(one.name) for one in standings],
            "parts done": [f"{one.parts} of {len(given.sheet.parts)}" for one in standings],
            "answered": [f"{one.answered} of {asked}" for one in standings],
            "pictures": [str(one.pictures) for one in standings],
            "handed in": [_when(one) for one in standings],
        },
        hide_index=True,
        border="horizontal",
        alt=f"Who does the worksheet {given.sheet.title}, and how far they are",
    )


def _when(one: Standing) -> str:
    if one.handed_in is None:
        return "not yet"
    at = time.strftime("%H:%M:%S", time.localtime(one.handed_in))
    return f":green[:material/check_circle:] {at}" + (f", {one.times} times" if one.times > 1 else "")


def _set_open(sheet_id: str, is_open: bool) -> None:
    act(lambda: Worksheets(open_store()).set_open(sheet_id, is_open, by=visitor()))


def _delete(sheet_id: str) -> None:
    act(lambda: Worksheets(open_store()).delete(sheet_id, by=visitor()))
