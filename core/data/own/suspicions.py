"""What is odd about a set of pictures, each with the pictures it is about and one sentence that says what to do.

All of it is a function of thumbnails (`core.data.own.twins.look_of`), sizes, labels and features: built-in sets are
looked at in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.data.own.twins import Looks
from core.names import counted

Kind = Literal["empty", "few", "unbalanced", "dark", "bright", "flat", "small", "twins", "twins_across", "claimed"]
Indices = npt.NDArray[np.int64]

FEWEST_A_CLASS = 10
MOST_UNBALANCED = 4.0  # times as many pictures in the largest class as in the smallest
SMALLEST_SIDE = 64  # pixels of the shorter side, for a photo
DARKEST, BRIGHTEST = 30.0, 225.0  # grey levels, of the mean
DULLEST, FLATTEST = 8.0, 5.0  # grey levels, of the spread: ink on white paper is bright and not dull
# By the features of EfficientNet-Lite0 (ImageNet), of 300 cats and dogs of which 12 had been put into the wrong class,
# 14 pictures are claimed, 10 of the 12 among them; by five neighbours 19, by the lab's own ResNet-18 32 with 5.
NEIGHBOURS = 10
CLAIM = 0.8  # the share of its neighbours that must be of one other class

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_ROWS = 512


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """One oddity: ``pictures`` are places in the set (int64, in order; empty where it is about a class as a whole).

    ``what`` says what is odd and ``to_do`` what whoever can change the set does about it (""). Both hold names of
    classes that people have typed: they are not Markdown. The worst kinds come first.
    """

    kind: Kind
    pictures: Indices
    what: str
    to_do: str = ""

    @property
    def sentence(self) -> str:
        """All that there is to say."""
        return f"{self.what} {self.to_do}".rstrip()


def suspicions(
    looks: Looks,
    labels: Indices,
    *,
    classes: Sequence[str],
    twins: Indices,
    shorter_sides: npt.NDArray[np.int64] | None = None,
    features: npt.NDArray[np.float32] | None = None,
    can_change: bool = True,
) -> tuple[Suspicion, ...]:
    """Return what is odd about N pictures: ``looks`` uint8 (N, 32, 32, 3), ``labels`` and ``twins`` int64 (N,).

    ``twins`` numbers photographs (`core.data.own.twins.groups_of`, of looks alone); ``shorter_sides`` (N,) are in
    pixels, nothing is said of small pictures without them; ``features`` are float32 (N, D) of a network that sees what
    pictures are of, without which no picture is claimed by another class. With ``can_change`` the sentences say what
    to do about it, which nobody can in a set that others have published.
    """
    claimed = () if features is None else claims(features, labels, classes=classes, twins=twins)
    without = _without_content(looks)
    copies = np.where(np.any(list(without.values()), axis=0), -1 - np.arange(len(labels)), twins)
    found: list[Suspicion | None] = [*_twins(labels, copies), *claimed]  # two black pictures are no copies of one photo
    found += [_some(kind, which, _WITHOUT_CONTENT[kind]) for kind, which in without.items()]
    if shorter_sides is not None:
        found.append(_some("small", shorter_sides < SMALLEST_SIDE, _SMALL))
    found += _counts(labels, classes)
    return tuple(each if can_change else _as_it_is(each) for each in found if each is not None)


def claims(
    features: npt.NDArray[np.float32], labels: Indices, *, classes: Sequence[str], twins: Indices
) -> tuple[Suspicion, ...]:
    """Return a suspicion for each pair of classes of which one claims pictures of the other (`claimed_by`)."""
    claimed = claimed_by(features, labels, apart=twins)
    pairs = sorted({(int(own), int(other)) for own, other in zip(labels, claimed, strict=True) if other >= 0})
    return tuple(
        Suspicion(
            kind="claimed",
            pictures=np.flatnonzero((labels == own) & (claimed == other)),
            what=f"In '{classes[own]}', and most like pictures of '{classes[other]}'.",
            to_do="Look whether they are in the right class.",
        )
        for own, other in pairs
    )


def claimed_by(features: npt.NDArray[np.float32], labels: Indices, *, apart: Indices | None = None) -> Indices:
    """Return int64 (N,): the class to which nearly all nearest neighbours of a picture belong, where that is another
    one than its own, and -1 elsewhere.

    Neighbours are the ten nearest by the cosine of their features (float32 (N, D)); pictures with the same number in
    ``apart`` (twins) do not count, for a copy says nothing new. A class of few pictures claims nothing: it cannot have
    enough neighbours.
    """
    count = len(labels)
    found = np.full(count, -1, np.int64)
    if count <= NEIGHBOURS:
        return found
    rows = np.asarray(features, np.float32)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    apart = np.arange(count) if apart is None else apart
    classes = int(labels.max()) + 1
    for start in range(0, count, _ROWS):
        part = slice(start, start + _ROWS)
        near = rows[part] @ rows.T
        near[apart[part, None] == apart] = -np.inf
        nearest = np.argpartition(-near, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        counted = np.isfinite(np.take_along_axis(near, nearest, axis=1))
        votes = np.zeros((len(near), classes), np.int64)
        np.add.at(votes, (np.arange(len(near))[:, None], labels[nearest]), counted)
        first = votes.argmax(axis=1)
        strong = votes.max(axis=1) >= CLAIM * NEIGHBOURS
        found[part] = np.where(strong & (first != labels[part]), first, -1)
    return found


_SMALL = (
    f"Fewer than {SMALLEST_SIDE} pixels on the shorter side: little to learn from.",
    "Take them again from nearer by.",
)
_WITHOUT_CONTENT: dict[Kind, tuple[str, str]] = {
    "dark": ("So dark that a network sees next to nothing.", "Take them again with a light on, or delete them."),
    "bright": (
        "So bright that a network sees next to nothing.",
        "Take them again away from the light, or delete them.",
    ),
    "flat": ("Nearly one colour all over, as with a finger before the lens.", "Look whether they show anything."),
}
_TWINS = (
    "Copies of one photo, or nearly.",
    "They count as one picture and stay on one side of the split; keep the best.",
)
_ACROSS = ("One photo in two classes: no network can get both right.", "Decide what it shows and delete the other.")
_OF_A_PUBLISHED_SET = {"twins": "Where one is learned from and another judges, the figure flatters."}


def _as_it_is(each: Suspicion) -> Suspicion:
    """A suspicion about a set that nobody here can change."""
    return replace(each, to_do=_OF_A_PUBLISHED_SET.get(each.kind, ""))


def _twins(labels: Indices, twins: Indices) -> list[Suspicion]:
    """One suspicion for each photo that is in two classes, and one for all other copies."""
    found: list[Suspicion] = []
    copies = np.zeros(len(labels), bool)
    numbers, counts = np.unique(twins, return_counts=True)
    for number in numbers[counts > 1].tolist():
        places = np.flatnonzero(twins == number)
        if len(np.unique(labels[places])) > 1:
            found.append(Suspicion(kind="twins_across", pictures=places, what=_ACROSS[0], to_do=_ACROSS[1]))
        else:
            copies[places] = True
    rest = _some("twins", copies, _TWINS)
    return [*found, rest] if rest else found


def _without_content(looks: Looks) -> dict[Kind, npt.NDArray[np.bool_]]:
    """Which pictures show nothing, by what they are instead."""
    grey = (looks @ _GREY).reshape(len(looks), -1)
    mean, spread = grey.mean(axis=1), grey.std(axis=1)
    dark, bright = (mean < DARKEST) & (spread < DULLEST), (mean > BRIGHTEST) & (spread < DULLEST)
    flat = (spread < FLATTEST) & ~dark & ~bright
    return {"dark": dark, "bright": bright, "flat": flat}


def _counts(labels: Indices, classes: Sequence[str]) -> list[Suspicion]:
    counts = np.bincount(labels, minlength=len(classes))
    nobody = np.zeros(0, np.int64)
    found = []
    for name, count in zip(classes, counts.tolist(), strict=True):
        if count == 0:
            what, to_do = f"'{name}' has no pictures yet.", "Add some, or delete the class."
            found.append(Suspicion(kind="empty", pictures=nobody, what=what, to_do=to_do))
        elif count < FEWEST_A_CLASS:
            what = f"'{name}' has {counted(count, 'picture')}; {FEWEST_A_CLASS} are the fewest that teach much."
            found.append(Suspicion(kind="few", pictures=nobody, what=what))
    filled = counts[counts > 0]
    if len(filled) > 1 and filled.max() > MOST_UNBALANCED * filled.min():
        most, fewest = classes[int(counts.argmax())], classes[int(np.where(counts > 0, counts, counts.max()).argmin())]
        what = (
            f"'{most}' has {counted(int(filled.max()), 'picture')} and '{fewest}' {filled.min():,}: a network that "
            f"always says '{most}' looks good."
        )
        to_do = f"Add pictures of '{fewest}'."
        found.append(Suspicion(kind="unbalanced", pictures=nobody, what=what, to_do=to_do))
    return found


def _some(kind: Kind, which: npt.NDArray[np.bool_], said: tuple[str, str]) -> Suspicion | None:
    if not which.any():
        return None
    return Suspicion(kind=kind, pictures=np.flatnonzero(which), what=said[0], to_do=said[1])
