"""Three splits, made once: validation from training data only, test touched by evaluation alone.

Slips can be repeated on purpose (``slips``), to show what they cost. The test images stay outside training whatever
the slip, and stay the same with all but one: ``shared_writers`` draws them at random from everybody's.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.catalogue import DatasetSpec
from core.data.own.honest_split import honest_split
from core.data.parts import TEST_PART, VALIDATION_PART
from core.data.prepared import LabelledImages
from core.errors import DataError
from core.seeding import derive_seed

Indices = npt.NDArray[np.int64]

_BY_WRITER = "by-writer-"  # begins the fingerprint of a split that keeps each writer on one side


@dataclass(frozen=True, kw_only=True)
class Split:
    """Indices into a data set's images, and the fingerprint by which a checkpoint recognises them.

    The fingerprint covers the data (content and order), the test indices and their complement: equal fingerprints mean
    that a model trained on this split has never seen these test images. It also tells whether writers were kept apart
    (`writers_apart`).

    Of an own set, ``certainty`` says what so few test images can tell ("" where they are enough), and ``notes`` are
    sentences on classes that cannot be judged.
    """

    train: Indices
    validation: Indices
    test: Indices
    fingerprint: str
    description: str
    certainty: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """``rest`` is all that is not test, in the order in which its first images become validation."""

    rest: Indices
    test: Indices
    validation: int
    judged_on: str
    by_writer: bool = False
    certainty: str = ""
    notes: tuple[str, ...] = ()


def make_split(data: LabelledImages, *, slips: Sequence[str] = ()) -> Split:
    """Return the one split of ``data``, or the one that ``slips`` make of it.

    Without an official test split, a fixed 20 % of the images is the test split; validation is a tenth of the rest.
    Where images lie writer by writer (``writer_block`` of the data set), both are whole blocks: nobody who wrote a test
    image wrote a training image. An own set is split by `core.data.own.honest_split`. Raises DataError where the data
    set is too small to be split.
    """
    count = len(data.labels)
    parts = _parts(data, apart="shared_writers" not in slips)
    train, validation = parts.rest[parts.validation :], parts.rest[: parts.validation]
    if "swapped_split" in slips:
        train, validation = _swapped(_shuffled(np.sort(parts.rest), "validation"), held_out=int(count * TEST_PART))
    if "validation_from_training" in slips:
        train = np.concatenate([train, validation]) if "swapped_split" not in slips else train
        validation = train[: len(validation)]
    return Split(
        train=np.sort(train),
        validation=np.sort(validation),
        test=parts.test,
        fingerprint=_fingerprint(data.fingerprint, parts),
        description=(
            f"{len(train):,} training, {len(validation):,} validation and {len(parts.test):,} test images; "
            f"{parts.judged_on}."
        ),
        certainty=parts.certainty,
        notes=parts.notes,
    )


def published_parts(spec: DatasetSpec, *, slips: Sequence[str] = ()) -> tuple[int, int] | None:
    """Return how many training and validation images `make_split` makes of the data set as it was published.

    For what has not been decoded yet; None where nothing was published.
    """
    if spec.images is None:
        return None
    rest, test = spec.images
    validation = int(rest * VALIDATION_PART)
    if "swapped_split" in slips:
        part = int((rest + test) * TEST_PART)
        return int(part * VALIDATION_PART), part - int(part * VALIDATION_PART)
    return (rest if "validation_from_training" in slips else rest - validation), validation


def split_begun_with(data: LabelledImages, fingerprint: str | None, *, slips: Sequence[str] = ()) -> Split:
    """Return the split of a training that began with the one of this fingerprint (None: it begins now).

    Digits were split at random once: what began with that split, or does not say ('') because no state did then, goes
    on with it.
    """
    at_random = fingerprint is not None and not writers_apart(data.spec, fingerprint)
    return make_split(data, slips=(*slips, "shared_writers") if at_random else slips)


def writers_apart(spec: DatasetSpec, fingerprint: str) -> bool:
    """Say whether the split with this fingerprint kept each writer on one side.

    True for a data set that says nothing of who made its images. Digits were split at random once, and still are by a
    slip; fingerprints of such splits stay recognisable.
    """
    return spec.writer_block is None or fingerprint.startswith(_BY_WRITER)


def held_out_at_random(count: int) -> Indices:
    """Return the test images, in order, of a data set of ``count`` images that has no test split of its own."""
    return np.sort(_shuffled(np.arange(count), "test")[: int(count * TEST_PART)])


def _parts(data: LabelledImages, *, apart: bool) -> _Parts:
    count = len(data.labels)
    if data.groups is not None:
        return _honest(data, data.groups)
    if count < 20:
        raise DataError(f"{data.spec.title} has {count} images; at least 20 are needed to split it in three.")
    if data.official_test_start is not None:
        rest, test = np.arange(data.official_test_start), np.arange(data.official_test_start, count)
        origin = "the official test split"
    elif data.spec.writer_block is not None and apart:
        return _by_writer(count, data.spec.writer_block)
    else:
        test = held_out_at_random(count)
        rest = np.setdiff1d(np.arange(count), test)
        origin = "a fixed 20 %"
        if data.spec.writer_block is not None:
            origin += ", drawn at random: by the same writers as the training images"
    return _Parts(
        rest=_shuffled(rest, "validation"),
        test=test,
        validation=int(len(rest) * VALIDATION_PART),
        judged_on=f"the test images are {origin}",
    )


def _honest(data: LabelledImages, groups: Indices) -> _Parts:
    """The parts of an own set: near-copies on one side, and other people's pictures to judge by where that can be; of a
    version that was trained on, those that it had then."""
    split = data.kept_split or honest_split(
        data.labels, groups, data.contributors, classes=data.spec.classes, contents=data.contents
    )
    if not len(split.validation):
        raise DataError(
            f"{data.spec.title} has too few different pictures to train on, to choose by and to judge by: "
            f"{len(data.labels):,} in all. Take some more of each class."
        )
    return _Parts(
        rest=np.concatenate([split.validation, split.train]),
        test=split.test,
        validation=len(split.validation),
        judged_on=split.judged_on,
        certainty=split.certainty,
        notes=split.notes,
    )


def _by_writer(count: int, block: int) -> _Parts:
    """The last blocks are the test split, those before them validation: two at least, for one hand says little.

    Blocks follow hands only roughly (a form of Digits has 124 to 130 images), so a hand may reach into the block
    beside its own; with validation between them, none reaches from training into the test.
    """
    blocks = math.ceil(count / block)
    held_out = max(1, round(count * TEST_PART / block))
    start = (blocks - held_out) * block
    validation = max(2, round(start * VALIDATION_PART / block)) * block
    order = np.arange(start, dtype=np.int64)
    return _Parts(
        rest=np.roll(order, validation),
        test=np.arange(start, count, dtype=np.int64),
        validation=validation,
        judged_on="the test images are by other writers",
        by_writer=True,
    )


def _swapped(shuffled: Indices, *, held_out: int) -> tuple[Indices, Indices]:
    """What the notebook did: it split twice and kept the small part both times.

    20 % of 23,410 cats and dogs are 4,682; a tenth of those, 468, became the training images. The 4,682 are taken
    from outside the test split here.
    """
    part = shuffled[:held_out]
    tenth = int(len(part) * VALIDATION_PART)
    return part[:tenth], part[tenth:]


def _shuffled(indices: Indices, purpose: str) -> Indices:
    # RandomState's stream is frozen for all time, so a split never changes with NumPy's version.
    random = np.random.RandomState(derive_seed(0, "split", purpose) % 2**32)
    return np.asarray(random.permutation(indices), dtype=np.int64)


def _fingerprint(data_fingerprint: str, parts: _Parts) -> str:
    digest = hashlib.sha256(data_fingerprint.encode())
    for indices in (np.sort(parts.rest), parts.test):
        digest.update(np.ascontiguousarray(indices, dtype="<i8").tobytes())
        digest.update(b"|")
    return (_BY_WRITER if parts.by_writer else "") + digest.hexdigest()[:32]
