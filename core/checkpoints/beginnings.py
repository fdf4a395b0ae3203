"""A training that goes on from the best network of another one, with something changed."""

import numpy as np
from torch import nn

from core.checkpoints.backbones import load_network
from core.checkpoints.card import Card
from core.checkpoints.networks import Checkpoint, find
from core.config import TrainingConfig
from core.data import LabelledImages, Split, split_begun_with
from core.data.own import OwnSetError
from core.data.own.as_data_set import manifest_of
from core.data.own.manifests import split_today
from core.data.own.versions import split_name
from core.errors import CheckpointError, ConfigError
from core.models import models

_BEGINNING = "The network that this training goes on from"  # a page adds which; its card keeps the name it had at first


def beginning(checkpoint: Checkpoint, reference: str) -> str:
    """Return what a config says that goes on from ``checkpoint``, which ``reference`` names: "k7mq2xw9ab@12"."""
    return f"{reference}@{checkpoint.card.epoch}"


def check_beginning(config: TrainingConfig, *, channels: int) -> Checkpoint | None:
    """Return the network that a training goes on from; None where it begins anew.

    ``channels`` are those that its own network is fed. Raises ConfigError where that network is gone, has become
    another one, or is of another kind.
    """
    if not config.begins_from:
        return None
    reference, _, epoch = config.begins_from.partition("@")
    try:
        card = (found := find(reference)).card
    except CheckpointError:
        raise ConfigError(f"{_BEGINNING} is gone; let it begin anew.") from None
    if str(card.epoch) != epoch:
        raise ConfigError(
            f"{_BEGINNING} has learned on: its best epoch is now {card.epoch} and not {epoch}; go on from that."
        )
    spec = models[config.model]
    given = (config.model, spec.all_arguments(config.model_arguments), channels, config.image_size)
    kept = (card.model, spec.all_arguments(card.arguments), card.channels, card.image_size)
    if given != kept:
        raise ConfigError(
            f"{_BEGINNING} is another one ({card.model}, {card.channels}×{card.image_size}×{card.image_size}): a "
            "training can only go on with the same network and images of the same size."
        )
    return found


def check_unseen(config: TrainingConfig, data: LabelledImages, split: Split) -> None:
    """Raise ConfigError where the network that a training goes on from knows images of the test ``split``: where it was
    trained, ``data`` were split otherwise."""
    begins, asked = config.begins_from, set[str]()
    while begins and begins not in asked:
        asked.add(begins)
        try:
            card = find(begins.partition("@")[0]).card
        except CheckpointError:
            raise ConfigError(f"{_BEGINNING} is gone, or what it began with; let it begin anew.") from None
        if card.split_fingerprint == split.fingerprint:
            return  # what that one began with was asked when it began
        known = _known_to(card, data, split)
        if known is None:
            raise ConfigError(f"{_BEGINNING} was trained on another copy of {data.spec.title}; let it begin anew.")
        if known:
            raise ConfigError(
                f"{_BEGINNING} knows {known:,} of the {len(split.test):,} images that would judge it here, because the "
                "images were split otherwise for it. Let it begin anew, or keep that split."
            )
        begins = card.config.begins_from


def _known_to(card: Card, data: LabelledImages, split: Split) -> int | None:
    """How many test images of ``split`` a network was trained on or chosen by; None where that cannot be told."""
    if split_name(data.spec.name):
        return _own_known_to(card, data, split)
    if card.dataset != data.spec.name:
        return 0
    before = split_begun_with(data, card.split_fingerprint, slips=card.config.slips)
    if (card.data_fingerprint, card.split_fingerprint) != (data.fingerprint, before.fingerprint):
        return None
    return len(np.setdiff1d(split.test, before.test))


def _own_known_to(card: Card, data: LabelledImages, split: Split) -> int:
    """The same of an own set, whose pictures are known by their contents in each of its versions."""
    try:
        version = manifest_of(card.dataset)
    except OwnSetError:  # another machine's, which has asked before it sent the training here
        return 0
    if version is None or (before := version.split or split_today(version)) is None:
        return 0
    judged = set(before.test.tolist())
    known = {each.id for place, each in enumerate(version.pictures) if place not in judged}
    return sum(data.contents[place] in known for place in split.test.tolist())


def load_beginning(
    model: nn.Module, config: TrainingConfig, data: LabelledImages, split: Split, *, channels: int
) -> None:
    """Give ``model`` the weights that its training goes on from, if it does.

    Raises ConfigError as `check_beginning` and `check_unseen`, where the classes are others, and where the weights
    cannot be read.
    """
    found = check_beginning(config, channels=channels)
    if found is None:
        return
    if found.card.classes != data.spec.classes:
        raise ConfigError(f"{_BEGINNING} tells {len(found.card.classes)} other classes.")
    check_unseen(config, data, split)
    try:
        model.load_state_dict(load_network(found).state_dict())
    except (CheckpointError, RuntimeError) as error:
        raise ConfigError(f"{_BEGINNING} cannot be read: {error}") from error
