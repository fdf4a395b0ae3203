"""The sweep of learning rates finds where the loss falls; the schedule is torch's own, seen before it is used."""

import math
from dataclasses import replace

import pytest
import torch

from core.config import TrainingConfig
from core.data import load, make_split
from core.training import rate_sweep
from core.training.rate_sweep import (
    HIGHEST,
    LOWEST,
    MARGIN,
    STEPS,
    Sweep,
    scheduled_rates,
    steepest,
    sweep,
    sweep_rates,
    turn,
)

CONFIG = TrainingConfig(
    dataset="digits", model="lenet", image_size=32, epochs=10, batch_size=32, learning_rate=0.1, momentum=0.9, limit=640
)


def test_rates_grow_by_one_factor() -> None:
    rates = sweep_rates()
    assert (len(rates), rates[0], rates[-1]) == (STEPS, LOWEST, pytest.approx(HIGHEST))
    assert rates[1] / rates[0] == pytest.approx(rates[-1] / rates[-2])


def test_the_rate_at_which_the_loss_falls_fastest_is_found() -> None:
    rates = [10 ** (place / 4 - 5) for place in range(24)]
    losses = [2.3 - 2 / (1 + math.exp(-2 * (place - 12))) for place in range(24)]  # falls around 10 ** -2
    assert steepest(rates, losses) == pytest.approx(0.01)


@pytest.mark.parametrize("losses", [[2.3] * 20, [2.3 + 0.1 * step for step in range(20)], [2.3, 1.0]])
def test_nothing_is_suggested_where_the_loss_does_not_fall(losses: list[float]) -> None:
    assert steepest(sweep_rates()[: len(losses)], losses) is None


def found(steepest: float | None, turned: float | None) -> Sweep:
    return Sweep(rates=(1e-4, 3.0), losses=(2.3, 1.0), steepest=steepest, turned=turned)


@pytest.mark.parametrize(
    ("fastest", "turned", "suggested"),
    [
        (0.2, 0.3, 0.1),
        (0.05, 0.078, 0.03),
        (0.05, 0.15, 0.05),
        (0.01, None, 0.01),
        (0.004, 0.008, 0.004),
        (None, 0.1, None),
    ],
)
def test_what_is_suggested_keeps_its_distance_from_where_the_loss_turns_up(
    fastest: float | None, turned: float | None, suggested: float | None
) -> None:
    assert found(fastest, turned).suggested == suggested
    if suggested and turned:
        assert turned >= MARGIN * suggested


@pytest.mark.parametrize(
    ("losses", "ran_away", "place"),
    [
        ([2.3, 2.0, 1.0, 1.5, 4.0], False, 2),
        ([2.3, 2.0, 1.0], True, 2),  # the very next step ran away
        ([2.3, 2.0, 1.0, 1.01], False, None),  # no more than noise
        ([2.3, 2.0, 1.0], False, None),
        ([], True, None),
    ],
)
def test_the_loss_turns_up_where_it_is_lowest_if_more_than_noise_follows(
    losses: list[float], ran_away: bool, place: int | None
) -> None:
    rates = [0.1 * 2**step for step in range(len(losses))]
    assert turn(rates, losses, ran_away=ran_away) == (None if place is None else rates[place])


def test_a_sweep_of_a_real_network_falls_before_it_runs_away(home: object) -> None:
    data = load("digits", size=32)
    found = sweep(CONFIG, data, make_split(data))
    assert found.suggested is not None
    assert found.turned is not None
    assert 1e-3 < found.suggested <= found.turned / MARGIN
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


def test_its_losses_are_plain_as_a_trainings_curve_is() -> None:
    data = load("digits", size=32)
    split = make_split(data)
    first = []
    for share in (0.0, 0.5):
        torch.manual_seed(0)
        first.append(sweep(replace(CONFIG, label_smoothing=share), data, split).losses[0])
    assert first[1] == pytest.approx(first[0], rel=1e-6), "before the first step the two are one network"
