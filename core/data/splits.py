"""Three splits, made once: validation from training data only, test touched by evaluation alone.

The notebook's two slips can be repeated on purpose (``slips``), to show what they cost. Whatever the slip, the
test images stay the same and outside training, so that every figure is comparable.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.loading import LabelledImages
from core.errors import DataError
from core.seeding import derive_seed

TEST_PART = 0.2
VALIDATION_PART = 0.1

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Indices into a data set's images, and the fingerprint by which a checkpoint recognises them.

    The fingerprint covers the data (content and order) and the test indices' complement: equal fingerprints mean
    that a model trained on this split has never seen these test images.
    """

    train: Indices
    validation: Indices
    test: Indices
    fingerprint: str
    description: str


def make_split(data: LabelledImages, *, slips: Sequence[str] = ()) -> Split:
    """Return the one split of ``data``, or the notebook's version of it where ``slips`` name one.

    Without an official test split, a fixed 20 % of the images is the test split; validation is a tenth of the rest.
    Raises DataError where the data set is too small to be split.
    """
    count = len(data.labels)
    if count < 20:
        raise DataError(f"{data.spec.title} has {count} images; at least 20 are needed to split it in three.")
    if data.official_test_start is not None:
        rest, test = np.arange(data.official_test_start), np.arange(data.official_test_start, count)
        origin = "the official test split"
    else:
        order = _shuffled(np.arange(count), "test")
        held_out = int(count * TEST_PART)
        rest, test = np.sort(order[held_out:]), np.sort(order[:held_out])
        origin = "a fixed 20 %"
    shuffled = _shuffled(rest, "validation")
    tenth = int(len(rest) * VALIDATION_PART)
    train, validation = shuffled[tenth:], shuffled[:tenth]
    if "swapped_split" in slips:
        train, validation = _swapped(shuffled, held_out=int(count * TEST_PART))
    if "validation_from_training" in slips:
        train = np.concatenate([train, validation]) if "swapped_split" not in slips else train
        validation = train[: len(validation)]
    return Split(
        train=np.sort(train),
        validation=np.sort(validation),
        test=test,
        fingerprint=_fingerprint(data.fingerprint, rest, test),
        description=(
            f"{len(train):,} training, {len(validation):,} validation and {len(test):,} test images; "
            f"the test images are {origin}."
        ),
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


def _fingerprint(data_fingerprint: str, rest: Indices, test: Indices) -> str:
    digest = hashlib.sha256(data_fingerprint.encode())
    for indices in (rest, test):
        digest.update(np.ascontiguousarray(indices, dtype="<i8").tobytes())
        digest.update(b"|")
    return digest.hexdigest()[:32]
