"""Model files: what one says of itself, how it is written and read, and the backbones that heads refer to."""

from core.checkpoints.card import Card, Figures, Metrics, Outsiders
from core.checkpoints.networks import CARD, Checkpoint, figures, find, newest_in, now, read, save, shipped
from core.checkpoints.states import TrainerState, load_state, save_state, state_config, state_split
from core.checkpoints.trained import note_training, trained_folder, trainings

__all__ = [
    "CARD",
    "Card",
    "Checkpoint",
    "Figures",
    "Metrics",
    "Outsiders",
    "TrainerState",
    "figures",
    "find",
    "load_state",
    "newest_in",
    "note_training",
    "now",
    "read",
    "save",
    "save_state",
    "shipped",
    "state_config",
    "state_split",
    "trained_folder",
    "trainings",
]
