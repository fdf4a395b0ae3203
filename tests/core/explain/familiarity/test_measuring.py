"""What is measured of a network that ships, kept in the home, read again, and never believed where it is damaged."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints import Checkpoint, find, read
from core.data import datasets, load, make_split
from core.errors import CheckpointError, DataError
from core.explain.familiarity import foreign, measuring
from core.explain.familiarity.foreign import foreign_images
from core.explain.familiarity.measuring import (
    FILE,
    Familiarity,
    known_familiarity,
    measure,
    measured_familiarity,
    note_beside_card,
)
from core.training.assembly import training_indices


@pytest.fixture(scope="module")
def digits() -> Checkpoint:
    shipped = find("digits-lenet")
    return Checkpoint(shipped.folder, dataclasses.replace(shipped.card, outsiders=None))


@pytest.fixture(scope="module")
def found(digits: Checkpoint) -> Familiarity:
    return measure(digits, digits.load_model(), training=300, others=120)


def test_shapes_are_told_from_digits(found: Familiarity) -> None:
    figures = found.outsiders
    assert (figures.images, figures.n, figures.own_n) == ("Shapes (generated)", 60, 60), "the other 60 chose the score"
    assert set(figures.auroc) == {"distance", "energy", "faintness"}
    assert figures.as_small is None, "shapes have 32 px, and digits 28 here"
    assert figures.auroc[figures.score] > 0.75
    assert 0 <= figures.false_alarms < figures.caught <= 1


def test_only_training_images_are_kept(digits: Checkpoint, found: Familiarity) -> None:
    split = make_split(load("digits", size=digits.card.image_size))
    assert set(found.known.indices.tolist()) <= set(split.train.tolist())
    assert len(found.known.indices) == 300
    labels = load("digits", size=digits.card.image_size).labels[found.known.indices]
    assert found.known.labels.tolist() == labels.tolist()


def test_of_a_training_on_fewer_images_those_alone_are_kept(digits: Checkpoint) -> None:
    config = dataclasses.replace(digits.card.config, limit=100)
    few = Checkpoint(digits.folder, dataclasses.replace(digits.card, config=config))
    known = measure(few, digits.load_model(), training=300, others=20).known
    learned = training_indices(make_split(load("digits", size=digits.card.image_size)), config)
    assert set(known.indices.tolist()) == set(learned.tolist())


def test_it_is_measured_once_and_read_again(
    digits: Checkpoint, found: Familiarity, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "measure", lambda *_args, **_more: found)
    assert known_familiarity(digits) is None
    model = digits.load_model()
    assert measured_familiarity(digits, model) is found
    monkeypatch.setattr(measuring, "measure", pytest.fail)
    again = measured_familiarity(digits, model)
    assert again.outsiders == found.outsiders
    assert np.array_equal(again.known.places, found.known.places)
    assert again.known.steps["energy"] == pytest.approx(found.known.steps["energy"])
    (file,) = (home / "explained").glob("*.npz")
    file.write_bytes(file.read_bytes()[:-100])
    assert known_familiarity(digits) is None


@pytest.fixture
def noted(digits: Checkpoint, found: Familiarity, tmp_path: Path) -> Checkpoint:
    folder = tmp_path / "network"
    shutil.copytree(digits.folder, folder)
    note_beside_card(Checkpoint(folder, digits.card), found)
    return read(folder)


def test_beside_the_card_it_goes_along_with_the_network(noted: Checkpoint, found: Familiarity) -> None:
    known = known_familiarity(noted)
    assert known is not None
    assert dataclasses.replace(known.outsiders, sha256="") == found.outsiders
    assert np.array_equal(known.known.indices, found.known.indices)
    assert noted.load_model() is not None


def test_an_altered_file_is_a_sentence(noted: Checkpoint) -> None:
    file = noted.folder / FILE
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match="altered since it was written"):
        known_familiarity(noted)


@pytest.mark.parametrize("figures", [{"caught": 1.5}, {"score": "guess"}, {"n": 0}])
def test_a_card_with_impossible_figures_is_refused(noted: Checkpoint, figures: dict[str, object]) -> None:
    assert noted.card.outsiders is not None
    wrong = dataclasses.replace(noted.card, outsiders=dataclasses.replace(noted.card.outsiders, **figures))
    (noted.folder / "card.json").write_text(wrong.to_json(), encoding="utf-8")
    with pytest.raises(CheckpointError, match="card cannot be read"):
        read(noted.folder)


def test_a_network_that_learned_from_another_copy_is_not_measured(digits: Checkpoint) -> None:
    other = dataclasses.replace(digits.card, split_fingerprint="another")
    with pytest.raises(DataError, match="not the one that this network learned from"):
        measure(Checkpoint(digits.folder, other), digits.load_model(), training=20, others=20)


def test_foreign_images_show_nothing_of_what_a_network_knows() -> None:
    shapes = foreign_images("own", ("cat", "circle", "star"), channels=3, at_most=40)
    names = {shapes.data.spec.classes[label] for label in shapes.data.labels[shapes.indices]}
    assert names == {"square", "triangle", "ring", "cross"}
    assert shapes.title == "Shapes (generated) without circle and star"
    assert foreign_images("shapes", ("circle",), channels=3, at_most=9).title == "Digits (built in)"


def test_for_photos_they_are_of_cifar10_where_it_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = load("shapes")
    of_cifar10 = dataclasses.replace(shapes, spec=datasets["cifar10"], labels=np.arange(len(shapes.labels)) % 10)
    monkeypatch.setattr(foreign, "availability", lambda _name: "prepared")
    monkeypatch.setattr(foreign, "load", {"cifar10": of_cifar10}.__getitem__)
    found = foreign_images("cats_vs_dogs", ("cat", "dog"), channels=3, at_most=30)
    assert found.title == "CIFAR-10 without cat and dog"
    assert set(of_cifar10.labels[found.indices].tolist()) == {0, 1, 2, 4, 6, 7, 8, 9}
