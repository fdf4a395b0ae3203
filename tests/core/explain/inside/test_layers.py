import copy
import threading
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from core.explain.inside.layers import map_layers
from core.models import models
from core.models.architecture.watched_twin import private_copy, watched_twin
from tests.core.explain.nets import (
    INPUTS,
    WITH_MAPS,
    Broken,
    Residual,
    Spy,
    assert_untouched,
    conv,
    fingerprint,
    registered,
)


def test_layers_come_in_the_order_in_which_they_run_with_a_title() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1176, 2))
    assert [layer.title for layer in map_layers(model, channels=3, image_size=32)] == [
        "0 · Conv2d 3→6, 5×5 · 6 maps of 28×28",
        "1 · ReLU · 6 maps of 28×28",
        "2 · MaxPool2d 2×2 · 6 maps of 14×14",
    ]


def test_a_layer_that_runs_twice_is_listed_twice() -> None:
    names = [layer.name for layer in map_layers(Residual(), channels=1, image_size=4)]
    assert names == ["first", "relu", "second", "relu_1"]


def test_layers_that_do_nothing_in_use_are_left_out() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Dropout2d(), nn.Identity(), nn.Conv2d(1, 1, 1, stride=2))
    found = map_layers(model, channels=1, image_size=4)
    assert [layer.name for layer in found] == ["0", "3"]
    assert found[1].title == "3 · Conv2d 1→1, 1×1, stride 2 · 1 map of 2×2"


def test_only_convolutions_have_kernels() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    assert [layer.has_kernels for layer in map_layers(model, channels=1, image_size=4)] == [True, False]


def test_a_single_layer_is_a_network_too() -> None:
    assert [layer.name for layer in map_layers(nn.Conv2d(1, 1, 3), channels=1, image_size=4)] == ["Conv2d"]


@pytest.mark.parametrize("name", models)
def test_every_registered_network_has_the_maps_its_kind_has(name: str) -> None:
    model, channels, size = registered(name)
    found = map_layers(model, channels=channels, image_size=size)
    assert bool(found) == (name in WITH_MAPS)
    assert len({layer.name for layer in found}) == len(found)


def test_every_registered_network_is_tested_at_a_size_that_fits() -> None:
    assert set(INPUTS) <= set(models)


@pytest.mark.parametrize("name", sorted(models))
def test_the_copy_has_its_own_modules_and_the_same_weights(name: str) -> None:
    model, channels, size = registered(name)
    twin = private_copy(model.train())
    assert not {id(module) for module in twin.modules()} & {id(module) for module in model.modules()}
    assert [id(value) for value in twin.state_dict(keep_vars=True).values()] == [
        id(value) for value in model.state_dict(keep_vars=True).values()
    ]
    assert not any(module.training for module in twin.modules())
    assert model.training, "the network itself stays as it is"
    twin.eval()  # some networks keep lists of their own parts beside PyTorch's
    next(twin.modules()).register_forward_hook(lambda *_pass: None)
    assert any(module.training for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())
    picture = torch.rand(1, channels, size, size)
    with torch.no_grad():
        assert torch.equal(twin(picture), model.eval()(picture))


def test_the_copy_is_made_without_looking_into_what_modules_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "deepcopy", None)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    shared = model.extra = SimpleNamespace()  # type: ignore[assignment]
    model.parts = [(model[0], 3)]  # type: ignore[assignment]
    twin = private_copy(model)
    assert twin.extra is shared
    assert twin.parts == [(twin[0], 3)]  # type: ignore[index]


def test_the_shared_network_is_in_evaluation_mode_and_without_hooks_even_during_the_pass() -> None:
    spy = Spy()
    model = nn.Sequential(nn.Conv2d(1, 1, 1), spy, nn.ReLU()).eval()
    spy.watched.append(model)
    map_layers(model, channels=1, image_size=4)
    assert spy.notes == [(False, 0)]


def test_a_network_in_training_mode_stays_in_it_and_its_statistics_do_not_move() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)).train()
    before = fingerprint(model)
    map_layers(model, channels=1, image_size=4)
    assert_untouched(model, before)


def test_a_pass_that_fails_leaves_the_network_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), Broken()).eval()
    before = fingerprint(model)
    with pytest.raises(RuntimeError, match="out of memory"):
        map_layers(model, channels=1, image_size=4)
    assert_untouched(model, before)


def test_a_witness_may_replace_an_output() -> None:
    model = nn.Sequential(conv([[[[1]]]]), conv([[[[10]]]])).eval()
    twin = watched_twin(model, lambda name, module, before, after: after + 1 if name == "0" else None)
    assert twin(torch.ones(1, 1, 1, 1)).item() == 20
    assert model(torch.ones(1, 1, 1, 1)).item() == 10


def test_another_thread_can_use_any_network_meanwhile() -> None:
    # torchvision's create_feature_extractor fails here: tracing patches nn.Module for the whole process.
    looked_at, other = registered("resnet18")[0], nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval()
    failures: list[BaseException] = []
    done = threading.Event()

    def use() -> None:
        while not done.is_set():
            try:
                other(torch.zeros(1, 1, 8, 8))
            except BaseException as error:
                failures.append(error)
                return

    thread = threading.Thread(target=use)
    thread.start()
    try:
        for _ in range(3):
            map_layers(looked_at, channels=3, image_size=64)
    finally:
        done.set()
        thread.join(timeout=10)
    assert failures == []
