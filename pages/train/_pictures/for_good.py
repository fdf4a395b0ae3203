"""Deleting pictures: out of the set, or for good, from the disk as well, with what is lost then.

Pictures that something was trained on stay on the disk when they are taken out of their set, so that it can be judged
anew. Whoever may change the set can have them deleted all the same.
"""

import streamlit as st

from core.data.own import OwnClass, OwnPictures, OwnSet, open_own_sets
from core.data.own.as_data_set import own_versions
from core.errors import LabError
from core.names import counted
from core.runs import open_store
from pages._ui.draw.own_sheet import own_sheet
from pages._ui.draw.pictures import show
from pages._ui.frame import plain
from pages._ui.visitor import visitor
from pages.train._pictures.acting import act

_NAMED = 3  # runs that a sentence names
_COLUMNS, _SHOWN = 8, 16


def delete_chosen(own: OwnSet, shown: OwnClass, chosen: tuple[str, ...]) -> None:
    """Say what goes, offer to take it from the disk as well where something was trained on it, and do it."""
    st.markdown(f"This deletes {counted(len(chosen), 'picture')} of **{plain(shown.name)}**.")
    lost = _lost(own, chosen)
    for_good = True
    if lost:
        for_good = st.checkbox(
            "From the disk as well",
            key=f"for_good_{shown.id}",
            help="Otherwise they leave the set, and their files stay for what was trained on them.",
        )
        st.markdown(lost if for_good else "What was trained on them keeps their files, and can be judged anew.")
    if for_good:
        st.markdown("There is no way back.")
    st.button(
        "Delete for good" if for_good else "Take out of the set",
        icon=":material/delete_forever:" if for_good else ":material/delete:",
        key="delete_pictures",
        on_click=_delete,
        args=(own.id, chosen, bool(lost) and for_good),
    )


def put_aside(own: OwnSet) -> None:
    """Show the pictures that are out of the set and still on the disk, and offer to delete them for good."""
    aside = tuple(each.id for each in OwnPictures(open_own_sets()).list_aside(own.id))
    if not aside:
        return
    with st.expander(
        f"Out of the set, kept for what was trained on them: {len(aside):,}", icon=":material/inventory_2:"
    ):
        shown = aside[:_SHOWN]
        show(
            own_sheet(own.id, shown, columns=_COLUMNS),
            alt=f"{counted(len(shown), 'picture')} out of the set",
            width="content",
            at_least=1,
            caption=f"The first {_SHOWN} of {len(aside):,}." if len(aside) > _SHOWN else "",
        )
        with st.popover("Delete them", icon=":material/delete_forever:", width="content"):
            st.markdown(
                f"This deletes {counted(len(aside), 'picture')} from the disk. {_lost(own, aside)} "
                "There is no way back."
            )
            st.button(
                "Delete for good",
                icon=":material/delete_forever:",
                key=f"delete_aside_{own.id}",
                on_click=_delete,
                args=(own.id, aside, True),
            )


def _lost(own: OwnSet, pictures: tuple[str, ...]) -> str:
    """What can no longer be done once these pictures are gone from the disk; "" where nothing was trained on them."""
    versions = {each.name for each in own_versions().naming(own.id, pictures)}
    if not versions:
        return ""
    try:
        runs = open_store().list(which=lambda run: run.config.dataset in versions)
    except LabError:  # said on the pages of runs
        runs = []
    if not runs:
        return "Something was trained on them: it stays, and can no longer be judged anew."
    named = ", ".join(f"'{run.name}'" for run in runs[:_NAMED])
    more = f" and {len(runs) - _NAMED:,} more" if len(runs) > _NAMED else ""
    if len(runs) == 1:
        return f"{plain(named)} was trained on them: it stays with its figures, and can no longer be judged anew."
    return f"{plain(named)}{more} were trained on them: they stay with their figures, and can no longer be judged anew."


def _delete(set_id: str, pictures: tuple[str, ...], for_good: bool) -> None:
    act(lambda: OwnPictures(open_own_sets()).delete(set_id, pictures, by=visitor(), for_good=for_good))
