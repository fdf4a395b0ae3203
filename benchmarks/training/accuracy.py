"""Seconds of training until the validation accuracy reaches a target, for several seeds.

Validation decides when a target was reached; the test split is looked at once, by the last model of each training. A
training can take long, so each one that has ended is kept as a line of a file, and never done twice for the same code,
configuration and machine.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, load, now, this_machine, training_code
from benchmarks.rows import Reached, TimeToAccuracy, Trained
from benchmarks.training import naive
from benchmarks.training.jobs import training_loader
from core.config import AugmentationStep, TrainingConfig
from core.data import LabelledImages, Split, availability, datasets, make_split
from core.data import load as load_data
from core.events import EpochDone
from core.home import home
from core.judging.evaluation import judge, predict
from core.models import models
from core.recipes import recipe_config
from core.training.trainer import Trainer

Fields = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A data set, a network and a recipe, and the validation accuracies in [0, 1] to be reached in how many seconds.

    ``settings`` replace fields of the recipe: the schedule is made for the time that there is. ``naive_model`` is
    trained by the naive loop, with the notebook's recipe. ``long`` ones, of about ten minutes and more, are trained for
    one seed only. ``note`` says how the settings differ from the recipe, where the title does not.
    """

    name: str
    dataset: str
    model: str
    targets: Mapping[float, float]
    naive_model: str
    recipe: str = "modern"
    settings: Mapping[str, Any] = field(default_factory=dict)
    long: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        """The data set and the network, for people."""
        widths = self.settings.get("model_arguments", {}).get("widths", ())
        filters = f" with {', '.join(map(str, widths))} filters" if widths else ""
        return f"{datasets[self.dataset].title}, {models[self.model].title}{filters}"

    @property
    def naive_title(self) -> str:
        """What the naive loop trains, for people."""
        return f"{models[self.naive_model].title}, recipe notebook"

    def config(self, seed: int, *, epochs: int | None = None) -> TrainingConfig:
        """Return what the lab trains."""
        settings = dict(self.settings) | ({"epochs": epochs} if epochs else {})
        return recipe_config(self.recipe, dataset=self.dataset, model=self.model, seed=seed, **settings)

    def naive_config(self, seed: int) -> TrainingConfig:
        """Return what the naive loop trains: the course's own epochs, batch size and learning rate, in float32."""
        fields = {"precision": "fp32", "device": "cpu"}
        return recipe_config("notebook", dataset=self.dataset, model=self.naive_model, seed=seed, **fields)


# What over-fits in thirty epochs does not in two to ten: little shifts only, and nothing is erased.
GENTLE = {
    "augmentation": (
        AugmentationStep(name="flip_alternating"),
        AugmentationStep(name="crop", settings={"padding": 2, "border": "reflect"}),
    )
}
GENTLE_NOTE = "So short a training shifts images by 2 pixels at most and erases nothing."
ERASING = {
    "augmentation": (
        AugmentationStep(name="flip_alternating"),
        AugmentationStep(name="crop", settings={"padding": 4, "border": "reflect"}),
        AugmentationStep(name="erasing", settings={"largest": 0.15}),
    )
}

GOALS = (
    Goal(
        name="mnist-fast_cnn-99",
        dataset="mnist",
        model="fast_cnn",
        targets={0.99: 20},
        naive_model="strided_cnn",
        settings={"epochs": 2, "start_size": 20, "model_arguments": {"widths": (24, 64, 96)}},
    ),
    Goal(
        name="mnist-fast_cnn",
        dataset="mnist",
        model="fast_cnn",
        targets={0.994: 120},
        naive_model="strided_cnn",
    ),
    Goal(name="cifar10-lenet", dataset="cifar10", model="lenet", targets={0.70: 120}, naive_model="lenet"),
    Goal(
        name="cifar10-fast_cnn-80",
        dataset="cifar10",
        model="fast_cnn",
        targets={0.80: 120},
        naive_model="enhanced_cnn",
        settings={"epochs": 2, "model_arguments": {"widths": (64, 128, 192)}, **GENTLE},
        note=GENTLE_NOTE,
    ),
    Goal(
        name="cifar10-fast_cnn-90",
        dataset="cifar10",
        model="fast_cnn",
        targets={0.90: 600},
        naive_model="enhanced_cnn",
        settings={"epochs": 10, **GENTLE},
        long=True,
        note=GENTLE_NOTE,
    ),
    Goal(
        name="cifar10-fast_cnn-93",
        dataset="cifar10",
        model="fast_cnn",
        targets={0.93: 2700},
        naive_model="enhanced_cnn",
        settings={"epochs": 26, "start_size": 24, "model_arguments": {"widths": (128, 384, 384)}, **ERASING},
        long=True,
        note="As the model that ships was trained: up to 15 % of an image are erased.",
    ),
    Goal(
        name="cats_vs_dogs-fast_cnn",
        dataset="cats_vs_dogs",
        model="fast_cnn",
        targets={0.90: 720},
        naive_model="strided_cnn",
        long=True,
    ),
)


def chosen(names: Sequence[str], *, long: bool = False) -> list[Goal]:
    """Return the goals whose names are given, or all; the ``long`` ones only where they are wanted."""
    return [goal for goal in GOALS if (goal.name in names if names else long or not goal.long)]


def default_log() -> Path:
    """Return the file of finished trainings in the lab's home."""
    return home() / "benchmarks" / "accuracy.jsonl"


def measure(
    goals: Sequence[Goal], *, seeds: int, naive: bool, epochs: int | None, log: Path, tell: Tell
) -> list[TimeToAccuracy]:
    """Train what is missing in ``log`` for each goal and seed, and return what all of it came to.

    Without ``naive`` the naive loop trains nothing, but what ``log`` has of it counts.
    """
    done = Log(log)
    rows = []
    for goal in goals:
        if availability(goal.dataset) == "hub":
            sentence = f"{goal.dataset} is not on this machine: name its folder in CNN_LAB_DATA, or fetch it"
            rows.append(_row(goal, epochs, [], skipped=sentence))
            continue
        entries = []
        for seed in range(1 if goal.long else seeds):
            for side in ("ours", "naive"):
                config = goal.config(seed, epochs=epochs) if side == "ours" else goal.naive_config(seed)
                entry = done.find(goal.name, side, config)
                if entry is None:
                    if side == "naive" and not naive:
                        continue
                    tell(f"{goal.title}, seed {seed}, {side} …")
                    entry = done.add(goal.name, side, config, train(config, naively=side == "naive"))
                entries.append(entry)
                tell(f"{goal.title}, seed {seed}, {side}: {entry['test_accuracy']:.2%} on test images")
        rows.append(_row(goal, epochs, entries))
    return rows


def train(config: TrainingConfig, *, naively: bool) -> Fields:
    """Train once, by the lab or by the naive loop, and return its epochs and the verdict on the test split."""
    before = load()
    data = load_data(config.dataset, size=config.image_size)
    split = make_split(data)
    started = time.perf_counter()
    trainer = Trainer(config, data, split)
    beginning = time.perf_counter() - started  # whitening and the probe belong to the training
    epochs = list(_naive_epochs(trainer, data, split) if naively else epochs_of(trainer))
    if not naively:
        epochs[0]["seconds"] += beginning
    predictions = predict(
        trainer.model,
        data.images,
        data.labels,
        trainer.format,
        indices=split.test,
        mirrored=config.mirror_at_test,
        device=trainer.device,
    )
    verdict = judge(predictions, classes=len(data.spec.classes), unseen=True, sentence="")
    return {
        "date": now(),
        "commit": commit(),
        "load_before": before,
        "load_after": load(),
        "epochs": epochs,
        "test_accuracy": verdict.accuracy,
        "test_ci95": list(verdict.ci95),
        "test_n": verdict.n,
    }


def epochs_of(trainer: Trainer) -> Iterator[Fields]:
    """Train, and yield the validation accuracy of each epoch with the seconds of its training and its validation."""
    spent = 0.0
    for event in trainer.events():
        if isinstance(event, EpochDone):
            if event.epoch == 1 and trainer.features is not None:
                spent = trainer.features.spent_seconds  # the one pass of a frozen backbone belongs to the training
            yield {"val_accuracy": event.val_accuracy, "seconds": event.seconds + spent}
            spent = 0.0


def _naive_epochs(trainer: Trainer, data: LabelledImages, split: Split) -> Iterator[Fields]:
    """The naive loop on the trainer's own network and images, with the schedule of the notebook."""
    config, format = trainer.config, trainer.format
    loader = training_loader(trainer)
    plain = naive.naive_transform(dataclasses.replace(config, augmentation=()), format)
    pictures = naive.pictures_of(data.images[split.validation])
    judged = naive.naive_loader(
        naive.NaiveImages(pictures, data.labels[split.validation].tolist(), plain),
        batch_size=config.batch_size,
        shuffle=False,
    )
    optimizer = naive.naive_optimizer(trainer.model, config)
    schedule = naive.naive_schedule(optimizer, config)
    for _epoch in range(config.epochs):
        started = time.perf_counter()
        for _images in naive.naive_epoch(trainer.model, loader, optimizer):
            pass
        accuracy = naive.naive_accuracy(trainer.model, judged)
        schedule.step()
        yield {"val_accuracy": accuracy, "seconds": time.perf_counter() - started}


class Log:
    """A file of JSON lines, one a finished training; a line that was cut off by a crash counts for nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.code, self.machine = training_code(), this_machine().name
        self.entries = list(self._read())

    def _read(self) -> Iterator[Fields]:
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue

    def _key(self, row: str, side: str, config: TrainingConfig) -> Fields:
        settings = json.loads(config.to_json())
        return {"row": row, "side": side, "code": self.code, "machine": self.machine, "config": settings}

    def find(self, row: str, side: str, config: TrainingConfig) -> Fields | None:
        """Return the newest training of this configuration by this code on this machine, or None."""
        key = self._key(row, side, config)
        same = (entry for entry in reversed(self.entries) if {name: entry.get(name) for name in key} == key)
        return next(same, None)

    def add(self, row: str, side: str, config: TrainingConfig, measured: Fields) -> Fields:
        """Keep a training that has ended, and return its line."""
        entry = self._key(row, side, config) | measured
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        with self.path.open("a", encoding="utf-8") as file:
            gap = "\n" if text and not text.endswith("\n") else ""
            file.write(gap + json.dumps(entry, allow_nan=False) + "\n")
        self.entries.append(entry)
        return entry


def seconds_to(epochs: Sequence[Mapping[str, float]], target: float) -> float | None:
    """Return the seconds up to the end of the first epoch whose validation accuracy is ``target`` or more."""
    seconds = 0.0
    for epoch in epochs:
        seconds += epoch["seconds"]
        if epoch["val_accuracy"] >= target:
            return seconds
    return None


def _row(goal: Goal, epochs: int | None, entries: Sequence[Fields], *, skipped: str = "") -> TimeToAccuracy:
    config = goal.config(0, epochs=epochs)
    sides = {side: [entry["epochs"] for entry in entries if entry["side"] == side] for side in ("ours", "naive")}
    if len(sides["naive"]) < len(sides["ours"]):  # begun and stopped: a median of fewer seeds compares with nothing
        sides["naive"] = []
    return TimeToAccuracy(
        name=goal.name,
        title=f"{goal.title}, recipe {goal.recipe}, {config.epochs} epochs"
        + (f", images growing from {config.start_size} px" if config.start_size else ""),
        recipe=goal.recipe,
        note=goal.note,
        naive_title=goal.naive_title if sides["naive"] else "",
        targets=tuple(
            Reached(
                target=target,
                reach=limit,
                ours=tuple(seconds_to(curve, target) for curve in sides["ours"]),
                naive=tuple(seconds_to(curve, target) for curve in sides["naive"]),
            )
            for target, limit in goal.targets.items()
        ),
        trainings=tuple(
            Trained(
                seed=entry["config"]["seed"],
                side=entry["side"],
                seconds=sum(epoch["seconds"] for epoch in entry["epochs"]),
                epochs=len(entry["epochs"]),
                best_validation=max(epoch["val_accuracy"] for epoch in entry["epochs"]),
                test_accuracy=entry["test_accuracy"],
                test_ci95=(entry["test_ci95"][0], entry["test_ci95"][1]),
                test_n=entry["test_n"],
                load_before=tuple(entry["load_before"]),
                load_after=tuple(entry["load_after"]),
            )
            for entry in entries
        ),
        skipped=skipped,
    )
