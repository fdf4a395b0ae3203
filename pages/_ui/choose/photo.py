"""The one photo that is chosen once and follows the student over all pages."""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.data import availability, datasets
from core.data.samples import sample_of
from core.errors import LabError, PhotoError
from core.photos.door import Photo
from pages._ui import cached, state
from pages._ui.choose.datasets import choose_dataset, dataset_or_fetch
from pages._ui.choose.samples import Learned, Offered, samples_for
from pages._ui.choose.uploads import MAX_MEGABYTES, UPLOAD_TYPES, open_upload, sent
from pages._ui.draw.pictures import picture_file, show
from pages._ui.frame import choice, plain
from pages._ui.server.arrivals import Field, heard_of, offers

_SOURCES = {
    "samples": ":material/photo_library: Samples",
    "upload": ":material/upload: Upload",
    "camera": ":material/photo_camera: Camera",
    "dataset": ":material/database: Data set",
}


def choose_photo(learned: Learned | None = None) -> Photo:
    """Show the photo in one row, with the box in which another one is chosen, and return it (`chosen_photo`)."""
    photo = chosen_photo(learned)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="photo_row"):
        show(_thumbnail(photo), width=84, alt=f"The chosen photo, {photo.name}")
        with st.container(width="stretch", gap=None):
            st.markdown(f"**{plain(photo.name)}** · {photo.size[0]} px wide, {photo.size[1]} px high")
            st.caption(_about(photo))
        with st.popover("Change photo", icon=":material/photo_library:", width="content"):
            _box(photo, samples_for(learned))
    return photo


def chosen_photo(learned: Learned | None = None) -> Photo:
    """Return the photo that is chosen, without showing it.

    Samples, and the photo that the page begins with, are of what the page's network has ``learned``, where it has one.
    """
    samples = samples_for(learned)
    _take_up()
    chosen = state.photo()
    if chosen is not None and (not state.photo_is_to_begin() or _begins_as_well(chosen, samples, learned)):
        return chosen
    if chosen is None and state.PHOTO_PROBLEM in st.session_state:
        st.warning(plain(st.session_state[state.PHOTO_PROBLEM]), icon=":material/broken_image:")
    first = samples[0]
    state.set_photo(first.photo, first.source, first.shows, to_begin=True)
    return chosen_photo(learned)


def _begins_as_well(chosen: Photo, samples: tuple[Offered, ...], learned: Learned | None) -> bool:
    """Whether the photo that another page began with is a sample here, of as known a class as the first one."""
    classes = learned.classes if learned is not None else ()
    known = {one.photo.sha256: one.shows in classes for one in samples}
    return chosen.sha256 in known and known[chosen.sha256] >= known[samples[0].photo.sha256]


def _thumbnail(photo: Photo) -> bytes:
    return _small(sha256=photo.sha256, _photo=photo)  # by name: Streamlit looks the names of others up, each time


@st.cache_resource(max_entries=64, show_spinner=False)
def _small(sha256: str, _photo: Photo) -> bytes:
    small = _photo.image.copy()
    small.thumbnail((168, 168))
    return picture_file(small, at_least=84, photo=True)


def _about(photo: Photo) -> str:
    notes: Iterable[str] = (state.photo_source(), *photo.notes)
    goes_along = "" if state.photo_is_to_begin() else " It goes with you to every page."
    return plain(". ".join(note[:1].upper() + note[1:] for note in notes if note) + ".") + goes_along


def _box(photo: Photo, samples: tuple[Offered, ...]) -> None:
    problem = st.session_state.get(state.PHOTO_PROBLEM)
    if problem:
        st.error(plain(problem), icon=":material/broken_image:")
    source = st.segmented_control(
        "Where from?",
        list(_SOURCES),
        format_func=lambda source: choice(_SOURCES[source]),
        default="samples",
        required=True,
        key="photo_from",
    )
    if source == "upload":
        offers(Field(key="photo_upload", kinds=UPLOAD_TYPES))
        st.file_uploader(
            "Your photo",
            type=UPLOAD_TYPES,
            key="photo_upload",
            on_change=_take,
            args=("photo_upload", "your upload"),
            max_upload_size=MAX_MEGABYTES,
            help=f"At most {MAX_MEGABYTES} MB. It is turned upright, cleaned and made smaller here; "
            "the file itself is not kept.",
        )
        st.caption(
            "The photo stays on the machine that runs the lab. On a phone, the upload can open the camera. Where "
            "it says Network Error, the connection broke off: add the photo again."
        )
    elif source == "camera":
        st.camera_input("Take a photo", key="photo_camera", on_change=_take, args=("photo_camera", "your camera"))
        st.caption("Browsers open the camera only over HTTPS or on localhost. Otherwise use the upload.")
    elif source == "dataset":
        _from_dataset()
    else:
        _from_samples(photo, samples)


@dataclass
class _Came:
    """The upload that was opened last, and what is still to be told of it; ``opening`` is held until it is open."""

    opening: threading.Lock = field(default_factory=threading.Lock)
    file_id: str = ""
    photo: Photo | None = None
    source: str = ""
    problem: str = ""
    choices: int = 0  # that had been made before it came


def _came() -> _Came:
    came: _Came = st.session_state.setdefault(state.PHOTO_CAME, _Came())
    return came


def _take(key: str, source: str) -> None:
    """Open what was uploaded; the photo chosen before stays where it cannot be opened.

    Whoever presses something else meanwhile is shown that, and this is cut off at its next look at the session: from
    the file's opening there is none until what it became is held, and `_take_up` on the page that is shown goes on.
    """
    came = _came()
    choices = state.photo_choices()
    for file in sent(key):
        heard_of(file.file_id)
        if file.file_id == came.file_id:
            return  # its bytes were let go since, which Streamlit takes for a change
        with came.opening:
            came.file_id, came.choices, came.photo, came.problem = file.file_id, choices, None, ""
            try:
                came.photo, came.source = open_upload(file), source
            except PhotoError as error:
                came.problem = str(error)
    _take_up()


def _take_up() -> None:
    came = _came()
    with came.opening:
        pass
    if came.photo is not None:
        if came.choices == state.photo_choices():  # or another one was chosen while it was being opened
            state.set_photo(came.photo, came.source)
        came.photo = None
    if came.problem:
        st.session_state[state.PHOTO_PROBLEM] = came.problem
        came.problem = ""


def _from_samples(current: Photo, samples: tuple[Offered, ...]) -> None:
    with st.grid(2, min_column_width=120):
        for place, one in enumerate(samples, start=1):
            chosen = one.photo.sha256 == current.sha256
            with st.container():
                show(_thumbnail(one.photo), alt=f"Sample photo {place}, {one.photo.name}")
                st.button(
                    "Chosen" if chosen else "Take this one",
                    key=f"photo_sample_{place}",
                    disabled=chosen,
                    on_click=state.set_photo,
                    args=(one.photo, one.source, one.shows),
                    width="stretch",
                )


def offer_image_of(dataset: str, classes: tuple[str, ...]) -> None:
    """Offer a test image of the data set that a network was trained on, or of one at hand with the same classes."""
    here = [name for name in datasets if availability(name) in ("builtin", "prepared")]
    alike = [name for name in here if datasets[name].classes == classes]
    name = dataset if dataset in here else next(iter(alike), None)
    if name is None:
        return
    st.button(
        "Try an image",
        key="photo_offered",
        icon=":material/casino:",
        on_click=_take_one,
        args=(name,),
        help=f"Takes one of {plain(datasets[name].title)} at random, from the test split, instead of your photo: "
        "what the network was trained for.",
    )


def _take_one(name: str, candidates: np.ndarray | None = None) -> None:
    try:
        _take_random(name, cached.split(name).test if candidates is None else candidates)
    except LabError as error:
        st.session_state[state.PHOTO_PROBLEM] = str(error)


def _from_dataset() -> None:
    name = choose_dataset(key="photo_dataset")
    data = dataset_or_fetch(name)
    if data is None:
        return
    now, classes = data.spec.name, data.spec.classes  # of an own set the version that it is now
    test = cached.split(now).test
    held = data.labels[test]
    there = [each for label, each in enumerate(classes) if (held == label).any()]
    wanted = st.selectbox("Class", ["any class", *there], key=f"photo_class_{name}")
    if wanted != "any class":
        test = test[held == classes.index(wanted)]
    st.button("Take one at random", key="photo_random", icon=":material/casino:", on_click=_take_one, args=(now, test))
    never_seen = "images that networks trained here have never seen"
    as_it_is = "of the set as it is now; a network that learned from it before may have seen them"
    st.caption(f"From the test split{f': {never_seen}' if data.spec.count is None else f' {as_it_is}'}.")


def _take_random(name: str, candidates: np.ndarray) -> None:
    data, spec = cached.dataset(name), datasets[name]
    index = int(random.choice(candidates))
    sample = sample_of(data, index)
    state.set_photo(sample.photo, f"image {index:,} of {spec.title}, from the test split", sample.label)
