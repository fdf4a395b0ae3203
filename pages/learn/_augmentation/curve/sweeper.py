"""Curves over a sweep, with a slider that answers while it is dragged: the picture and what each network says of it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from pages._ui.component import beside, sent

_view = st.components.v2.component("cnn_lab_sweeper", **beside(__file__))


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What one network says along a sweep: a probability, an answer and how ``sure`` it is of that, at every value.

    ``breaks`` are the places where its answer changes for the first time.
    """

    name: str
    probabilities: Sequence[float]
    answers: Sequence[str]
    sure: Sequence[str]
    breaks: Sequence[int]


def sweeper(
    networks: Sequence[Answered],
    *,
    values: Sequence[str],
    rest: int,
    place: int,
    sheet: str,
    columns: int,
    title: str,
    label: str,
    of: str,
    on_rest: Callable[[int], None],
    key: str,
) -> None:
    """Draw the curves over ``values``, in words; ``place`` is the one that is shown at first, ``rest`` the untouched.

    ``sheet`` is one picture file with the picture of every value, ``columns`` in a row; ``of`` tells this sweep from
    others. ``on_rest`` is called with the place where the slider comes to rest.
    """

    def take() -> None:
        at = sent(key, "place")
        if isinstance(at, int | float) and 0 <= at < len(values):
            on_rest(int(at))

    _view(
        key=key,
        data={
            "networks": [
                asdict(one) | {"probabilities": [round(value, 8) for value in one.probabilities]} for one in networks
            ],
            "values": list(values),
            "rest": rest,
            "place": place,
            "sheet": sheet,
            "columns": columns,
            "title": title,
            "label": label,
            "of": of,
        },
        on_place_change=take,
        height="content",
    )
