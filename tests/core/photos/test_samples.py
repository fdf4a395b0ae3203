"""The photographs that packages bring."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from core.errors import PhotoError
from core.photos import samples
from core.photos.samples import package_of, sample_photos


def test_two_are_scikit_learns_and_a_cat_is_scikit_images() -> None:
    photos = sample_photos()
    assert {name: (*photo.image.size, package_of(name)) for name, photo in photos.items()} == {
        "china.jpg": (640, 427, "scikit-learn"),
        "flower.jpg": (640, 427, "scikit-learn"),
        "chelsea.png": (451, 300, "scikit-image"),
    }
    assert sample_photos()["china.jpg"] is photos["china.jpg"]


@pytest.fixture
def _forgotten() -> Iterator[None]:
    samples._samples.cache_clear()
    yield
    samples._samples.cache_clear()


@pytest.mark.usefixtures("_forgotten")
def test_those_of_a_package_that_is_missing_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda name: None if name == "skimage" else find_spec(name))
    assert list(sample_photos()) == ["china.jpg", "flower.jpg"]


@pytest.mark.usefixtures("_forgotten")
def test_where_none_is_there_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    with pytest.raises(PhotoError, match="scikit-learn and scikit-image, which are not installed"):
        sample_photos()
