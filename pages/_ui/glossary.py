"""The lab's terms, one plain sentence each: tooltips on the pages, and the glossary of the start page.

A tooltip names its term by a link to the glossary. No key reaches into a tooltip, so all words that a page explains
are links at its end as well.
"""

import re
from urllib.parse import quote, unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

TERM = "term"  # in the address of Start
_EXPLAINED = "words_explained"  # on the page that is drawn, in their order

TERMS = {
    "activation": "A number that a layer puts out for one place; after ReLU it is zero or positive.",
    "adversarial example": "A picture changed on purpose, so little that people see no difference, until a network "
    "takes it for something else.",
    "augmentation": "Random changes to training images (flips, crops, turns), so that no two epochs show the "
    "same pixels.",
    "AUROC": "The area under the curve of hits against false alarms: of one thing of each kind, how often the one that "
    "should has the higher score; 0.5 is a guess, 1 perfect.",
    "backbone": "The part of a network that turns a picture into features; a trained one can be taken over.",
    "batch size": "How many images are used for one step of the optimiser.",
    "BatchNorm": "Shifts and scales each channel to mean 0 and spread 1 over the batch, then by a learned γ and β.",
    "bias": "A number that is added to every sum, the same at each place.",
    "calibration error": "How far confidence and accuracy lie apart, on average over ten bins of confidence: 0 if of "
    "the answers given with 80 % just 80 % are right, and so on.",
    "channel": "One plane of numbers: a grey photo has one, a colour photo three, a layer as many as it has filters.",
    "checkpoint": "A trained network on disk: its weights, and a card that says how it was trained and how good it is.",
    "class": "One of the answers that a network can give, such as cat or dog.",
    "confidence": "The probability that the network gives its answer; it can be high and wrong.",
    "confusion matrix": "A table that counts, for each true class, which answers the network gave.",
    "convolution": "Slide a small grid of weights over a picture; multiply, add up, write the sum down, move on.",
    "cross-entropy": "The loss of classification: minus the logarithm of the probability given to the true "
    "class, in nats.",
    "data set": "Many images, each with the class it belongs to.",
    "dilation": "Gaps between the kernel's weights: at 2, every other pixel is skipped, so a 3×3 kernel spans 5×5.",
    "dropout": "While training, a random part of the values is set to zero, so that no value is relied on alone.",
    "early stopping": (
        "Training ends when the validation accuracy has had no new best for a number of epochs (at equal accuracy, the "
        "lower loss is the better one)."
    ),
    "effective receptive field": "The pixels of a receptive field that really count: more than 4.55 % of what the most "
    "important one counts, by the mean size of their gradients. Its side is that of a square of as many pixels.",
    "epoch": "One pass over all training images.",
    "feature map": "What one filter makes of the picture: a plane of numbers, large where the filter found "
    "its pattern.",
    "features": "The numbers that the last layer is given, by which it tells the classes apart.",
    "filter": "One kernel with a plane of weights for each input channel; it makes one feature map.",
    "flatten": "Write the maps' numbers one after the other in a single row, as a dense layer takes them.",
    "frozen": "Weights that training leaves as they are; only the others learn.",
    "GELU": "Lets positive numbers through and little of negative ones; a smooth relative of ReLU, never below −0.17.",
    "Grad-CAM": "A heat map of the places that raised the score of a class: each map of a layer weighted by how much "
    "it counts on average.",
    "gradient descent": "Change every weight a little in the direction in which the loss falls most, and do it again.",
    "head": "The last part of a network, which turns features into the scores of the classes.",
    "HiResCAM": "A heat map of the places that raised the score of a class: each place of a layer by what it counts "
    "itself.",
    "interval": "The range that holds the true accuracy in 95 of 100 such tests; it shrinks with more test images.",
    "kernel": "A small grid of weights, often 3×3, that is slid over the picture.",
    "label smoothing": "The right class is asked for a little less than all of the probability, so that no answer is "
    "driven to certainty.",
    "Laplacian": "A kernel that compares a pixel with its neighbours: edges and spots of every direction stand out.",
    "learning rate": "How far the weights move in one step; too large diverges, too small takes for ever.",
    "linear layer": "Every output is a weighted sum of all inputs; also called dense or fully connected.",
    "logits": "The raw scores of the classes, before softmax makes probabilities of them.",
    "loss": "How wrong the network is, as one number to make small; here cross-entropy, in nats.",
    "momentum": "The step keeps part of the last one's direction, so that it rolls through small bumps.",
    "multiply-adds": "Products that are computed and summed for one image; the work that a layer costs.",
    "nats": "The unit of the loss, from the natural logarithm: 0.69 nats is a guess between two classes.",
    "normalisation": "Subtract the mean and divide by the standard deviation, so that inputs are around zero.",
    "occlusion": "A part of the picture is hidden and the network is asked again: what it misses, it had looked at.",
    "optimizer": "The rule that turns gradients into steps; here SGD or AdamW.",
    "over-fitting": "Training loss goes on falling while validation loss rises: the network learns images by heart.",
    "p value": (
        "How often chance alone would make a difference at least this large if both were equally good. Below 0.05 is "
        "called a difference here."
    ),
    "padding": "A border of zeros around the picture; p = k // 2 keeps its size (for odd k, stride 1 and dilation 1).",
    "parameters": "The numbers that a network holds: weights and biases. Training changes those that are not frozen.",
    "percentile": "The 99th percentile is the value that 99 of 100 numbers do not exceed.",
    "perturbation": "A change of a picture, made to see whether the answer holds.",
    "pooling": "Keep the largest (or the mean) value of each small square; halves the map's sides at 2×2.",
    "precision": "How many bits a number has: float32 has 32; bfloat16 has 16, which is coarser, and faster where the "
    "processor has it. Weights, loss and BatchNorm's statistics stay in float32.",
    "rank": "How many of many equations say something that the others do not already say.",
    "receptive field": "The square of input pixels that one value of a layer can see.",
    "recipe": "All settings of a training together, such as learning rate, epochs and augmentation, under one name.",
    "ReLU": "Replace negative numbers by zero: max(0, x).",
    "sanity check": "A heat map is drawn once more with random weights: what stays as it was, training did not make.",
    "schedule": "How the learning rate changes over the epochs.",
    "seed": "The number from which all random choices follow; the same seed gives the same training.",
    "Sobel": "A kernel that finds edges in one direction and smooths across it, so that noise counts less.",
    "softmax": "Turns scores into probabilities that add up to 1.",
    "spread": "How far numbers lie from their mean, on average: the standard deviation.",
    "stride": "How many pixels the window moves at each step; stride 2 halves both sides of the map.",
    "tensor": "An array of numbers with a shape; images are (N, C, H, W): how many, channels, height, width.",
    "test split": "Images that are used once, at the end, to say how good a network is; never for training "
    "or choosing.",
    "training split": "The images from which the weights are learned.",
    "training time": "What was computed: all epochs with their validation, and a frozen backbone's look at the images, "
    "even if an earlier run had it. Loading, waiting, the turns of others and the last judging are not in it.",
    "transfer learning": "Start from a network that was trained on other images; often only its last part learns anew.",
    "validation split": "Images kept out of training to choose by: when to stop, which epoch to keep.",
    "weight decay": "Pulls every weight a little towards zero at each step.",
    "whitening": (
        "A first layer whose answers are uncorrelated and equally strong; set from the training images before the "
        "training, it stays as it is."
    ),
}


def term(name: str) -> str:
    """Return what explains ``name``, for ``help=``; the page that is drawn links to it at its end.

    Raises KeyError for a term that is not listed.
    """
    said = linked(name)
    mention(said)
    return said


def sentence(name: str) -> str:
    """Return the sentence alone, for a caption, in which a link would be too pale; the page links to it at its end."""
    mention(linked(name))
    return TERMS[name]


def linked(name: str) -> str:
    """Return what explains ``name``, with a link to the glossary; for what is written before any page is drawn."""
    return f"[{name[:1].upper()}{name[1:]}]({_entry(name)}): {TERMS[name]}"


def mention(tip: str | None) -> None:
    """Note which terms a tooltip explains, where a page is being drawn."""
    if tip and get_script_run_ctx(suppress_warning=True) is not None:
        found = re.findall(rf"\(\./\?{TERM}=([\w%-]+)\)", tip)
        st.session_state.setdefault(_EXPLAINED, {}).update(dict.fromkeys(map(unquote, found)))


def begin() -> None:
    """Begin a page: nothing is explained on it yet."""
    st.session_state[_EXPLAINED] = {}


def words_of_the_page() -> None:
    """Link to every term that the page explains."""
    names = [name for name in st.session_state.get(_EXPLAINED, {}) if name in TERMS]
    if names:
        links = (f'[{name}]({_entry(name)} "{TERMS[name]}")' for name in names)
        st.markdown(f":small[:material/dictionary: In the glossary: {', '.join(links)}]")


def _entry(name: str) -> str:
    return f"./?{TERM}={quote(name)}"
