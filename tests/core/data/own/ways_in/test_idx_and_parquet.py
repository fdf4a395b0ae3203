"""IDX files as MNIST's and Parquet files in the Hub's layout, whole and damaged."""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.data.own import OwnPictures, OwnSets
from core.data.own.ways_in import idx_files, parquet_files
from core.data.own.ways_in.found import NotFoundHereError
from core.data.own.ways_in.import_set import Imported, import_set
from tests.core.data.own.conftest import ADA, picture

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
DIGITS = np.random.default_rng(1).integers(0, 255, (30, 28, 28), dtype=np.uint8)
NUMBERS = np.arange(30, dtype=np.uint8) % 3


def idx(array: npt.NDArray[np.uint8], *, shape: tuple[int, ...] | None = None) -> bytes:
    shape = shape or array.shape
    return bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def counts(found: Imported) -> dict[str, int]:
    return {each.name: each.pictures for each in found.own.classes}


@pytest.mark.parametrize("packed", [False, True])
def test_a_pair_of_idx_files_becomes_a_set_without_losing_a_pixel(
    pictures: OwnPictures, tmp_path: Path, packed: bool
) -> None:
    ending, pack = (".gz", gzip.compress) if packed else ("", bytes)
    write(tmp_path, {IMAGES + ending: pack(idx(DIGITS)), LABELS + ending: pack(idx(NUMBERS))})
    found = import_set(pictures, tmp_path / (IMAGES + ending), title="Digits", by=ADA)
    assert counts(found) == {"0": 10, "1": 10, "2": 10}
    from PIL import Image

    with Image.open(pictures.home / "sets" / found.own.id / f"{pictures.list(found.own.id)[0].id}.png") as image:
        assert np.array_equal(np.asarray(image.convert("L")), DIGITS[0])


def test_a_folder_of_two_pairs_comes_together(pictures: OwnPictures, tmp_path: Path) -> None:
    files = {IMAGES: idx(DIGITS[:20]), LABELS: idx(NUMBERS[:20])}
    files |= {"t10k-images-idx3-ubyte": idx(DIGITS[20:]), "t10k-labels-idx1-ubyte": idx(NUMBERS[20:])}
    assert counts(import_set(pictures, write(tmp_path / "x", files), title="x", by=ADA)) == {"0": 10, "1": 10, "2": 10}


def test_colour_pictures_in_idx_files_are_read(pictures: OwnPictures, tmp_path: Path) -> None:
    colour = np.random.default_rng(2).integers(0, 255, (30, 20, 24, 3), dtype=np.uint8)
    write(tmp_path, {"a-images-idx4-ubyte": idx(colour), "a-labels-idx1-ubyte": idx(NUMBERS)})
    found = import_set(pictures, tmp_path / "a-images-idx4-ubyte", title="x", by=ADA)
    assert (found.own.pictures, pictures.list(found.own.id)[0].width) == (30, 24)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({IMAGES: idx(DIGITS)}, "labels of .* are not beside it"),
        ({IMAGES: idx(DIGITS), LABELS: idx(NUMBERS[:29])}, "has 30 pictures and its labels are 29"),
        ({IMAGES: idx(DIGITS)[:-1], LABELS: idx(NUMBERS)}, "says that it holds 23,520 numbers, and holds 23,519"),
        (
            {IMAGES: idx(DIGITS, shape=(2**31, 28, 28)), LABELS: idx(NUMBERS)},
            "holds 1,683,627,180,032 numbers",
        ),
        ({IMAGES: idx(DIGITS, shape=(1, 1, 23_520)), LABELS: idx(NUMBERS[:1])}, "have sides beyond 1 to 512"),
        ({IMAGES: idx(DIGITS, shape=(30, 0, 28)), LABELS: idx(NUMBERS)}, "says that it holds 0 numbers"),
        ({IMAGES: idx(DIGITS), LABELS: idx(DIGITS)}, "are not pictures and a label for each"),
        ({IMAGES: idx(DIGITS), LABELS: b"\0\0\x0d\1"}, "is no IDX file of bytes"),
        ({IMAGES: idx(DIGITS), LABELS: b""}, "is no IDX file of bytes"),
    ],
)
def test_idx_files_that_are_not_what_they_say_are_a_sentence(
    pictures: OwnPictures, sets: OwnSets, tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    with pytest.raises(NotFoundHereError, match=sentence):
        import_set(pictures, write(tmp_path / "x", files) / IMAGES, title="x", by=ADA)
    assert sets.list() == ()


def test_a_packed_idx_file_is_unpacked_no_further_than_it_may_be(
    pictures: OwnPictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx_files, "MOST_BYTES", 2**20)
    files = {IMAGES: gzip.compress(idx(np.zeros((2**22,), np.uint8), shape=(4, 1024, 1024))), LABELS: idx(NUMBERS)}
    with pytest.raises(NotFoundHereError, match="has more than 1 MB"):
        import_set(pictures, write(tmp_path / "x", files) / IMAGES, title="x", by=ADA)


# Parquet


def parquet(path: Path, features: Any, rows: dict[str, list[Any]]) -> Path:
    """A file as ``datasets`` writes it for the Hub."""
    from datasets import Dataset

    Dataset.from_dict(rows, features=features).to_parquet(str(path))
    return path


def hub(
    path: Path, *, names: list[str] | None = None, label: str = "label", image: str = "image", first: int = 0
) -> Path:
    from datasets import ClassLabel, Features, Image, Value

    kind = ClassLabel(names=names) if names else Value("int64")
    stored = [{"bytes": picture(seed), "path": None} for seed in range(first, first + 6)]
    rows = {image: stored, label: [0, 1, 0, 1, 0, 1]}
    return parquet(path, Features({image: Image(), label: kind}), rows)


@pytest.mark.parametrize(("image", "label"), [("image", "label"), ("img", "fine_label"), ("picture", "what it is")])
def test_a_file_of_the_hubs_layout_becomes_a_set(pictures: OwnPictures, tmp_path: Path, image: str, label: str) -> None:
    path = hub(tmp_path / "x.parquet", names=["dog", "cat"], image=image, label=label)
    found = import_set(pictures, path, title="x", by=ADA)
    assert (counts(found), [each.name for each in found.own.classes]) == ({"dog": 3, "cat": 3}, ["dog", "cat"])


def test_labels_without_names_are_named_by_their_numbers(pictures: OwnPictures, tmp_path: Path) -> None:
    assert counts(import_set(pictures, hub(tmp_path / "x.parquet"), title="x", by=ADA)) == {"0": 3, "1": 3}


def test_labels_may_be_text_and_what_is_no_class_is_listed(pictures: OwnPictures, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    rows = [picture(0), picture(1), picture(2), picture(3), None]
    table = pa.table({"image": pa.array(rows, pa.binary()), "label": ["cat", "dog", None, "x" * 61, "cat"]})
    write_table(table, tmp_path / "x.parquet")
    found = import_set(pictures, tmp_path / "x.parquet", title="x", by=ADA)
    assert counts(found) == {"cat": 1, "dog": 1}
    assert {each.file: each.error.partition(",")[0] for each in found.skipped} == {
        "label None": "Its label is empty",
        f"label {'x' * 40}": "The name of the class has 61 characters; it may have 60.",
        "x.parquet, row 4": "This row holds no picture",
    }


def test_a_folder_of_parquet_files_comes_together(pictures: OwnPictures, tmp_path: Path) -> None:
    folder = tmp_path / "owner--name" / "data"
    folder.mkdir(parents=True)
    hub(folder / "train-00000.parquet", names=["a", "b"])
    found = import_set(pictures, tmp_path / "owner--name", title="x", by=ADA)
    assert counts(found) == {"a": 3, "b": 3}


def test_each_parquet_file_says_by_itself_what_its_numbers_mean(pictures: OwnPictures, tmp_path: Path) -> None:
    hub(tmp_path / "0.parquet", names=["cat", "dog"])
    hub(tmp_path / "1.parquet", names=["Dog", "cat"], label="fine_label", image="img", first=6)
    found = import_set(pictures, tmp_path, title="x", by=ADA)
    assert counts(found) == {"cat": 6, "dog": 6}
    cats = {each.file_name for each in pictures.list(found.own.id, found.own.classes[0].id)}
    assert cats == {f"0.parquet, row {row}" for row in (0, 2, 4)} | {f"1.parquet, row {row}" for row in (1, 3, 5)}
    assert [(each.file, each.error) for each in found.skipped] == [
        ("label 0", "Its name and 'dog' are one to people; its pictures went there.")
    ]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_damaged_parquet_file_is_a_sentence(pictures: OwnPictures, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(data)
    with pytest.raises(NotFoundHereError, match="These Parquet files cannot be read"):
        import_set(pictures, tmp_path / "x.parquet", title="x", by=ADA)


def test_a_parquet_file_without_pictures_is_a_sentence(pictures: OwnPictures, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table({"text": ["a"], "label": [1]}), tmp_path / "x.parquet")
    with pytest.raises(NotFoundHereError, match="have the columns text, label; one that holds pictures"):
        import_set(pictures, tmp_path / "x.parquet", title="x", by=ADA)


def test_rows_beyond_number_are_refused_before_they_are_read(
    pictures: OwnPictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_files, "MOST_ROWS", 5)
    with pytest.raises(NotFoundHereError, match="There are 6 rows, and at most 5 are looked through"):
        import_set(pictures, hub(tmp_path / "x.parquet"), title="x", by=ADA)
