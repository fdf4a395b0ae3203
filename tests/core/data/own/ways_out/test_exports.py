"""Out of the lab and in again: class folders, Parquet that datasets reads, and one zip for another lab."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.data.own import NewPicture, OwnPictures, OwnSet, OwnSetError, OwnSets, open_own_sets
from core.data.own.as_data_set import manifest_of
from core.data.own.manifests import Manifest
from core.data.own.versions import Versions
from core.data.own.ways_in.found import NotFoundHereError
from core.data.own.ways_in.import_set import import_set, import_zip
from core.data.own.ways_out.export import as_folders, as_parquet
from core.data.own.ways_out.safe_names import class_folders_of
from core.data.own.ways_out.saved_set import save_set, save_to
from core.errors import DataError
from tests.core.data.own.conftest import ADA, BEN, picture

NAMES = ("../../etc", "=1+1", "steam train", "CON", "Küche <b>")


@pytest.fixture
def sets(home: Path) -> OwnSets:
    return open_own_sets()


@pytest.fixture
def made(sets: OwnSets, pictures: OwnPictures) -> OwnSet:
    """Five classes of names that mean ill, four pictures each, by two people and nobody, two of a burst, one tiny."""
    own = sets.create("Mine & <yours>", by=ADA, classes=NAMES)
    for seed in range(20):
        data = picture(seed, size=(20, 20), form="PNG") if seed == 7 else picture(seed, size=(700, 500))
        brought = NewPicture(
            data=data,
            file_name=f"IMG {seed}.jpg",
            contributor=("Ada", "Ben", None)[seed % 3],
            burst="b" if seed in (3, 6) else None,
            taken=1_700_000_000.0 + seed,
        )
        pictures.add(own.id, own.classes[seed % 5].id, brought, by=ADA)
    return sets.get(own.id)


def manifest(made: OwnSet) -> Manifest:
    found = manifest_of(made.name)
    assert found is not None
    return found


def test_folder_names_are_harmless_and_no_two_alike() -> None:
    odd = ["../x", "..", "CON", "a/b", "a_b", "A_B", "", " .hidden", "-rf", "=1+1", "猫", "x" * 60, "nul.txt", "a\x00"]
    folders = class_folders_of(odd)
    assert len({folder.casefold() for folder in folders}) == len(odd)
    for folder in folders:
        assert folder
        assert not set(folder) & set('/\\:*?"<>|.=\0')
        assert folder[0] not in "-. "
        assert folder.upper() not in ("CON", "NUL")
        assert len(folder.encode()) <= 255


def test_class_folders_hold_every_picture_under_names_made_of_ids(
    pictures: OwnPictures, made: OwnSet, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    assert as_folders(manifest(made), target) == 20
    files = sorted(path for path in target.rglob("*") if path.is_file())
    assert len(files) == 20
    assert {path.parent.parent for path in files} == {target}
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["out"]
    ids = {each.id: pictures.read(made.id, each.id) for each in pictures.list(made.id)}
    for path in files:
        place, _hyphen, name = path.stem.partition("-")
        (whole,) = (each for each in ids if each.startswith(name))
        assert path.read_bytes() == ids[whole]
        assert list(ids)[int(place)] == whole


def test_exported_folders_come_in_again_bit_by_bit(pictures: OwnPictures, made: OwnSet, tmp_path: Path) -> None:
    as_folders(manifest(made), tmp_path / "out")
    again = import_set(pictures, tmp_path / "out", title="Again", by=BEN)
    ids = [{each.id for each in pictures.list(own.id)} for own in (made, again.own)]
    assert ids[0] == ids[1]
    assert again.skipped == ()


def test_datasets_reads_the_parquet_export(pictures: OwnPictures, made: OwnSet, tmp_path: Path) -> None:
    from datasets import load_dataset

    assert as_parquet(manifest(made), tmp_path / "out") == 20
    loaded = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features["label"].names == list(NAMES)
    assert loaded["label"] == [seed % 5 for seed in range(20)]
    assert loaded["contributor"] == [("Ada", "Ben", None)[seed % 3] for seed in range(20)]
    for row, kept in zip(loaded, pictures.list(made.id), strict=True):
        with Image.open(io.BytesIO(pictures.read(made.id, kept.id))) as image:
            assert np.array_equal(np.asarray(row["image"].convert("RGB")), np.asarray(image))


def test_the_parquet_export_comes_in_again(pictures: OwnPictures, made: OwnSet, tmp_path: Path) -> None:
    as_parquet(manifest(made), tmp_path / "out")
    again = import_set(pictures, tmp_path / "out", title="Again", by=BEN)
    assert [each.name for each in again.own.classes] == list(NAMES)
    assert [each.id for each in pictures.list(again.own.id)] == [each.id for each in pictures.list(made.id)]


@pytest.mark.parametrize("write", [as_folders, as_parquet])
def test_an_export_never_writes_into_what_is_there(
    made: OwnSet, tmp_path: Path, write: Callable[[Manifest, Path], int]
) -> None:
    target = tmp_path / "out"
    target.mkdir()
    write(manifest(made), target)  # an empty one is as good as none
    with pytest.raises(OwnSetError, match="'out' is there already, and not empty"):
        write(manifest(made), target)


@pytest.mark.parametrize("write", [as_folders, as_parquet])
def test_an_export_that_fails_leaves_nothing(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, tmp_path: Path, write: Callable[[Manifest, Path], int]
) -> None:
    kept = Versions(sets).keep(made.id)
    pictures.delete(made.id, [kept.pictures[10].id], by=ADA, for_good=True)
    with pytest.raises(DataError, match="deleted for good"):
        write(kept, tmp_path / "x" / "out")
    assert list((tmp_path / "x").iterdir()) == []


def saved(pictures: OwnPictures, made: OwnSet) -> bytes:
    stream = io.BytesIO()
    assert save_set(pictures, made.id, stream) == made.pictures
    return stream.getvalue()


def test_a_set_that_is_saved_and_opened_in_another_lab_is_the_same_version(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, tmp_path: Path
) -> None:
    other = OwnPictures(OwnSets(tmp_path / "another home"))
    opened = import_zip(other, io.BytesIO(saved(pictures, made)), "x.zip", by=BEN)
    assert opened.skipped == ()
    assert (opened.own.id, opened.own.title, opened.own.owner) == (made.id, made.title, BEN.owner)
    assert Versions(other.sets).now(made.id) == Versions(sets).now(made.id)
    assert Versions(other.sets).get(made.id) == Versions(sets).get(made.id)
    for before, after in zip(pictures.list(made.id), other.list(made.id), strict=True):
        assert (before.id, before.contributor, before.burst, before.taken, before.added, before.file_name) == (
            after.id,
            after.contributor,
            after.burst,
            after.taken,
            after.added,
            after.file_name,
        )
        assert pictures.read(made.id, before.id) == other.read(made.id, after.id)
    other.sets.close()


def test_opened_in_the_same_lab_it_is_a_set_beside_the_first(pictures: OwnPictures, made: OwnSet) -> None:
    opened = import_zip(pictures, io.BytesIO(saved(pictures, made)), "x.zip", title="A copy", by=BEN)
    assert (opened.own.title, opened.own.pictures) == ("A copy", made.pictures)
    assert opened.own.id != made.id


def test_the_zip_is_one_of_class_folders_to_anybody_else(pictures: OwnPictures, made: OwnSet, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(saved(pictures, made))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        without = tmp_path / "without.zip"
        with zipfile.ZipFile(without, "w") as other:
            for name in names:
                if name != "set.json":
                    other.writestr(name, archive.read(name))
    assert {name.split("/")[0] for name in names if "/" in name} == set(class_folders_of(NAMES))
    assert import_set(pictures, without, title="Plain", by=BEN).own.pictures == 20


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The saved zip with something else in its ``set.json``."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "set.json":
                about = json.loads(content)
                change(about)
                content = json.dumps(about).encode()
            other.writestr(name, content)
    return stream.getvalue()


def set_first(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda about: about["pictures"][0].__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda about: about.__setitem__("schema", 3), "saved by a newer CNN Lab"),
        (lambda about: about.__setitem__("title", 5), "title is 5, which is not text"),
        (lambda about: about.__setitem__("title", "a\x1bb"), "holds a control character"),
        (lambda about: about.__setitem__("classes", ["a", "A", "b", "c", "d"]), "There is a class 'a' already"),
        (lambda about: about.__setitem__("classes", ["a"]), "of a class that is not there"),
        (lambda about: about.__setitem__("classes", [f"c{n}" for n in range(51)]), "50 are allowed"),
        (lambda about: about.__setitem__("more", 1), "a field 'more' that is unknown here"),
        (lambda about: about.pop("pictures"), "field 'pictures' is missing"),
        (set_first("class_number", -1), "of a class that is not there"),
        (set_first("added", "now"), "is not a number"),
        (set_first("contributor", "x" * 61), "has 61 characters; it may have 60"),
    ],
)
def test_what_a_saved_set_says_is_held_against_the_rules(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    data = changed(saved(pictures, made), change)
    try:
        opened = import_zip(pictures, io.BytesIO(data), "x.zip", by=BEN)
    except (NotFoundHereError, OwnSetError) as error:
        said = str(error)
        assert [each.id for each in sets.list()] == [made.id]
    else:
        said = " ".join(each.error for each in opened.skipped)
    assert sentence in said


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (set_first("contributor", "x" * 61), "The name of who took the picture has 61 characters"),
        (set_first("file", "../../x.jpg"), "It is not in the zip."),
        (set_first("file", "set.json"), "This is not a picture the lab can open"),
    ],
)
def test_a_picture_that_is_not_there_or_none_is_listed(
    pictures: OwnPictures, made: OwnSet, change: Callable[[dict[str, Any]], object], error: str
) -> None:
    opened = import_zip(pictures, io.BytesIO(changed(saved(pictures, made), change)), "x.zip", by=BEN)
    assert opened.own.pictures == 19
    assert [each.error.partition(";")[0] for each in opened.skipped] == [error]


def test_a_set_that_an_earlier_lab_saved_is_opened(pictures: OwnPictures, made: OwnSet) -> None:
    def earlier(about: dict[str, Any]) -> None:
        about["schema"] = 1  # as the first labs wrote it: nothing of versions
        del about["versions"]

    opened = import_zip(pictures, io.BytesIO(changed(saved(pictures, made), earlier)), "x.zip", by=BEN)
    assert (opened.own.pictures, opened.skipped) == (20, ())
    assert [each.name for each in opened.own.classes] == [each.name for each in made.classes]


@pytest.mark.parametrize("seconds", [-5, 1e300, 0])
def test_times_that_no_clock_could_mean_are_not_taken(pictures: OwnPictures, made: OwnSet, seconds: float) -> None:
    def change(about: dict[str, Any]) -> None:
        about["pictures"][0] |= {"added": seconds, "taken": seconds}

    opened = import_zip(pictures, io.BytesIO(changed(saved(pictures, made), change)), "x.zip", by=BEN)
    first = pictures.list(opened.own.id)[0]
    assert first.taken is None
    assert first.added > 1_700_000_000


@pytest.mark.parametrize("wanted", ["../../../etc", "AAAAAAAAAA", "", "a" * 200])
def test_an_id_that_is_none_is_not_taken(pictures: OwnPictures, made: OwnSet, wanted: str) -> None:
    data = changed(saved(pictures, made), lambda about: about.__setitem__("id", wanted))
    assert len(import_zip(pictures, io.BytesIO(data), "x.zip", by=BEN).own.id) == 10


def test_a_zip_to_a_file_is_there_whole_or_not_at_all(pictures: OwnPictures, made: OwnSet, tmp_path: Path) -> None:
    target = tmp_path / "x" / "mine.zip"
    assert save_to(target, lambda file: save_set(pictures, made.id, file)) == 20
    assert [path.name for path in target.parent.iterdir()] == ["mine.zip"]
    assert import_set(pictures, target, by=BEN).own.title == made.title
    with pytest.raises(OwnSetError, match=r"'mine\.zip' is there already"):
        save_to(target, lambda file: save_set(pictures, made.id, file))
