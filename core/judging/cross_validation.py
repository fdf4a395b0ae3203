"""Judging in turns, where there are too few pictures to keep some apart for good: a head learns from all but one part,
is asked about that part, and so on until it was asked about every picture once.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data.own.honest_split import Fold

Integers = npt.NDArray[np.int64]

_RIDGE = 1.0  # of the features' mean square; from 0.1 to 3 the head is right on 286 to 290 of 300 cats and dogs


def cross_validate(features: npt.NDArray[np.float32], labels: Integers, folds: Sequence[Fold]) -> Integers:
    """Return the class (N,) that a linear head names for each picture, never having learned from its fold.

    ``features`` are (N, D), ``labels`` (N,). The head is a ridge regression onto the classes, which count alike however
    many pictures each has; five of them take half a second for 300 pictures. -1 where a fold leaves nothing to learn.
    """
    answers = np.full(len(labels), -1, np.int64)
    classes = np.unique(labels)
    for fold in folds:
        if len(fold.train):
            answers[fold.test] = classes[_scores(features, labels, classes, fold).argmax(axis=1)]
    return answers


def _scores(
    features: npt.NDArray[np.float32], labels: Integers, classes: Integers, fold: Fold
) -> npt.NDArray[np.float64]:
    one_hot = (labels[fold.train][:, None] == classes).astype(np.float64)
    weight = (one_hot / np.maximum(one_hot.sum(axis=0), 1)).sum(axis=1)  # of each picture: its class counts as one
    learned = features[fold.train].astype(np.float64)
    middle, usual = weight @ learned / weight.sum(), weight @ one_hot / weight.sum()
    rows = (learned - middle) * np.sqrt(weight)[:, None]
    ridge = _RIDGE * float((rows**2).sum()) / len(rows) + 1e-12
    target = (one_hot - usual) * np.sqrt(weight)[:, None]
    dual = np.linalg.solve(rows @ rows.T + ridge * np.eye(len(rows)), target)
    return np.asarray((features[fold.test] - middle) @ (rows.T @ dual) + usual)
