"""What is known of all pictures of a set: which belong together, the honest split, what is odd.

Kept for all students and bounded; a set that has changed is another one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.own import OwnPicture, OwnPictures, OwnSet, open_own_sets
from core.data.own.as_data_set import own_versions
from core.data.own.honest_split import HonestSplit, honest_split
from core.data.own.suspicions import Suspicion, suspicions
from core.data.own.twins import SIDE, groups_of
from core.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A set as it is: its ``pictures`` in the order they came, the ``split`` (None: ``why_no_split``), what is odd.

    ``labels``, ``groups`` (what stays on one side) and ``twins`` (the number of its photograph) are int64 (N,).
    """

    pictures: tuple[OwnPicture, ...]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    twins: npt.NDArray[np.int64]
    split: HonestSplit | None
    why_no_split: str
    suspicions: tuple[Suspicion, ...]


def overview(own: OwnSet) -> Overview:
    """Return what is known of a set; raises LabError where it cannot be read."""
    return _overview(own.id, own.revision, own)


@st.cache_resource(max_entries=8, show_spinner=False)
def _overview(set_id: str, revision: int, _own: OwnSet) -> Overview:
    store = OwnPictures(open_own_sets())
    looks_of = store.looks(set_id)
    place_of = {each.id: place for place, each in enumerate(_own.classes)}
    pictures = tuple(each for each in store.list(set_id) if each.id in looks_of and each.class_id in place_of)
    classes = [each.name for each in _own.classes]
    looks = np.frombuffer(b"".join(looks_of[each.id] for each in pictures), np.uint8).reshape(-1, SIDE, SIDE, 3)
    labels = np.array([place_of[each.class_id] for each in pictures], np.int64)
    contributors = [each.contributor for each in pictures]
    version = own_versions().get(set_id)
    group_of = {each.id: each.group for each in version.pictures}
    groups = np.array([group_of.get(each.id, -1 - place) for place, each in enumerate(pictures)], np.int64)
    contents = [each.id for each in pictures]
    split, why = version.split if contents == [each.id for each in version.pictures] else None, ""
    try:
        split = split or honest_split(labels, groups, contributors, classes=classes, contents=contents)
    except DataError as error:
        why = str(error)
    twins = groups_of(looks, [None] * len(pictures))
    return Overview(
        pictures=pictures,
        labels=labels,
        groups=groups,
        twins=twins,
        split=split,
        why_no_split=why,
        suspicions=suspicions(
            looks,
            labels,
            classes=classes,
            twins=twins,
            shorter_sides=np.array([min(each.width, each.height) for each in pictures], np.int64),
        ),
    )
