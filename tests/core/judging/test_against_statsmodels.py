"""Intervals and p values against statsmodels, and what they are for: equal networks tie, a real difference is found."""

import numpy as np
import pytest
from statsmodels.stats import contingency_tables, proportion

from core.intervals import mcnemar, paired_interval, wilson_interval
from core.judging.comparison import SIGNIFICANT, compare, unpaired_interval
from tests.core.judging.test_comparison import with_accuracy

IMAGES = 4_682  # in the test split of cats and dogs


@pytest.mark.parametrize(("right", "n"), [(0, 10), (10, 10), (1, 3), (81, 100), (4_391, IMAGES)])
def test_the_wilson_interval(right: int, n: int) -> None:
    assert wilson_interval(right, n) == pytest.approx(proportion.proportion_confint(right, n, method="wilson"))


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 3), (0, 7), (10, 25), (400, 311)])
def test_mcnemars_exact_test(only_a: int, only_b: int) -> None:
    expected = contingency_tables.mcnemar([[900, only_a], [only_b, 50]], exact=True).pvalue
    assert mcnemar(only_a, only_b) == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b"), [((60, 200), (45, 100)), ((56, 70), (48, 80)), ((4_391, IMAGES), (9_700, 10_000))])
def test_two_shares_of_different_images(a: tuple[int, int], b: tuple[int, int]) -> None:
    first, second = with_accuracy(*a), with_accuracy(*b)
    interval = proportion.confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    assert unpaired_interval(first, second) == pytest.approx(interval)


def drawn(random: np.random.Generator, *, better: float, pairs: int) -> np.ndarray:
    """How often only the first, and only the second, of two networks is right: (pairs, 2).

    They are right on some 94 % of the images, and disagree on as many as two networks that ship do.
    """
    apart = 0.08
    cells = [(apart + better) / 2, (apart - better) / 2, 1 - apart]
    return random.multinomial(IMAGES, cells, size=pairs)[:, :2]


def found(cells: np.ndarray) -> np.ndarray:
    return np.array([mcnemar(int(a), int(b)) < SIGNIFICANT for a, b in cells])


def test_two_equal_networks_have_no_clear_winner_in_about_95_of_100_pairs() -> None:
    tied = 1 - found(drawn(np.random.default_rng(0), better=0.0, pairs=2_000)).mean()
    assert 0.94 < tied < 0.97, "an exact test is a little too careful; 2,000 draws tell a half point"


def test_three_points_more_on_the_cats_and_dogs_are_found_nearly_always() -> None:
    cells = drawn(np.random.default_rng(1), better=0.03, pairs=1_000)
    assert found(cells).mean() >= 0.95
    assert (cells[found(cells)] @ [1, -1] > 0).all(), "and it is the better one that wins"


def test_the_paired_interval_leaves_zero_out_where_the_test_finds_a_winner() -> None:
    cells = drawn(np.random.default_rng(2), better=0.005, pairs=1_000)
    apart = np.array([low > 0 or high < 0 for low, high in (paired_interval(int(a), int(b), IMAGES) for a, b in cells)])
    assert (apart == found(cells)).mean() > 0.97, "the exact test is a little more careful than the interval"


def test_the_sentence_says_so_too() -> None:
    right, n = round(0.9 * IMAGES), IMAGES
    assert "No clear winner" in compare(with_accuracy(right, n), with_accuracy(right, n), same_images=True).verdict
