"""The wall: the pictures of a class, a page of them in one sheet; those that are chosen move or go."""

import math

import streamlit as st

from core.data.own import OwnClass, OwnPictures, OwnSet, open_own_sets
from core.names import counted
from pages._ui import state
from pages._ui.choose.whole_fields import choose_page
from pages._ui.draw.own_sheet import own_sheet
from pages._ui.draw.picture_wall import picture_wall
from pages._ui.draw.pictures import show
from pages._ui.visitor import visitor
from pages.train._pictures.acting import act
from pages.train._pictures.for_good import delete_chosen

COLUMNS = 8
A_PAGE = 5 * COLUMNS


def wall(own: OwnSet, shown: OwnClass, *, mine: bool) -> None:
    """Show a page of the class's pictures; the newest page first, for that is where pictures arrive."""
    if not shown.pictures:
        st.caption("No picture is in this class yet.")
        return
    page = _page(shown)
    pictures = OwnPictures(open_own_sets()).list(own.id, shown.id, after=page * A_PAGE, at_most=A_PAGE)
    first = page * A_PAGE + 1
    names = [
        f"Picture {place}{f', by {each.contributor}' if each.contributor else ''}"
        for place, each in enumerate(pictures, start=first)
    ]
    alt = f"Pictures {first} to {first + len(pictures) - 1} of {shown.name}"
    sheet = own_sheet(own.id, [each.id for each in pictures], columns=COLUMNS)
    if not mine:
        show(sheet, alt=alt, width="content", at_least=1)
        return
    chosen = picture_wall(
        sheet,
        [each.id for each in pictures],
        names,
        columns=COLUMNS,
        key=f"wall_{shown.id}_{page}",
        alt=f"{alt}; choose those to move or to delete",
    )
    if chosen:
        _with_chosen(own, shown, chosen)


def _page(shown: OwnClass) -> int:
    pages = math.ceil(shown.pictures / A_PAGE)
    return choose_page(pages, key=f"{state.PICTURES_PAGE}_{shown.id}") - 1 if pages > 1 else 0


def _with_chosen(own: OwnSet, shown: OwnClass, chosen: tuple[str, ...]) -> None:
    others = {each.id: each.name for each in own.classes if each.id != shown.id}
    said = counted(len(chosen), "picture")
    with st.container(horizontal=True, vertical_alignment="bottom", key="with_chosen"):
        if others:
            st.selectbox(
                f"Move {said} to",
                list(others),
                format_func=lambda one: others.get(one, ""),
                key=f"move_to_{shown.id}",
                width=240,
            )
            st.button("Move", icon=":material/drive_file_move:", on_click=_move, args=(own.id, shown.id, chosen))
        with st.popover("Delete", icon=":material/delete:", width="content"):
            delete_chosen(own, shown, chosen)


def _move(set_id: str, class_id: int, chosen: tuple[str, ...]) -> None:
    to = st.session_state[f"move_to_{class_id}"]
    act(lambda: OwnPictures(open_own_sets()).move(set_id, chosen, to=to, by=visitor()))
