"""Judging in turns: offered where too few pictures can be held back to judge by."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.own import OwnSet
from core.data.own.honest_split import Fold, folds
from core.errors import LabError
from core.intervals import percent, percent_span, wilson_interval
from core.judging.cross_validation import cross_validate
from pages._ui.frame import problem
from pages.train._pictures.claimed import can_look, features_of
from pages.train._pictures.overview import Overview


def in_turns(own: OwnSet, known: Overview) -> None:
    """Offer to ask about every picture once, and say how many are right, with the interval."""
    if not can_look(known) or not st.toggle(
        "Judge in turns instead",
        key=f"in_turns_{own.id}",
        help="EfficientNet-Lite0 looks at each picture once. A new head learns from all but one part of them and is "
        "asked about that part, then from all but another, until it was asked about each. Where three people or more "
        "have signed all of them, the parts are whole people’s.",
    ):
        return
    contributors = [each.contributor for each in known.pictures]
    contents = [each.id for each in known.pictures]
    classes = [each.name for each in own.classes]
    try:
        parts = folds(known.labels, known.groups, contributors, classes=classes, contents=contents)
        answers = cross_validate(features_of(own.id, known.pictures), known.labels, parts)
    except LabError as error:
        problem(error)
        return
    right, n = int((answers == known.labels).sum()), len(known.labels)
    low, high = wilson_interval(right, n)
    st.markdown(
        f"**Right on {right:,} of {n:,}: {percent(right / n, 1)}, {percent_span(low, high)}.** "
        f"In {len(parts)} turns, a head that had learned from {_whose(parts, contributors)} was asked about each "
        "picture once."
    )


def _whose(parts: Sequence[Fold], contributors: Sequence[str | None]) -> str:
    def people(places: npt.NDArray[np.int64]) -> set[str | None]:
        return {contributors[place] for place in places.tolist()}

    apart = all(people(part.train).isdisjoint(people(part.test)) for part in parts)
    return "other people’s pictures" if apart else "the other pictures"
