"""A split of a class's own pictures that does not flatter: twins on one side, judged on other people's photos.

What moves as one is a group of pictures (`core.data.own.twins.groups_of`), or, where people are kept apart, all that
one contributor took. Whole ones of them fill the sides, so that each class has its share on each side as nearly as that
allows. Nothing is drawn at random: hashes of the contents decide who is served first, so the split is the same on every
machine, in whatever order the pictures lie.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.own.sides import Indices, filled, service_of, table_of
from core.data.parts import TEST_PART, VALIDATION_PART
from core.errors import DataError
from core.intervals import percent_span, wilson_interval
from core.names import folded

FEWEST_PEOPLE = 3  # of whom one or more can be kept for judging
FEWEST_TO_JUDGE = 50  # from which on 90 % right is known to within ten in a hundred each way
LEAST_TEST, MOST_TEST = 0.1, 0.4  # between which the test pictures of whole people may lie
FOLDS = 5
LEARN, CHOOSE, JUDGE = "l", "c", "j"  # the three sides, as they are kept


@dataclass(frozen=True, kw_only=True)
class HonestSplit:
    """Indices (int64, in order) into a set's pictures, each in exactly one of the three.

    ``people_apart`` says that nobody who took a test picture took any other. ``judged_on`` says whose pictures judge,
    and how many they are; ``certainty`` what so few can tell ("" where they are enough); ``notes`` are sentences on
    classes that cannot be judged. None of them is Markdown: they hold names that people have typed.
    """

    train: Indices
    validation: Indices
    test: Indices
    people_apart: bool
    judged_on: str
    certainty: str
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One part of a cross-validation: learn from ``train``, be asked about ``test`` (int64, in order)."""

    train: Indices
    test: Indices


def honest_split(
    labels: Indices,
    groups: Indices,
    contributors: Sequence[str | None],
    *,
    classes: Sequence[str],
    contents: Sequence[str] = (),
) -> HonestSplit:
    """Split a set of pictures with these ``labels`` (int64 (N,), places in ``classes``) and ``groups`` (int64 (N,)).

    About a fifth becomes the test, a tenth of the rest validation; no group lies on two sides. With three contributors
    or more the test pictures are by people who took no other, where every class can still be learned and judged; what
    nobody signed is then learned from. ``contents`` are the pictures' hashes, without which their places stand for
    them. Raises DataError with a sentence where fewer than two classes have pictures, or nothing can be held back.
    """
    _check(labels, groups, contributors, len(classes))
    order = _order(labels, contents)
    people, bound = _people(groups, contributors)
    test = _test_by_people(labels, people, bound, order) if bound.size else None
    apart = test is not None
    if test is None:
        test = filled(labels, groups, order, TEST_PART, keep=_first_groups(labels, groups, order, leave=1))
    if not test.any():
        raise DataError(
            "None of these pictures can be held back to judge by: every class has only one, or copies of one. "
            "Take at least two different pictures of each class."
        )
    spare = _first_groups(labels, groups, order, leave=1, among=~test) | test
    validation = filled(labels, groups, order, VALIDATION_PART, keep=spare, among=~test)
    sides = np.where(test, JUDGE, np.where(validation, CHOOSE, LEARN))
    return split_on("".join(sides.tolist()), labels, contributors, people_apart=apart, classes=classes)


def split_on(
    sides: str, labels: Indices, contributors: Sequence[str | None], *, people_apart: bool, classes: Sequence[str]
) -> HonestSplit:
    """Return the split in which each picture lies on the side that a letter of ``sides`` says (`sides_of`)."""
    side = np.array(list(sides))
    test = side == JUDGE
    held = [name for name, judges in zip(contributors, test.tolist(), strict=True) if judges and name is not None]
    whose = sorted({folded(name): name for name in reversed(held)}.values())
    return HonestSplit(
        train=np.flatnonzero(side == LEARN),
        validation=np.flatnonzero(side == CHOOSE),
        test=np.flatnonzero(test),
        people_apart=people_apart,
        judged_on=judged_on(whose if people_apart else [], int(test.sum())),
        certainty=certainty(int(test.sum())),
        notes=tuple(_without_judgement(labels, test, classes)),
    )


def sides_of(split: HonestSplit) -> str:
    """Return on which side each picture lies, in order: l (learned from), c (to choose by), j (judges)."""
    sides = np.full(len(split.train) + len(split.validation) + len(split.test), LEARN)
    sides[split.validation], sides[split.test] = CHOOSE, JUDGE
    return "".join(sides.tolist())


def folds(
    labels: Indices,
    groups: Indices,
    contributors: Sequence[str | None],
    *,
    classes: Sequence[str],
    contents: Sequence[str] = (),
    most: int = FOLDS,
) -> tuple[Fold, ...]:
    """Return up to ``most`` folds in which every picture is asked about exactly once, for a set too small to be split.

    Whole people are kept apart where there are three or more and everybody's pictures are signed, else whole groups.
    Raises DataError as `honest_split` does.
    """
    _check(labels, groups, contributors, len(classes))
    order = _order(labels, contents)
    people, bound = _people(groups, contributors)
    units = people if bound.size and None not in contributors else groups
    if len(np.unique(units)) < 2:
        raise DataError("These pictures are all of one kind; take at least two different pictures of each class.")
    names, table = table_of(labels, units)
    place_of = service_of(names, units, order)
    sides = np.zeros((min(most, len(names)), table.shape[1]), np.int64)
    fold_of = np.zeros(len(names), np.int64)
    for unit in sorted(range(len(names)), key=lambda unit: (-int(table[unit].sum()), place_of[unit])):
        fold = min(range(len(sides)), key=lambda fold: (int(table[unit] @ sides[fold]), int(sides[fold].sum()), fold))
        sides[fold] += table[unit]
        fold_of[unit] = fold
    of_picture = fold_of[np.searchsorted(names, units)]
    return tuple(
        Fold(train=np.flatnonzero(of_picture != fold), test=np.flatnonzero(of_picture == fold))
        for fold in range(len(sides))
    )


def judged_on(others: Sequence[str], n: int) -> str:
    """Return whose pictures a network is judged on, and how many they are; no ``others``: whoever took the rest too."""
    if not others:
        return f"judged on pictures held back, by the same people as the rest, n = {n:,}"
    shown = list(others) if len(others) <= 3 else [*others[:2], f"{len(others) - 2} others"]
    listed = " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    return f"judged on other people's photos: {listed}, n = {n:,}"


def certainty(n: int) -> str:
    """Return what nine of ten right would mean with ``n`` test pictures, or "" where they are enough to judge by."""
    if n >= FEWEST_TO_JUDGE:
        return ""
    right = n - max(1, round(n / 10))
    low, high = wilson_interval(right, n)
    return f"{right} of {n} right would mean {percent_span(low, high)}"


def _check(labels: Indices, groups: Indices, contributors: Sequence[str | None], classes: int) -> None:
    if not len(labels) == len(groups) == len(contributors):
        raise ValueError(
            f"{len(labels)} labels, {len(groups)} groups and {len(contributors)} contributors do not match"
        )
    there = len(np.unique(labels))
    if there < 2:
        raise DataError(
            f"A network needs two classes with pictures to tell apart, and {there} of {classes} "
            f"{'has' if there == 1 else 'have'} some; add pictures."
        )


def _order(labels: Indices, contents: Sequence[str]) -> list[bytes]:
    """By which pictures are served: a hash of each one's content, the same wherever it lies among the others."""
    named = contents or [str(place) for place in range(len(labels))]
    return [
        hashlib.sha256(f"split/{label}/{name}".encode()).digest() for label, name in zip(labels, named, strict=True)
    ]


def _people(groups: Indices, contributors: Sequence[str | None]) -> tuple[Indices, Indices]:
    """Number what belongs to one person (N,), and tell which numbers are of named people (none if fewer than three).

    Names that people read as one are one, and so are people whose pictures are in one group. What nobody signed and
    shares no group with them is its group's own.
    """
    number: dict[str, int] = {}
    above: dict[int, int] = {}

    def root(one: int) -> int:
        while above.setdefault(one, one) != one:
            one = above[one]
        return one

    first = int(groups.max()) + 1
    for group, name in zip(groups.tolist(), contributors, strict=True):
        person = number.setdefault(folded(name), first + len(number)) if name is not None else group
        one, other = sorted((root(group), root(person)))
        above[one] = other  # the higher number, which is a person's
    people = np.array([root(group) for group in groups.tolist()], np.int64)
    named = np.unique(people[people >= first])
    return people, named if len(named) >= FEWEST_PEOPLE else named[:0]


def _test_by_people(
    labels: Indices, people: Indices, named: Indices, order: list[bytes]
) -> npt.NDArray[np.bool_] | None:
    """Whose pictures judge; None where some class could then not be learned or not be judged."""
    theirs = np.isin(people, named)
    test = filled(labels, people, order, TEST_PART, keep=~theirs, every_class=True)
    total = np.unique(labels, return_counts=True)[1]
    held = np.array([(labels[test] == label).sum() for label in np.unique(labels)])
    fits = LEAST_TEST <= test.mean() <= MOST_TEST
    return test if fits and (held > 0).all() and (held < total).all() else None


def _first_groups(
    labels: Indices,
    groups: Indices,
    order: list[bytes],
    *,
    leave: int,
    among: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.bool_]:
    """The pictures of ``leave`` groups of each class, which stay where they are so that it can be learned."""
    inside = np.ones(len(labels), bool) if among is None else among
    kept: set[int] = set()
    for label in np.unique(labels[inside]):
        mine = np.flatnonzero(inside & (labels == label))
        by_group: dict[int, list[bytes]] = defaultdict(list)
        for place in mine.tolist():
            by_group[int(groups[place])].append(order[place])
        kept.update(sorted(by_group, key=lambda group: (-len(by_group[group]), min(by_group[group])))[:leave])
    return np.isin(groups, list(kept)) & inside


def _without_judgement(labels: Indices, test: npt.NDArray[np.bool_], classes: Sequence[str]) -> list[str]:
    there, judged = set(labels.tolist()), set(labels[test].tolist())
    empty = [name for label, name in enumerate(classes) if label not in there]
    unjudged = [name for label, name in enumerate(classes) if label in there - judged]
    notes = []
    if empty:
        notes.append(f"No pictures yet: {', '.join(empty)}.")
    if unjudged:
        notes.append(f"Learned but not judged, for want of different pictures: {', '.join(unjudged)}.")
    return notes
