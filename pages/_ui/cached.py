"""What all students share in one server: data sets, splits, checkpoints, models. Bounded, and never to be changed."""

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from core.data import LabelledImages, Split, load, make_split, present_name
from core.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.checkpoints import Checkpoint
    from core.photos.door import Photo
    from core.photos.kept import KeptPhotos


def import_torch() -> None:
    """Import torch and what builds on it; the server computes on one thread, so that students share the cores."""
    from core.compute.devices import compute_on_one_thread
    from core.slow_imports import put_off_compiler

    put_off_compiler()
    compute_on_one_thread()


def import_the_rest() -> None:
    """Import what ResNet-18, some augmentations and tables of layers need before somebody waits for it."""
    import pandas  # noqa: F401

    from core.slow_imports import shapes_without_numbers, torchvision

    torchvision()
    shapes_without_numbers()


def dataset(name: str, size: int | None = None) -> LabelledImages:
    """Return a data set that can be had without a download, an own one as it is now; raises LabError."""
    return _dataset(present_name(name), size)


@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(name: str, size: int | None) -> LabelledImages:
    return load(name, size=size)


def split(name: str, size: int | None = None, slips: tuple[str, ...] = ()) -> Split:
    """Return the split of a data set, of an own one as it is now; raises LabError."""
    return _split(present_name(name), size, slips)


@st.cache_resource(max_entries=8, show_spinner=False)
def _split(name: str, size: int | None, slips: tuple[str, ...]) -> Split:
    return make_split(_dataset(name, size), slips=slips)


@st.cache_resource(max_entries=1, ttl=30, show_spinner=False)
def shipped() -> "list[Checkpoint]":
    """Return the checkpoints that come with the lab."""
    from core.checkpoints import shipped

    return shipped()


@st.cache_resource(max_entries=1, ttl=5, show_spinner=False)
def trained(at_most: int) -> "dict[str, Checkpoint]":
    """Return the newest networks that the command line trained, by name."""
    from core.checkpoints import find, trainings

    found = {}
    for name in trainings()[:at_most]:
        with suppress(LabError):  # one that has no network yet
            found[name] = find(name)
    return found


@st.cache_resource(max_entries=32, ttl=30, show_spinner=False)
def checkpoint(reference: str) -> "Checkpoint":
    """Return the checkpoint that a name, a folder or a run's id stands for; raises CheckpointError."""
    from core.checkpoints import find

    return find(reference)


@st.cache_resource(max_entries=1, show_spinner=False)
def kept_photos() -> "KeptPhotos":
    """Return the place where the photos of all students are held."""
    from core.photos.kept import KeptPhotos

    return KeptPhotos()


def picture(photo: "Photo", view: str, side: int) -> "Tensor":
    """Return a photo as the Convolution page works on it (`convolve.picture`); not to be changed."""
    return _picture(photo.sha256, view, side, photo)


@st.cache_resource(max_entries=24, show_spinner=False)  # up to 1.8 MB each
def _picture(sha256: str, view: str, side: int, _photo: "Photo") -> "Tensor":
    from core.explain.convolution.convolve import picture

    return picture(_photo.image, view, max_side=side)


def model(checkpoint: "Checkpoint") -> "nn.Module":
    """Return a checkpoint's network in eval mode, shared by all students; raises CheckpointError."""
    return _model(checkpoint.card.sha256, checkpoint)


@st.cache_resource(max_entries=6, show_spinner=False)
def _model(sha256: str, _checkpoint: "Checkpoint") -> "nn.Module":
    from core.checkpoints.backbones import load_network

    return load_network(_checkpoint)
