"""The classes of a set: which one is shown, and adding, renaming, moving, merging and deleting them."""

import streamlit as st

from core.data.own import NAME_LENGTH, OwnClass, OwnSet, open_own_sets
from core.names import counted
from pages._ui import state
from pages._ui.choose.additions import say_class_is_gone
from pages._ui.frame import choice, plain
from pages._ui.visitor import visitor
from pages.train._pictures.acting import act

_LEFT, _RIGHT = "To the left", "To the right"


def choose_class(own: OwnSet, *, mine: bool) -> OwnClass | None:
    """Show the classes with their counts, and return the chosen one; None where there is none yet."""
    ids = {each.id: each for each in own.classes}
    kept = _kept(own.id)
    chosen = st.session_state.get(kept)
    say_class_is_gone(chosen, ids)
    if ids:
        chosen = st.segmented_control(  # in a row with others it would not wrap
            "Class",
            list(ids),
            format_func=lambda one: choice(plain(ids[one].name)) if one in ids else "",
            default=chosen if chosen in ids else next(iter(ids)),
            required=True,
            key=f"{kept}_{'|'.join(each.name for each in own.classes)}",  # another box when a label changes
        )
        st.session_state[kept] = chosen
    shown = ids.get(chosen or -1)
    if mine:
        with st.container(horizontal=True):
            with st.popover("Add a class", icon=":material/add:", width="content"):
                _add(own)
            if shown is not None:
                with st.popover("Change this class", icon=":material/edit:", width="content"):
                    _change(own, shown)
    if ids:
        st.caption(plain(", ".join(f"{each.name}: {each.pictures:,}" for each in own.classes)))
    return shown


def _add(own: OwnSet) -> None:
    with st.form(f"add_class_{own.id}", border=False, clear_on_submit=True):
        st.text_input("Name", max_chars=NAME_LENGTH, key=f"new_class_{own.id}")
        st.form_submit_button("Add", icon=":material/add:", on_click=_added, args=(own.id,))


def _added(set_id: str) -> None:
    act(lambda: open_own_sets().add_class(set_id, st.session_state[f"new_class_{set_id}"], by=visitor()))


def _change(own: OwnSet, shown: OwnClass) -> None:
    with st.form(f"class_{shown.id}", border=False):
        st.text_input("Name", shown.name, max_chars=NAME_LENGTH, key=f"class_name_{shown.id}")
        st.form_submit_button("Save", icon=":material/save:", on_click=_renamed, args=(own.id, shown.id))
    place = [each.id for each in own.classes].index(shown.id)
    others = {each.id: each.name for each in own.classes if each.id != shown.id}
    with st.container(horizontal=True):
        for label, icon, to in ((_LEFT, "arrow_back", place - 1), (_RIGHT, "arrow_forward", place + 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"class_to_{label}_{shown.id}",
                disabled=not 0 <= to < len(own.classes),
                on_click=_moved,
                args=(own.id, shown.id, to),
            )
    if others:
        st.selectbox(
            "Put its pictures into", list(others), format_func=lambda one: others.get(one, ""), key=f"into_{shown.id}"
        )
        st.button(
            f"Merge, and delete {plain(shown.name)}",
            icon=":material/merge:",
            key=f"merge_{shown.id}",
            on_click=_merged,
            args=(own.id, shown.id),
        )
    sure = not shown.pictures or st.checkbox(
        f"Its {counted(shown.pictures, 'picture')} go with it; there is no way back", key=f"sure_{shown.id}"
    )
    st.button(
        f"Delete {plain(shown.name)} with its {counted(shown.pictures, 'picture')}",
        icon=":material/delete_forever:",
        key=f"delete_class_{shown.id}",
        disabled=not sure,
        on_click=_deleted,
        args=(own.id, shown.id),
    )


def _renamed(set_id: str, class_id: int) -> None:
    name = st.session_state[f"class_name_{class_id}"]
    act(lambda: open_own_sets().rename_class(set_id, class_id, name, by=visitor()))


def _moved(set_id: str, class_id: int, place: int) -> None:
    act(lambda: open_own_sets().move_class(set_id, class_id, place, by=visitor()))


def _merged(set_id: str, class_id: int) -> None:
    into = st.session_state[f"into_{class_id}"]
    if act(lambda: open_own_sets().merge_class(set_id, class_id, into=into, by=visitor())):
        st.session_state[_kept(set_id)] = into


def _deleted(set_id: str, class_id: int) -> None:
    if act(lambda: open_own_sets().delete_class(set_id, class_id, by=visitor())):
        st.session_state.pop(_kept(set_id), None)


def _kept(set_id: str) -> str:
    """Where the class that this browser looks at is remembered."""
    return f"{state.PICTURES_CLASS}_{set_id}"
