"""The photos of a set that the class has made, as a test set: their classes are given already."""

from collections.abc import Callable

import streamlit as st

from core.checkpoints import Checkpoint
from core.data.own import OwnPicture, OwnPictures, OwnSet, OwnSetError, open_own_sets, there_are_own_sets
from core.errors import LabError, PhotoError
from core.photos.door import open_photo, shown_name
from pages._ui import cached
from pages._ui.choose.told_apart import told_apart
from pages._ui.frame import problem
from pages.use._classify.many.sender import FULL, MOST, Added, added_photos

_TAKING = "wall_taking"


def offer_sets(checkpoint: Checkpoint, answer: Callable[[Added], object]) -> None:
    """Offer to add the photos of a set that has classes of the network, and give each to ``answer``."""
    taking = st.session_state.pop(_TAKING, None)
    try:
        sets = {own.id: own for own in _fitting(checkpoint)}
        if taking is not None and taking not in sets:
            problem(OwnSetError("This set has been deleted, or has no more photos that fit; choose another."))
        if not sets:
            return
        with st.popover("Photos of a set", icon=":material/collections:"):
            titles = told_apart({name: _title(own) for name, own in sets.items()})
            chosen = st.selectbox("Set", list(titles), format_func=lambda name: titles.get(name, ""), key="wall_set_of")
            st.button(
                "Add its photos",
                key="wall_take",
                on_click=st.session_state.__setitem__,
                args=(_TAKING, chosen),
                help="Each as what its class says. What the network was trained on is not offered: that is no test.",
            )
        if taking in sets:
            _take(sets[taking], checkpoint, answer)
    except LabError as error:
        problem(error)


def _fitting(checkpoint: Checkpoint) -> list[OwnSet]:
    """The sets with photos of classes that the network knows, but for the one that it learned from."""
    known, learned = set(checkpoint.card.classes), checkpoint.card.dataset.partition("@")[0]
    sets = open_own_sets().list() if there_are_own_sets() else ()
    return [
        own for own in sets if own.name != learned and any(each.name in known and each.pictures for each in own.classes)
    ]


def _title(own: OwnSet) -> str:
    return f"{own.title} ({own.pictures:,})"


def _take(own: OwnSet, checkpoint: Checkpoint, answer: Callable[[Added], object]) -> None:
    names = {each.id: each.name for each in own.classes if each.name in checkpoint.card.classes}
    pictures = OwnPictures(open_own_sets())
    found = [each for each in pictures.list(own.id) if each.class_id in names]
    here = {one.photo.sha256 for one in added_photos() if one.photo is not None}
    bar = st.progress(0.0, text="Being looked at …")
    for place, each in enumerate(found, start=1):
        if len(added_photos()) >= MOST:
            problem(PhotoError(FULL))
            break
        one = _added(pictures, own, each, names[each.class_id])
        if one.photo is None or one.photo.sha256 not in here:
            added_photos().append(one)
            answer(one)
        bar.progress(place / len(found), text=f"{place} of {len(found)}")
    bar.empty()


def _added(pictures: OwnPictures, own: OwnSet, picture: OwnPicture, shows: str) -> Added:
    name = shown_name(picture.file_name)
    try:
        photo = cached.kept_photos().keep(open_photo(pictures.read(own.id, picture.id), name))
    except LabError as error:
        return Added(name=name, error=str(error), shows=shows)
    return Added(name=name, photo=photo, shows=shows)
