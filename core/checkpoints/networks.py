"""Checkpoints: a network, its card and, once judged, its predictions; checked before they are believed."""

import dataclasses
import datetime
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from core.checkpoints.card import Backbone, Card, Figures
from core.checkpoints.files import read_tensors, write_files
from core.checkpoints.trained import training_folder
from core.errors import CheckpointError, LabError
from core.home import checkpoints_folder, home
from core.models import build_model
from core.models.answers import Predictions
from core.models.input_format import InputFormat
from core.strict_json import LONGEST
from core.whole_files import read_file

Fill = Callable[[nn.Module, Backbone], None]
CARD = "card.json"
WEIGHTS, PREDICTIONS = "model.safetensors", "predictions.safetensors"
_FLOATS = (torch.float32, torch.float16)
_CONFIDENCES = 255  # a confidence is stored as one of so many steps, and 0
_HEADER_BYTES = 4_096  # of a safetensors file, at most so many a tensor


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a card that has been read; the weights are read and checked by `load_model`."""

    folder: Path
    card: Card

    @property
    def format(self) -> InputFormat:
        """What the network expects of an image."""
        return InputFormat(
            channels=self.card.channels, size=self.card.image_size, mean=self.card.mean, std=self.card.std
        )

    def load_model(self, device: torch.device | str = "cpu", *, fill: Fill | None = None) -> nn.Module:
        """Return the network with its weights, float32, in evaluation mode.

        Raises CheckpointError where the file is missing, too large, altered since it was written (SHA-256), of
        another shape than its architecture, or holds a number that is not finite; and where it leaves its backbone
        out and ``fill`` is not given: that puts the backbone in (`core.checkpoints.backbones.load_network` does).
        """
        card = self.card
        build = {"channels": card.channels, "image_size": card.image_size, "classes": len(card.classes)}
        expected = _expected(card)
        weights = read_tensors(self.folder / WEIGHTS, card.sha256, at_most=_largest(expected))
        _check_weights(weights, expected)
        model = build_model(card.model, arguments=card.arguments, **build)
        if card.backbone is not None:
            if fill is None:
                raise CheckpointError(f"{card.name} holds a head only; its backbone has to be found first.")
            fill(model, card.backbone)
        own = {name: value.to(expected[name].dtype) for name, value in weights.items()}
        model.load_state_dict(own, strict=card.backbone is None)
        return model.to(device).eval()

    def predictions(self) -> Predictions | None:
        """Return the stored predictions on the test split, or None where it has not been judged.

        Raises CheckpointError where they are damaged or do not fit the card.
        """
        if not os.path.lexists(self.folder / PREDICTIONS):
            return None
        tensors = read_tensors(self.folder / PREDICTIONS, None)
        metrics, classes = self.card.metrics, len(self.card.classes)
        try:
            labels, predicted = tensors["labels"].long(), tensors["predicted"].long()
            confidence = tensors["confidence"].float() / _CONFIDENCES
            if metrics is None or not len(labels) == len(predicted) == len(confidence) == metrics.test_n:
                raise ValueError("their number is not the card's")
            if min(labels.min(), predicted.min()) < 0 or max(labels.max(), predicted.max()) >= classes:
                raise ValueError("a class is out of range")
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"The stored predictions of {self.card.name} cannot be used: {error}.") from None
        return Predictions(
            labels=labels.numpy(),
            predicted=predicted.numpy(),
            confidence=confidence.numpy(),
            loss=metrics.test_loss,
            off_by=0.5 / _CONFIDENCES,
        )


def shipped() -> list[Checkpoint]:
    """Return the checkpoints that ship with the lab, by name; one that cannot be read is left out."""
    return _readable(sorted(checkpoints_folder().glob("*/" + CARD)))


def _readable(cards: list[Path]) -> list[Checkpoint]:
    found = []
    for card in cards:
        try:
            found.append(read(card.parent))
        except CheckpointError:
            continue
    return found


def read(folder: Path) -> Checkpoint:
    """Return the checkpoint in ``folder``; raises CheckpointError where there is none or its card is wrong."""
    return Checkpoint(folder, Card.from_json(_card_file(folder)))


def figures(folder: Path) -> Figures:
    """Return what the card in ``folder`` tells a list; raises CheckpointError as `read` does."""
    return Figures.from_json(_card_file(folder))


def _card_file(folder: Path) -> bytes:
    try:
        return read_file(folder / CARD, at_most=LONGEST)
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror or error})"
        raise CheckpointError(f"There is no checkpoint in '{folder.name}': its {CARD} cannot be read{why}.") from None


def find(reference: str) -> Checkpoint:
    """Return the checkpoint that ``reference`` names: one that ships, a run's id, a training's name, a folder, or a
    card's path.

    Raises CheckpointError with the known names where there is none, and for pickled files.
    """
    if Path(reference).suffix in (".pt", ".pth", ".pkl", ".ckpt"):
        raise CheckpointError(
            "Pickled model files (.pt, .pth, .ckpt) are refused: opening one runs whatever code it holds. "
            "Use a checkpoint folder of CNN Lab."
        )
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", reference):
        for folder in (checkpoints_folder() / reference, home() / "runs" / reference, training_folder(reference)):
            newest = newest_in(folder) if folder is not None else None
            if newest is not None:
                return newest
    path = Path(reference)
    newest = newest_in(path.parent if path.name == CARD else path)
    if newest is not None:
        return newest
    names = ", ".join(checkpoint.folder.name for checkpoint in shipped()) or "none"
    raise CheckpointError(f"There is no checkpoint '{reference}'. Shipped: {names}; or give a run's id or a folder.")


def newest_in(folder: Path) -> Checkpoint | None:
    """Return the checkpoint in ``folder``, or for a run's folder its final or else its latest best one."""
    if (folder / CARD).is_file():
        return read(folder)
    for inside in (folder / "final", *sorted(folder.glob("best-*"), reverse=True)):
        if (inside / CARD).is_file() and not inside.is_symlink():  # a link could lead out of the folder
            return read(inside)
    return None


def save(
    folder: Path, model: nn.Module, card: Card, predictions: Predictions | None = None, *, half: bool = False
) -> Checkpoint:
    """Write a checkpoint to ``folder``, whole or not at all, and return it; an older one there is replaced.

    ``half`` stores floats as float16. Where the card refers to a backbone, that is left out. Raises CheckpointError
    where the disk refuses.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    if card.backbone is not None:
        state = _without_backbone(state)
    if half:
        state = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    weights = safetensors.torch.save(state)
    card = dataclasses.replace(card, sha256=hashlib.sha256(weights).hexdigest())
    files = {WEIGHTS: weights, CARD: card.to_json().encode()}
    if predictions is not None:
        files[PREDICTIONS] = safetensors.torch.save(
            {
                "labels": torch.from_numpy(predictions.labels).to(torch.int16),
                "predicted": torch.from_numpy(predictions.predicted).to(torch.int16),
                "confidence": (torch.from_numpy(predictions.confidence) * _CONFIDENCES).round().to(torch.uint8),
            }
        )
    write_files(folder, files)
    return Checkpoint(folder, card)


def now() -> str:
    """Return today's date, UTC, as ISO text."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def largest_weights(card: Card) -> int:
    """Return how many bytes the weights file of a network may have; raises CheckpointError where it cannot be built."""
    return _largest(_expected(card))


def _largest(expected: Mapping[str, Tensor]) -> int:
    return sum(4 * value.numel() + _HEADER_BYTES for value in expected.values()) + _HEADER_BYTES


def _expected(card: Card) -> dict[str, Tensor]:
    """What the weights file of a network holds, without values."""
    build = {"channels": card.channels, "image_size": card.image_size, "classes": len(card.classes)}
    try:
        with torch.device("meta"):
            expected = build_model(card.model, arguments=card.arguments, **build).state_dict()
    except LabError as error:
        raise CheckpointError(f"This checkpoint's network cannot be built: {error}") from None
    return dict(expected) if card.backbone is None else _without_backbone(expected)


def _without_backbone(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if not name.startswith("backbone.")}


def _check_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    if weights.keys() != expected.keys():
        odd = sorted(weights.keys() ^ expected.keys())[0]
        raise CheckpointError(f"These weights do not belong to this network: '{odd}' is on one side only.")
    for name, value in weights.items():
        wanted = expected[name]
        if value.shape != wanted.shape:
            raise CheckpointError(f"'{name}' has shape {tuple(value.shape)}; the network has {tuple(wanted.shape)}.")
        if value.dtype not in (_FLOATS if wanted.is_floating_point() else (wanted.dtype,)):
            raise CheckpointError(f"'{name}' has type {value.dtype}; the network has {wanted.dtype}.")
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(
                f"'{name}' holds a number that is not finite; the file is damaged or the run diverged."
            )
