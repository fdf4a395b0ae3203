"""What a figure may be called: a test accuracy, or an accuracy with the reason why it is no more than that.

It is a test accuracy where the images are known to be outside training, and their writers too where the data set
tells who wrote what. Digits were once split at random, and are by a slip: every hand is then on both sides.
"""

from core.checkpoints import Card, Figures, Metrics, find
from core.data import datasets, writers_apart
from core.errors import LabError
from core.intervals import percent


def doubt_about(card: Card | Figures) -> str:
    """Return why a card's figure is no test accuracy, to follow the word "on"; empty where it is one, or has none."""
    if card.metrics is None:
        return ""
    return doubt(unseen=card.metrics.unseen, known_writers=shared_writers(card, card.dataset))


def last_word(card: Card) -> str:
    """Return what is said of a run that has finished with this network; empty where it was not judged."""
    if card.metrics is None:
        return ""
    what = f"accuracy on {found}," if (found := doubt_about(card)) else "test accuracy"
    return (
        f"Best epoch {card.epoch}: {what} {percent(card.metrics.test_accuracy, 1)} on {card.metrics.test_n:,} images."
    )


def doubt(*, unseen: bool, known_writers: bool) -> str:
    """Return why a figure is no test accuracy, to follow the word "on"; empty where it is one."""
    if not unseen:
        return "images it may have seen"
    return "writers that it has seen" if known_writers else ""


def tested(reference: str) -> Metrics | None:
    """Return the verdict on the test split of the network that ``reference`` names, a run's id for instance.

    None where there is none, where it cannot be read, and where its figure is no test accuracy.
    """
    try:
        card = find(reference).card
    except LabError:
        return None
    return None if doubt_about(card) else card.metrics


def shared_writers(card: Card | Figures, dataset: str) -> bool:
    """Say whether the model learned from everybody who wrote images of ``dataset``: it was split at random."""
    spec = datasets[dataset] if dataset == card.dataset and dataset in datasets else None
    return spec is not None and not writers_apart(spec, card.split_fingerprint)


def describe(card: Card, *, n: int, unseen: bool, dataset: str) -> str:
    """Say what a figure on ``n`` test images of ``dataset`` is, and where it is no test accuracy, why not."""
    trained_on, judged_on = datasets.title_of(card.dataset), datasets.title_of(dataset)
    at_random = shared_writers(card, dataset)
    by_writer = dataset in datasets and datasets[dataset].writer_block is not None
    if unseen and at_random:
        text = (
            f"Accuracy on {n:,} images of {judged_on} that were drawn at random: whoever wrote them also wrote "
            "training images, so this figure is not a test accuracy. On other people's writing it is lower."
        )
    elif at_random:
        text = (
            f"Accuracy on {n:,} images of {judged_on} that the model may have been trained on: its training images "
            "were drawn at random and not writer by writer, as they are now, so this figure is not a test accuracy. "
            "Train it anew for one."
        )
    elif unseen and by_writer:
        text = f"Test accuracy on {n:,} images of {judged_on}, by writers of whom the model was shown nothing."
    elif unseen:
        text = f"Test accuracy on {n:,} images of {judged_on}, none of which the model was trained on."
    elif dataset != card.dataset:
        text = (
            f"Accuracy on {n:,} images of {judged_on}; the model was trained on {trained_on}, "
            "so this is not its test accuracy."
        )
    else:
        text = (
            f"Accuracy on {n:,} images of {judged_on} that the model may have been trained on: this copy of the data, "
            "or its order, is not the one it was trained with, so its split is another one and this figure is not "
            "a test accuracy."
        )
    if "no_eval_mode" in card.config.slips:
        text += " Measured in training mode, with dropout on and BatchNorm using each batch, as the notebook did."
    return text
