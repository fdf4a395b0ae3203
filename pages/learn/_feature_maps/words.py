"""The sentences of the Feature maps page, each made from what is shown at this moment."""

from typing import TYPE_CHECKING

from core.explain.drawing.mosaic import full_colour, is_signed
from core.explain.inside.feature_maps import FilterStatistics, statistics
from core.explain.inside.layers import Layer
from core.intervals import percent
from pages._ui.frame import number

if TYPE_CHECKING:
    from torch import Tensor


def what_the_tiles_are(layer: Layer, maps: "Tensor", *, scale: str, limit: float | None) -> str:
    """Return what is to be seen in the tiles of a layer (K, H, W), and what their colours mean.

    ``scale`` is "layer" or "network" where all share the full colour at ``limit``; it is None where each has its own.
    """
    count, dead = len(maps), len(statistics(maps).dead)
    if layer.kind == "Resize":
        said = ["Each tile is one colour of the picture at the size that the network works with."]
    elif count == 1:
        said = ["The tile is what one filter makes of the picture: strong colour where it found its pattern."]
    else:
        said = [
            "A tile for each filter: strong colour where it found its pattern. Some follow outlines, some fill areas."
        ]
    if dead:
        said.append(f"{dead} of {count} {'is' if dead == 1 else 'are'} empty: zero everywhere.")
    said.append("Orange is positive, blue negative, near-white 0." if is_signed(maps) else "Dark is 0.")
    if dead == count:
        which = "its map is" if count == 1 else "all maps are"
        return f"Nothing in this layer answers to the picture: {which} 0 everywhere."
    if limit is None:
        ends = [full_colour([one]) for one in maps if one.any()]
        said.append("Each tile has a scale of its own, so a whisper looks like a shout:")
        said.append(f"the full colour stands for {min(ends):.2g} in one and for {max(ends):.2g} in another.")
    else:
        whose = "this layer" if scale == "layer" else "all layers"
        said.append(f"Full colour is {limit:.2g}, the 99th percentile of what is not 0 in {whose}.")
    if count > 1:
        said.append("Click a tile to enlarge it.")
    return " ".join(said)


def in_words(one: FilterStatistics) -> str:
    """Return one map's numbers in a sentence."""
    if one.dead:
        return ":material/volume_off: This filter is silent on this picture: zero everywhere."
    return (
        f"Values from {number(one.low)} to {number(one.high)}, mean {number(one.mean)}, spread {number(one.spread)}; "
        f"{percent(one.zeros)} are exactly 0."
    )


def what_the_kernel_is(kernel: "Tensor", *, frozen: bool, limit: float) -> str:
    """Return what is to be seen in a kernel (in, kH, kW) whose full colour stands at ±``limit``."""
    if kernel.shape[-1] == 1:
        said = "Each square is one weight: such a kernel mixes the channels of a place and sees none of its neighbours."
    else:
        said = "Side by side, the two colours answer to an edge; all of one colour they blur."
    state = " These weights were set before the training and are frozen: it did not change them." if frozen else ""
    return f"Orange weights add, blue ones subtract, in full colour at ±{limit:.2g}. {said}{state}"


def what_the_values_are(layer: Layer, maps: "Tensor") -> str:
    """Return what is to be seen in the histogram of a layer's values."""
    below, zeros = float((maps < 0).float().mean()), float((maps == 0).float().mean())
    said = "All values of the layer."
    if below == 0:
        because = ": ReLU has replaced it by 0" if layer.kind == "ReLU" else ""
        said += f" Nothing lies below 0{because}; {percent(zeros)} are exactly 0."
    else:
        said += f" {percent(below).capitalize()} of them lie below 0."
        if layer.kind == "GELU":
            said += " GELU lets a little of what is negative through, never below −0.17."
    return said
