"""Folders of Parquet files as other people write them: names of classes, pictures beside them or on their side."""

import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image

from core.command_line.program import main
from core.data import LabelledImages, datasets, load
from core.data.class_names import numbers_of
from core.data.samples import held_out_samples
from core.errors import DataError

RED, BLUE = (255, 0, 0), (0, 0, 255)  # cats are red and dogs are blue
COLOUR = {"cat": RED, "dog": BLUE}


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of cats vs dogs in a data folder, still empty."""
    place = tmp_path / "data" / "microsoft--cats_vs_dogs"
    place.mkdir(parents=True)
    monkeypatch.setenv("CNN_LAB_DATA", str(place.parent))
    return place


def encoded(colour: tuple[int, int, int], kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(stream, kind, **options)
    return stream.getvalue()


def row(animal: str, label: object) -> dict[str, object]:
    return {"image": {"bytes": encoded(COLOUR[animal]), "path": None}, "labels": label}


def write(file: Path, rows: Sequence[dict[str, object]], names: Sequence[str] | None = None) -> None:
    """Write a Parquet file, with the description that Hugging Face's tools read: ``names`` by number."""
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {"image": pa.array([entry["image"] for entry in rows], picture), "labels": [entry["labels"] for entry in rows]}
    )
    if names is not None:
        features = {"image": {"_type": "Image"}, "labels": {"names": list(names), "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def animals(data: LabelledImages) -> list[tuple[str, str]]:
    """What each picture shows, by its colour, and what its label says."""
    shown = ["cat" if red > 128 else "dog" for red in data.images[:, 0, 8, 8]]
    return [(what, data.spec.classes[label]) for what, label in zip(shown, data.labels, strict=True)]


def refusal() -> str:
    with pytest.raises(DataError) as raised:
        load("cats_vs_dogs", size=16)
    return str(raised.value)


# Names of classes


@pytest.mark.parametrize("names", [["dog", "cat"], ["cat", "dog"], [" Dog", "CAT "], ["Cat", "Dog"]])
def test_a_cat_is_a_cat_in_whatever_order_the_classes_are_named(folder: Path, names: list[str]) -> None:
    by_name = {name.strip().lower(): place for place, name in enumerate(names)}
    write(folder / "train.parquet", [row(animal, by_name[animal]) for animal in ("cat", "dog", "dog", "cat")], names)
    data = load("cats_vs_dogs", size=16)
    assert animals(data) == [(animal, animal) for animal in ("cat", "dog", "dog", "cat")]
    assert data.note == ""


def test_the_fingerprint_is_that_of_the_same_pictures_in_the_catalogues_order(folder: Path, tmp_path: Path) -> None:
    write(folder / "train.parquet", [row("cat", 1), row("dog", 0)], ["dog", "cat"])
    swapped = load("cats_vs_dogs", size=16).fingerprint
    write(folder / "train.parquet", [row("cat", 0), row("dog", 1)], ["cat", "dog"])
    assert load("cats_vs_dogs", size=16).fingerprint == swapped


@pytest.mark.parametrize("names", [["cat", "bird"], ["cat"], ["cat", "dog", "bird"]])
def test_other_classes_are_refused_with_both_lists(folder: Path, names: list[str]) -> None:
    write(folder / "train.parquet", [row("cat", 0)], names)
    sentence = refusal()
    assert f"{len(names)} classes here: {', '.join(names)}." in sentence
    assert "Expected were 2: cat, dog." in sentence


def test_one_name_for_two_classes_is_refused() -> None:
    with pytest.raises(DataError, match="2 classes here: cat, Cat"):
        numbers_of(datasets["cats_vs_dogs"], ["cat", "Cat"])


def test_a_thousand_long_names_make_a_short_sentence() -> None:
    with pytest.raises(DataError) as raised:
        numbers_of(datasets["cats_vs_dogs"], ["x" * 9000] * 1000)
    assert len(str(raised.value)) < 1200


@pytest.mark.parametrize("name", list(datasets))
def test_every_data_set_knows_its_own_names_spelt_by_others(name: str) -> None:
    classes = datasets[name].classes
    others = [name.upper().replace(" / ", "/").replace("-", " - ") for name in reversed(classes)]
    assert numbers_of(datasets[name], others) == tuple(reversed(range(len(classes))))


def test_names_that_are_the_labels_themselves_decide(folder: Path) -> None:
    write(folder / "train.parquet", [row("dog", "Dog"), row("cat", "cat")])
    data = load("cats_vs_dogs", size=16)
    assert (animals(data), data.note) == ([("dog", "dog"), ("cat", "cat")], "")


def test_a_label_that_names_no_class_is_refused_with_both_lists(folder: Path) -> None:
    write(folder / "train.parquet", [row("dog", "dog"), row("cat", "bird")])
    assert "2 classes here: bird, dog. Expected were 2: cat, dog." in refusal()


def test_numbers_without_names_stay_as_they_are_and_that_is_said(folder: Path) -> None:
    write(folder / "train.parquet", [row("dog", 1), row("cat", 0)])
    data = load("cats_vs_dogs", size=16)
    assert animals(data) == [("dog", "dog"), ("cat", "cat")]
    assert "have no names, so their numbers are believed: 0 is cat, 1 is dog." in data.note
    load("cats_vs_dogs")
    assert data.note in CliRunner().invoke(main, ["fetch", "cats_vs_dogs"]).output


@pytest.mark.parametrize("label", [None, -1, 2, 2**63])
def test_a_number_of_no_class_is_refused(folder: Path, label: int | None) -> None:
    rows = [row("dog", 1), row("cat", label)]
    for entry in rows[: 2 * (label == 2**63)]:
        entry["labels"] = np.uint64(entry["labels"])  # type: ignore[call-overload]
    write(folder / "train.parquet", rows)
    assert "a label out of range" in refusal()


def test_labels_that_are_neither_names_nor_whole_numbers_are_refused(folder: Path) -> None:
    write(folder / "train.parquet", [row("dog", 0.5)])
    assert "column 'labels' holds float64, where names of classes or whole numbers were expected" in refusal()


def test_two_files_that_number_the_classes_differently_are_refused(folder: Path) -> None:
    """``load_dataset`` gives the second file's labels the names of the first."""
    write(folder / "train-0.parquet", [row("cat", 0)], ["cat", "dog"])
    write(folder / "train-1.parquet", [row("dog", 0)], ["dog", "cat"])
    assert "number the classes differently (cat, dog; in train-1.parquet dog, cat)" in refusal()


def test_names_in_the_second_file_alone_count_for_both(folder: Path) -> None:
    write(folder / "train-0.parquet", [row("dog", 0)])
    write(folder / "train-1.parquet", [row("cat", 1)], ["dog", "cat"])
    data = load("cats_vs_dogs", size=16)
    assert (animals(data), data.note) == ([("dog", "dog"), ("cat", "cat")], "")


def test_a_copy_that_an_earlier_build_took_by_position_is_made_anew(folder: Path, home: Path) -> None:
    write(folder / "train.parquet", [row("cat", 1), row("dog", 0)], ["dog", "cat"])
    load("cats_vs_dogs", size=16)
    (copy,) = (path for path in (home / "prepared").iterdir() if path.is_dir())
    np.save(copy / "labels.npy", np.array([1, 0]))
    about = {"fingerprint": "0" * 32, "official_test_start": None}  # all that was written then
    (copy / "about.json").write_text(json.dumps(about), encoding="utf-8")
    data = load("cats_vs_dogs", size=16)
    assert animals(data) == [("cat", "cat"), ("dog", "dog")]
    assert data.fingerprint != "0" * 32


def test_a_copy_of_an_earlier_build_stays_valid_where_the_order_is_the_catalogues(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "train.parquet", [row("cat", 0), row("dog", 1)], ["cat", "dog"])
    fingerprint = load("cats_vs_dogs", size=16).fingerprint
    (about,) = (home / "prepared").glob("*/about.json")
    about.write_text(json.dumps({"fingerprint": fingerprint, "official_test_start": None}), encoding="utf-8")
    monkeypatch.setattr("core.data.loading.prepare", lambda *_arguments: pytest.fail("decoded twice"))
    assert load("cats_vs_dogs", size=16).fingerprint == fingerprint


def test_a_second_file_that_is_damaged_is_a_sentence(folder: Path) -> None:
    write(folder / "train-0.parquet", [row("cat", 0)], ["cat", "dog"])
    (folder / "train-1.parquet").write_bytes(b"PAR1 not really")
    assert "could not be loaded from the folder microsoft--cats_vs_dogs" in refusal()


def test_a_sample_is_named_as_training_names_it(folder: Path) -> None:
    write(folder / "train.parquet", [row(("dog", "cat")[place % 2], place % 2) for place in range(40)], ["dog", "cat"])
    samples = held_out_samples("cats_vs_dogs", 2)
    assert [(sample.label, sample.photo.image.getpixel((8, 8))) for sample in samples] == list(COLOUR.items())


# Pictures beside the Parquet file


def named(path: str | None, label: int = 0) -> dict[str, object]:
    return {"image": {"bytes": None, "path": path}, "labels": label}


@pytest.mark.parametrize("path", ["dog.png", "pets/dog.png", "./pets/../dog.png"])
def test_a_picture_that_is_named_is_read_beside_its_parquet_file(folder: Path, path: str) -> None:
    for place in (folder / "dog.png", folder / "pets" / "dog.png"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(encoded(BLUE))
    write(folder / "train.parquet", [named(path, 1)], ["cat", "dog"])
    by_path = load("cats_vs_dogs", size=16)
    assert animals(by_path) == [("dog", "dog")]
    write(folder / "train.parquet", [row("dog", 1)], ["cat", "dog"])
    assert load("cats_vs_dogs", size=16).fingerprint == by_path.fingerprint


def test_a_sample_is_read_beside_the_parquet_file_too(folder: Path) -> None:
    (folder / "dog.png").write_bytes(encoded(BLUE))
    write(folder / "train.parquet", [named("dog.png", 1)] * 20, ["cat", "dog"])
    (sample,) = held_out_samples("cats_vs_dogs", 2)
    assert (sample.label, sample.photo.image.getpixel((8, 8))) == ("dog", BLUE)


def test_beside_it_is_the_parquet_files_own_folder_too(folder: Path) -> None:
    write(folder / "data" / "train.parquet", [named("dog.png", 1)], ["cat", "dog"])
    (folder / "data" / "dog.png").write_bytes(encoded(BLUE))
    assert animals(load("cats_vs_dogs", size=16)) == [("dog", "dog")]


def test_a_whole_path_inside_the_folder_is_read(folder: Path) -> None:
    (folder / "dog.png").write_bytes(encoded(BLUE))
    write(folder / "train.parquet", [named(str(folder / "dog.png"), 1)], ["cat", "dog"])
    assert animals(load("cats_vs_dogs", size=16)) == [("dog", "dog")]


@pytest.mark.parametrize(
    "path", ["../dog.png", "missing.png", "pets", "link.png", "https://example.org/dog.png", "a\0b", "x" * 5000]
)
def test_what_is_no_regular_file_inside_the_folder_is_a_sentence(folder: Path, path: str) -> None:
    (folder.parent / "dog.png").write_bytes(encoded(BLUE))
    (folder / "pets").mkdir()
    (folder / "link.png").symlink_to(folder.parent / "dog.png")
    write(folder / "train.parquet", [named(path)], ["cat", "dog"])
    sentence = refusal()
    assert f"names the picture '{path[:70]}" in sentence
    assert "no such file in its folder" in sentence
    assert len(sentence) < 400


def test_a_whole_path_outside_the_folder_is_not_opened(folder: Path) -> None:
    (folder.parent / "dog.png").write_bytes(encoded(BLUE))
    write(folder / "train.parquet", [named(str(folder.parent / "dog.png"))], ["cat", "dog"])
    assert "no such file in its folder" in refusal()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "dog.png")
    write(folder / "train.parquet", [named("dog.png")], ["cat", "dog"])
    assert "no such file in its folder" in refusal()


def test_a_name_that_two_pictures_have_is_refused(folder: Path) -> None:
    for part, colour in (("first", RED), ("second", BLUE)):
        write(folder / part / f"train-{part}.parquet", [named("0.png")], ["cat", "dog"])
        (folder / part / "0.png").write_bytes(encoded(colour))
    assert "names the picture '0.png', and there are 2 of that name" in refusal()


@pytest.mark.parametrize("picture", [None, {"bytes": None, "path": None}])
def test_a_row_without_a_picture_is_a_sentence(folder: Path, picture: object) -> None:
    write(folder / "train.parquet", [row("cat", 0), {"image": picture, "labels": 0}], ["cat", "dog"])
    assert "a row without a picture" in refusal()


def test_a_picture_that_is_replaced_is_decoded_anew(folder: Path) -> None:
    (folder / "0.png").write_bytes(encoded(RED))
    write(folder / "train.parquet", [named("0.png")], ["cat", "dog"])
    first = load("cats_vs_dogs", size=16)
    assert load("cats_vs_dogs", size=16).fingerprint == first.fingerprint
    (folder / "0.png").write_bytes(encoded((254, 1, 1)))
    assert load("cats_vs_dogs", size=16).images[0, 1, 8, 8] == 1


# Pictures as they are meant to be seen


def on_its_side(turn: int) -> bytes:
    """A picture whose upper half is red and whose lower half is blue once it is turned upright."""
    upright = Image.new("RGB", (16, 16), BLUE)
    upright.paste(RED, (0, 0, 16, 8))
    stored = upright.transpose({3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}[turn])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    stream = io.BytesIO()
    stored.save(stream, "PNG", exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("turn", [3, 6])
def test_training_images_are_turned_upright_as_photos_are(folder: Path, turn: int) -> None:
    write(
        folder / "train.parquet",
        [{"image": {"bytes": on_its_side(turn), "path": None}, "labels": 0}],
        ["cat", "dog"],
    )
    image = load("cats_vs_dogs", size=16).images[0]
    assert image[:, 2, 2].tolist() == image[:, 2, 13].tolist() == list(RED)
    assert image[:, 13, 2].tolist() == image[:, 13, 13].tolist() == list(BLUE)


def transparent_black() -> Image.Image:
    return Image.new("RGBA", (16, 16), (0, 0, 0, 0))


def deep_grey() -> Image.Image:
    return Image.fromarray(np.full((16, 16), 0x8000, dtype=np.uint16))


@pytest.mark.parametrize(("make", "seen"), [(transparent_black, 255), (deep_grey, 128)])
def test_training_images_are_flattened_as_photos_are(folder: Path, make: Callable[[], Image.Image], seen: int) -> None:
    stream = io.BytesIO()
    make().save(stream, "PNG")
    write(
        folder / "train.parquet", [{"image": {"bytes": stream.getvalue(), "path": None}, "labels": 0}], ["cat", "dog"]
    )
    assert load("cats_vs_dogs", size=16).images[0, :, 8, 8].tolist() == [seen] * 3
