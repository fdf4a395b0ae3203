"""Which settings of a convolution change nothing in its picture, and why: a switch without effect needs a word."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.explain.convolution.convolve import Filter, KernelLike, Mode, convolve, show, weights

_OWN_SCALE = {
    "stretch": "a stretched picture runs from its smallest number to its largest, whatever these are",
    "signed": "a signed picture takes its scale from its own numbers",
}


def unseen(image: Tensor, sliding: Filter, mode: Mode) -> tuple[str, ...]:
    """Return a sentence for each setting that is on and changes nothing in what `show` makes of the map.

    ``image`` is (C, H, W). Each setting is switched off in turn, and the two pictures are compared. Raises ConfigError
    as `convolve` does, where any is on.
    """
    if not (sliding.relu or sliding.divide_by_sum or sliding.bias):
        return ()
    products = convolve(image, replace(sliding, divide_by_sum=False, bias=0.0, relu=False)).double()
    shown = show(_finished(products, sliding, image.shape[0]), mode=mode)
    found = []
    for on, off, why in (
        (sliding.relu, replace(sliding, relu=False), _relu_unseen),
        (sliding.divide_by_sum, replace(sliding, divide_by_sum=False), _divisor_unseen),
        (sliding.bias, replace(sliding, bias=0.0), _bias_unseen),
    ):
        if not on:
            continue
        without = _finished(products, off, image.shape[0])
        difference = np.abs(show(without, mode=mode).astype(int) - shown)
        if difference.max() <= 1:  # a step of rounding is nothing that can be seen
            found.append(why(without, sliding.kernel, mode, image.shape[0]))
    return tuple(found)


def _finished(products: Tensor, sliding: Filter, channels: int) -> Tensor:
    """The map that `convolve` returns, from that of the bare kernel: a convolution is linear in its weights.

    In float64, as a rounded quotient would now and then fall into another of a signed picture's colours.
    """
    plain = weights(sliding.kernel, channels)
    divided = weights(sliding.kernel, channels, divide_by_sum=sliding.divide_by_sum)
    values = (products if torch.equal(plain, divided) else products / plain.double().sum()) + sliding.bias
    return functional.relu(values) if sliding.relu else values


def _relu_unseen(without: Tensor, _kernel: KernelLike, mode: Mode, _channels: int) -> str:
    if float(without.min()) >= 0:
        return "ReLU changes nothing: no number lies below 0."
    if mode == "clip":
        return "ReLU changes nothing that you can see: as a photo, all below 0 is black anyway. Choose Signed."
    return "ReLU changes nothing that you can see here."


def _divisor_unseen(_without: Tensor, kernel: KernelLike, mode: Mode, channels: int) -> str:
    plain = weights(kernel, channels)
    if bool((plain == weights(kernel, channels, divide_by_sum=True)).all()):
        total = float(plain.double().sum())
        reason = "1" if round(total, 6) == 1 else "0, by which nothing can be divided"
        return f"÷ sum changes nothing: the weights add up to {reason}."
    return f"÷ sum changes nothing that you can see: {_OWN_SCALE.get(mode, 'all of it lies outside 0 to 1')}."


def _bias_unseen(_without: Tensor, _kernel: KernelLike, mode: Mode, _channels: int) -> str:
    return f"The bias changes nothing that you can see: {_OWN_SCALE.get(mode, 'all of it lies outside 0 to 1')}."
