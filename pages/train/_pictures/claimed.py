"""Pictures that look like those of another class to a network which has learned to see on ImageNet.

A picture is shown to it once: its features are kept, so that ten more pictures cost the time of ten.
"""

import io
import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from core.data.own import OwnPicture, OwnPictures, OwnSet, open_own_sets
from core.data.own.suspicions import Suspicion, claims
from core.errors import LabError
from pages._ui import cached
from pages._ui.frame import problem
from pages._ui.startup import wait_for_torch
from pages.train._pictures.overview import Overview

NETWORK = "cats_vs_dogs-efficientnet_lite0"  # of its head nothing is asked
_AT_MOST = 1_000  # pictures: a minute and a half of one core
_KEPT = 3_000  # pictures' features, of 5 KB each
_AT_ONCE = 16

Features = npt.NDArray[np.float32]


def claimed(own: OwnSet, known: Overview) -> tuple[Suspicion, ...]:
    """Offer to ask the network, and return what it finds; nothing where the network is not on this machine."""
    if not can_look(known) or not st.toggle(
        "Ask a network which pictures look like another class",
        key=f"claimed_{own.id}",
        help="EfficientNet-Lite0, which learned from ImageNet’s 1.3 million photos, looks at each picture once: some "
        "fifteen a second. A picture is listed where eight of the ten most like it are of one other class.",
    ):
        return ()
    try:
        features = features_of(own.id, known.pictures)
    except LabError as error:
        problem(error)
        return ()
    return claims(features, known.labels, classes=[each.name for each in own.classes], twins=known.twins)


def can_look(known: Overview) -> bool:
    """Say whether the network is on this machine, and the pictures are few enough for it."""
    return len(known.pictures) <= _AT_MOST and any(each.card.name == NETWORK for each in cached.shipped())


def features_of(set_id: str, pictures: tuple[OwnPicture, ...]) -> Features:
    """Return the network's features (N, D) of pictures, each looked at once; raises LabError."""
    kept = _kept()
    rows = {each.id: row for each in pictures if (row := kept.get(each.id)) is not None}
    missing = [each.id for each in pictures if each.id not in rows]
    bar = st.progress(0.0, text="The network looks at the pictures …") if missing else None
    for start in range(0, len(missing), _AT_ONCE):
        some = missing[start : start + _AT_ONCE]
        seen = dict(zip(some, _looked_at(set_id, some), strict=True))
        rows.update(seen)
        kept.keep(seen)
        if bar is not None:
            bar.progress(min(1.0, (start + _AT_ONCE) / len(missing)), text=f"{start + len(some)} of {len(missing)}")
    if bar is not None:
        bar.empty()
    return np.stack([rows[each.id] for each in pictures])


class _Kept(OrderedDict[str, Features]):
    """The features of the pictures that were looked at last, of all sets. Safe between threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def keep(self, seen: dict[str, Features]) -> None:
        """Keep these, and let go of the oldest beyond what there is room for."""
        with self._lock:
            self.update(seen)
            while len(self) > _KEPT:
                self.popitem(last=False)


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept() -> _Kept:
    return _Kept()


def _looked_at(set_id: str, ids: list[str]) -> Features:
    wait_for_torch()
    from core.judging.picture_features import picture_features
    from core.models.input_format import pixels

    checkpoint = cached.checkpoint(NETWORK)
    store = OwnPictures(open_own_sets())
    images = [Image.open(io.BytesIO(store.read(set_id, one)), formats=("JPEG", "PNG")) for one in ids]
    side = checkpoint.card.image_size
    return picture_features(
        cached.model(checkpoint), checkpoint, np.stack([pixels(image, channels=3, size=side) for image in images])
    )
