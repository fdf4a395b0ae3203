"""Samples are test images, each of another class, read without decoding the data set."""

import hashlib

import numpy as np
import pytest
from pyarrow.parquet import ParquetFile

from core.data import LabelledImages, datasets, load, make_split
from core.data.samples import held_out_samples, sample_of
from core.data.source import source_folder


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_samples_are_test_images_of_the_first_classes(home: object, name: str) -> None:
    data = load(name)
    test = {hashlib.sha256(np.ascontiguousarray(data.images[index])).hexdigest() for index in make_split(data).test}
    found = held_out_samples(name)
    assert [sample.label for sample in found] == list(datasets[name].classes[:4])
    assert {sample.photo.sha256 for sample in found} <= test


def test_a_data_set_that_would_have_to_be_downloaded_has_none(home: object) -> None:
    assert held_out_samples("cifar10") == ()


def test_a_sample_has_the_pixels_and_the_class_of_its_image(home: object) -> None:
    data = load("shapes")
    sample = sample_of(data, 7)
    assert np.array_equal(np.moveaxis(np.asarray(sample.photo.image), -1, 0), data.images[7])
    assert sample.label == data.spec.classes[data.labels[7]]


@pytest.mark.data
@pytest.mark.parametrize("name", ["cats_vs_dogs", "cifar10", "mnist"])
def test_samples_from_the_data_folder_are_images_of_the_test_split(data_folder: object, name: str) -> None:
    spec = datasets[name]
    found = held_out_samples(name)
    assert [sample.label for sample in found] == sorted((spec.classes * 2)[:4], key=spec.classes.index)
    folder = source_folder(spec)
    assert folder is not None
    rows = ParquetFile(folder / ("test.parquet" if spec.official_test else "train.parquet")).read().to_pylist()
    data = LabelledImages(
        spec=spec,
        size=spec.size,
        images=np.zeros(0, dtype=np.uint8),
        labels=np.array([row[spec.label_column] for row in rows]),
        fingerprint="",
        official_test_start=0 if spec.official_test else None,
    )
    test = {
        hashlib.sha256(rows[index][spec.image_column]["bytes"]).hexdigest(): spec.classes[data.labels[index]]
        for index in make_split(data).test
    }
    assert [test.get(sample.photo.sha256) for sample in found] == [sample.label for sample in found]
