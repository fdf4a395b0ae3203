"""What is known of a network's world, measured once: of one that ships it lies beside the card, else in the home."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import safetensors
import safetensors.numpy
from torch import Tensor, nn

from core.checkpoints import CARD, Checkpoint, Outsiders
from core.data import LabelledImages, load, make_split
from core.errors import CheckpointError, DataError
from core.explain.familiarity.foreign import AT_ONCE, Indices, as_received, as_small, foreign_images, spread
from core.explain.familiarity.known import SCORES, STEPS, USUAL, Known, Scores, auroc, best_score, halves, learn
from core.explain.familiarity.watching import look_at
from core.explain.filters import kept_arrays
from core.models.input_format import InputFormat, normalise, to_batch
from core.strict_json import NotStrictJsonError, parse_object, typed
from core.training.assembly import training_indices
from core.whole_files import read_file, write_files

FILE = "familiarity.safetensors"
TRAINING, OTHERS = 2_000, 1_000  # training images that are kept; images of each of the three other kinds
_LARGEST = 16 * 2**20
_FORMAT = 3  # part of every key: raise it where the same key would mean something else

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """What is kept of a network's training images, and how well it tells ``outsiders`` by it."""

    known: Known
    outsiders: Outsiders


def known_familiarity(checkpoint: Checkpoint) -> Familiarity | None:
    """Return what was measured of a network, from beside its card or from the home; None where nothing was.

    Raises CheckpointError where the file beside the card is damaged.
    """
    card = checkpoint.card
    if card.outsiders is not None and card.outsiders.sha256:
        return Familiarity(known=_shipped(checkpoint, card.outsiders), outsiders=card.outsiders)
    return _from_arrays(kept_arrays.read(_key(checkpoint)))


def measured_familiarity(checkpoint: Checkpoint, model: nn.Module, *, progress: Progress | None = None) -> Familiarity:
    """Return what is known already, or measure it and keep it in the home; ``model`` is the checkpoint's network.

    What ``progress`` raises ends it; nothing is kept then. Raises DataError where the training images are not at hand
    or are not those that the network learned from.
    """
    tell = progress or (lambda _text, _share: None)
    if (found := known_familiarity(checkpoint)) is not None:
        return found
    key = _key(checkpoint)
    with kept_arrays.alone(key, lambda: tell("Somebody else is measuring the same", 0.0)):
        found = _from_arrays(kept_arrays.read(key))
        if found is None:
            found = measure(checkpoint, model, progress=tell)
            kept_arrays.write(key, _to_arrays(found.known) | {"outsiders": _json_bytes(found.outsiders)})
    return found


def measure(
    checkpoint: Checkpoint,
    model: nn.Module,
    *,
    training: int = TRAINING,
    others: int = OTHERS,
    progress: Progress | None = None,
) -> Familiarity:
    """Look at ``training`` training images and ``others`` of validation, test and foreign ones, and measure.

    Raises DataError as `measured_familiarity` does.
    """
    card = checkpoint.card
    data = load(card.dataset, size=card.image_size)
    split = make_split(data, slips=card.config.slips)
    if split.fingerprint != card.split_fingerprint:
        raise DataError(
            f"The copy of {data.spec.title} on this machine, or its order, is not the one that this network learned "
            "from, so nobody can say which of these images it knows."
        )
    learned = training_indices(split, card.config).numpy()  # fewer than the split's where the run had a limit
    parts = [spread(learned, training), spread(split.validation, others), spread(split.test, others)]
    foreign = foreign_images(card.dataset, card.classes, channels=card.channels, at_most=others)
    count = sum(map(len, [*parts, foreign.indices]))
    looking = _Looking(
        progress or (lambda _text, _share: None), count + (len(parts[2]) if foreign.data.size < data.size else 0)
    )
    mirrored = card.config.mirror_at_test
    (train, _logits), validation, test = (
        look_at(model, looking.counting(_stored(data, part, checkpoint.format)), mirrored=mirrored) for part in parts
    )
    strange = look_at(model, looking.counting(as_received(foreign, checkpoint.format, card.dataset)), mirrored=mirrored)
    small = look_at(model, looking.counting(as_small(data, parts[2], foreign, checkpoint.format)), mirrored=mirrored)
    known = learn(train, parts[0], data.labels[parts[0]], validation=validation)
    own, theirs = known.scores(*test), known.scores(*strange)
    score, areas = best_score(own, theirs)
    told_own, told_foreign = _told(own[score]), _told(theirs[score])
    beyond = [
        float(np.mean([known.share(score, value) >= USUAL for value in values.tolist()]))
        for values in (told_foreign, told_own)
    ]
    return Familiarity(
        known=known,
        outsiders=Outsiders(
            score=score,
            images=foreign.title,
            n=len(told_foreign),
            own_n=len(told_own),
            auroc=areas,
            as_small=auroc(_told(known.scores(*small)[score]), told_foreign) if len(small[0]) else None,
            caught=beyond[0],
            false_alarms=beyond[1],
        ),
    )


def note_beside_card(checkpoint: Checkpoint, found: Familiarity) -> Checkpoint:
    """Write what was measured beside a network's card, and its figures into it; raises OSError as the disk does."""
    data = safetensors.numpy.save(_to_arrays(found.known))
    outsiders = dataclasses.replace(found.outsiders, sha256=hashlib.sha256(data).hexdigest())
    card = dataclasses.replace(checkpoint.card, outsiders=outsiders)
    write_files(checkpoint.folder, {FILE: data, CARD: card.to_json().encode()})
    return Checkpoint(checkpoint.folder, card)


def _told(values: Scores) -> Scores:
    """The half of the images that figures are of."""
    return values[halves(len(values))[1]]


class _Looking:
    """Tells how many of all images have been looked at, batch by batch."""

    def __init__(self, tell: Progress, total: int) -> None:
        self.tell, self.total, self.done = tell, total, 0

    def counting(self, batches: Iterator[Tensor]) -> Iterator[Tensor]:
        for batch in batches:
            self.tell(f"Looking at image {self.done:,} of {self.total:,}", self.done / self.total)
            self.done += len(batch)
            yield batch


def _stored(data: LabelledImages, indices: Indices, format: InputFormat) -> Iterator[Tensor]:
    for start in range(0, len(indices), AT_ONCE):
        pixels = np.ascontiguousarray(data.images[indices[start : start + AT_ONCE]])
        yield normalise(to_batch(pixels, format), format)


def _key(checkpoint: Checkpoint) -> str:
    card = checkpoint.card
    decides = {"format": _FORMAT, "network": card.sha256, "split": card.split_fingerprint, "what": "familiarity"}
    return kept_arrays.key_of(decides)


def _shipped(checkpoint: Checkpoint, outsiders: Outsiders) -> Known:
    path = checkpoint.folder / FILE
    try:
        data = read_file(path, at_most=_LARGEST)
        if hashlib.sha256(data).hexdigest() != outsiders.sha256:
            raise ValueError("it was altered since it was written")
        known = _known(safetensors.numpy.load(data))
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise CheckpointError(
            f"What {checkpoint.card.title} knows its world by, '{FILE}', cannot be read: {error}."
        ) from None
    return known


def _to_arrays(known: Known) -> kept_arrays.Arrays:
    return {
        "mean": known.mean,
        "directions": np.ascontiguousarray(known.directions),
        "places": np.ascontiguousarray(known.places),
        "indices": known.indices,
        "labels": known.labels,
        **{f"steps/{name}": known.steps[name] for name in SCORES},
    }


def _from_arrays(arrays: kept_arrays.Arrays | None) -> Familiarity | None:
    if arrays is None:
        return None
    try:
        outsiders = typed(Outsiders, parse_object(arrays["outsiders"].tobytes()))
        outsiders.check()
        return Familiarity(known=_known(arrays), outsiders=outsiders)
    except (KeyError, ValueError, NotStrictJsonError):
        return None


def _json_bytes(outsiders: Outsiders) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(json.dumps(dataclasses.asdict(outsiders), allow_nan=False).encode(), np.uint8)


def _known(arrays: kept_arrays.Arrays) -> Known:
    """Raises KeyError or ValueError where arrays are missing or do not fit each other."""
    known = Known(
        mean=arrays["mean"].astype(np.float32),
        directions=arrays["directions"].astype(np.float32),
        places=arrays["places"].astype(np.float16),
        indices=arrays["indices"].astype(np.int32),
        labels=arrays["labels"].astype(np.int32),
        steps={name: arrays[f"steps/{name}"].astype(np.float32) for name in SCORES},
    )
    count, wide = known.places.shape
    if known.directions.shape != (*known.mean.shape, wide) or known.mean.ndim != 1 or not count:
        raise ValueError("its arrays do not fit each other")
    if known.indices.shape != (count,) or known.labels.shape != (count,):
        raise ValueError("its arrays do not fit each other")
    if any(steps.shape != (STEPS + 1,) for steps in known.steps.values()):
        raise ValueError("its thresholds are not those of this lab")
    numbers = [known.mean, known.directions, known.places.astype(np.float32), *known.steps.values()]
    if not all(np.isfinite(each).all() for each in numbers):
        raise ValueError("it holds a number that is not finite")
    return known
