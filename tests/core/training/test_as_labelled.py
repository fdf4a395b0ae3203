"""Shuffled labels: the training images get one another's, and nobody else's change."""

from dataclasses import replace

import numpy as np
import torch

from core.config import TrainingConfig
from core.data import load, make_split
from core.training.assembly import training_indices
from core.training.batches import as_labelled
from core.training.trainer import Trainer

CONFIG = TrainingConfig(dataset="digits", model="simple_nn", image_size=28, limit=300, slips=("shuffled_labels",))


def test_the_labels_of_the_training_images_are_shuffled_among_them_and_no_others(home: object) -> None:
    data = load("digits")
    train = training_indices(make_split(data), CONFIG)
    given = as_labelled(data, train, CONFIG)
    others = np.setdiff1d(np.arange(len(data.labels)), train.numpy())
    assert np.array_equal(given.labels[others], data.labels[others])
    before, after = data.labels[train.numpy()], given.labels[train.numpy()]
    assert np.array_equal(np.bincount(before), np.bincount(after))
    assert (before == after).mean() < 0.2  # a tenth by chance
    assert as_labelled(data, train, replace(CONFIG, slips=())) is data


def test_a_training_learns_from_them_alike_each_time(home: object) -> None:
    data = load("digits")
    first, again = (Trainer(CONFIG, data, make_split(data)) for _time in range(2))
    assert np.array_equal(first.data.labels, again.data.labels)
    images, labels = next(first._rest_of_epoch())
    same, others = next(again._rest_of_epoch())
    assert torch.equal(images, same)
    assert torch.equal(labels, others)
    honest = Trainer(replace(CONFIG, slips=()), data, make_split(data))
    assert not torch.equal(next(honest._rest_of_epoch())[1], labels)
