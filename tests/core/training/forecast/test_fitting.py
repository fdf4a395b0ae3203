"""What is offered where a training takes longer than there is time: the largest that fits, in whole batches."""

from core.config import TrainingConfig
from core.training.forecast.fitting import that_fit

LESSON = TrainingConfig(dataset="digits", model="lenet", image_size=28, epochs=20, batch_size=50)  # of 1,000 images


def takes(config: TrainingConfig) -> float:
    return config.epochs * (1_000 if config.limit is None else config.limit) / 100


def offered(config: TrainingConfig, seconds: float) -> list[tuple[int, int | None]]:
    return [(one.epochs, one.limit) for one in that_fit(config, seconds=seconds, takes=takes, images=1_000)]


def test_fewer_epochs_or_fewer_images_are_offered() -> None:
    assert offered(LESSON, 75) == [(7, None), (20, 350)]


def test_nothing_is_offered_for_what_fits() -> None:
    assert offered(LESSON, 200) == []


def test_both_are_offered_where_neither_is_enough() -> None:
    assert offered(LESSON, 15) == [(2, 750)], "one epoch has no curve, and 75 images are no four batches"


def test_nothing_is_offered_where_nothing_fits() -> None:
    assert offered(LESSON, 3) == []
