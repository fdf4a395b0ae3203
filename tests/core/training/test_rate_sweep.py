"""The sweep of learning rates finds where the loss falls; the schedule is torch's own, seen before it is used."""

import math
from dataclasses import replace

import pytest

from core.config import TrainingConfig
from core.data import load, make_split
from core.training import rate_sweep
from core.training.rate_sweep import HIGHEST, LOWEST, STEPS, scheduled_rates, suggestion, sweep, sweep_rates

CONFIG = TrainingConfig(
    dataset="digits", model="lenet", image_size=32, epochs=10, batch_size=32, learning_rate=0.1, momentum=0.9, limit=640
)


def test_rates_grow_by_one_factor() -> None:
    rates = sweep_rates()
    assert (len(rates), rates[0], rates[-1]) == (STEPS, LOWEST, pytest.approx(HIGHEST))
    assert rates[1] / rates[0] == pytest.approx(rates[-1] / rates[-2])


def test_the_rate_at_which_the_loss_falls_fastest_is_suggested() -> None:
    rates = [10 ** (place / 4 - 5) for place in range(24)]
    losses = [2.3 - 2 / (1 + math.exp(-2 * (place - 12))) for place in range(24)]  # falls around 10 ** -2
    assert suggestion(rates, losses) == pytest.approx(0.01)


@pytest.mark.parametrize("losses", [[2.3] * 20, [2.3 + 0.1 * step for step in range(20)], [2.3, 1.0]])
def test_nothing_is_suggested_where_the_loss_does_not_fall(losses: list[float]) -> None:
    assert suggestion(sweep_rates()[: len(losses)], losses) is None


def test_a_sweep_of_a_real_network_falls_before_it_runs_away(home: object) -> None:
    data = load("digits", size=32)
    found = sweep(CONFIG, data, make_split(data))
    assert found.suggested is not None
    assert 1e-3 < found.suggested < 2
    assert min(found.losses) < 0.97 * found.losses[0]


def test_a_sweep_ends_when_its_time_is_up(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load("digits", size=32)
    ticks = iter(range(1_000))
    monkeypatch.setattr(rate_sweep, "SECONDS", 3.0)
    found = sweep(CONFIG, data, make_split(data), clock=lambda: float(next(ticks)))
    assert len(found.rates) == 3


@pytest.mark.parametrize(
    ("changes", "first", "highest", "last"),
    [
        ({"schedule": "constant"}, 0.1, 0.1, 0.1),
        ({"schedule": "step", "step_size": 4, "gamma": 0.5}, 0.1, 0.1, 0.025),
        ({"schedule": "one_cycle"}, 0.004, 0.1, 0.0),
    ],
)
def test_the_schedule_is_seen_beforehand(changes: dict[str, object], first: float, highest: float, last: float) -> None:
    at, rates = scheduled_rates(replace(CONFIG, **changes))  # type: ignore[arg-type]
    assert (at[0], at[-1]) == (0.0, pytest.approx(10 - 10 / len(at)))
    assert (rates[0], max(rates), rates[-1]) == pytest.approx((first, highest, last), abs=1e-3)
