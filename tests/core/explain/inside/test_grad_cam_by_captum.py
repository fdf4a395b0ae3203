"""Grad-CAM as captum computes it, for every network that ships and has maps."""

import warnings

import pytest
from torch import Tensor, nn
from torch.nn import functional

from core.checkpoints import Checkpoint, shipped
from core.checkpoints.backbones import load_network
from core.explain.doubt.sanity import correlation
from core.explain.inside.grad_cam import cam_layer, grad_cam
from core.models.received import receive
from core.photos.samples import sample_photos

WITH_MAPS = [checkpoint for checkpoint in shipped() if checkpoint.card.model != "simple_nn"]


def by_captum(model: nn.Module, batch: Tensor, index: int, layer: str) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matplotlib, which captum imports, has to say
        from captum.attr import LayerGradCam  # here: every collection of tests would wait for it
    modules = dict(model.named_modules())
    module = modules.get(layer) or modules[layer.rpartition("_")[0]]  # captum keeps what the last call gave
    heat = LayerGradCam(model, module).attribute(batch, target=index, relu_attributions=True).detach()
    return functional.interpolate(heat, size=batch.shape[-2:], mode="bilinear", align_corners=False)[0, 0]


@pytest.mark.parametrize("checkpoint", WITH_MAPS, ids=[checkpoint.card.name for checkpoint in WITH_MAPS])
def test_our_grad_cam_is_captums(checkpoint: Checkpoint) -> None:
    model = load_network(checkpoint)
    layer = cam_layer(model, channels=checkpoint.card.channels, image_size=checkpoint.card.image_size)
    compared = 0
    for photo in sample_photos().values():
        batch = receive(photo.image, checkpoint.format).batch
        for index in (0, len(checkpoint.card.classes) - 1):
            ours, theirs = grad_cam(model, batch, index, layer), by_captum(model, batch, index, layer)
            assert ours.any() == theirs.any()
            likeness = correlation(ours, theirs)
            compared += likeness is not None
            assert likeness is None or likeness >= 0.999
    assert compared >= 1
