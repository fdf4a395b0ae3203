"""The optimizer's groups: what decays, and what learns faster than the rest."""

import dataclasses

import torch
from torch import nn

from core.config import TrainingConfig
from core.training.optimization import make_optimizer, make_schedule

CONFIG = TrainingConfig(
    dataset="shapes", model="lenet", image_size=32, learning_rate=0.1, weight_decay=0.02, schedule="one_cycle"
)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 3))


def groups(config: TrainingConfig, model: nn.Module) -> list[tuple[set[int], float, float]]:
    """The identities of each group's parameters, its rate and its decay."""
    found = make_optimizer(model, config).param_groups
    return [({id(p) for p in group["params"]}, group["lr"], group["weight_decay"]) for group in found]


def test_weights_decay_and_biases_do_not() -> None:
    model = network()
    first, norm, last = model
    assert groups(CONFIG, model) == [
        ({id(first.weight), id(last.weight)}, 0.1, 0.02),
        ({id(first.bias), id(norm.weight), id(norm.bias), id(last.bias)}, 0.1, 0.0),
    ]


def test_shifts_learn_faster_and_decay_by_the_step_as_the_weights_do() -> None:
    model = network()
    first, norm, last = model
    quick = dataclasses.replace(CONFIG, norm_shift_rate=4.0)
    assert groups(quick, model) == [
        ({id(first.weight), id(last.weight)}, 0.1, 0.02),
        ({id(first.bias), id(norm.weight), id(last.bias)}, 0.1, 0.0),
        ({id(norm.bias)}, 0.4, 0.005),
    ]


def test_one_cycle_keeps_the_groups_apart_and_what_is_frozen_out() -> None:
    model = network()
    model[1].weight.requires_grad_(False)
    quick = dataclasses.replace(CONFIG, norm_shift_rate=4.0, epochs=2)
    optimizer = make_optimizer(model, quick)
    assert id(model[1].weight) not in {id(p) for group in optimizer.param_groups for p in group["params"]}
    schedule = make_schedule(optimizer, quick, steps_per_epoch=5)
    for _step in range(10):
        rates = schedule.get_last_lr()
        assert torch.isclose(torch.tensor(rates[2]), torch.tensor(4 * rates[0]))
        optimizer.step()
        schedule.step()
