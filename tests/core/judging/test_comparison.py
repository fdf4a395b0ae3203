"""Two models on the same images, with counts small enough to work out by hand."""

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from core.errors import DataError
from core.intervals import fisher, mcnemar, paired_interval
from core.judging.comparison import compare, not_to_be_compared, right_alone, same_test_images, unpaired_interval
from core.judging.evaluation import Evaluation, Predictions, judge
from tests import cards


def judged(*right: bool, unseen: bool = True, labels: list[int] | None = None) -> Evaluation:
    """A verdict on images of two classes, of which the model gets those right that ``right`` says."""
    truth = np.array(labels if labels is not None else [place % 2 for place in range(len(right))], dtype=np.int64)
    predicted = np.where(np.array(right), truth, 1 - truth)
    confidence = np.full(len(right), 0.9, dtype=np.float32)
    predictions = Predictions(labels=truth, predicted=predicted, confidence=confidence, loss=0.5)
    return judge(predictions, classes=2, unseen=unseen, sentence="")


def with_accuracy(right: int, n: int, **options: Any) -> Evaluation:
    return judged(*([True] * right + [False] * (n - right)), **options)


def test_the_difference_is_a_minus_b() -> None:
    result = compare(judged(True, True, True, False), judged(True, False, False, False), same_images=True)
    assert result.difference == pytest.approx(0.75 - 0.25)
    assert (result.only_a, result.only_b) == (2, 0)


def test_mcnemar_is_a_fair_coin_over_the_images_they_disagree_on() -> None:
    # 5 heads of 6: 2 · (C(6,0) + C(6,1)) / 2⁶ = 14 / 64.
    assert mcnemar(5, 1) == pytest.approx(14 / 64)
    assert mcnemar(1, 5) == mcnemar(5, 1)


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 3), (0, 0)])
def test_mcnemar_of_no_difference_is_one(only_a: int, only_b: int) -> None:
    assert mcnemar(only_a, only_b) == 1.0


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 7), (10, 25), (400, 311), (3000, 2100)])
def test_mcnemar_agrees_with_scipy(only_a: int, only_b: int) -> None:
    assert mcnemar(only_a, only_b) == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue, rel=1e-9)


def test_the_paired_interval_by_hand() -> None:
    # Cells 8.5 and 2.5 of 102: middle 6/102, error √(11 − 36/102)/102.
    low, high = paired_interval(8, 2, 100)
    error = 1.959964 * math.sqrt(11 - 36 / 102) / 102
    assert (low, high) == (pytest.approx(6 / 102 - error, abs=1e-6), pytest.approx(6 / 102 + error, abs=1e-6))


def test_models_that_never_disagree_still_have_an_interval() -> None:
    low, high = paired_interval(0, 0, 50)
    assert low == pytest.approx(-high)
    assert 0.01 < high < 0.06


def test_the_paired_interval_stays_within_one() -> None:
    assert paired_interval(0, 2, 2)[0] == -1.0


def test_the_paired_interval_covers_the_true_difference_about_95_times_in_100() -> None:
    random = np.random.RandomState(0)
    cells = random.multinomial(200, [0.7, 0.12, 0.06, 0.12], size=2000)  # both, only a, only b, neither
    intervals = [paired_interval(int(only_a), int(only_b), 200) for _both, only_a, only_b, _none in cells]
    covered = np.mean([low <= 0.06 <= high for low, high in intervals])
    assert 0.93 < covered < 0.975, "2,000 draws put a true 95 % within about one point"


def test_a_clear_winner_is_named_with_both_figures_and_the_count() -> None:
    result = compare(with_accuracy(810, 1000), with_accuracy(566, 1000), same_images=True, names=("ResNet", "CNN"))
    assert result.verdict == "ResNet is better: 81.0 % against 56.6 % on the same 1,000 images (p < 0.001)."
    assert result.ci95[0] > 0


def test_the_winner_may_be_the_second() -> None:
    result = compare(with_accuracy(566, 1000), with_accuracy(810, 1000), same_images=True)
    assert result.verdict.startswith("B is better: 81.0 % against 56.6 %")
    assert result.ci95[1] < 0


def test_a_small_difference_is_no_win() -> None:
    right = np.arange(1000)
    a, b = judged(*(right % 1000 < 712)), judged(*((right + 292) % 1000 < 708))
    result = compare(a, b, same_images=True)
    assert result.verdict.startswith("No clear winner: 71.2 % against 70.8 % on the same 1,000 images")
    assert result.ci95[0] < 0 < result.ci95[1]


def test_pairing_tells_differences_that_two_figures_cannot() -> None:
    a, b = with_accuracy(712, 1000), with_accuracy(700, 1000)  # b misses 12 images that a gets, and no other way round
    assert compare(a, b, same_images=True).p_value < 0.001
    assert compare(a, b, same_images=False).p_value > 0.5


def test_labels_that_differ_are_not_the_same_images() -> None:
    with pytest.raises(DataError, match="4 and 4"):
        compare(judged(*[True] * 4), judged(*[True] * 4, labels=[1, 1, 0, 0]), same_images=True)


def test_different_numbers_are_not_the_same_images() -> None:
    with pytest.raises(DataError, match="4 and 5"):
        compare(judged(*[True] * 4), judged(*[True] * 5), same_images=True)


def test_different_images_are_said_to_be_different() -> None:
    result = compare(with_accuracy(60, 200), with_accuracy(90, 100), same_images=False)
    assert result.verdict == "B is better: 90.0 % against 30.0 % on different images (100 and 200) (p < 0.001)."
    assert (result.only_a, result.only_b) == (0, 0)


def test_the_unpaired_interval_is_newcombes() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10: 56/70 − 48/80.
    low, high = unpaired_interval(with_accuracy(56, 70), with_accuracy(48, 80))
    assert (low, high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((60, 200), (45, 100)),
        ((1, 2), (4_470, 4_682)),
        ((0, 1), (9, 10)),
        ((0, 7), (7, 7)),
        ((4_391, 4_682), (9_700, 10_000)),
    ],
)
def test_fishers_exact_test_agrees_with_scipys(a: tuple[int, int], b: tuple[int, int]) -> None:
    expected = stats.fisher_exact([[right, n - right] for right, n in (a, b)]).pvalue
    assert fisher(*a, *b) == pytest.approx(expected, rel=1e-6)
    assert compare(with_accuracy(*a), with_accuracy(*b), same_images=False).p_value == fisher(*a, *b)


def test_two_perfect_models_do_not_differ() -> None:
    assert fisher(20, 20, 30, 30) == 1.0


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({}, ""),
        ({"dataset": "mnist"}, "They were judged on different pictures: A on Digits (built in), B on MNIST."),
        (
            {"classes": ("a", "b")},
            "They answer different questions: A tells 10 classes of Digits (built in) apart, B 2 of",
        ),
    ],
)
def test_figures_of_other_pictures_or_classes_do_not_tell_who_is_better(other: dict[str, Any], why: str) -> None:
    ours = cards.card()
    found = not_to_be_compared(ours, dataclasses.replace(ours, **other), ("A", "B"))
    assert found.startswith(why)
    assert bool(found) == bool(other)


@pytest.mark.parametrize(
    ("unseen_a", "unseen_b", "words"),
    [(True, False, "The figure of B is not a test accuracy"), (False, False, "Neither figure is a test accuracy")],
)
def test_a_figure_that_is_no_test_accuracy_is_named(unseen_a: bool, unseen_b: bool, words: str) -> None:
    a, b = with_accuracy(8, 10, unseen=unseen_a), with_accuracy(8, 10, unseen=unseen_b)
    assert words in compare(a, b, same_images=True).verdict


def test_each_doubt_is_named_where_there_are_two() -> None:
    seen = with_accuracy(8, 10, unseen=False)
    known_hands = dataclasses.replace(with_accuracy(8, 10), shared_writers=True)
    verdict = compare(seen, known_hands, same_images=True).verdict
    assert "The figure of A is not a test accuracy: it is on images it may have seen." in verdict
    assert "The figure of B is not a test accuracy: it is on writers that it has seen." in verdict


def card(fingerprint: str, n: int | None) -> Any:
    return SimpleNamespace(split_fingerprint=fingerprint, metrics=None if n is None else SimpleNamespace(test_n=n))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (card("f", 100), card("f", 100), True),
        (card("f", 100), card("g", 100), False),
        (card("f", 100), card("f", 99), False),
        (card("f", None), card("f", 100), True),
        (card("f", None), card("g", 100), False),
        (card("", 100), card("", 100), False),
    ],
)
def test_the_same_test_images_have_one_fingerprint_and_one_count(a: Any, b: Any, same: bool) -> None:
    assert same_test_images(a, b) is same


def test_right_alone_are_the_images_that_the_test_counts_the_others_surest_mistakes_first() -> None:
    a, b = judged(True, True, True, False, True), judged(False, True, False, True, False)
    sure = np.array([0.6, 0.9, 0.8, 0.7, 0.8], dtype=np.float32)
    b = dataclasses.replace(b, predictions=dataclasses.replace(b.predictions, confidence=sure))
    assert right_alone(a, b).tolist() == [2, 4, 0]
    assert right_alone(b, a).tolist() == [3]
    result = compare(a, b, same_images=True)
    assert (len(right_alone(a, b)), len(right_alone(b, a))) == (result.only_a, result.only_b)
