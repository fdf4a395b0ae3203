"""A training that goes on from the best network of another one, with something changed."""

from torch import nn

from core.checkpoints.backbones import load_network
from core.checkpoints.networks import Checkpoint, find
from core.config import TrainingConfig
from core.errors import CheckpointError, ConfigError

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
    given = (config.model, dict(config.model_arguments), channels, config.image_size)
    kept = (card.model, dict(card.arguments), card.channels, card.image_size)
    if given != kept:
        raise ConfigError(
            f"{_BEGINNING} is another one ({card.model}, {card.channels}×{card.image_size}×{card.image_size}): a "
            "training can only go on with the same network and images of the same size."
        )
    return found


def load_beginning(model: nn.Module, config: TrainingConfig, *, channels: int, classes: tuple[str, ...]) -> None:
    """Give ``model`` the weights that its training goes on from, if it does; raises ConfigError as `check_beginning`,
    where the classes are others, and where the weights cannot be read."""
    found = check_beginning(config, channels=channels)
    if found is None:
        return
    if found.card.classes != classes:
        raise ConfigError(f"{_BEGINNING} tells {len(found.card.classes)} other classes.")
    try:
        model.load_state_dict(load_network(found).state_dict())
    except (CheckpointError, RuntimeError) as error:
        raise ConfigError(f"{_BEGINNING} cannot be read: {error}") from error
