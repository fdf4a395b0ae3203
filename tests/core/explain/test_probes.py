"""What a network in training answers to the probe photos, and the layer that answers zero to all of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.explain.filters.time_lapse import MOST_PAGES
from core.explain.probes import (
    FOLDER,
    MOST_BROUGHT,
    Prober,
    bring,
    brought,
    lab_pictures,
    pages_in,
    picture_of,
    read_pages,
)
from core.models import build_model
from core.models.input_format import InputFormat, normalise, to_batch
from tests.core.explain.nets import assert_untouched, fingerprint

FORMAT = InputFormat(channels=3, size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
IMAGES = np.random.RandomState(0).randint(0, 256, (2, 3, 32, 32)).astype(np.uint8)
OWN = {17: IMAGES[0], 4: IMAGES[1]}


def network(name: str = "lenet") -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, channels=3, image_size=32, classes=10, arguments={})


def test_the_lab_takes_pictures_of_different_classes() -> None:
    labels = np.array([3, 3, 1, 3, 0, 2, 5])
    assert lab_pictures(labels, [6, 5, 0, 1, 2, 4]) == [6, 5, 0, 2]
    assert lab_pictures(labels, []) == []


def test_an_answer_is_the_networks_own_and_asking_changes_nothing(tmp_path: Path) -> None:
    model = network().train()
    before, random = fingerprint(model), torch.get_rng_state()
    Prober(tmp_path, FORMAT, OWN).take(model, 3)
    assert_untouched(model, before)
    assert torch.equal(torch.get_rng_state(), random)
    (page,) = read_pages(tmp_path)
    assert (page.epoch, list(page.answers), page.dead) == (3, ["17", "4"], "")
    with torch.no_grad():
        expected = model.eval()(normalise(to_batch(IMAGES, FORMAT), FORMAT)).softmax(1).max(1)
    assert [answer.place for answer in page.answers.values()] == expected.indices.tolist()
    assert [answer.probability for answer in page.answers.values()] == pytest.approx(expected.values.tolist(), abs=1e-4)


def test_a_layer_that_answers_zero_to_everything_is_named(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        model.conv2.bias.fill_(-1e6)  # no ReLU behind it ever answers
    Prober(tmp_path, FORMAT, OWN).take(model, 1)
    assert read_pages(tmp_path)[0].dead == "conv2"


def test_a_photo_that_is_laid_beside_the_run_is_asked_about_from_then_on(tmp_path: Path) -> None:
    model, prober = network(), Prober(tmp_path, FORMAT, OWN)
    prober.take(model, 0)
    assert bring(tmp_path, Image.new("RGB", (400, 300), "red"))
    prober.take(model, 1)
    (path,) = brought(tmp_path)
    assert [list(page.answers) for page in read_pages(tmp_path)] == [["17", "4"], ["17", "4", path.stem]]
    kept = picture_of(path)
    assert kept is not None
    assert kept.size == (224, 168)


def test_only_a_handful_of_photos_has_room(tmp_path: Path) -> None:
    colours = [(shade, 0, 0) for shade in range(0, 10 * MOST_BROUGHT, 10)]
    assert all(bring(tmp_path, Image.new("RGB", (8, 8), colour)) for colour in colours)
    assert not bring(tmp_path, Image.new("RGB", (8, 8), "blue"))
    assert bring(tmp_path, Image.new("RGB", (8, 8), colours[0])), "one that is there already"
    assert len(brought(tmp_path)) == MOST_BROUGHT


def test_a_damaged_photo_or_page_hides_no_other(tmp_path: Path) -> None:
    model, prober = network(), Prober(tmp_path, FORMAT, OWN)
    prober.take(model, 0)
    (tmp_path / FOLDER / "photo-0123456789abcdef.webp").write_bytes(b"no picture")
    prober.take(model, 1)
    (tmp_path / FOLDER / "epoch-0000.json").write_text("{")
    (page,) = read_pages(tmp_path)
    assert list(page.answers) == ["17", "4"]


def test_a_long_training_keeps_every_second_page(tmp_path: Path) -> None:
    model, prober = network("simple_nn"), Prober(tmp_path, FORMAT, OWN)
    for epoch in range(MOST_PAGES + 1):
        prober.take(model, epoch)
    assert pages_in(tmp_path) == list(range(0, MOST_PAGES + 1, 2))
