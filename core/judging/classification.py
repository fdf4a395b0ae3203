"""What a model says of a photo: the likeliest classes, by name and probability."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from core.checkpoints import Checkpoint
from core.checkpoints.backbones import load_network, measures_its_images
from core.data.catalogue import ink_frame
from core.errors import CheckpointError, PhotoError
from core.models.answers import logits_of
from core.models.faults import Fault, faults_of
from core.models.received import Fit, Received, receive
from core.photos.door import Photo, read_photo


@dataclass(frozen=True)
class Guess:
    """A class by name and its ``probability`` in [0, 1]; it unpacks as a pair, ``for label, probability in …``."""

    label: str
    probability: float

    def __iter__(self) -> Iterator[str | float]:
        return iter((self.label, self.probability))


Ranking = tuple[Guess, ...]


@dataclass(frozen=True, kw_only=True)
class ClassifiedPhoto:
    """The answer for one file: ``photo`` as it was asked for, and either ``error``, a sentence, or ``top``.

    ``top`` holds the likeliest classes, the likeliest first; ``notes`` say what was done to the photo first, ``faults``
    what is wrong with what the network received. `dataclasses.asdict` gives what ``--json`` prints.
    """

    photo: str
    error: str | None = None
    top: Ranking = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def received(checkpoint: Checkpoint, photo: Photo, *, as_it_is: bool = False, fit: Fit = "crop") -> Received:
    """Return what the network is given of ``photo``: made as its data set was, or, if asked for, ``as_it_is``."""
    frame = None if as_it_is else ink_frame(checkpoint.card.dataset)
    return receive(photo.image, checkpoint.format, frame, fit=fit)


def faults(checkpoint: Checkpoint, given: Received) -> tuple[Fault, ...]:
    """Return what is wrong with what the network is given; of its light, where that of its training images is known."""
    card = checkpoint.card
    measured = measures_its_images(card.config)
    return faults_of(given, checkpoint.format, ink_frame(card.dataset), measured=measured)


def classify(
    checkpoint: Checkpoint,
    photo: Photo,
    *,
    model: nn.Module | None = None,
    top: int = 5,
    as_it_is: bool = False,
) -> Ranking:
    """Return the ``top`` likeliest classes of ``photo``, the likeliest first (all of them where there are fewer).

    ``model`` is the checkpoint's own network where it has been loaded already, in evaluation mode, on any device;
    else it is loaded. Raises CheckpointError where it cannot be, or where its answer is not a number.
    """
    return rank(checkpoint, [received(checkpoint, photo, as_it_is=as_it_is)], model=model, top=top)[0]


def rank(
    checkpoint: Checkpoint,
    photos: Sequence[Received],
    *,
    model: nn.Module | None = None,
    top: int = 5,
    batch_size: int = 64,
) -> list[Ranking]:
    """Return for each received photo, in order, what `classify` would; ``batch_size`` pass the network at once."""
    network = load_network(checkpoint) if model is None else model
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    rankings: list[Ranking] = []
    with torch.inference_mode():
        for start in range(0, len(photos), batch_size):
            batch = torch.cat([photo.batch for photo in photos[start : start + batch_size]])
            probabilities = _finite_logits(checkpoint, network, batch.to(device)).softmax(1).cpu()
            rankings += [_ranked(row, checkpoint.card.classes, top) for row in probabilities]
    return rankings


def scores(checkpoint: Checkpoint, photo: Received, *, model: nn.Module | None = None) -> tuple[float, ...]:
    """Return the logits that stand behind the probabilities of `rank`, one for each class of the card, in its order.

    Raises CheckpointError where the model cannot be loaded or where its answer is not a number.
    """
    network = load_network(checkpoint) if model is None else model
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        return tuple(_finite_logits(checkpoint, network, photo.batch.to(device))[0].tolist())


def classify_paths(
    checkpoint: Checkpoint,
    paths: Iterable[Path | str],
    *,
    model: nn.Module | None = None,
    top: int = 5,
    as_it_is: bool = False,
    fit: Fit = "crop",
) -> Iterator[ClassifiedPhoto]:
    """Yield an answer for each file, in order; one that is no photo gets its sentence and the others go on.

    Each is looked at when it is asked for: by ``model`` as `classify` has it. ``as_it_is`` leaves out what `received`
    does to handwriting, ``fit`` says how a photo becomes a square. Raises CheckpointError, before the first answer,
    where the model cannot be loaded.
    """
    model = load_network(checkpoint) if model is None else model
    for path in paths:
        try:
            photo = read_photo(path)
        except PhotoError as error:
            yield ClassifiedPhoto(photo=str(path), error=str(error))
        else:
            given = received(checkpoint, photo, as_it_is=as_it_is, fit=fit)
            (ranking,) = rank(checkpoint, [given], model=model, top=top)
            found = faults(checkpoint, given)
            yield ClassifiedPhoto(
                photo=str(path),
                top=ranking,
                notes=(*photo.notes, *given.notes),
                faults=tuple(fault.sentence for fault in found),
            )


def _finite_logits(checkpoint: Checkpoint, network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    logits = logits_of(network, batch, mirrored=checkpoint.card.config.mirror_at_test)
    if not bool(torch.isfinite(logits).all()):
        raise CheckpointError(f"{checkpoint.card.title} answers with numbers that are not finite; train it anew.")
    return logits


def _ranked(probabilities: torch.Tensor, classes: Sequence[str], top: int) -> Ranking:
    best = probabilities.topk(max(1, min(top, len(classes))))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple(Guess(classes[place], probability) for place, probability in pairs)
