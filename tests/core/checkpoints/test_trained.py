"""What the command line trained is found by a name, wherever it lies."""

import os
from pathlib import Path

import pytest

from core.checkpoints import find, note_training, trained_folder, trainings
from core.checkpoints.trained import training_folder
from core.errors import CheckpointError
from core.runs.leftovers import sweep
from tests.pages.networks import ship


def test_a_training_in_the_home_is_found_by_its_folders_name(home: Path) -> None:
    folder = trained_folder() / "digits-lenet-1a2b3c4d"
    ship(folder, "final")
    assert note_training(folder) == folder.name
    assert trainings() == [folder.name]
    assert find(folder.name).folder == folder / "final"


def test_a_training_elsewhere_is_found_by_a_name_of_its_own_as_long_as_it_is_there(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "My Öut"
    ship(folder, "final")
    name = note_training(folder)
    assert name == note_training(folder)  # noted once
    assert name.startswith("my-ut-")
    assert trainings() == [name]
    assert find(name).folder == folder / "final"
    folder.rename(tmp_path / "moved")
    assert trainings() == []
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        find(name)


def test_the_newest_training_comes_first(home: Path, tmp_path: Path) -> None:
    inside, outside = trained_folder() / "one", tmp_path / "two"
    inside.mkdir(parents=True), outside.mkdir()
    name = note_training(outside)
    os.utime(inside, (1_000, 1_000))
    assert trainings() == [name, "one"]
    os.utime(inside, (4e9, 4e9))
    assert trainings() == ["one", name]


def test_a_note_is_no_training_and_is_not_swept(home: Path, tmp_path: Path) -> None:
    name = note_training(tmp_path)
    assert sweep(home, at_work=()) == []
    assert training_folder("elsewhere") is None
    assert trainings() == [name]


@pytest.mark.parametrize("path", [b"", b"relative/folder", b"\xff\xfe", b"/a" * 3_000])
def test_a_note_that_says_nothing_is_passed_over(home: Path, path: bytes) -> None:
    notes = trained_folder() / "elsewhere"
    notes.mkdir(parents=True)
    (notes / "odd").write_bytes(path)
    assert trainings() == []


@pytest.mark.parametrize("name", ["../runs", "a/b", "", ".", "A"])
def test_only_a_name_is_looked_up(home: Path, name: str) -> None:
    assert training_folder(name) is None
