"""The work of a whole training, by hand from what an image costs."""

from dataclasses import replace

import pytest

from core.config import AugmentationStep, TrainingConfig
from core.training.forecast.whole import START, computing_seconds, seconds_to_verdict

CONFIG = TrainingConfig(dataset="digits", model="lenet", image_size=28, epochs=4, batch_size=50)
HEAD = replace(CONFIG, model="resnet18", image_size=64, model_arguments={"train": "head"})
FLIPS = (AugmentationStep(name="flip_horizontal"),)


@pytest.mark.parametrize(
    ("config", "images"),
    [
        (CONFIG, 4 * (1_000 + 300 / 3)),  # judging is a third of a step
        (replace(CONFIG, limit=120), 4 * (100 + 300 / 3)),  # 20 are too few for a third batch
        (replace(CONFIG, mirror_at_test=True), 4 * (1_000 + 2 * 300 / 3)),
        (replace(CONFIG, model="fast_cnn", image_size=32, start_size=16, epochs=1), 1_000 + 300 / 3),
        (HEAD, 1_000 + 300),  # its backbone looks once
        (replace(HEAD, augmentation=FLIPS, epochs=3), 3 * 1_000 + 300),  # or at each view
        (replace(HEAD, mirror_at_test=True), 1_000 + 2 * 300),
        (replace(HEAD, model_arguments={"train": "last_stage"}), 4 * (1_000 + 300 / 3)),  # looks in every epoch
    ],
)
def test_the_work_is_that_of_the_images_that_go_through(config: TrainingConfig, images: float) -> None:
    assert computing_seconds(config, each=0.5, train=1_040, validation=300) == pytest.approx(0.5 * images)


@pytest.mark.parametrize(
    ("config", "verdict"), [(CONFIG, 100), (replace(CONFIG, mirror_at_test=True), 200), (HEAD, 300)]
)
def test_the_start_and_the_verdict_on_the_test_images_are_part_of_what_one_waits_for(
    config: TrainingConfig, verdict: float
) -> None:
    computing = computing_seconds(config, each=0.5, train=1_040, validation=300)
    assert computing_seconds(config, each=0.5, train=1_040, validation=300, test=600) == pytest.approx(
        computing + verdict
    )
    assert seconds_to_verdict(config, each=0.5, train=1_040, validation=300, test=600) == pytest.approx(
        START + computing + verdict
    )
