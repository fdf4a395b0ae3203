"""A head on kept features for a class's own pictures: against the loop that runs the frozen backbone in every epoch.

The pictures are drawn, half of each of two classes. Every turn begins with a home in which nothing is kept.
"""

import dataclasses
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.rows import Comparison
from benchmarks.training import naive
from core.config import TrainingConfig
from core.data import load, make_split
from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.judging.evaluation import predict
from core.recipes import recipe_config
from core.rights import Person
from core.training import feature_files
from core.training.trainer import Trainer

Tell = Callable[[str], None]

PICTURES, MORE = 300, 10
EPOCHS = 25
SIDE = 400  # pixels of a picture as it is handed in
TEACHER = Person(owner="benchmark")


def measure(*, pairs: int, tell: Tell) -> list[Comparison]:
    """Return the three rows: 25 epochs, ten pictures more, and the way from the last picture to a judged network."""
    epochs: tuple[list[float], list[float]] = ([], [])
    added: tuple[list[float], list[float]] = ([], [])
    judged: list[float] = []
    batch = 0
    for turn in range(pairs):
        tell(f"turn {turn + 1} of {pairs} …")
        with _empty_home():
            own, pictures = _set_of(PICTURES)
            batch = _config(own).batch_size
            started = time.perf_counter()
            trainer = _trained(_config(own))
            predict(trainer.model, trainer.data.images, trainer.data.labels, trainer.format, indices=trainer.split.test)
            judged.append(time.perf_counter() - started)
            epochs[0].append(_seconds(partial(_naive, _config(own))))
            epochs[1].append(_trained_in(_config(own)))
            _add(pictures, own, range(PICTURES, PICTURES + MORE))
            load(own.name)  # decoding is no part of looking
            added[1].append(_looked_in(_config(own)))
            shutil.rmtree(feature_files.folder())
            added[0].append(_looked_in(_config(own)))
    return [
        Comparison(
            name="own-pictures-head",
            title=f"A head on a frozen EfficientNet-Lite0, {EPOCHS} epochs, {PICTURES} own pictures",
            unit="s",
            batch=batch,
            naive=tuple(epochs[0]),
            ours=tuple(epochs[1]),
            target_ratio=25,
        ),
        Comparison(
            name="own-pictures-added",
            title=f"Features after {MORE} pictures were added to {PICTURES}: anew, and only of those",
            unit="s",
            batch=batch,
            naive=tuple(added[0]),
            ours=tuple(added[1]),
            target_ratio=20,
        ),
        Comparison(
            name="own-pictures-judged",
            title=f"From the last of {PICTURES} pictures to a judged network, decoding included",
            unit="s",
            batch=batch,
            ours=tuple(judged),
            target=10,
        ),
    ]


def _set_of(count: int) -> tuple[OwnSet, OwnPictures]:
    sets = open_own_sets()
    own = sets.create("Drawn", by=TEACHER, classes=("warm", "cold"))
    pictures = OwnPictures(sets)
    _add(pictures, own, range(count))
    return sets.get(own.id), pictures


def _add(pictures: OwnPictures, own: OwnSet, numbers: range) -> None:
    for number in numbers:
        kind = number % 2
        new = NewPicture(data=_picture(number, kind), file_name=f"{number}.jpg")
        pictures.add(own.id, own.classes[kind].id, new, by=TEACHER)


def _picture(number: int, kind: int) -> bytes:
    """A smooth scene of its own, with more red or more blue in it."""
    random = np.random.default_rng(number)
    small = random.integers(0, 200, (8, 8, 3), dtype=np.uint8)
    small[:, :, 2 * kind] += 55
    file = BytesIO()
    Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def _config(own: OwnSet) -> TrainingConfig:
    fields = {"epochs": EPOCHS, "augmentation": ()}
    return recipe_config("notebook", dataset=own.name, model="efficientnet_lite0", **fields)


def _trainer(config: TrainingConfig) -> Trainer:
    data = load(config.dataset, size=config.image_size)
    return Trainer(config, data, make_split(data))


def _trained(config: TrainingConfig) -> Trainer:
    trainer = _trainer(config)
    for _event in trainer.events():
        pass
    return trainer


def _trained_in(config: TrainingConfig) -> float:
    shutil.rmtree(feature_files.folder())
    trainer = _trainer(config)
    return _seconds(lambda: list(trainer.events()))


def _looked_in(config: TrainingConfig) -> float:
    trainer = _trainer(config)
    return _seconds(trainer.keep_features)


def _naive(config: TrainingConfig) -> None:
    trainer = _trainer(dataclasses.replace(config, precision="fp32"))
    plain = naive.naive_transform(trainer.config, trainer.format)
    chosen = trainer.split.train
    pictures = naive.pictures_of(trainer.data.images[chosen])
    images = naive.NaiveImages(pictures, trainer.data.labels[chosen].tolist(), plain)
    loader = naive.naive_loader(images, batch_size=config.batch_size, shuffle=True)
    for _step in naive.naive_training(trainer.model, loader, config, epochs=EPOCHS):
        pass


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _empty_home() -> Iterator[None]:
    before = os.environ.get("CNN_LAB_HOME")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["CNN_LAB_HOME"] = str(Path(folder) / "home")
        try:
            yield
        finally:
            os.environ.pop("CNN_LAB_HOME")
            if before is not None:
                os.environ["CNN_LAB_HOME"] = before
