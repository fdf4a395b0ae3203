"""The images that excite a filter most, against a search that looks at one image after the other."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data import LabelledImages, load, make_split
from core.errors import ModelError
from core.explain.filters import kept_arrays
from core.explain.filters.exciting_images import COUNT, exciting_images, kept_exciting_images, looked_at
from core.explain.inside.feature_maps import feature_maps
from core.models import build_model
from core.models.input_format import InputFormat, normalise, to_batch
from tests.core.explain.nets import assert_untouched, fingerprint

FORMAT = InputFormat(channels=1, size=32, mean=(0.5,), std=(0.5,))


@pytest.fixture(scope="module")
def digits() -> LabelledImages:
    return load("digits", size=32)


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model("lenet", channels=1, image_size=32, classes=10).eval()


def test_they_are_those_of_a_search_one_by_one(home: Path, digits: LabelledImages, model: torch.nn.Module) -> None:
    indices = make_split(digits).test[:60]
    before = fingerprint(model)
    found = exciting_images(model, FORMAT, digits, indices)
    assert_untouched(model, before)
    assert set(found.values) == {"conv1", "pool", "conv2", "pool_1"}
    peaks: dict[str, list[tuple[float, int, int, int]]] = {}
    for index in indices.tolist():
        image = normalise(to_batch(np.array(digits.images[index : index + 1]), FORMAT), FORMAT)
        for layer, maps in feature_maps(model, image).items():
            for number, one in enumerate(maps[0]):
                row, col = divmod(int(one.argmax()), one.shape[1])
                peaks.setdefault(f"{layer} {number}", []).append((float(one.max()), index, row, col))
    for layer, values in found.values.items():
        for number in range(len(values)):
            expected = sorted(peaks[f"{layer} {number}"], key=lambda peak: -peak[0])[:COUNT]
            got = found.of(layer, number)
            assert [one.index for one in got] == [index for _, index, _, _ in expected]
            assert [(one.row, one.col) for one in got] == [(row, col) for _, _, row, col in expected]
            assert [one.value for one in got] == pytest.approx([value for value, *_ in expected], rel=1e-4, abs=1e-5)


def test_they_are_kept_and_read_again_without_looking(
    home: Path, digits: LabelledImages, model: torch.nn.Module
) -> None:
    indices = make_split(digits).test[:30]
    told: list[float] = []

    def search(**more: object) -> object:
        return kept_exciting_images(
            model, FORMAT, digits, indices, network="a", progress=lambda _text, share: told.append(share), **more
        )

    assert search(look=False) is None
    first = search()
    assert told
    told.clear()
    again = search()
    assert told == []
    assert first is not None
    assert again is not None
    assert first.of("conv2", 3) == again.of("conv2", 3)  # type: ignore[attr-defined]
    assert kept_exciting_images(model, FORMAT, digits, indices, network="another", look=False) is None
    assert kept_exciting_images(model, FORMAT, digits, indices[:-1], network="a", look=False) is None


def test_what_is_damaged_is_worked_out_again(home: Path, digits: LabelledImages, model: torch.nn.Module) -> None:
    indices = make_split(digits).test[:12]
    kept_exciting_images(model, FORMAT, digits, indices, network="b")
    (path,) = kept_arrays.folder().glob("*.npz")
    path.write_bytes(path.read_bytes()[:-100])
    assert kept_exciting_images(model, FORMAT, digits, indices, network="b", look=False) is None
    assert kept_exciting_images(model, FORMAT, digits, indices, network="b") is not None


def test_a_search_that_is_stopped_keeps_nothing(home: Path, digits: LabelledImages, model: torch.nn.Module) -> None:
    def stop(_text: str, share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    indices = make_split(digits).test[:100]
    with pytest.raises(InterruptedError):
        kept_exciting_images(model, FORMAT, digits, indices, network="c", progress=stop)
    assert kept_exciting_images(model, FORMAT, digits, indices, network="c", look=False) is None
    assert kept_exciting_images(model, FORMAT, digits, indices, network="c") is not None, "nobody is locked out"


def test_of_many_images_a_bounded_number_is_searched_spread_over_all() -> None:
    many = np.arange(100, 30_100)
    found = looked_at(many)
    assert (len(found), found[0], found[-1]) == (2_000, 100, 30_099)
    assert len(set(found.tolist())) == 2_000
    assert looked_at(many[:50]) is not None
    assert len(looked_at(many[:50])) == 50


def test_with_few_images_there_are_few_and_what_is_not_there_is_refused(
    home: Path, digits: LabelledImages, model: torch.nn.Module
) -> None:
    found = exciting_images(model, FORMAT, digits, make_split(digits).test[:4])
    assert len(found.of("conv1", 0)) == 4
    with pytest.raises(ModelError, match="no layer 'fc1'"):
        found.of("fc1", 0)
    with pytest.raises(ModelError, match="has 6 filters; 6 is none"):
        found.of("conv1", 6)


def test_what_was_used_longest_ago_is_evicted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.RandomState(0).bytes(10_000)
    monkeypatch.setattr(kept_arrays, "KEEP_BYTES", 25_000)
    for number, key in enumerate("abc"):
        kept_arrays.write(key, {"x": np.frombuffer(noise, np.uint8)})
        os.utime(kept_arrays.folder() / f"{key}.npz", (number, number))
    assert kept_arrays.read("a") is None
    assert kept_arrays.read("c") is not None
