"""The work of a whole training, from what one image costs: seconds with the machine to itself."""

from core.config import TrainingConfig, training_size
from core.training.kept_features import VIEWS, keeps

FORWARD = 1 / 3  # of a step: judging is forward alone
START = 3.0  # seconds until the first step: the last of thirty that pressed Train at once had it after 2.7 s


def seconds_to_verdict(config: TrainingConfig, *, each: float, train: int, validation: int, test: int) -> float:
    """Return the seconds from the press of Train to the verdict on the ``test`` images: the start and all computing."""
    return START + computing_seconds(config, each=each, train=train, validation=validation, test=test)


def computing_seconds(config: TrainingConfig, *, each: float, train: int, validation: int, test: int = 0) -> float:
    """Return the seconds that a training on so many images computes, of which one takes ``each`` at full size, with the
    verdict on the ``test`` images.

    Of the training images its limit, in whole batches, counts. Images that grow cost as their pixels; a backbone that
    is frozen whole looks once at every image, or at each of its few views.
    """
    train = min(train, config.limit or train) // config.batch_size * config.batch_size
    opinions = 2 if config.mirror_at_test else 1
    if keeps(config):
        looks = min(VIEWS, config.epochs) if config.augmentation else 1
        return each * (train * looks + (validation + test) * opinions)
    pixels = sum((training_size(config, epoch) / config.image_size) ** 2 for epoch in range(config.epochs))
    return each * (train * pixels + (validation * config.epochs + test) * opinions * FORWARD)
