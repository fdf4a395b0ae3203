"""The pages that a training keeps of its kernels and maps."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.explain.filters.time_lapse import (
    FOLDER,
    MOST_PAGES,
    Camera,
    filmed_layers,
    pages_in,
    probe_images,
    read_time_lapse,
    step_of,
)
from core.explain.inside.feature_maps import feature_maps
from core.models import build_model
from core.models.input_format import InputFormat, normalise, to_batch
from tests.core.explain.nets import assert_untouched, fingerprint

FORMAT = InputFormat(channels=3, size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
IMAGES = np.random.RandomState(0).randint(0, 256, (2, 3, 32, 32)).astype(np.uint8)


def network(name: str, **arguments: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, channels=3, image_size=32, classes=10, arguments=arguments)


def test_a_page_holds_kernels_and_maps_and_taking_it_changes_nothing(tmp_path: Path) -> None:
    model = network("enhanced_cnn").train()
    before, random = fingerprint(model), torch.get_rng_state()
    Camera(tmp_path, model, FORMAT, IMAGES).take(model, 3)
    assert_untouched(model, before)
    assert torch.equal(torch.get_rng_state(), random)
    found = read_time_lapse(tmp_path)
    assert found is not None
    assert found.layers == ("features.0", "features.3")
    assert (found.probes == IMAGES).all()
    page = found.pages[3]["features.0"]
    weights = model.features[0].weight[:9].mean(1).detach().numpy()
    assert page.kernels == pytest.approx(weights, abs=float(np.abs(weights).max()) / 200)
    maps = feature_maps(model, normalise(to_batch(IMAGES, FORMAT), FORMAT), ["features.0"])["features.0"][:, :9]
    smaller = torch.nn.functional.adaptive_avg_pool2d(maps, 24).numpy()
    assert page.maps == pytest.approx(smaller, abs=float(np.abs(smaller).max()) / 200)  # 8 bits


def test_the_first_learned_the_middle_and_the_last_convolution_are_filmed_and_no_frozen_one() -> None:
    assert [layer.name for layer in filmed_layers(network("fast_cnn"), FORMAT)] == [
        "blocks.0.conv1",
        "blocks.1.conv2",
        "blocks.2.conv2",
    ]
    assert filmed_layers(network("simple_nn"), FORMAT) == ()
    assert filmed_layers(network("resnet18", weights="random"), FORMAT) == (), "the head alone learns"


def test_a_long_training_keeps_a_bounded_number_of_pages_spread_over_it(tmp_path: Path) -> None:
    model = network("lenet")
    camera = Camera(tmp_path, model, FORMAT, IMAGES)
    for epoch in range(101):
        camera.take(model, epoch)
    kept = pages_in(tmp_path / FOLDER)
    assert len(kept) <= MOST_PAGES
    assert kept == list(range(0, 101, 4))
    assert sum(path.stat().st_size for path in (tmp_path / FOLDER).iterdir()) < 2 * 2**20
    assert [step_of(epochs) for epochs in (1, 31, 32, 64, 100)] == [1, 1, 2, 4, 4]


def test_a_damaged_page_is_passed_over_and_without_any_there_is_none(tmp_path: Path) -> None:
    assert read_time_lapse(tmp_path) is None
    model = network("lenet")
    camera = Camera(tmp_path, model, FORMAT, IMAGES)
    camera.take(model, 0)
    camera.take(model, 1)
    page = tmp_path / FOLDER / "epoch-0001.npz"
    page.write_bytes(page.read_bytes()[:200])
    found = read_time_lapse(tmp_path)
    assert found is not None
    assert list(found.pages) == [0]


def test_a_network_that_has_diverged_leaves_an_empty_page(tmp_path: Path) -> None:
    model = network("lenet")
    model.conv1.weight.data.fill_(float("nan"))
    Camera(tmp_path, model, FORMAT, IMAGES).take(model, 1)
    found = read_time_lapse(tmp_path)
    assert found is not None
    assert not found.pages[1]["conv1"].kernels.any()


def test_the_probes_are_of_two_classes() -> None:
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    labels = np.array([0, 1, 1, 0, 2])
    assert probe_images(images, labels, [1, 2, 4]).ravel().tolist() == [1, 4]
    assert len(probe_images(images, labels, [])) == 0
