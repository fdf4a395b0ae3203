"""Ways in: phones, files, a zip, the camera of this machine."""

import streamlit as st

from core.data.own import NAME_LENGTH, OwnClass, OwnSet
from core.errors import LabError
from core.runs import open_store
from core.runs.store.owners import Owners
from pages._ui import state
from pages._ui.camera.burst import take_shots
from pages._ui.choose.additions import answers_key, say_what_stalls, show_answers, take_files, tell_files
from pages._ui.frame import choice, plain
from pages._ui.visitor import visitors_id
from pages.train._pictures.joining import joining
from pages.train._pictures.zip_in import take_zip, tell_zip

_WAYS = {
    "phones": ":material/qr_code_2: Phones",
    "files": ":material/upload: Files",
    "zip": ":material/folder_zip: Zip",
    "camera": ":material/photo_camera: Camera",
}


def adding(own: OwnSet, shown: OwnClass | None) -> None:
    """Offer the ways in which pictures come into the set, or into its class that is shown."""
    way = st.segmented_control(
        "From where?",
        list(_WAYS),
        format_func=lambda one: choice(_WAYS[one]),
        default="phones",
        required=True,
        key=f"way_{own.id}",
        persist_state="session",
    )
    files = f"files_{own.id}"
    if way == "zip":
        take_zip(own)
    tell_zip(own, away=way != "zip")
    if way != "files" and shown is not None:
        tell_files(own, shown.id, key=files, away=True)
    if way == "phones":
        joining(own)
    elif way != "zip" and shown is None:
        st.caption("Add a class first.")
    elif way != "zip" and shown is not None:
        _one_by_one(own, shown, files if way == "files" else "")


def _one_by_one(own: OwnSet, shown: OwnClass, files: str) -> None:
    """Offer photos for the class that is shown: the field ``files``, or this machine's camera where that is empty."""
    contributor = st.text_input(
        "Who took them?",
        _nickname(),
        max_chars=NAME_LENGTH,
        key=state.CONTRIBUTOR,
        help="Pictures of one person stay on one side of the split, so that a network is judged on other people’s. "
        "Leave it empty where nobody knows.",
        width=300,
        persist_state="session",
    )
    st.markdown(f"They go into the class **{plain(shown.name)}**.")
    key = files or f"camera_{own.id}"
    if files:
        take_files(own, shown.id, key=key, contributor=contributor)
        tell_files(own, shown.id, key=key)
        say_what_stalls(key)
    else:
        take_shots(own, shown.id, key=key, contributor=contributor, instead="Or choose photos, under Files.")
    show_answers(answers_key(key, shown.id))


def _nickname() -> str:
    try:
        return Owners(open_store()).nickname(visitors_id())
    except LabError:
        return ""
