"""How a data set of handwriting was made: what a photo must be turned into before a network knows it. Standard library.

Y. LeCun et al. cut every digit of MNIST to its ink, scaled it into 20×20 pixels of 28×28, bright on black, and put its
centre of mass in the middle. E. Alpaydin and C. Kaynak stretched theirs over the whole square and counted ink in 8×8
blocks. Fashion-MNIST's pictures were cut, scaled to 28 pixels and inverted likewise.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class InkFrame:
    """Where the ink lies in a square of ``side`` pixels, bright on black.

    Its longer side has ``box`` pixels; its centre of mass, or the centre of its box, is the middle of the square.
    ``stroke`` is the range of widths in pixels that most of the writing has (None: it is no writing).
    """

    side: int
    box: int
    centre: Literal["mass", "box"]
    stroke: tuple[float, float] | None = None
