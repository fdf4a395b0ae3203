"""Doubtful test images: which they are, and what accuracy is without them."""

import numpy as np
import pytest

from core.checkpoints import Card, Checkpoint, Metrics, shipped
from core.intervals import wilson_interval
from core.judging import doubtful
from core.judging.doubtful import doubtful_images, without_doubtful
from core.judging.oddities import ODDITIES, Oddities
from core.models.answers import Predictions
from tests.cards import card


def answers(*right: bool) -> Predictions:
    labels = np.zeros(len(right), np.int64)
    predicted = np.array([0 if one else 1 for one in right], np.int64)
    return Predictions(labels=labels, predicted=predicted, confidence=np.ones(len(right), np.float32), loss=0.1)


def judged(n: int, split: str) -> Card:
    metrics = Metrics(test_accuracy=0.5, test_n=n, test_ci95=(0.0, 1.0), test_loss=0.1, unseen=True)
    return card(split_fingerprint=split, metrics=metrics)


def test_what_is_left_is_counted_without_each_doubtful_image_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubtful, "ODDITIES", {"here": Oddities(shows={0: "a frog"}, copies=(0, 3, 4))})
    found = without_doubtful(judged(6, "here"), answers(False, True, False, True, True, True))
    assert found is not None
    assert (found.n, found.accuracy) == (3, pytest.approx(2 / 3))
    assert found.ci95 == wilson_interval(2, 3)
    assert found.on_copies == pytest.approx(2 / 3)
    assert found.sentence == (
        "Without 1 image with a doubtful label and 3 near-copies of training images it is 66.67 % "
        "(20.8 % to 93.9 %, n = 3). On the copies alone: 66.7 %."
    )
    assert found.doubtful.notes[0] == "shows a frog"


def test_of_another_split_or_of_other_answers_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubtful, "ODDITIES", {"here": Oddities(shows={0: "a frog"})})
    assert doubtful_images(judged(2, "there")) is None
    assert without_doubtful(judged(2, "there"), answers(True, True)) is None
    assert without_doubtful(judged(3, "here"), answers(True, True)) is None
    assert without_doubtful(card(split_fingerprint="here", metrics=None), answers(True, True)) is None


@pytest.mark.parametrize("checkpoint", shipped(), ids=lambda checkpoint: checkpoint.folder.name)
def test_every_place_is_in_the_split_of_what_ships_and_no_label_that_a_good_network_confirms(
    checkpoint: Checkpoint,
) -> None:
    found, predictions = ODDITIES.get(checkpoint.card.split_fingerprint), checkpoint.predictions()
    if found is None or predictions is None:
        assert checkpoint.card.dataset == "digits"
        return
    places = [*found.shows, *found.copies]
    assert len(set(found.copies)) == len(found.copies)
    assert 0 <= min(places) <= max(places) < len(predictions.labels)
    if checkpoint.card.model == "fast_cnn":
        assert not any(predictions.labels[place] == predictions.predicted[place] for place in found.shows)
