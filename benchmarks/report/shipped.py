"""How long the trainings took whose models ship with the lab, by the curves of their cards."""

from collections.abc import Iterable, Iterator

from benchmarks.rows import ShippedCurve
from benchmarks.training.accuracy import GOALS, seconds_to
from core.checkpoints.card import Card


def curves(cards: Iterable[Card]) -> Iterator[ShippedCurve]:
    """Yield the hardest target of the benchmarks with a card's data set, network and recipe, where there is one."""
    for card in cards:
        epochs = [{"val_accuracy": done.val_accuracy, "seconds": done.seconds} for done in card.history]
        targets = {
            target: limit
            for goal in GOALS
            if (goal.dataset, goal.model, goal.recipe) == (card.dataset, card.model, card.config.recipe)
            for target, limit in goal.targets.items()
        }
        if targets and epochs:
            target = max(targets)
            yield ShippedCurve(
                title=card.title,
                device=card.device,
                date=card.created[:10],
                epochs=len(epochs),
                seconds=sum(epoch["seconds"] for epoch in epochs),
                best_validation=max(epoch["val_accuracy"] for epoch in epochs),
                target=target,
                reach=targets[target],
                reached=seconds_to(epochs, target),
            )
