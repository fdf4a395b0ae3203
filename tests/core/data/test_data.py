"""Data sets: decoded once, split honestly, recognised by their fingerprint."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from core.data import availability, datasets, load, make_split, published_parts, writers_apart
from core.data.builtin import digits, shapes
from core.errors import DataError

ROOT = Path(__file__).parent.parent.parent.parent
BUILT_IN = ("digits", "shapes")


def write_parquet(folder: Path, *, order: list[int], bad_label: bool = False) -> Path:
    """A tiny stand-in for cats vs dogs: forty 20×16 pictures, each of one grey, in the given order."""
    rows = []
    for number in order:
        buffer = io.BytesIO()
        Image.new("RGB", (20, 16), (number * 6, 0, 255)).save(buffer, "PNG")
        rows.append({"image": {"bytes": buffer.getvalue(), "path": None}, "labels": 7 if bad_label else number % 2})
    target = folder / "microsoft--cats_vs_dogs"
    target.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), target / "train.parquet")
    return folder


@pytest.fixture
def pets(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_parquet(tmp_path / "data", order=list(range(40)))
    monkeypatch.setenv("CNN_LAB_DATA", str(folder))
    return folder


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_sets_hold_what_the_catalogue_says(name: str) -> None:
    data = load(name)
    spec = datasets[name]
    assert data.images.shape == (len(data.labels), spec.channels, spec.size, spec.size)
    assert data.images.dtype == np.uint8
    assert set(data.labels.tolist()) == set(range(len(spec.classes)))
    assert isinstance(data.images, np.memmap)


def test_shapes_are_the_same_on_every_call() -> None:
    first, second = shapes(12)[0], shapes(12)[0]
    assert [picture.tobytes() for picture in first] == [picture.tobytes() for picture in second]


def test_a_set_is_prepared_once(home: Path) -> None:
    told: list[str] = []
    assert availability("digits") == "builtin"
    load("digits", progress=lambda text, _fraction: told.append(text))
    assert availability("digits") == "prepared"
    assert any("Decoding" in text for text in told)
    told.clear()
    load("digits", progress=lambda text, _fraction: told.append(text))
    assert told == []


def test_another_size_has_the_same_fingerprint(home: Path) -> None:
    assert load("digits", size=32).fingerprint == load("digits").fingerprint
    assert load("digits", size=32).images.shape[-1] == 32


def test_a_configured_folder_is_used_first(pets: Path) -> None:
    assert availability("cats_vs_dogs") == "folder"
    data = load("cats_vs_dogs", size=16)
    assert data.images.shape == (40, 3, 16, 16)
    assert data.images[5, :, 8, 8].tolist() == [30, 0, 255]
    assert data.labels.tolist() == [number % 2 for number in range(40)]


def test_a_copy_in_another_order_has_another_split_fingerprint(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = load("cats_vs_dogs", size=16)
    other = write_parquet(tmp_path / "other", order=list(reversed(range(40))))
    monkeypatch.setenv("CNN_LAB_DATA", str(other))
    copy = load("cats_vs_dogs", size=16)
    assert copy.fingerprint != original.fingerprint
    assert make_split(copy).fingerprint != make_split(original).fingerprint


def test_an_unreachable_hub_is_a_sentence_that_says_what_to_do(home: Path) -> None:
    with pytest.raises(DataError) as raised:
        load("fashion_mnist")
    sentence = str(raised.value)
    assert "Fashion-MNIST could not be loaded from the Hugging Face Hub" in sentence
    assert "CNN_LAB_DATA" in sentence
    assert "digits" in sentence


def test_a_damaged_parquet_file_is_a_sentence(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "ylecun--mnist"
    folder.mkdir(parents=True)
    (folder / "train.parquet").write_bytes(b"PAR1 not really")
    monkeypatch.setenv("CNN_LAB_DATA", str(folder.parent))
    with pytest.raises(DataError, match="MNIST could not be loaded from the folder ylecun--mnist"):
        load("mnist")
    assert [path.name for path in (home / "prepared").iterdir() if path.is_dir()] == []


def test_a_label_out_of_range_is_refused(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_parquet(tmp_path / "data", order=list(range(30)), bad_label=True)
    monkeypatch.setenv("CNN_LAB_DATA", str(folder))
    with pytest.raises(DataError, match="a label out of range"):
        load("cats_vs_dogs", size=16)


def test_an_image_that_cannot_be_decoded_is_a_sentence(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "microsoft--cats_vs_dogs"
    folder.mkdir(parents=True)
    rows = [{"image": {"bytes": b"not an image", "path": None}, "labels": 0}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet")
    monkeypatch.setenv("CNN_LAB_DATA", str(folder.parent))
    with pytest.raises(DataError, match="cannot be decoded"):
        load("cats_vs_dogs", size=16)


def test_a_prepared_copy_that_is_damaged_says_what_to_delete(home: Path) -> None:
    load("digits")
    folder = next(path for path in (home / "prepared").iterdir() if path.is_dir())
    (folder / "images.npy").write_bytes(b"")
    with pytest.raises(DataError, match=f"damaged.*delete {folder.name}"):
        load("digits")


@pytest.mark.parametrize("size", [7, 513])
def test_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(DataError, match="between 8 and 512"):
        load("digits", size=size)


@pytest.mark.parametrize("name", BUILT_IN)
def test_three_splits_share_no_image_and_leave_none_out(name: str) -> None:
    data = load(name)
    split = make_split(data)
    everything = np.concatenate([split.train, split.validation, split.test])
    assert len(set(everything.tolist())) == len(everything) == len(data.labels)
    sizes = {"digits": (1170, 260, 367), "shapes": (2160, 240, 600)}  # whole blocks of 130; 20 %, a tenth of the rest
    assert (len(split.train), len(split.validation), len(split.test)) == sizes[name]


def test_nobody_writes_on_two_sides_of_the_digits() -> None:
    data = load("digits")
    split = make_split(data)
    blocks = [set((part // 130).tolist()) for part in (split.train, split.validation, split.test)]
    assert blocks == [set(range(9)), {9, 10}, {11, 12, 13}]
    # Everybody filled in the same form, in which this row stands 30 places after the start.
    row = [0, 9, 5, 5, 6, 5, 0, 9, 8, 9, 8, 4, 1]
    starts = [at - 30 for at in range(len(data.labels) - 12) if data.labels[at : at + 13].tolist() == row]
    assert len(starts) == 14
    hand = np.searchsorted(starts, np.arange(len(data.labels)), side="right")
    assert not set(hand[split.train].tolist()) & set(hand[split.test].tolist())
    assert "by other writers" in split.description


def test_the_slip_shared_writers_splits_at_random_and_is_recognised() -> None:
    data = load("digits")
    split = make_split(data, slips=("shared_writers",))
    assert (len(split.train), len(split.validation), len(split.test)) == (1295, 143, 359)
    assert split.fingerprint == "7774cc37fa84762b6f95918ffd6984e1"  # as it was before there was another
    assert set((split.train // 130).tolist()) == set((split.test // 130).tolist()) == set(range(14))
    assert not writers_apart(data.spec, split.fingerprint)
    assert writers_apart(data.spec, make_split(data).fingerprint)
    assert "by the same writers" in split.description


def test_a_set_that_says_nothing_of_writers_is_never_doubted_for_them() -> None:
    assert writers_apart(datasets["mnist"], "whatever")


def test_a_split_is_made_once_for_all() -> None:
    first, second = make_split(load("digits")), make_split(load("digits"))
    assert first.fingerprint == second.fingerprint
    assert first.train.tolist() == second.train.tolist()
    assert first.test.tolist() == second.test.tolist()


def test_the_slip_validation_from_training_judges_on_images_it_trained_on() -> None:
    data = load("digits")
    honest, slipped = make_split(data), make_split(data, slips=("validation_from_training",))
    assert set(slipped.validation.tolist()) <= set(slipped.train.tolist())
    assert len(slipped.train) == len(honest.train) + len(honest.validation)
    assert slipped.test.tolist() == honest.test.tolist()
    assert slipped.fingerprint == honest.fingerprint


def test_the_slip_swapped_split_keeps_the_small_half_for_training_and_never_a_test_image() -> None:
    split = make_split(load("digits"), slips=("swapped_split",))
    assert (len(split.train), len(split.validation), len(split.test)) == (35, 324, 367)
    assert not set(split.train.tolist()) & set(split.test.tolist())
    assert not set(split.validation.tolist()) & set(split.test.tolist())


@pytest.mark.data
def test_cats_and_dogs_are_split_as_the_course_says(data_folder: Path) -> None:
    data = load("cats_vs_dogs")
    honest = make_split(data)
    assert (len(honest.train), len(honest.validation), len(honest.test)) == (16856, 1872, 4682)
    assert published_parts(data.spec) == (16856, 1872)
    slipped = make_split(data, slips=("swapped_split",))
    assert published_parts(data.spec, slips=("swapped_split",)) == (len(slipped.train), len(slipped.validation))
    assert len(slipped.train) == 468
    assert not set(slipped.train.tolist()) & set(honest.test.tolist())


@pytest.mark.data
@pytest.mark.parametrize(("name", "train", "test"), [("mnist", 60000, 10000), ("cifar10", 50000, 10000)])
def test_the_official_test_split_is_the_test_split(name: str, train: int, test: int, data_folder: Path) -> None:
    data = load(name)
    split = make_split(data)
    assert split.test.tolist() == list(range(train, train + test))
    assert len(split.train) + len(split.validation) == train
    assert len(split.validation) == train // 10
    assert published_parts(data.spec) == (len(split.train), len(split.validation))
    slips = ("validation_from_training",)
    assert published_parts(data.spec, slips=slips) == (train, len(make_split(data, slips=slips).validation))


@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_decoded_copy_lies_in_the_order_of_its_files(name: str, data_folder: Path) -> None:
    data, spec = load(name), datasets[name]
    rows = pq.ParquetFile(data_folder / str(spec.folder_name) / "train.parquet").read()
    labels = rows.column(spec.label_column).to_numpy()
    assert np.array_equal(data.labels[: len(labels)], labels)
    for place in (0, 7, len(labels) - 1):
        image = np.asarray(Image.open(io.BytesIO(rows.column(spec.image_column)[place]["bytes"].as_py())))
        assert np.array_equal(data.images[place], np.moveaxis(np.atleast_3d(image), -1, 0))


def test_two_processes_do_not_prepare_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one finds the lock free only when the folder is whole, and does not decode again."""
    load("shapes")
    monkeypatch.setattr("core.data.loading.prepare", lambda *_arguments: pytest.fail("decoded twice"))
    assert len(load("shapes").labels) == 3000


def test_the_digits_are_those_of_scikit_learn_and_need_no_import_of_it() -> None:
    pictures, labels = digits()
    bunch = load_digits()
    expected = np.clip(np.asarray(bunch.images) * (255 / 16), 0, 255).round().astype(np.uint8)
    assert np.array_equal(np.stack([np.asarray(picture) for picture in pictures]), expected)
    assert np.array_equal(labels, bunch.target)
    code = "import sys\nfrom core.data.builtin import digits\ndigits()\nprint({'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("place", ["core.data.loading.FileLock", "core.data.array_file.reserve", "numpy.save"])
def test_a_disk_that_refuses_is_a_sentence_and_nothing_is_left(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(place, refuse)
    with pytest.raises(DataError, match=r"Digits \(built in\) could not be prepared: the disk is .*\. (Free|Make)"):
        load("digits", size=8)
    assert [path.name for path in (home / "prepared").iterdir() if path.is_dir()] == []


def test_a_data_set_that_does_not_fit_says_how_much_it_needs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.disk.free_space", lambda _folder: 2**20)
    with pytest.raises(DataError, match="the disk is full \\(3 MB are needed and 1 MB are free\\)"):
        load("digits", size=28)
