"""The forms in which a network can be taken home, by name."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.checkpoints import Checkpoint
from core.export.curves import curves_csv, curves_json
from core.export.model_card import model_card
from core.export.onnx_file import onnx_file
from core.export.report import of_checkpoints, training_report
from core.export.training_code import training_notebook, training_script
from core.export.weights import loading_code, weights_file


@dataclass(frozen=True, kw_only=True)
class Form:
    """``write`` makes the file's bytes; ``ending`` is that of its name, ``mime`` its kind for a browser.

    ``several`` makes one file of many networks, where the form can. ``beside`` makes a second file, ending in .py, that
    is of use with the first, whose name it is given.
    """

    title: str
    ending: str
    mime: str
    write: Callable[[Checkpoint], bytes]
    several: Callable[[Sequence[Checkpoint]], bytes] | None = None
    beside: Callable[[Checkpoint, str], str] | None = None


FORMS: Mapping[str, Form] = {
    "safetensors": Form(
        title="Weights, and Python that opens them",
        ending="safetensors",
        mime="application/octet-stream",
        write=weights_file,
        beside=loading_code,
    ),
    "onnx": Form(title="ONNX", ending="onnx", mime="application/octet-stream", write=onnx_file),
    "notebook": Form(
        title="Notebook that trains it",
        ending="ipynb",
        mime="application/x-ipynb+json",
        write=lambda checkpoint: training_notebook(checkpoint.card).encode(),
    ),
    "script": Form(
        title="Script that trains it",
        ending="py",
        mime="text/x-python",
        write=lambda checkpoint: training_script(checkpoint.card).encode(),
    ),
    "card": Form(
        title="Model card",
        ending="md",
        mime="text/markdown",
        write=lambda checkpoint: model_card(checkpoint).encode(),
    ),
    "report": Form(title="Report", ending="html", mime="text/html", write=training_report, several=of_checkpoints),
    "csv": Form(
        title="Curves as CSV",
        ending="csv",
        mime="text/csv",
        write=lambda checkpoint: curves_csv([checkpoint.card]),
        several=lambda checkpoints: curves_csv([each.card for each in checkpoints]),
    ),
    "json": Form(
        title="Curves as JSON",
        ending="json",
        mime="application/json",
        write=lambda checkpoint: curves_json([checkpoint.card]),
        several=lambda checkpoints: curves_json([each.card for each in checkpoints]),
    ),
}


def whole_folder(checkpoint: Checkpoint) -> bytes:
    """Return a zip with the weights, the Python that opens them and the model card, as the Hub keeps a model."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:  # not packed: weights hardly get smaller
        folder.writestr("model.safetensors", weights_file(checkpoint))
        folder.writestr("network.py", loading_code(checkpoint, "model.safetensors"))
        folder.writestr("README.md", model_card(checkpoint))
    return stream.getvalue()
