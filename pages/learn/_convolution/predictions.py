"""What the map's size will be after the next change: asked before it is made, answered by the size formula."""

import streamlit as st

from core.errors import ConfigError
from core.explain.sizes.output_size import output_sizes
from pages._ui.guidance.predict import Question
from pages.learn._convolution.controls import Convolution

_CHANGES = (("stride", 2), ("padding", None), ("dilation", 2), ("stride", 3), ("padding", 0), ("stride", 1))
_MOST = 4  # options of a question
Size = tuple[int, int]  # rows and columns


def size_question(height: int, width: int, chosen: Convolution, turn: int) -> Question:
    """Return a question about one change of how the window moves over a picture of ``height``×``width`` pixels.

    ``turn`` counts the questions before it. The answer, and why, come from the size formula. Raises ConfigError where
    the kernel does not fit the picture.
    """
    now = _size(height, width, chosen.side, chosen.moves)
    begin = turn % len(_CHANGES)

    def fits(change: tuple[str, int]) -> bool:
        try:
            _size(height, width, chosen.side, chosen.moves | dict([change]))
        except ConfigError:
            return False
        return True

    changes = [(name, chosen.side // 2 if value is None else value) for name, value in _CHANGES]
    name, value = next(one for one in changes[begin:] + changes[:begin] if chosen.moves[one[0]] != one[1] and fits(one))
    moves = chosen.moves | {name: value}
    right = _size(height, width, chosen.side, moves)
    down = output_sizes(height, width, chosen.side, **moves)[0]
    return Question(
        text=f"The map has {_words(now)} numbers (rows × columns). How many with {name} {value}?",
        options=tuple(map(_words, sorted({right, *_mistakes((height, width), now, right, value)}))),
        right=_words(right),
        why=f"The rows: {down.special or down.formula}.",
        show=lambda: st.session_state.__setitem__(f"conv.{name}", str(value)),
    )


def _size(height: int, width: int, side: int, moves: dict[str, int]) -> Size:
    down, across = output_sizes(height, width, side, **moves)
    return down.size, across.size


def _mistakes(picture: Size, now: Size, right: Size, value: int) -> list[Size]:
    """Return what one gets by common mistakes: nothing changes, the picture's own size, a half, one side only."""
    part = max(2, value)
    found = [now, picture, (now[0] // part, now[1] // part), (now[0] // part, now[1]), (now[0] + value, now[1] + value)]
    return [one for one in dict.fromkeys(found) if one != right and min(one) > 0][: _MOST - 1]


def _words(size: Size) -> str:
    return f"{size[0]} × {size[1]}"
