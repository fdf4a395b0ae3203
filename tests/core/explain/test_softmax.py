"""Softmax in steps: the digits that are shown are those that are reckoned with."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.explain.softmax import softmax_steps


def test_three_scores_worked_out_by_hand() -> None:
    steps = softmax_steps([2.004, 1.0, -8.0])
    assert steps.scores == (2.0, 1.0, -8.0)
    assert steps.below == (0.0, -1.0, -10.0)
    assert steps.exponentials == (1.0, 0.3679, 0.0)  # e⁻¹ = 0.36788, e⁻¹⁰ = 0.00005
    assert steps.total == 1.3679
    assert steps.probabilities == pytest.approx((0.73105, 0.26895, 0), abs=1e-5)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_the_quotients_are_pytorchs_softmax_but_for_the_digits_that_are_shown(logits: list[float]) -> None:
    steps = softmax_steps(logits)
    assert sum(steps.probabilities) == pytest.approx(1)
    # a score is off by 0.005 at most, and so is the largest; an exponential by half its last digit
    exact = torch.tensor(logits, dtype=torch.float64).softmax(0)
    assert steps.probabilities == pytest.approx(exact.tolist(), abs=0.02)
