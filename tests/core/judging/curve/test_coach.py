"""What a curve tells: made curves of each kind, and the recorded ones, on which no sentence may be wrong."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.events import EpochDone
from core.judging.curve.coach import AT_ONCE, Remark, remarks

ROOT = Path(__file__).parents[4]
CONFIG = TrainingConfig(dataset="digits", model="lenet", image_size=28, epochs=10, learning_rate=0.05)


def curve(train: Sequence[float], val: Sequence[float], *, right: Sequence[float] = ()) -> list[EpochDone]:
    """Epochs with these losses; ``right`` are accuracies on both, else such as belong to the losses."""
    return [
        EpochDone(
            epoch=epoch,
            train_loss=losses[0],
            train_accuracy=right[epoch - 1] if right else math.exp(-losses[0]),
            val_loss=losses[1],
            val_accuracy=right[epoch - 1] if right else math.exp(-losses[1]),
            learning_rate=0.05,
            seconds=1.0,
            is_best=False,
        )
        for epoch, losses in enumerate(zip(train, val, strict=True), start=1)
    ]


def kinds(found: Sequence[Remark]) -> list[str]:
    return [remark.kind for remark in found]


def test_over_fitting_is_told_with_its_epoch_and_figures() -> None:
    epochs = curve([1.0, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05], [1.1, 0.7, 0.6, 0.52, 0.6, 0.66, 0.71])
    (said,) = remarks(CONFIG, epochs)
    assert said.sentence.startswith(
        "Over-fitting since epoch 4: the validation loss has risen from 0.52 to 0.71 nats while the training loss fell "
        "from 0.30 to 0.05."
    )
    assert remarks(CONFIG, epochs[:6]) == [], "two worse epochs may be chance"


@pytest.mark.parametrize(
    ("why", "train", "val"),
    [
        ("it gets better still", [1.0, 0.6, 0.4, 0.3, 0.2], [1.1, 0.8, 0.6, 0.5, 0.45]),
        ("one bad epoch", [1.0, 0.6, 0.4, 0.3, 0.2, 0.1], [1.1, 0.7, 0.5, 0.9, 0.5, 0.51]),
        ("training is harder than validation", [1.0, 0.9, 0.8, 0.7, 0.65, 0.6], [0.8, 0.4, 0.3, 0.5, 0.45, 0.4]),
        ("thousandths of a nat", [0.9, 0.1, 0.02, 0.01, 0.005, 0.001], [0.8, 0.1, 0.03, 0.04, 0.04, 0.04]),
    ],
)
def test_nothing_is_said_where(why: str, train: Sequence[float], val: Sequence[float]) -> None:
    assert remarks(CONFIG, curve(train, val)) == [], why


def test_a_restless_curve_is_judged_only_when_a_one_cycle_rate_has_come_down() -> None:
    epochs = curve([1.0, 0.6, 0.4, 0.3, 0.2, 0.1], [1.1, 0.7, 0.5, 0.6, 0.7, 0.8])
    cycle = replace(CONFIG, schedule="one_cycle", epochs=20)
    assert remarks(cycle, epochs) == []
    assert kinds(remarks(replace(cycle, epochs=10), epochs)) == ["over-fitting"]


def test_jumps_of_the_training_loss_are_too_large_steps() -> None:
    (said,) = remarks(CONFIG, curve([1.5, 0.8, 1.3, 0.9, 1.4], [1.5, 0.9, 1.2, 0.9, 1.3]))
    assert said.sentence == (
        "The steps are too large: the training loss jumps: it had come down to 0.80 nats and was 1.40 again in epoch "
        "5. The learning rate is 0.05; try 0.005."
    )


def test_a_loss_that_begins_far_above_guessing_is_too_large_steps() -> None:
    (said,) = remarks(CONFIG, curve([9.0, 1.9], [2.0, 1.8]))
    assert "in epoch 1 the training loss was 9 nats, and guessing costs 2.30" in said.sentence
    assert remarks(CONFIG, curve([9.0, 0.9], [2.0, 0.8])) == [], "it has got over it"


def test_a_run_that_ran_away_shows_from_where_to_where() -> None:
    (said,) = remarks(CONFIG, [], losses=([1, 5, 9], [2.3, 2.0, 812.5]), diverged=True)
    assert said.sentence.startswith("It ran away: the training loss was 2.00 nats at step 5 and 812.5 at step 9")
    assert remarks(CONFIG, [], losses=([1], [2.3]), diverged=True) == []


def test_a_network_that_only_guesses_is_told_what_to_change() -> None:
    (said,) = remarks(CONFIG, curve([2.31] * 4, [2.30] * 4))
    assert said.kind == "nothing learned"
    assert "guessing gives 10.0 %" in said.sentence


def test_labels_that_follow_nothing_are_suspected_where_images_are_learned_by_heart() -> None:
    (said,) = remarks(CONFIG, curve([2.3, 1.5, 1.0, 0.5], [2.30, 2.32, 2.5, 2.9]))
    assert said.sentence.startswith("It finds no rule: 60.7 % of the training images are right, but only 5.5 %")


def test_a_dead_layer_is_named() -> None:
    found = remarks(CONFIG, curve([2.31] * 4, [2.30] * 4), silent="relu2")
    assert kinds(found) == ["nothing learned", "dead layer"]
    assert "Layer relu2 is dead" in found[1].sentence


def test_a_plateau_says_whether_the_rate_has_come_down() -> None:
    (said,) = remarks(CONFIG, curve([1.0, 0.5, *[0.4] * 5], [1.1, 0.6, *[0.5] * 5]))
    assert said.sentence.startswith("Nothing has changed since epoch 3: the training loss is 0.40 nats, 60.7 % of")
    assert "a smaller learning rate" in said.sentence


def test_images_known_by_heart_leave_nothing_to_learn() -> None:
    epochs = curve([1.0, 0.5, 0.1, 0.0, 0.0, 0.0], [1.0, 0.6, 0.5, 0.5, 0.5, 0.5], right=[0.5, 0.8, 0.9, 1, 1, 1])
    (said,) = remarks(CONFIG, epochs)
    assert said.sentence.startswith("It knows its training images by heart since epoch 4: 100.0 % of them right")


def test_a_training_that_ended_too_soon_was_still_learning() -> None:
    epochs = curve([2.0, 1.6, 1.3, 1.0], [2.0, 1.6, 1.3, 1.1])
    (said,) = remarks(replace(CONFIG, epochs=4), epochs, completed=True)
    assert "the last 2 of them brought the validation accuracy from 20.2 % to 33.3 %" in said.sentence
    assert remarks(CONFIG, epochs) == [], "while it goes on, everybody can see that"
    stopped = replace(CONFIG, epochs=9, patience=1)
    assert remarks(stopped, epochs, completed=True) == [], "its epochs have not ended: early stopping left five out"


def recorded() -> list[tuple[str, TrainingConfig, list[EpochDone]]]:
    """Every curve in the repository: of the networks that ship, and of the trainings of an earlier build."""
    cards = sorted([*ROOT.glob("checkpoints/*/card.json"), *ROOT.glob("tests/golden/**/final/card.json")])
    found = []
    for path in cards:
        fields = json.loads(path.read_text(encoding="utf-8"))
        epochs = [EpochDone(**epoch) for epoch in fields["history"]]
        found.append((path.parent.name, TrainingConfig.from_fields(fields["config"]), epochs))
    return found


def test_of_the_recorded_curves_none_is_told_what_its_further_course_contradicts() -> None:
    curves = recorded()
    assert len(curves) == 16
    looks = alarms = 0
    for name, config, epochs in curves:
        for so_far in range(1, len(epochs) + 1):
            looks += 1
            found = remarks(config, epochs[:so_far], completed=so_far == config.epochs)
            assert len(found) <= AT_ONCE
            alarms += any(_contradicted(remark, epochs, so_far) for remark in found)
            assert alarms == 0, (name, so_far, found)
    assert looks == 229


def _contradicted(remark: Remark, epochs: Sequence[EpochDone], so_far: int) -> bool:
    """Whether what came afterwards, under the same settings, shows that a warning was wrong."""
    before, after = epochs[:so_far], epochs[so_far:]
    if not after or remark.kind == "still learning":
        return False
    best = min(epoch.val_loss for epoch in before)
    return min(epoch.val_loss for epoch in after) < 0.95 * best
