"""The names of everything that is kept for one student's session, and typed access to what pages share.

Streamlit forgets a widget's value at a page switch and everything at a reload; what must survive a reload is in the
address (`address`), under the names below.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.config import AugmentationStep
from pages._ui import cached

if TYPE_CHECKING:
    from core.photos.door import Photo
    from core.photos.kept import KeptPhoto

# In the address
CHECKPOINT = "checkpoint"
RUN = "run"

OWN_SET = "set"
JOIN_CODE = "code"
WORKSHEET = "worksheet"
OF_ALL_PAGES = frozenset({CHECKPOINT, RUN, JOIN_CODE, WORKSHEET})  # the same on each page that shows it

# Who is looking
SECRET = "visitor_secret"  # only where the browser keeps no cookie
NICKNAME = "nickname"
OPERATORS_KEY = "operators_key"
CLASS_PROBLEM = "class_problem"  # what failed of nickname, key, joining and console

# The photo that follows the student
_PHOTO = "photo_chosen"
_PHOTO_SOURCE = "photo_source"
_PHOTO_SHOWS = "photo_shows"
_PHOTO_TO_BEGIN = "photo_to_begin"
_PHOTO_PLACE = "photo_place"  # how many photos had been added on Classify when it was chosen
_PHOTO_CHOICES = "photo_choices"
PHOTO_PROBLEM = "photo_problem"
PHOTO_CAME = "photo_came"  # the upload that was opened last
CLASSIFIED = "classify_photos"  # those that were added on Classify, in order
ANSWERED = "classify_answers"  # what the network said of them, for one network at a time
MANY_PART = "many_part"  # a part of a file that has just come, until it is taken
MANY_COMING = "many_coming"  # the file that its parts make
MANY_ANSWER = "many_answer"  # what the last part was answered with
MANY_OVER = "many_over"  # all have come, and the page is to be drawn anew
LIVE_PICTURE = "live_picture"  # what the live camera has just sent, until it is answered
SHOT = "shot"  # the photo that a camera has just sent, until it is kept; ends in the camera's key, as the next two
SHOT_ANSWER = "shot_answer"  # what became of it
SHOTS_OVER = "shots_over"  # no more are taken, and the page is to be drawn anew
LIVE_FROZEN = "live_frozen"  # it has become the photo, and the page is to be drawn anew

# Put to the test on Classify: the network, the photo and what was made of it that every place was hidden of, or fooled
HIDE_ASKED = "hide_asked"
FOOL_ASKED = "fool_asked"

# Guide
GUIDE_PAGE = "page"  # in the address: a file of docs/ without its ending
GUIDE_CHOICE = "guide_choice"

# Handed from page to page
_TRAINING_CHAIN = "training_chain"

# Convolution
KERNEL = "kernel_values"
KERNEL_REVISION = "kernel_revision"

# Augmentation
CHAIN = "chain_steps"
CHAIN_SEED = "chain_seed"


def photo() -> "KeptPhoto | None":
    """Return the photo that the student has chosen, or None where none was chosen in this session or it is gone."""
    chosen: KeptPhoto | None = st.session_state.get(_PHOTO)
    if chosen is not None and not chosen.there:
        from core.photos.kept import GONE

        del st.session_state[_PHOTO]
        st.session_state[PHOTO_PROBLEM] = GONE
        return None
    return chosen


def set_photo(photo: "Photo", source: str, shows: str | None = None, *, to_begin: bool = False) -> None:
    """Keep ``photo`` for all pages; ``source`` says in a few words where it came from, ``shows`` is `photo_shows`.

    ``to_begin``: the student has not chosen it; another page may have a better one.
    """
    st.session_state[_PHOTO] = cached.kept_photos().keep(photo)
    st.session_state[_PHOTO_SOURCE] = source
    st.session_state[_PHOTO_SHOWS] = shows
    st.session_state[_PHOTO_TO_BEGIN] = to_begin
    st.session_state[_PHOTO_PLACE] = len(st.session_state.get(CLASSIFIED, ()))
    st.session_state[_PHOTO_CHOICES] = photo_choices() + (not to_begin)
    st.session_state.pop(PHOTO_PROBLEM, None)


def photo_choices() -> int:
    """Return how many times the student has chosen a photo."""
    return int(st.session_state.get(_PHOTO_CHOICES, 0))


def photo_source() -> str:
    """Return in a few words where the photo came from ("" where none was chosen)."""
    return str(st.session_state.get(_PHOTO_SOURCE, ""))


def photo_shows() -> str | None:
    """Return the class that is on the photo, "" where it is of no data set's classes, None where nobody knows."""
    shows: str | None = st.session_state.get(_PHOTO_SHOWS)
    return shows


def photo_is_to_begin() -> bool:
    """Return whether the photo is one that a page began with, and not the student's choice."""
    return bool(st.session_state.get(_PHOTO_TO_BEGIN))


def photo_is_own() -> bool:
    """Return whether the student took, drew or sent the photo: samples and images of data sets say what they show."""
    return photo_shows() is None


def photo_place() -> int:
    """Return how many photos had been added on Classify when the photo was chosen."""
    return int(st.session_state.get(_PHOTO_PLACE, 0))


def photo_comes_first() -> None:
    """Put the photo before all that are added from now on: those that had been added are taken away."""
    st.session_state[_PHOTO_PLACE] = 0


def training_chain() -> tuple[AugmentationStep, ...] | None:
    """Return the chain that the Augmentation page handed over, or None."""
    chain: tuple[AugmentationStep, ...] | None = st.session_state.get(_TRAINING_CHAIN)
    return chain


def set_training_chain(steps: Sequence[AugmentationStep]) -> None:
    """Hand a chain over to the Training page."""
    st.session_state[_TRAINING_CHAIN] = tuple(steps)


def clear_training_chain() -> None:
    """Take the handed-over chain back."""
    st.session_state.pop(_TRAINING_CHAIN, None)


# Your pictures, Add pictures
PICTURES_PROBLEM = "pictures_problem"
PICTURES_CLASS = "pictures_class"  # ends in the set's id
PICTURES_PAGE = "pictures_page"  # ends in the class's id
CONTRIBUTOR = "pictures_contributor"
NEW_SET_TITLE = "new_set_title"
NEW_SET_CLASSES = "new_set_classes"

# Training, Compare, Classify
COMPARED = "networks"  # in the address: references with commas between (Compare)
EXPERIMENT, NEW_EXPERIMENT = "experiment", "new"  # in the address: an id, or one that is being set up (Compare)
TRAINING_VIEW = "training_view"
SET_UP, WATCH, ALL_RUNS = "Set up", "Watch", "All runs"
WATCHER = "watcher"  # the name under which this session is counted while it follows a run
WATCHED_SINCE = "watched_since"  # which run in which state is followed, and since when it is
TRAINING_PROBLEM = "training_problem"
TRAINING_OPEN = "training_open"  # the tab to bring to the front when the page is next drawn
TRAINING_DATASET = "training_dataset"
TRAINING_MODEL = "training_model"
TRAINING_RECIPE = "training_recipe"
RUN_TABLE = "training_table"


def training_model(dataset: str) -> str:
    """Return the key of the box in which the network for ``dataset`` is chosen; `TRAINING_MODEL` holds the wish."""
    return f"{TRAINING_MODEL}.{dataset}"


def training_form(dataset: str, model: str, recipe: str) -> str:
    """Return what the keys of the Training page's form begin with for a pair and a recipe."""
    return f"training.{dataset}.{model}.{recipe}"


def propose_dataset(dataset: str) -> None:
    """Open the Training page, when it is next drawn, with this data set chosen."""
    st.session_state[TRAINING_DATASET] = dataset
    st.session_state[TRAINING_OPEN] = SET_UP


def propose_training(dataset: str, model: str, recipe: str) -> None:
    """Open the Training page, when it is next drawn, with this pair and recipe chosen."""
    st.session_state[TRAINING_DATASET] = dataset
    st.session_state[TRAINING_MODEL] = model
    st.session_state[TRAINING_RECIPE] = recipe
    st.session_state[TRAINING_OPEN] = SET_UP
