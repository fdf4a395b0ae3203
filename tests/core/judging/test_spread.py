"""Mean and spread over seeds, and the paired t test, by hand and against scipy and statsmodels."""

import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from core.judging.spread import paired_difference, spread

FIRST, SECOND = [0.93, 0.95, 0.94, 0.96], [0.91, 0.94, 0.94, 0.92]


def test_mean_and_spread_by_hand() -> None:
    found = spread([0.90, 0.92, 0.94])
    assert (found.n, found.mean, found.deviation) == (3, pytest.approx(0.92), pytest.approx(0.02))
    reach = 4.302653 * 0.02 / 3**0.5  # Student's t of two degrees of freedom
    assert found.ci95 == (pytest.approx(0.92 - reach), pytest.approx(0.92 + reach))


def test_the_interval_is_that_of_statsmodels() -> None:
    assert spread(FIRST).ci95 == pytest.approx(DescrStatsW(FIRST).tconfint_mean(alpha=0.05))


def test_the_p_value_is_that_of_the_paired_t_test() -> None:
    assert paired_difference(FIRST, SECOND).p_value == pytest.approx(stats.ttest_rel(FIRST, SECOND).pvalue)


def test_one_figure_has_no_spread_and_two_have_no_p_value() -> None:
    assert (spread([0.9]).deviation, spread([0.9]).ci95) == (None, None)
    assert paired_difference([0.9, 0.8], [0.7, 0.7]).p_value is None
    with pytest.raises(ValueError, match="no figures"):
        spread([])


def test_differences_that_are_all_alike_tell_no_p_value() -> None:
    assert paired_difference([0.5] * 3, [0.25] * 3).p_value is None
    n = 359  # of whose images two more are right with every seed: differences that floats tell apart
    first, second = [333 / n, 335 / n, 336 / n], [331 / n, 333 / n, 334 / n]
    assert len({a - b for a, b in zip(first, second, strict=True)}) > 1
    assert paired_difference(first, second).p_value is None
