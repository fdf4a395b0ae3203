"""How often a heat map of the answer is blank, for every network that ships, on its own test images."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from core.checkpoints import Checkpoint, shipped
from core.checkpoints.backbones import load_network
from core.data import availability, load, make_split
from core.explain.inside.grad_cam import METHODS, Method, cam_layer, heat_map
from core.models.answers import logits_of
from core.models.input_format import normalise, to_batch


@dataclass(frozen=True, kw_only=True)
class BlankMaps:
    """Of ``images`` test images, how many heat maps of the predicted class are zero everywhere.

    ``at_first_layer`` by each method where only ``layer`` is asked, ``page`` as the page asks: by HiResCAM, layer after
    layer; ``passed_on`` is how often that was another layer than the first.
    """

    network: str
    layer: str
    images: int
    at_first_layer: dict[Method, int]
    page: int
    passed_on: int


def blank_maps(images: int) -> Iterator[BlankMaps]:
    """Yield a row for each network with maps whose data set is on this machine; ``images`` are spread over its test."""
    for checkpoint in shipped():
        card = checkpoint.card
        if availability(card.dataset, card.image_size) == "hub" or card.model == "simple_nn":
            continue
        yield _row(checkpoint, images)


def _row(checkpoint: Checkpoint, images: int) -> BlankMaps:
    card, model = checkpoint.card, load_network(checkpoint)
    shape = {"channels": card.channels, "image_size": card.image_size}
    first = cam_layer(model, **shape)
    data = load(card.dataset, size=card.image_size)
    test = make_split(data).test
    blank: dict[Method, int] = dict.fromkeys(METHODS, 0)
    page = passed_on = 0
    for index in test[np.linspace(0, len(test) - 1, images).astype(int)]:
        pixels = np.array(data.images[index : index + 1])
        batch = normalise(to_batch(pixels, checkpoint.format), checkpoint.format)
        with torch.inference_mode():
            answer = int(logits_of(model, batch, mirrored=card.config.mirror_at_test).argmax())
        for method in METHODS:
            blank[method] += not heat_map(model, batch, answer, method=method, layer=first).values.any()
        heat = heat_map(model, batch, answer)
        page += not heat.values.any()
        passed_on += heat.layer != first
    return BlankMaps(
        network=card.name, layer=first, images=images, at_first_layer=blank, page=page, passed_on=passed_on
    )
