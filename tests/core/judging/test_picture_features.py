"""Features of pictures: in order, normalised as the network expects, and only of networks that have some."""

from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.checkpoints import Checkpoint
from core.errors import ModelError
from core.judging.picture_features import picture_features
from tests.cards import card


class Means(nn.Module):
    """A network whose features are the means of the channels."""

    def features(self, batch: Tensor) -> Tensor:
        return batch.mean(dim=(2, 3))


CARD = card(channels=3, image_size=4, mean=(0.5, 0.5, 0.0), std=(0.25, 0.5, 1.0))
CHECKPOINT = Checkpoint(folder=cast("object", None), card=CARD)  # type: ignore[arg-type]


def test_features_come_in_order_and_of_normalised_pictures() -> None:
    images = np.zeros((70, 3, 4, 4), np.uint8)
    images[:, 0] = np.arange(70)[:, None, None]
    told: list[float] = []
    found = picture_features(Means(), CHECKPOINT, images, tell=told.append)
    assert found.shape == (70, 3)
    assert found[:, 0] == pytest.approx((np.arange(70) / 255 - 0.5) / 0.25, abs=1e-5)  # float32
    assert found[0].tolist() == pytest.approx([-2.0, -1.0, 0.0])
    assert told[-1] == 1.0


def test_no_pictures_have_no_features() -> None:
    assert len(picture_features(Means(), CHECKPOINT, np.zeros((0, 3, 4, 4), np.uint8))) == 0


def test_a_network_without_a_backbone_is_refused_with_its_name() -> None:
    with pytest.raises(ModelError, match="has no features to compare pictures by"):
        picture_features(torch.nn.Identity(), CHECKPOINT, np.zeros((1, 3, 4, 4), np.uint8))
