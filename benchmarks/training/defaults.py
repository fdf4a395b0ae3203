"""Whether every pair that the lab offers learns: data set, network and recipe with nothing changed, trained short.

Validation accuracy against chance; the test images are not looked at. The built-in sets are small: their default recipe
is trained whole, every other pair in a given time. What the page begins with is trained for several seeds, and longer:
of that it must be known that it learns.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.rows import Tried
from benchmarks.training.accuracy import Fields, Log, epochs_of
from benchmarks.training.jobs import few_judged
from core.checkpoints import shipped
from core.config import TrainingConfig
from core.data import LabelledImages, Split, availability, datasets, load, make_split
from core.home import home
from core.judging.curve.chance_level import frozen_backbone
from core.models import models
from core.recipes import RECIPES, config_here, fitting_models, input_channels
from core.training.forecast.steps import image_seconds
from core.training.forecast.whole import computing_seconds
from core.training.trainer import Trainer

JUDGED = 1_000  # validation images, at most
DEFAULT = "modern"  # the recipe that the page begins with
LONGER = 5  # times as long is a pair trained that the page begins with
FIRST_NETWORK = {"digits": "lenet"}  # where the page begins with another network than the first that fits

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A pair that the Training page offers, with a recipe."""

    dataset: str
    model: str
    recipe: str

    @property
    def name(self) -> str:
        """The row's name."""
        return f"{self.dataset}-{self.model}-{self.recipe}"

    @property
    def is_default(self) -> bool:
        """Whether the page begins with it, once its data set is chosen."""
        first = FIRST_NETWORK.get(self.dataset) or fitting_models(self.dataset)[0]
        return self.recipe == DEFAULT and self.model == first

    @property
    def whole(self) -> bool:
        """Whether it is trained to its end."""
        return self.recipe == DEFAULT and datasets[self.dataset].hub_id is None

    def time(self, seconds: float) -> float | None:
        """Return its part where each is given ``seconds`` of processor time; None where it is trained to its end."""
        if self.whole:
            return None
        return LONGER * seconds if self.is_default else seconds

    def config(self, seed: int) -> TrainingConfig:
        """Return the training with nothing changed; a backbone that is not here is the lab's own."""
        return config_here(self.recipe, dataset=self.dataset, model=self.model, seed=seed, device="cpu")[0]


OFFERS = tuple(
    Offer(dataset=dataset, model=model, recipe=recipe)
    for dataset in datasets
    for model in fitting_models(dataset)
    for recipe in RECIPES
)


def default_log() -> Path:
    """Return the file of finished trainings in the lab's home."""
    return home() / "benchmarks" / "defaults.jsonl"


def measure(offers: Sequence[Offer], *, seeds: int, seconds: float, log: Path, tell: Tell) -> list[Tried]:
    """Train what is missing in ``log``, and return a row for each offer.

    ``seeds`` trainings of what the page begins with, and one of every other pair; ``seconds`` of processor time for
    each that is not trained ``whole``, `LONGER` times as many for what the page begins with.
    """
    done = Log(log)
    rows = []
    for offer in offers:
        if availability(offer.dataset) == "hub":
            where = f"{offer.dataset} is not on this machine: name its folder in CNN_LAB_DATA, or fetch it"
            rows.append(_row(offer, [], skipped=where))
            continue
        entries = []
        for seed in range(seeds if offer.is_default else 1):
            config, given = offer.config(seed), offer.time(seconds)
            side = "whole" if given is None else f"{given:g} s"
            entry = done.find(offer.name, side, config)
            if entry is None:
                tell(f"{offer.name}, seed {seed} …")
                measured = train(config, seconds=given)
                entry = done.add(offer.name, side, config, measured)
            entries.append(entry)
        rows.append(_row(offer, entries))
        found = ", ".join(f"{accuracy:.1%}" for accuracy in rows[-1].accuracies)
        tell(f"{offer.name}: {found} on validation images{', near chance' if rows[-1].learns is False else ''}")
    return rows


def train(config: TrainingConfig, *, seconds: float | None) -> Fields:
    """Train once, in about ``seconds`` (None: to the end), and return its epochs and how much of it was done."""
    data = load(config.dataset, size=config.image_size)
    split = make_split(data, slips=config.slips)
    split = few_judged(split, JUDGED)
    short = config if seconds is None else shortened(config, data, split, seconds=seconds)
    started = time.perf_counter()
    curve = list(epochs_of(Trainer(short, data, split)))
    return {
        "epochs": curve,
        "images": short.limit,
        "validation_n": len(split.validation),
        "took": round(time.perf_counter() - started, 1),
    }


def shortened(config: TrainingConfig, data: LabelledImages, split: Split, *, seconds: float) -> TrainingConfig:
    """Return ``config`` with so many epochs that it takes about ``seconds``; one of fewer images where none fits.

    The schedule is that of the shorter training: the rate still rises and falls once.
    """
    each = image_seconds(
        config.model,
        channels=input_channels(config),
        image_size=config.image_size,
        classes=len(data.spec.classes),
        arguments=config.model_arguments,
        device=torch.device("cpu"),
        clock=time.process_time,  # what neighbours do not change
    )
    train, judged = min(len(split.train), config.limit or len(split.train)), len(split.validation)

    def takes(epochs: int, images: int) -> float:
        shorter = dataclasses.replace(config, epochs=epochs)
        return computing_seconds(shorter, each=each, train=images, validation=judged)

    for epochs in range(config.epochs, 0, -1):
        if takes(epochs, train) <= seconds:
            return dataclasses.replace(config, epochs=epochs)
    least = config.epochs if frozen_backbone(config) else 1  # epochs on kept features take no time
    share = max(0.0, seconds - takes(least, 0)) / max(1e-9, takes(least, train) - takes(least, 0))
    return dataclasses.replace(config, epochs=least, limit=max(config.batch_size, min(train, int(train * share))))


def _ships(offer: Offer) -> float | None:
    """The best validation accuracy of a network that ships and was trained as this offer is, seed and device aside."""

    def settings(config: TrainingConfig) -> TrainingConfig:
        return dataclasses.replace(config, seed=0, device="auto", precision="auto")

    wanted = settings(offer.config(0))
    cards = [checkpoint.card for checkpoint in shipped() if settings(checkpoint.card.config) == wanted]
    return max((done.val_accuracy for card in cards for done in card.history), default=None)


def _row(offer: Offer, entries: Sequence[Fields], *, skipped: str = "") -> Tried:
    first = entries[0] if entries else {"epochs": [], "images": None, "validation_n": 0}
    return Tried(
        name=offer.name,
        dataset=datasets[offer.dataset].title,
        model=models[offer.model].title,
        recipe=offer.recipe,
        is_default=offer.is_default,
        chance=1 / len(datasets[offer.dataset].classes),
        accuracies=tuple(max(epoch["val_accuracy"] for epoch in entry["epochs"]) for entry in entries),
        n=first["validation_n"],
        epochs=len(first["epochs"]),
        of_epochs=offer.config(0).epochs,
        images=first["images"],
        ships=_ships(offer) if entries else None,
        skipped=skipped,
    )
