"""Photos to begin with: photographs that packages bring, or test images of the data that a network learned from."""

from dataclasses import dataclass

import streamlit as st

from core.data import availability, datasets, present_name
from core.data.own.versions import split_name
from core.data.samples import held_out_samples
from core.errors import LabError
from core.names import folded
from core.photos.door import Photo
from core.photos.samples import SHOWS, package_of, sample_photos
from pages._ui import state
from pages._ui.frame import plain


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What a network learned from, and the classes that it answers with."""

    dataset: str
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A photo to begin with; ``source`` says in a few words where it is from, ``shows`` is `state.photo_shows`."""

    photo: Photo
    source: str
    shows: str


@st.cache_resource(show_spinner=False)
def photographs() -> tuple[Offered, ...]:
    """Return the photographs for pages that work on any photo."""
    return tuple(
        Offered(photo=photo, source=f"a sample photograph of {package_of(name)}", shows=SHOWS.get(name, ""))
        for name, photo in sample_photos().items()
    )


def samples_for(learned: Learned | None) -> tuple[Offered, ...]:
    """Return test images of what a network learned from or of data with its classes, else the photographs.

    A photograph of one of its classes comes first.
    """
    if learned is None:
        return photographs()
    alike = [name for name in datasets if datasets[name].classes == learned.classes and name != learned.dataset]
    for name in (learned.dataset, *alike):
        if name in datasets and (found := _of_data_set(present_name(name), availability(name))):
            return found
    return tuple(sorted(photographs(), key=lambda one: one.shows not in learned.classes))


@st.cache_resource(max_entries=8, show_spinner=False)
def _of_data_set(name: str, where: str) -> tuple[Offered, ...]:
    """``where`` it is found changes when it has been downloaded."""
    try:
        found = held_out_samples(name)
    except LabError:  # is said where the data set is chosen
        return ()
    source = f"a test image of {datasets[name].title}"
    return tuple(Offered(photo=sample.photo, source=source, shows=sample.label) for sample in found)


def say_where_nothing_fits(learned: Learned) -> None:
    """Say that the chosen photo shows none of a network's classes, where that is known: what the class has called
    things in a set of its own, the lab cannot judge."""
    shows = state.photo_shows()
    if shows is None or split_name(learned.dataset) or folded(shows) in map(folded, learned.classes):
        return
    known = [plain(name) for name in learned.classes]
    classes = " or ".join(known) if len(known) == 2 else f"{known[0]}, {known[1]} … {known[-1]}"
    what = f"The photo shows a {plain(shows)}" if shows else "The photo shows nothing of what this network knows"
    st.info(
        f"{what}, and it can only answer {classes}: whatever it says is wrong. Choose another under Change photo.",
        icon=":material/photo_library:",
    )
