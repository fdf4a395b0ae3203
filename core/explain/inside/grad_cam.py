"""Heat maps: which parts of a picture speak for a class, as one layer of a network has it.

Grad-CAM (R. R. Selvaraju et al., 2017) weighs a layer's maps Aₖ by their mean gradient: αₖ = mean over all places of
∂logit/∂Aₖ, heat = ReLU(Σₖ αₖ·Aₖ). Where the places disagree the mean tells of none of them: it left 53 of 100 pictures
of cats and dogs without any heat. HiResCAM (R. L. Draelos, L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
explanations of convolutional neural networks", 2020) takes each place by itself: heat = ReLU(Σₖ ∂logit/∂Aₖ · Aₖ).
"""

from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from core.errors import ConfigError, ModelError
from core.explain.drawing.colours import colour_map, to_array
from core.explain.inside.layers import Layer, device_of, has_maps, map_layers, unknown_layer
from core.models.architecture.watched_twin import watched_twin

Method = Literal["HiResCAM", "Grad-CAM"]

METHODS: tuple[Method, ...] = ("HiResCAM", "Grad-CAM")
TELLING_SIDE = 3  # maps of 2×2 only tell in which quarter of the picture something is

_asked: WeakKeyDictionary[nn.Module, dict[tuple[int, int], list[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class Heat:
    """A heat map and where it comes from.

    ``values`` is float32 (S, S) in [0, 1], on the CPU: smooth, with its peak at 1, or zero everywhere where nothing
    speaks for the class. ``silent`` are the layers that were asked before ``layer`` and had nothing to say.
    """

    values: Tensor
    method: Method
    layer: str
    silent: tuple[str, ...] = ()


def cam_layers(model: nn.Module, *, channels: int, image_size: int) -> tuple[Layer, ...]:
    """Return the layers that can be asked: those whose maps are larger than 1×1, in the order in which they run."""
    return tuple(
        layer
        for layer in map_layers(model, channels=channels, image_size=image_size)
        if layer.shape[1] * layer.shape[2] > 1 and layer.kind != "Resize"  # that is the picture itself
    )


def cam_layer(model: nn.Module, *, channels: int, image_size: int) -> str:
    """Return the layer that is asked first by default: the last activation with maps of `TELLING_SIDE` or more.

    It is the most abstract one that still knows where things are. A network without such an activation is asked at the
    last layer with such maps, or else at the last with maps larger than 1×1. Raises ModelError for a network
    without maps.
    """
    return _in_turn(cam_layers(model, channels=channels, image_size=image_size))[0]


def _asked_of(model: nn.Module, channels: int, image_size: int) -> list[str]:
    """`_in_turn` of a model's layers, found once: to find them takes as long as a heat map."""
    sizes = _asked.setdefault(model, {})
    if (channels, image_size) not in sizes:
        sizes[channels, image_size] = _in_turn(cam_layers(model, channels=channels, image_size=image_size))
    return sizes[channels, image_size]


def _in_turn(found: tuple[Layer, ...]) -> list[str]:
    """Return the layers to ask, the most abstract first."""
    if not found:
        raise ModelError(
            "This network has no maps: it sees its input as one row of numbers, so there is no place to colour. "
            "Choose a convolutional network for a heat map."
        )
    telling = [layer for layer in found if min(layer.shape[1:]) >= TELLING_SIDE]
    activations = [layer for layer in telling if hasattr(nn.modules.activation, layer.kind)]
    return [layer.name for layer in reversed(activations or telling or found)]


def heat_map(
    model: nn.Module, batch: Tensor, class_index: int, *, method: Method = "HiResCAM", layer: str | None = None
) -> Heat:
    """Return where in one picture the score of a class comes from.

    ``batch`` is float32 (1, C, S, S), normalised as the model expects. Without a ``layer``, `cam_layer`'s is asked, and
    the ones before it, one after the other, while nothing in them speaks for the class. The model is not changed: the
    maps are cut off from it and only they get a gradient, so it works for frozen weights too.

    Raises ModelError for a layer without maps, ConfigError for a class that is not there or more than one picture.
    """
    if batch.dim() != 4 or batch.shape[0] != 1:
        raise ConfigError(f"A heat map is made for one picture (1, C, S, S); this batch is {tuple(batch.shape)}.")
    in_turn = [layer] if layer else _asked_of(model, batch.shape[1], batch.shape[-1])
    for place, name in enumerate(in_turn):
        values = _heat(model, batch, class_index, method, name)
        if values.any():
            return Heat(values=values, method=method, layer=name, silent=tuple(in_turn[:place]))
    return Heat(values=values, method=method, layer=in_turn[-1], silent=tuple(in_turn[:-1]))


def grad_cam(model: nn.Module, batch: Tensor, class_index: int, layer: str | None = None) -> Tensor:
    """Return the values of `heat_map` by Grad-CAM."""
    return heat_map(model, batch, class_index, method="Grad-CAM", layer=layer).values


def _heat(model: nn.Module, batch: Tensor, class_index: int, method: Method, layer: str) -> Tensor:
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller is in
        maps, logits = _maps_and_logits(model, batch.clone(), layer)
        if not 0 <= class_index < logits.shape[1]:
            raise ConfigError(f"There is no class {class_index}; this network has {logits.shape[1]}, counted from 0.")
        (gradient,) = torch.autograd.grad(logits[0, class_index], maps)
    weights = gradient.mean((2, 3), keepdim=True) if method == "Grad-CAM" else gradient
    heat = functional.relu((weights * maps.detach()).sum(1, keepdim=True)).float().cpu()
    heat = functional.interpolate(heat, size=batch.shape[-2:], mode="bilinear", align_corners=False)[0, 0]
    peak = heat.max()
    return heat / peak if peak > 0 else torch.zeros_like(heat)


def _maps_and_logits(model: nn.Module, batch: Tensor, layer: str) -> tuple[Tensor, Tensor]:
    """Return a layer's maps (1, K, H, W), which ask for a gradient, and the logits (1, classes) computed from them."""
    known: list[str] = []
    kept: list[Tensor] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> Tensor | None:
        if not has_maps(module, after):
            return None
        known.append(name)
        if name != layer:
            return None
        kept.append(after.detach().clone().requires_grad_())
        return kept[0].clone()  # the network goes on with a clone, which an in-place ReLU may overwrite

    logits: Tensor = watched_twin(model, witness)(batch.to(device_of(model)))
    if not kept:
        raise unknown_layer(layer, known)
    return kept[0], logits


def overlay(image: Image.Image, heat: Tensor | npt.NDArray[np.floating], opacity: float = 0.5) -> Image.Image:
    """Return an RGB picture of ``image``'s size with the heat (H, W) in [0, 1] painted over it.

    ``image`` is what the network saw (its centre square); the heat is stretched to its size. ``opacity`` in [0, 1]:
    0 shows the picture alone, 1 the heat alone. Raises ConfigError for an opacity outside.
    """
    if not 0 <= opacity <= 1:
        raise ConfigError(f"The opacity is {opacity}; it must lie between 0 and 1.")
    stretched = Image.fromarray(to_array(heat).astype(np.float32)).resize(image.size, Image.Resampling.BILINEAR)
    colours = Image.fromarray(colour_map(np.asarray(stretched), signed=False, limit=1.0))
    return Image.blend(image.convert("RGB"), colours, opacity)
