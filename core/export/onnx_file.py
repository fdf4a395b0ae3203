"""A network as one ONNX file: any number of images at once, softmax inside, the names of the classes in its metadata.

torch's exporter writes for the number of images that it is shown unless told otherwise, and would put the weights into
a second file; it needs onnxscript and onnx, which, with onnxruntime, are an optional install.
"""

import json
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import Checkpoint
from core.checkpoints.backbones import load_network
from core.errors import ExportError
from core.models.answers import logits_of

NEEDED = ("onnx", "onnxscript", "onnxruntime")
WHAT_TO_INSTALL = (
    "Writing ONNX needs packages that are not installed here; install them by `pip install -r requirements-onnx.txt`."
)
_TRIED = (1, 3)  # images at once: two numbers, for a file that takes one of them only is the commonest fault
_LARGEST_DIFFERENCE = 1e-3  # of a logit; 4·10⁻⁶ was found, but kernels differ from processor to processor


def onnx_installed() -> bool:
    """Say whether everything that `onnx_file` needs is installed; imports nothing."""
    return all(find_spec(name) is not None for name in NEEDED)


def onnx_file(checkpoint: Checkpoint) -> bytes:
    """Return the network as ONNX: ``images`` (N, C, S, S), normalised → ``probabilities`` and ``logits`` (N, classes).

    Metadata: title, and as JSON classes, mean, std. The file has been opened by onnxruntime and answers as torch does.
    Raises ExportError where a package is missing or the answers differ, CheckpointError for an unreadable network.

    torch's tracing reaches every thread of a process (`findings/`), so no server calls this: it runs the command.
    """
    if not onnx_installed():
        raise ExportError(WHAT_TO_INSTALL)
    card = checkpoint.card
    network = _Answering(load_network(checkpoint), mirrored=card.config.mirror_at_test).eval()
    shown = torch.zeros(2, card.channels, card.image_size, card.image_size)
    program = torch.onnx.export(
        network,
        (shown,),
        dynamo=True,
        input_names=["images"],
        output_names=["probabilities", "logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    if program is None:
        raise ExportError("torch could not write this network as ONNX.")
    model: Any = program.model_proto
    about = {
        "title": card.title.encode("utf-8", "replace").decode(),
        "classes": json.dumps(card.classes),
        "mean": json.dumps(card.mean),
        "std": json.dumps(card.std),
    }
    for name, value in about.items():
        model.metadata_props.add(key=name, value=value)
    data: bytes = model.SerializeToString()
    _check(data, network, shown)
    return data


class _Answering(nn.Module):
    """A network that says probabilities as well; (N, C, S, S) to two times (N, K)."""

    def __init__(self, network: nn.Module, *, mirrored: bool) -> None:
        super().__init__()
        self.network, self.mirrored = network, mirrored

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = logits_of(self.network, images, mirrored=self.mirrored)
        return logits.softmax(1), logits


def _check(data: bytes, network: nn.Module, shown: Tensor) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    for count in _TRIED:
        images = torch.randn((count, *shown.shape[1:]), generator=generator)
        with torch.inference_mode():
            _probabilities, expected = network(images)
        _probabilities, found = session.run(None, {"images": images.numpy()})
        difference = float(np.abs(found - expected.numpy()).max())
        if not difference <= _LARGEST_DIFFERENCE * max(1.0, float(expected.abs().max())):
            raise ExportError(f"The ONNX file answers otherwise than the network: a logit differs by {difference:g}.")
