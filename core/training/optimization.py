"""Which steps a training takes: the optimizer over what learns, and the schedule of its learning rate."""

import warnings

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, StepLR

from core.config import TrainingConfig
from core.slow_imports import put_off_compiler


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """Return SGD or AdamW over what learns; weight decay spares biases and BatchNorm (one-dimensional parameters).

    BatchNorm's shifts learn ``norm_shift_rate`` times faster; where that is above 1 they decay, step by step, like the
    weights.
    """
    put_off_compiler()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    rate = config.norm_shift_rate
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    shifts = {module.bias for module in norms} if rate > 1 else set()
    groups = [
        {"params": [p for p in learning if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in learning if p.dim() <= 1 and p not in shifts], "weight_decay": 0.0},
    ]
    if rate > 1:
        quick = {"lr": config.learning_rate * rate, "weight_decay": config.weight_decay / rate}
        groups.append({"params": [p for p in learning if p in shifts], **quick})
    if config.optimizer == "adamw":
        return AdamW(groups, lr=config.learning_rate)
    return SGD(groups, lr=config.learning_rate, momentum=config.momentum, nesterov=config.nesterov)


def make_schedule(optimizer: Optimizer, config: TrainingConfig, *, steps_per_epoch: int) -> LRScheduler:
    """Return torch's schedule: per epoch for ``step``, per step for ``one_cycle``; ``constant`` never steps it."""
    if config.schedule == "one_cycle":
        return OneCycleLR(
            optimizer,
            max_lr=[group["lr"] for group in optimizer.param_groups],
            total_steps=steps_per_epoch * config.epochs + 1,
            pct_start=0.25,
            cycle_momentum=False,
        )
    return StepLR(optimizer, step_size=config.step_size, gamma=config.gamma)


def step_after_epoch(schedule: LRScheduler) -> None:
    """Step a schedule at an epoch's end, where a resumed one would warn: it cannot know of the optimizer's steps."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step", category=UserWarning)
        schedule.step()
