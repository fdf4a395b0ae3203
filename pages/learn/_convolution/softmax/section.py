"""Softmax in steps, over the scores that a trained network gives the student's photo."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LabError
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.frame import look_for, plain, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.received import in_words, receive_photo
from pages.learn._convolution.softmax.steps import softmax_view

if TYPE_CHECKING:
    from core.checkpoints import Card, Checkpoint
    from core.models.received import Received


def softmax_section(photo: Photo) -> None:
    """Let the scores of the photo's classes be followed, and moved, through softmax."""
    st.markdown(
        "The last layer of a network gives each class a score, and softmax makes probabilities of them: raise *e* to "
        "each score, add up, divide.",
        help=term("softmax"),
    )
    checkpoint = choose_checkpoint(label="Scores of", prefer=_of_ten_things)
    if checkpoint is None:
        return
    try:
        given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=True)
        scores = _scores(checkpoint.card.sha256, photo.sha256, checkpoint, given)
    except LabError as error:
        problem(error)
        return
    softmax_view(checkpoint.card.classes, scores)
    look_for(
        f"The scores are of {plain(checkpoint.card.title)} for your photo ({in_words(given)[:-1]}). All digits that "
        "are used are shown: scores have two after the point, exponentials four."
    )
    try_this("Drag the score of an unlikely class up by 1. By which factor does its exponential grow?")
    think(
        "Add 5 to every score. What happens to the probabilities?",
        "Nothing: each exponential grows by the same factor, e⁵ ≈ 148, and so does their sum. Only differences count, "
        "which is why the largest score can be taken off first.",
    )


def _of_ten_things(card: "Card") -> bool:
    return card.dataset == "cifar10"


@st.cache_data(max_entries=64, show_spinner=False)
def _scores(network: str, photo: str, _checkpoint: "Checkpoint", _given: "Received") -> tuple[float, ...]:
    from core.judging.classification import scores

    return scores(_checkpoint, _given, model=cached.model(_checkpoint))
