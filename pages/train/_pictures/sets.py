"""Which set is shown; making one, naming it anew, deleting it."""

import io
import re
from collections.abc import Sequence

import streamlit as st

from core.data import DatasetSpec, availability, datasets
from core.data.own import NAME_LENGTH, OwnPictures, OwnSet, OwnSetError, open_own_sets, there_are_own_sets
from core.errors import LabError
from core.names import counted
from core.photos.door import shown_name
from core.runs import open_store
from core.runs.carried_sets import save_with_runs
from pages._ui import address, state
from pages._ui.frame import empty_state, plain, problem
from pages._ui.visitor import visitor, visitors_id
from pages.train._pictures.acting import act
from pages.train._pictures.zip_in import say_what_came, take_zip, tell_zip

_CLASSES_EXAMPLE = "mug, shoe"


def choose_set() -> OwnSet | DatasetSpec | None:
    """Offer the sets of this lab, the visitor's first, and to make one; return the one that is shown, None without.

    Those that others have made for everybody come last, to be looked at.
    """
    wanted, me = address.read(state.OWN_SET), visitors_id()
    sets = sorted(open_own_sets().list(), key=lambda own: own.owner != me) if there_are_own_sets() else []
    others = {name: datasets[name] for name in datasets if _is_here(name)}
    shown: OwnSet | DatasetSpec | None = next((own for own in sets if own.id == wanted), others.get(wanted or ""))
    if wanted and shown is None:
        problem(OwnSetError("This set has been deleted, or lies in another lab; choose one below, or make one."))
        address.write(state.OWN_SET, None)
    elif shown is None and sets and sets[0].owner == me:
        shown = sets[0]
    if shown is None and not sets:
        empty_state("There are no pictures yet. Make a set: a title, and the names of what is to be told apart.")
        _make(in_sight=True)
    titles = {**_titles(sets, me), **{name: spec.title for name, spec in others.items()}}
    here = _key(shown)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"set_{here}_{titles.get(here or '')}"  # another box when what it shows changes
        st.selectbox(
            "Set",
            list(titles),
            index=list(titles).index(here) if here else None,
            format_func=lambda one: titles.get(one, "deleted"),
            key=key,
            on_change=_show_chosen,
            args=(key,),
            placeholder="Choose a set to look at",
            width=290,
        )
        in_sight = not (shown or sets) or _new_set(here)
        if isinstance(shown, OwnSet) and visitor().may_change(shown.owner):
            _for_its_owner(shown)
    if not in_sight:
        tell_zip(None, away=True)
    if here:
        address.write(state.OWN_SET, here)
        say_what_came(here)
    return shown


def _is_here(name: str) -> bool:
    return datasets[name].count is None and availability(name) != "hub"


def _key(shown: OwnSet | DatasetSpec | None) -> str | None:
    return shown.id if isinstance(shown, OwnSet) else shown.name if shown else None


def _for_its_owner(own: OwnSet) -> None:
    with st.popover("Rename", icon=":material/edit:", width="content"):
        _rename(own)
    with st.popover("Delete", icon=":material/delete:", width="content"):
        _delete(own)
    st.download_button(
        "Save",
        lambda: _saved(own.id),
        f"{shown_name(own.title)}.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
        help="One zip with all pictures, who took them, and the networks that were trained on them: another lab opens "
        "it (New set), and any program reads its folders.",
    )


def _titles(sets: Sequence[OwnSet], me: str) -> dict[str, str]:
    """What each set is called in the box: no two alike, and nothing that changes while pictures arrive."""
    titles: dict[str, str] = {}
    for own in reversed(sets):
        title = own.title if own.owner == me else f"{own.title} (somebody else’s)"
        count = 1 + sum(each == title or each.startswith(f"{title} (no. ") for each in titles.values())
        titles[own.id] = title if count == 1 else f"{title} (no. {count})"
    return {own.id: titles[own.id] for own in sets}


def _show_chosen(key: str) -> None:
    if st.session_state[key]:
        address.write(state.OWN_SET, st.session_state[key])


def _new_set(here: str | None) -> bool:
    """Offer a box for a new set, and say whether it is open.

    It is another one when what is shown changes, so that it does not lie over the set that it has made.
    """
    box = st.popover("New set", icon=":material/add:", width="content", key=f"new_set_{here}", on_change="rerun")
    with box:
        _make(in_sight=bool(box.open))
    return bool(box.open)


def _make(*, in_sight: bool) -> None:
    with st.form("new_set", border=False, width=560):
        st.text_input("Title", key=state.NEW_SET_TITLE, max_chars=NAME_LENGTH, placeholder="What lies on our desks")
        st.text_area(
            "Classes",
            key=state.NEW_SET_CLASSES,
            height=100,
            placeholder=_CLASSES_EXAMPLE,
            help="The things to be told apart: one a line, or with commas between. Two or more; others can follow.",
        )
        st.form_submit_button("Make the set", icon=":material/add:", type="primary", on_click=_made)
    st.markdown("Or bring pictures that are sorted already:")
    take_zip(None, in_sight=in_sight)
    if in_sight:
        tell_zip(None)


def _made() -> None:
    names = [name.strip() for name in re.split(r"[,;\n]", st.session_state[state.NEW_SET_CLASSES]) if name.strip()]

    def make() -> None:
        if len(names) < 2:
            raise OwnSetError("A set needs two classes to tell apart; write their names, one a line.")
        made = open_own_sets().create(st.session_state[state.NEW_SET_TITLE], by=visitor(), classes=names)
        address.write(state.OWN_SET, made.id)

    if act(make):
        st.session_state[state.NEW_SET_TITLE] = st.session_state[state.NEW_SET_CLASSES] = ""


def _saved(set_id: str) -> bytes:
    file = io.BytesIO()
    save_with_runs(OwnPictures(open_own_sets()), open_store(), set_id, file)
    return file.getvalue()


def _rename(own: OwnSet) -> None:
    with st.form(f"rename_{own.id}", border=False):
        st.text_input("Title", own.title, max_chars=NAME_LENGTH, key=f"title_{own.id}")
        st.form_submit_button("Save", icon=":material/save:", on_click=_renamed, args=(own.id,))


def _renamed(set_id: str) -> None:
    act(lambda: open_own_sets().rename(set_id, st.session_state[f"title_{set_id}"], by=visitor()))


def _delete(own: OwnSet) -> None:
    st.markdown(
        f"This deletes **{plain(own.title)}** with its {counted(own.pictures, 'picture')}. Networks that were "
        "trained with it stay, and can no longer be judged anew. There is no way back."
    )
    st.button(
        "Delete for good", icon=":material/delete_forever:", key=f"delete_{own.id}", on_click=_deleted, args=(own.id,)
    )


def _deleted(set_id: str) -> None:
    if act(lambda: open_own_sets().delete(set_id, by=visitor())):
        address.write(state.OWN_SET, None)


def sets_are_readable() -> bool:
    """Say whether sets can be read here; show the sentence where they cannot."""
    try:
        if there_are_own_sets():
            open_own_sets().changes()
    except LabError as error:
        problem(error)
        return False
    return True
