"""The work of a whole training, from what one image costs: seconds with the machine to itself."""

from core.config import TrainingConfig, training_size
from core.judging.curve.chance_level import frozen_backbone
from core.training.kept_features import VIEWS

FORWARD = 1 / 3  # of a step: judging is forward alone


START = 3.0  # seconds until the first step: the last of thirty that pressed Train at once had it after 2.7 s


def training_seconds(config: TrainingConfig, *, each: float, train: int, validation: int, test: int = 0) -> float:
    """Return the seconds of a whole training on so many images, of which one takes ``each`` seconds at full size, from
    the press to the verdict on the ``test`` images.

    Of the training images its limit, in whole batches, counts. Images that grow cost as their pixels; a frozen backbone
    looks once at every image, or at each of its few views.
    """
    train = min(train, config.limit or train) // config.batch_size * config.batch_size
    if frozen_backbone(config):
        looks = min(VIEWS, config.epochs) if config.augmentation else 1
        return START + each * (train * looks + validation + test)
    pixels = sum((training_size(config, epoch) / config.image_size) ** 2 for epoch in range(config.epochs))
    judged = validation * FORWARD * config.epochs * (2 if config.mirror_at_test else 1)
    return START + each * (train * pixels + judged + test * FORWARD)
