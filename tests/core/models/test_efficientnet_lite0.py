"""EfficientNet-Lite0 with the weights that its package brings: what it was trained to see, it sees."""

import numpy as np
import pytest
import torch
from torch import nn

from core.checkpoints import packaged
from core.checkpoints.backbones import pretrained_normalisation, weights_hash
from core.checkpoints.packaged import BACKBONE_SHA256, MEAN, STD, packaged_file, packaged_weights
from core.errors import ModelError
from core.models import architecture, build_model
from core.models.efficientnet_lite0 import EfficientNetLite0Backbone, SamePad
from core.models.input_format import InputFormat, normalise, pixels, to_batch
from core.photos.samples import sample_photos
from core.recipes import recipe_config

PALACE, DAISY = 698, 985  # places among ImageNet's 1,000 classes


def classifier() -> nn.Sequential:
    """The network as it was published, its own last layer included."""
    backbone = EfficientNetLite0Backbone()
    backbone.load_state_dict(packaged_weights(backbone))
    file = packaged_file()
    assert file is not None
    stored = torch.load(file, weights_only=True)
    last = nn.Linear(1280, 1000)
    last.load_state_dict({"weight": stored["_fc.weight"], "bias": stored["_fc.bias"]})
    return nn.Sequential(backbone, last).eval()


@pytest.mark.parametrize(("photo", "expected"), [("china.jpg", PALACE), ("flower.jpg", DAISY)])
def test_the_installed_weights_name_what_is_on_a_photo(photo: str, expected: int) -> None:
    form = InputFormat(channels=3, size=224, mean=MEAN, std=STD)
    seen = np.array(pixels(sample_photos()[photo].image, channels=3, size=224))
    batch = to_batch(seen[None], form)
    with torch.inference_mode():
        assert int(classifier()(normalise(batch, form)).argmax()) == expected


@pytest.mark.parametrize(
    ("side", "kernel", "before", "after"), [(128, 3, 0, 1), (129, 3, 1, 1), (64, 5, 1, 2), (65, 5, 2, 2)]
)
def test_zeros_stand_where_tensorflow_puts_them(side: int, kernel: int, before: int, after: int) -> None:
    padded = SamePad(kernel, 2)(torch.ones(1, 1, side, side))[0, 0]
    assert padded.shape == (side + before + after,) * 2
    assert np.flatnonzero(padded.sum(0)).tolist() == list(range(before, before + side))
    assert torch.equal(padded, padded.T)


def test_pixels_are_normalised_as_it_was_trained() -> None:
    config = recipe_config("notebook", dataset="shapes", model="efficientnet_lite0")
    mean, std = pretrained_normalisation(config) or ((), ())
    assert [(255 * 1.0 - 255 * m) / (255 * s) for m, s in zip(mean, std, strict=True)] == pytest.approx([1.0] * 3)
    assert [m / s for m, s in zip(mean, std, strict=True)] == pytest.approx([127 / 128] * 3)


def test_the_published_sizes_are_those_of_the_table() -> None:
    model = build_model("efficientnet_lite0", channels=3, image_size=224, classes=1000)
    rows = {row.name: row for row in architecture(model, channels=3, image_size=224)}
    assert sum(row.parameters for row in rows.values()) == 4_652_008
    assert sum(row.multiply_adds for row in rows.values()) == pytest.approx(0.385e9, rel=0.01)
    assert rows["backbone.stem.1"].output_shape == (32, 112, 112)
    assert rows["backbone.stage7.0.project.0"].output_shape == (320, 7, 7)


def test_the_hash_that_is_taken_for_granted_is_that_of_the_installed_weights() -> None:
    backbone = EfficientNetLite0Backbone()
    backbone.load_state_dict(packaged_weights(backbone))
    assert weights_hash(backbone) == BACKBONE_SHA256


def test_weights_that_are_not_installed_or_not_the_ones_expected_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packaged, "SHA256", "0" * 64)
    with pytest.raises(ModelError, match="damaged here; install them again"):
        packaged_weights(EfficientNetLite0Backbone())
    monkeypatch.setattr(packaged, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="not installed here"):
        packaged_weights(EfficientNetLite0Backbone())
