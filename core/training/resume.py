"""Everything that decides how a training goes on, out of a trainer and into another one, bit for bit on the CPU."""

import dataclasses
import math
import random
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import TrainerState
from core.checkpoints.backbones import backbone_hash
from core.compute.precision_probe import PrecisionChoice
from core.data import DatasetSpec, writers_apart
from core.errors import CheckpointError, OtherBackboneError, OtherSplitError
from core.events import EpochDone
from core.models.transfer import TransferNetwork
from core.strict_json import typed
from core.training.assembly import Assembly
from core.training.progress import Progress


def state_of(trainer: Assembly) -> TrainerState:
    """Return everything that decides how this training goes on; tensors are copies on the CPU.

    A frozen backbone is left out, all 45 MB of it: its hash says which one it must be.
    """
    frozen = _frozen_weights(trainer.model)
    learning = {name: value for name, value in trainer.model.state_dict().items() if name not in frozen}
    slots, optimizer = _optimizer_state(trainer.optimizer)
    tensors = {f"model.{name}": value for name, value in learning.items()} | slots
    tensors["rng.torch"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["rng.cuda"] = torch.cuda.get_rng_state(trainer.device)
    version, words, gauss = random.getstate()
    progress = trainer.progress
    return TrainerState(
        tensors={name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()},
        values={
            "progress": dataclasses.asdict(progress)
            | {"best_loss": progress.best_loss if progress.best_epoch else None},
            "history": [dataclasses.asdict(done) for done in trainer.history],
            "optimizer": optimizer,
            "schedule": trainer.schedule.state_dict(),
            "python_rng": [version, list(words), gauss],
            "precision": dataclasses.asdict(trainer.precision.choice),
            "looking_seconds": trainer.looking_seconds,
            "backbone": _hash_if_frozen(trainer.model),
            "split": trainer.split.fingerprint,
        },
    )


def restore(trainer: Assembly, state: TrainerState) -> None:
    """Let ``trainer`` go on from ``state``.

    Raises CheckpointError where that belongs to another model or optimizer, OtherBackboneError where its frozen
    backbone is not the one on hand, OtherSplitError where its training images may be test images here.
    """
    values = state.values
    try:
        check_split(trainer.data.spec, typed(str, values.get("split", "")), here=trainer.split.fingerprint)
        if "precision" in values:  # what the training began with, whatever pays today
            trainer.compute_in(typed(PrecisionChoice, values["precision"]))
        weights = {name[6:]: value for name, value in state.tensors.items() if name.startswith("model.")}
        if values.get("backbone") is not None:
            if values["backbone"] != _hash_if_frozen(trainer.model):
                raise OtherBackboneError(
                    "This training began on another backbone than the one on hand, and cannot go on with it. "
                    "Start a new training."
                )
            weights = _frozen_weights(trainer.model) | weights
        trainer.model.load_state_dict(weights)
        trainer.train_on_images()  # what was kept was kept for other weights, maybe
        _restore_optimizer(trainer.optimizer, state)
        if values["schedule"].keys() != trainer.schedule.state_dict().keys():  # loading sets whatever it is given
            raise ValueError("its schedule is another one")
        trainer.schedule.load_state_dict(values["schedule"])
        best_loss = values["progress"]["best_loss"]
        standing = values["progress"] | {"best_loss": math.inf if best_loss is None else best_loss}
        trainer.progress = typed(Progress, standing, name="progress")
        trainer.history = list(typed(tuple[EpochDone, ...], values["history"], name="history"))
        trainer.looking_seconds = typed(float, values.get("looking_seconds", 0.0), name="looking_seconds")
        torch.set_rng_state(state.tensors["rng.torch"])
        if "rng.cuda" in state.tensors and trainer.device.type == "cuda":
            torch.cuda.set_rng_state(state.tensors["rng.cuda"], trainer.device)
        version, words, gauss = values["python_rng"]
        random.setstate((version, tuple(words), gauss))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        raise CheckpointError(f"This saved state does not belong to this training: {error}.") from error


def check_split(spec: DatasetSpec, began_with: str, *, here: str) -> None:
    """Raise OtherSplitError where a training began with another split than the one ``here``, by their fingerprints.

    An old state does not name its own (''), which was random.
    """
    same = began_with == here if began_with else writers_apart(spec, began_with) == writers_apart(spec, here)
    if not same:
        raise OtherSplitError(
            f"This training cannot go on: it began on another copy of {spec.title}, or on another split of it into "
            "training and test, and would be judged on images that it has learned. Start a new training."
        )


def _optimizer_state(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimizer's state as named tensors, and as values that strict JSON can hold."""
    whole = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, dict[str, float]] = {}
    for index, slots in whole["state"].items():
        for name, value in slots.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{name}"] = value
            elif value is not None:
                numbers.setdefault(str(index), {})[name] = value
    return tensors, {"numbers": numbers, "param_groups": whole["param_groups"]}


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: TrainerState) -> None:
    kept = state.values["optimizer"]
    slots: dict[int, dict[str, Any]] = {int(index): dict(numbers) for index, numbers in kept["numbers"].items()}
    for name, value in state.tensors.items():
        if name.startswith("optimizer."):
            _prefix, index, slot = name.split(".", 2)
            slots.setdefault(int(index), {})[slot] = value
    groups = [
        {key: tuple(value) if key == "betas" else value for key, value in group.items()}
        for group in kept["param_groups"]
    ]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})


def _frozen_weights(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a backbone that is frozen whole; none where any of it learns."""
    if not (isinstance(model, TransferNetwork) and model.head_only):
        return {}
    return {f"backbone.{name}": value for name, value in model.backbone.state_dict().items()}


def _hash_if_frozen(model: nn.Module) -> str | None:
    """The hash of a backbone that is frozen whole, None where any of it learns."""
    return backbone_hash(model) if isinstance(model, TransferNetwork) and model.head_only else None
