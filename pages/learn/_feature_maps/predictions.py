"""How large or how many the next layer's maps will be: asked before it is shown, answered by its shape."""

from collections.abc import Callable

from core.explain.inside.layers import Layer
from core.names import counted
from pages._ui.guidance.predict import Question

_SIZES, _COUNTS = ("smaller", "as large", "larger"), ("fewer", "as many", "more")


def layer_question(now: Layer, following: Layer, title: str, turn: int, show: Callable[[], None]) -> Question:
    """Return a question about the layer ``following`` the one that is shown; ``show`` opens it.

    By turns, counted by ``turn``, it is about the size of the maps and about their number.
    """
    (count, height, width), (more, rows, columns) = now.shape, following.shape
    if turn % 2:
        what, words, before, after = f"{counted(count, 'map')}. Has it more, as many, or fewer?", _COUNTS, count, more
    else:
        what, words = f"maps of {height}×{width}. Are its own larger, as large, or smaller?", _SIZES
        before, after = height * width, rows * columns
    return Question(
        text=f"Step to {title}: this layer has {what}",
        options=words,
        right=words[1 + (after > before) - (after < before)],
        why=f"{counted(count, 'map')} of {height}×{width} before, {counted(more, 'map')} of {rows}×{columns} now.",
        show=show,
    )
