"""What of a training fits into the minutes that are left: fewer epochs, or fewer images."""

from collections.abc import Callable
from dataclasses import replace

from core.config import TrainingConfig

FEWEST_EPOCHS = 2  # of an offer that keeps all images: after one epoch there is no curve to read
FEWEST_STEPS = 4  # an epoch, of an offer of fewer images

Seconds = Callable[[TrainingConfig], float]


def that_fit(config: TrainingConfig, *, seconds: float, takes: Seconds, images: int) -> tuple[TrainingConfig, ...]:
    """Return the trainings nearest to ``config`` that take no longer than ``seconds``: with fewer epochs, with fewer of
    the ``images`` training images, or with both where neither is enough. None where ``config`` itself fits, or nothing.

    ``takes`` says how long one takes; it grows with epochs and images. Each keeps all other settings.
    """
    if takes(config) <= seconds:
        return ()
    shorter = _fewer_epochs(config, seconds, takes)
    smaller = _fewer_images(config, seconds, takes, images)
    found = tuple(one for one in (shorter, smaller) if one is not None)
    if found:
        return found
    both = _fewer_images(replace(config, epochs=min(FEWEST_EPOCHS, config.epochs)), seconds, takes, images)
    return () if both is None else (both,)


def _fewer_epochs(config: TrainingConfig, seconds: float, takes: Seconds) -> TrainingConfig | None:
    most = _most(FEWEST_EPOCHS, config.epochs - 1, lambda epochs: takes(replace(config, epochs=epochs)) <= seconds)
    return None if most is None else replace(config, epochs=most)


def _fewer_images(config: TrainingConfig, seconds: float, takes: Seconds, images: int) -> TrainingConfig | None:
    """In whole batches, so that all of them are used."""
    batch = config.batch_size
    most = _most(
        FEWEST_STEPS,
        min(images, config.limit or images) // batch - 1,
        lambda steps: takes(replace(config, limit=steps * batch)) <= seconds,
    )
    return None if most is None else replace(config, limit=most * batch)


def _most(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """Return the largest number from ``low`` to ``high`` that fits, where every smaller one does; None where none."""
    if low > high or not fits(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
