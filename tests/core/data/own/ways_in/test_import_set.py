"""What datasets 5.2.0 reads wrong, or not at all, is read here: the folders of real classes."""

import io
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pillow_heif
import pytest

from core.data.own import LIMITS, OwnPictures, OwnSets
from core.data.own.ways_in.found import NotFoundHereError
from core.data.own.ways_in.import_set import Imported, import_set
from core.errors import LabError
from tests.core.data.own.conftest import ADA, picture

Files = Mapping[str, bytes]
Import = Callable[[Files], Imported]


def make_folder(root: Path, files: Files) -> Path:
    for name, data in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return root


def make_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["folder", "zip"])
def imported(request: pytest.FixtureRequest, pictures: OwnPictures, tmp_path: Path) -> Import:
    def run(files: Files) -> Imported:
        place = tmp_path / ("set" if request.param == "folder" else "set.zip")
        made = make_folder(place, files) if request.param == "folder" else make_zip(place, files)
        return import_set(pictures, made, title="Mine", by=ADA)

    return run


def counts(found: Imported) -> dict[str, int]:
    return {each.name: each.pictures for each in found.own.classes}


def test_class_folders_become_a_set(imported: Import) -> None:
    found = imported(
        {"cat/1.jpg": picture(1), "cat/2.png": picture(2, form="PNG"), "dog/1.webp": picture(3, form="WEBP")}
    )
    assert (found.own.title, counts(found), found.skipped) == ("Mine", {"cat": 2, "dog": 1}, ())


def test_a_class_called_steam_train_drops_no_other_class(imported: Import) -> None:
    found = imported({f"{name}/1.jpg": picture(seed) for seed, name in enumerate(("steam train", "tram", "bus"))})
    assert counts(found) == {"bus": 1, "steam train": 1, "tram": 1}


def test_classes_dev_and_eval_have_labels(imported: Import) -> None:
    assert counts(imported({"dev/1.jpg": picture(1), "eval/1.jpg": picture(2)})) == {"dev": 1, "eval": 1}


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_a_class_whose_pictures_are_all_as_phones_store_them_has_labels(imported: Import, form: str) -> None:
    """datasets 5.2.0 knows no file ending of HEIC, and loses every label where a class holds nothing else."""
    pillow_heif.register_heif_opener(thumbnails=False)  # for writing; the photo door does so itself for reading
    files = {"cat/1.heic": picture(1, form=form), "cat/2.HEIC": picture(2, form=form), "dog/1.jpg": picture(3)}
    found = imported(files)
    assert (counts(found), found.skipped) == ({"cat": 2, "dog": 1}, ())


def test_one_level_too_deep_is_fine(imported: Import) -> None:
    files = {"mugs/cat/1.jpg": picture(1), "mugs/dog/1.jpg": picture(2), "__MACOSX/mugs/cat/._1.jpg": b"x"}
    assert counts(imported(files)) == {"cat": 1, "dog": 1}


def test_one_damaged_picture_is_listed_and_the_others_are_taken(imported: Import) -> None:
    files = {f"cat/{seed}.jpg": picture(seed) for seed in range(4)} | {
        "dog/0.jpg": picture(9)[:400],
        "dog/1.jpg": picture(8),
    }
    found = imported(files)
    assert counts(found) == {"cat": 4, "dog": 1}
    assert [(each.file, each.error) for each in found.skipped] == [
        ("dog/0.jpg", "This picture is cut short or damaged; save or copy it again.")
    ]


def test_what_is_no_picture_is_listed_with_its_own_sentence(imported: Import) -> None:
    found = imported(
        {"cat/1.jpg": picture(1), "cat/notes.txt": b"hello", "cat/empty.jpg": b"", "dog/1.jpg": picture(2)}
    )
    assert {each.file: each.error.partition(";")[0] for each in found.skipped} == {
        "cat/empty.jpg": "This file is empty",
        "cat/notes.txt": "This is not a picture the lab can open",
    }


def test_the_same_picture_in_two_classes_is_taken_once_and_said(imported: Import) -> None:
    found = imported({"cat/1.jpg": picture(1), "dog/1.jpg": picture(1), "dog/2.jpg": picture(2)})
    assert counts(found) == {"cat": 1, "dog": 1}
    assert [(each.file, each.error) for each in found.skipped] == [
        ("dog/1.jpg", "This picture is in the class 'cat' already; it was not added again.")
    ]


def test_where_nothing_can_be_taken_no_set_is_made(imported: Import, sets: OwnSets) -> None:
    with pytest.raises(
        NotFoundHereError, match=r"None of these files could be taken\. cat/1\.jpg: This is not a picture"
    ):
        imported({"cat/1.jpg": b"nothing", "dog/1.jpg": b"neither"})
    assert sets.list() == ()


def test_no_set_is_made_of_what_has_no_class_folders(imported: Import, sets: OwnSets) -> None:
    with pytest.raises(NotFoundHereError, match="Make a folder for each class"):
        imported({"1.jpg": picture(1)})
    assert sets.list() == ()


def test_what_has_no_room_is_one_line_a_class(home: Path, tmp_path: Path) -> None:
    sets = OwnSets(home, limits=replace(LIMITS, pictures_a_class=3))
    files = {f"a/{seed}.jpg": picture(seed) for seed in range(5)} | {
        f"b/{seed}.jpg": picture(9 + seed) for seed in (1, 2)
    }
    folder = make_folder(tmp_path / "x", files)
    found = import_set(OwnPictures(sets), folder, title="Mine", by=ADA)
    assert counts(found) == {"a": 3, "b": 2}
    assert [(each.file, each.error) for each in found.skipped] == [
        ("2 more of 'a'", "This class may have 3 pictures, and has them; delete some first.")
    ]
    sets.close()


def test_a_link_or_a_pipe_in_a_folder_is_not_followed(pictures: OwnPictures, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "x", {"cat/1.jpg": picture(1), "dog/1.jpg": picture(2)})
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture(3))
    (folder / "cat" / "2.jpg").symlink_to(secret)
    (folder / "more").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "dog" / "2.jpg")
    found = import_set(pictures, folder, title="Mine", by=ADA)
    assert counts(found) == {"cat": 1, "dog": 1}
    assert {each.file: each.error for each in found.skipped} == {
        "cat/2.jpg": "This file cannot be read: it is a link; put the file itself there.",
        "dog/2.jpg": "This file cannot be read: it is not a regular file.",
    }


@pytest.mark.parametrize("name", ["missing", "missing.zip"])
def test_what_is_not_there_is_a_sentence(pictures: OwnPictures, tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundHereError, match=f"There is no file or folder '{name}'"):
        import_set(pictures, tmp_path / name, title="Mine", by=ADA)


def test_a_title_that_cannot_be_is_said_before_anything_is_read(pictures: OwnPictures, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "x", {"cat/1.jpg": picture(1)})
    with pytest.raises(LabError, match="title of the set is empty"):
        import_set(pictures, folder, title=" ", by=ADA)


def test_names_in_a_zip_of_a_mac_or_of_windows_are_read(pictures: OwnPictures, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"Küche\\1.jpg": picture(1), "Schlüssel/1.jpg": picture(2)})
    data = bytearray(path.read_bytes())
    for start, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):  # names in UTF-8 that are not marked as such
        for found_at in re.finditer(re.escape(start), bytes(data)):
            data[found_at.start() + flags] &= 0xF7
    path.write_bytes(data)
    found = import_set(pictures, path, title="Mine", by=ADA)
    assert counts(found) == {"Küche": 1, "Schlüssel": 1}


def test_names_in_a_zip_of_windows_have_the_letters_of_western_europe(pictures: OwnPictures, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"P#o/1.jpg": picture(1), "S#l/1.jpg": picture(2), "B#r/1.jpg": picture(3)})
    data = path.read_bytes()
    for name in ("Pão", "Søl", "Bär"):
        data = data.replace(f"{name[0]}#{name[2]}".encode(), name.encode("cp850"))
    written = bytearray(data)
    for found_at in re.finditer(rb"PK\x01\x02", data):
        written[found_at.start() + 5] = 0  # made by
    path.write_bytes(written)
    assert counts(import_set(pictures, path, title="Mine", by=ADA)) == {"Bär": 1, "Pão": 1, "Søl": 1}


def test_progress_is_told(pictures: OwnPictures, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    folder = make_folder(tmp_path / "x", {f"cat/{seed}.jpg": picture(seed) for seed in range(40)})
    import_set(pictures, folder, title="Mine", by=ADA, tell=lambda text, share: told.append((text, share)))
    assert told == [("32 of 40 pictures", 0.8), ("40 of 40 pictures", 1.0)]


def test_pictures_keep_the_order_of_their_files(pictures: OwnPictures, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "x", {f"cat/{seed}.jpg": picture(seed) for seed in range(40)})
    found = import_set(pictures, folder, title="Mine", by=ADA)
    assert [each.file_name for each in pictures.list(found.own.id)] == [f"{seed}.jpg" for seed in range(40)]
    assert io.BytesIO(pictures.read(found.own.id, pictures.list(found.own.id)[0].id)).read(3) == b"\xff\xd8\xff"
