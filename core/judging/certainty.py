"""How sure a network is, as people read it. Of the foundations only."""

import math

from core.intervals import percent

_HALF_A_STEP = 0.0005  # of a tenth of a percent, to which probabilities are shown


def probability_words(probability: float, *, off_by: float = 0.0) -> str:
    """Return a probability in [0, 1] as "97.3 %".

    What is less than certain is never "100.0 %", and what is possible never "0.0 %": it is "over 99.9 %" and
    "under 0.1 %", or as much as is known of one that may be ``off_by``.
    """
    if probability + off_by >= 1 - _HALF_A_STEP:
        return f"over {min(99.9, math.floor((probability - off_by) * 1000) / 10):.1f} %"
    if probability - off_by < _HALF_A_STEP:
        return f"under {max(0.1, math.ceil((probability + off_by) * 1000) / 10):.1f} %"
    return percent(probability, 1)
