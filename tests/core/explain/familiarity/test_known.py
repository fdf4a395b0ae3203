"""Scores of strangeness against values worked out by hand, and the area under the curve against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from core.explain.familiarity.known import (
    DISTANCE,
    ENERGY,
    FAINTNESS,
    USUAL,
    Known,
    auroc,
    best_score,
    energy,
    halves,
    learn,
)
from core.explain.familiarity.watching import Watching, look_at
from core.models import models
from core.models.answers import logits_of
from tests.core.explain.nets import assert_untouched, fingerprint

TEN = np.deg2rad(np.arange(10, 110, 10))  # directions 10° apart, of length 1 whatever the features' length


def pointing(angles: np.ndarray, length: float = 1.0) -> np.ndarray:
    return (length * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)


def known_of(angles: np.ndarray, steps: np.ndarray) -> Known:
    """Training images whose features point at ``angles``; images 100, 101 …, of class 1."""
    return Known(
        mean=np.zeros(2, np.float32),
        directions=np.eye(2, dtype=np.float32),
        places=pointing(angles).astype(np.float16),
        indices=np.arange(100, 100 + len(angles), dtype=np.int32),
        labels=np.ones(len(angles), np.int32),
        steps={
            DISTANCE: steps.astype(np.float32),
            ENERGY: np.array([-2, -1], np.float32),
            FAINTNESS: np.array([-9, -3], np.float32),
        },
    )


@pytest.mark.parametrize("length", [1.0, 40.0])
def test_the_distance_is_the_mean_of_that_to_the_five_nearest_whatever_the_length(length: float) -> None:
    known = known_of(TEN, np.linspace(0, 1, 201))
    (strange,) = known.strangeness(pointing(np.zeros(1), length), np.zeros((1, 2), np.float32))
    chords = 2 * np.sin(TEN[:5] / 2)
    assert [one.index for one in strange.nearest] == [100, 101, 102, 103, 104]
    assert [one.distance for one in strange.nearest] == pytest.approx(chords, abs=1e-3)  # kept as float16
    assert {one.label for one in strange.nearest} == {1}
    assert strange.values[DISTANCE] == pytest.approx(chords.mean(), abs=1e-3)
    assert strange.shares[DISTANCE] == pytest.approx(chords.mean(), abs=1e-3)


def test_the_faintness_is_minus_the_length_of_the_features() -> None:
    known = known_of(TEN, np.linspace(0, 1, 201))
    two = np.concatenate([pointing(np.zeros(1), 6), pointing(np.zeros(1), 1)])
    loud, faint = known.strangeness(two, np.zeros((2, 2), np.float32))
    assert (loud.values[FAINTNESS], loud.shares[FAINTNESS]) == (pytest.approx(-6), pytest.approx(0.5))
    assert not loud.beyond(FAINTNESS)
    assert faint.beyond(FAINTNESS)


def test_the_energy_is_minus_the_log_of_the_sum_of_exponentials() -> None:
    logits = np.array([[0, 0], [1000, 0], [np.log(3), 0]], np.float32)
    assert energy(logits) == pytest.approx([-np.log(2), -1000, -np.log(4)])
    known = known_of(TEN, np.linspace(0, 1, 201))
    (strange,) = known.strangeness(pointing(np.zeros(1)), np.array([[0, 0]], np.float32))
    assert strange.shares[ENERGY] == 1, "−0.69 lies above all that was seen"
    assert strange.beyond(ENERGY)
    assert not strange.beyond(DISTANCE)


def test_nineteen_of_twenty_validation_images_are_within_the_threshold() -> None:
    random = np.random.default_rng(0)
    train, validation = random.normal(size=(300, 6)).astype(np.float32), random.normal(size=(1000, 6))
    logits = random.normal(size=(1000, 3)).astype(np.float32)
    known = learn(train, np.arange(300), np.zeros(300, np.int64), validation=(validation.astype(np.float32), logits))
    for score, values in known.scores(validation.astype(np.float32), logits).items():
        beyond = np.mean([known.share(score, value) >= USUAL for value in values.tolist()])
        assert beyond == pytest.approx(1 - USUAL, abs=0.006), score  # shares are kept in steps of half a percent


def test_the_directions_that_are_kept_keep_the_distances() -> None:
    random = np.random.default_rng(1)
    features = (random.normal(size=(200, 40)) @ random.normal(size=(40, 300)) + 3).astype(np.float32)
    known = learn(features, np.arange(200), np.zeros(200, np.int64), validation=(features, features))
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = np.linalg.norm(unit[:1] - unit, axis=1)
    kept = known.places.astype(float)
    assert np.linalg.norm(kept[:1] - kept, axis=1) == pytest.approx(expected, abs=2e-3)  # float16


@pytest.mark.parametrize("seed", range(5))
def test_the_area_under_the_curve_is_scikit_learns_ties_included(seed: int) -> None:
    random = np.random.default_rng(seed)
    own, foreign = random.integers(0, 9, 50).astype(float), random.integers(3, 12, 70).astype(float)
    truth = np.r_[np.zeros(50), np.ones(70)]
    assert auroc(own, foreign) == pytest.approx(roc_auc_score(truth, np.r_[own, foreign]))


def test_an_area_of_one_half_is_a_guess_and_one_is_perfect() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.5
    assert auroc(np.array([1.0, 2.0]), np.array([3.0])) == 1
    assert auroc(np.array([3.0]), np.array([1.0, 2.0])) == 0


def test_halves_are_drawn_once_and_share_no_image() -> None:
    chosen, told = halves(367)
    assert (len(chosen), len(told)) == (183, 184)
    assert sorted([*chosen, *told]) == list(range(367))
    assert np.array_equal(halves(367)[0], chosen)
    assert [part.tolist() for part in halves(1)] == [[0], [0]]


def test_the_score_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    """By luck ``lucky`` is perfect on the half that chooses; on the other half it is a guess, and that is said."""
    chosen, told = halves(20)
    lucky, steady = np.zeros(20), np.zeros(20)
    lucky[chosen] = 1
    steady[chosen[:6]] = steady[told[:6]] = 1  # 6 of 10 foreign images above all of its own, the others tie: 0.8
    own = {"steady": np.zeros(20), "lucky": np.zeros(20)}
    best, areas = best_score(own, {"steady": steady, "lucky": lucky})
    assert best == "lucky"
    assert areas == {"steady": 0.8, "lucky": 0.5}
    assert auroc(own["lucky"], lucky) == 0.75, "what would be said if the same images chose it"


class Two(nn.Module):
    """Features are the means of the left and the right half, logits ten times these."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.stack([half.mean((1, 2, 3)) for half in x.chunk(2, 3)], 1))


@pytest.mark.parametrize(("mirrored", "left", "right"), [(False, 1.0, 0.0), (True, 0.5, 0.5)])
def test_features_are_what_the_last_layer_is_given_with_a_mirror_image_the_mean_of_both(
    mirrored: bool, left: float, right: float
) -> None:
    image = torch.zeros(3, 1, 4, 4)
    image[..., :2] = 1
    model = Two().eval()
    before = fingerprint(model)
    features, logits = look_at(model, [image[:2], image[2:]], mirrored=mirrored)
    assert_untouched(model, before)
    assert features == pytest.approx(np.array([[left, right]] * 3))
    assert logits == pytest.approx(10 * features)


@pytest.mark.parametrize("name", models)
def test_every_network_has_features_behind_its_answers(name: str) -> None:
    spec = models[name]
    size = spec.natural_size or 32
    channels = spec.channels(1)
    torch.manual_seed(0)
    arguments = spec.suggest(channels=channels, image_size=size)
    if spec.transfers:
        arguments = {**arguments, "weights": "random", "input_size": 0}
    model = spec.build(in_channels=channels, image_size=size, classes=4, **arguments).eval()
    images = torch.rand(2, channels, size, size)
    watching = Watching(model, mirrored=False)
    with torch.inference_mode():
        assert torch.equal(logits_of(watching, images, mirrored=False), model(images))
    features, logits = watching.take()
    assert features.shape[0] == logits.shape[0] == 2
    assert features.shape[1] > 4
    assert logits.shape[1] == 4
    assert watching.take()[0].size == 0, "they are forgotten once they were asked for"
