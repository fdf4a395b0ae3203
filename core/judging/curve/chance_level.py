"""A network that does no better than guessing: with a frozen backbone almost always its images are not what that was
trained on, with all weights learning almost always the steps are too large."""

from collections.abc import Sequence

from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.intervals import percent
from core.models import models
from core.names import counted
from core.recipes.changes import recipe_of

MARGIN = 0.02  # accuracy above chance that a validation split of some hundred images reaches by luck
HARDLY = 0.08  # of the way from chance to every image right: what a training that has ended should have left behind
SMALL = 10  # times below its recipe's, a learning rate is too small rather than too large
PATIENCE = 3  # epochs after which a run that has not ended is judged


def frozen_backbone(config: TrainingConfig) -> bool:
    """Whether part of the config's network came trained and stays as it is: a transfer model that is not fine-tuned."""
    return models[config.model].all_arguments(config.model_arguments).get("train", "all") != "all"


def no_better_than_guessing(config: TrainingConfig, accuracies: Sequence[float], *, finished: bool) -> str | None:
    """Return a sentence that says what to change, or None where all is well or it is too early to tell.

    ``accuracies`` in [0, 1] are those of the epochs so far on the validation images. A network is suspected where none
    of them came more than 2 points above 1 / classes, once the run is 3 epochs old, and more than 8 % of the way from
    there to 1, once it has ``finished``.
    """
    if len(accuracies) < (1 if finished else PATIENCE):
        return None
    best, chance = max(accuracies), 1 / len(datasets[config.dataset].classes)
    nothing = best <= chance + MARGIN
    if not nothing and not (finished and best <= chance + HARDLY * (1 - chance)):
        return None
    epochs = counted(len(accuracies), "epoch")
    seen = (
        f"After {epochs} the best validation accuracy is {percent(best, 1)}, and guessing gives {percent(chance, 1)}. "
    )
    return seen + (
        _preprocessing(config) if frozen_backbone(config) else _steps(config, finished=finished, nothing=nothing)
    )


def _steps(config: TrainingConfig, *, finished: bool, nothing: bool) -> str:
    learned, rate = "nothing yet" if nothing else "hardly anything", config.learning_rate
    usual = recipe_of(config)
    if usual is not None and usual.optimizer == config.optimizer and rate <= usual.learning_rate / SMALL:
        advice = (
            f"It has learned {learned}: its steps are too small. The learning rate is {rate:g}, the recipe's "
            f"{usual.learning_rate:g}; try {rate * 10:g}"
        )
    else:
        advice = (
            f"It has learned {learned}: steps that are too large are the usual cause. The learning rate is {rate:g}; "
            f"try {rate / 10:g}"
        )
    if finished and config.epochs < PATIENCE:
        advice += ", or more epochs"
    return advice + (", and no augmentation to begin with." if config.augmentation else ".")


def _preprocessing(config: TrainingConfig) -> str:
    if config.model_arguments.get("weights") == "random":
        cause = "Its frozen backbone has random weights, which may say too little about an image. "
    else:
        cause = "A backbone that learned to see does better on images prepared as those it was trained on. "
    if "no_normalisation" in config.slips:
        return f"{cause}This run leaves their normalisation out on purpose: that is the preprocessing to mend."
    return (
        f"{cause}Check the preprocessing: normalisation (the mean and std of the backbone's own training), "
        "order of the channels (red, green, blue), size of the images."
    )
