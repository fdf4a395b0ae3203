"""Judging in turns: what a fold's head has not learned from it cannot know."""

import numpy as np

from core.data.own.honest_split import Fold, folds
from core.judging.cross_validation import cross_validate


def clouds(*counts: int, apart: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features in as many directions as there are classes, and the labels."""
    random = np.random.RandomState(0)
    labels = np.repeat(np.arange(len(counts)), counts)
    features = apart * np.eye(len(counts), 40)[labels] + random.normal(0, 0.1, (len(labels), 40))
    return features.astype(np.float32), labels


def in_turns(features: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    groups = np.arange(len(labels)) if groups is None else groups
    parts = folds(labels, groups, [None] * len(labels), classes=[str(each) for each in np.unique(labels)])
    return cross_validate(features, labels, parts)


def test_classes_that_lie_apart_are_told_apart_in_whichever_sizes() -> None:
    features, labels = clouds(60, 12, 30)
    assert (in_turns(features, labels) == labels).mean() > 0.97


def test_where_features_say_nothing_it_guesses() -> None:
    features, labels = clouds(150, 150, apart=0.0)
    assert 0.4 < (in_turns(features, labels) == labels).mean() < 0.6  # 300 flips of a coin: 0.06 is two deviations


def test_copies_in_one_group_do_not_help_and_torn_apart_they_would() -> None:
    features, labels = clouds(40, 40, apart=0.0)
    twice, both = np.repeat(features, 2, axis=0), np.repeat(labels, 2)
    honest = (in_turns(twice, both, np.repeat(np.arange(80), 2)) == both).mean()
    torn = cross_validate(
        twice,
        both,
        [Fold(train=np.arange(side, 160, 2), test=np.arange(1 - side, 160, 2)) for side in (0, 1)],
    )
    assert honest < 0.65
    assert (torn == both).mean() > 0.8


def test_a_fold_that_leaves_nothing_to_learn_has_no_answer() -> None:
    features, labels = clouds(2, 2)
    every = Fold(train=np.zeros(0, np.int64), test=np.arange(4))
    assert cross_validate(features, labels, [every]).tolist() == [-1] * 4
