"""What a version of an own set is, and its JSON: classes, pictures, and on which side of the split each one lies."""

import json
import re
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from core.data.own.honest_split import CHOOSE, JUDGE, LEARN, HonestSplit, honest_split, sides_of, split_on
from core.data.own.records import PREFIX, OwnSetError, check_class_name, check_contributor
from core.data.own.sides import Indices
from core.errors import DataError
from core.names import folded
from core.strict_json import NotStrictJsonError, parse_object, typed

LONGEST_MANIFEST = 8 * 2**20  # bytes
_PICTURE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Pictured:
    """A picture of a version: its id, form, label (the place of its class), who took it, and which group of near-copies
    and bursts it belongs to."""

    id: str
    form: str
    label: int
    contributor: str | None
    group: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A version of a set: its classes and its pictures, in their orders.

    ``split`` is how it was split when it was kept; None where it is not kept, or could not be split.
    """

    set_id: str
    version: str
    classes: tuple[str, ...]
    pictures: tuple[Pictured, ...]
    split: HonestSplit | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What the catalogue knows this version by."""
        return f"{PREFIX}{self.set_id}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What the file keeps of a manifest. ``sides`` has a letter a picture (`core.data.own.honest_split.sides_of`), none
    where it could not be split or was kept before sides were."""

    classes: tuple[str, ...]
    pictures: tuple[tuple[str, str, int, str | None, int], ...]
    sides: str = ""
    people_apart: bool = False


def read_manifest(set_id: str, version: str, text: str | bytes) -> Manifest:
    """Return a version as it was kept, from its JSON text; raises OwnSetError, one sentence, where it is none."""
    try:
        kept = typed(_Kept, parse_object(text, at_most=LONGEST_MANIFEST))
        _check(kept)
    except NotStrictJsonError as error:
        raise OwnSetError(f"What is known of version {version} of this set cannot be read: {error}.") from None
    pictures = tuple(
        Pictured(id=picture, form=form, label=label, contributor=contributor, group=group)
        for picture, form, label, contributor, group in kept.pictures
    )
    found = Manifest(set_id=set_id, version=version, classes=kept.classes, pictures=pictures)
    if not kept.sides:
        return found
    labels, _groups, contributors, _contents = _columns(found)
    split = split_on(kept.sides, labels, contributors, people_apart=kept.people_apart, classes=found.classes)
    return replace(found, split=split)


def _check(kept: _Kept) -> None:
    """Raise NotStrictJsonError where a manifest contradicts itself."""
    if not kept.pictures or not all(0 <= picture[2] < len(kept.classes) for picture in kept.pictures):
        raise NotStrictJsonError("it has no picture, or one of a class that is not there")
    if kept.sides and (len(kept.sides) != len(kept.pictures) or not set(kept.sides) <= {LEARN, CHOOSE, JUDGE}):
        raise NotStrictJsonError("its sides are not those of its pictures")


def checked_manifest(manifest: Manifest) -> Manifest:
    """Return a version from another lab; raises OwnSetError where its names could not be those of classes, people and
    files."""
    for name in manifest.classes:
        if check_class_name(name) != name:
            raise OwnSetError("A class of this version is not called as a class can be.")
    if len({folded(name) for name in manifest.classes}) < len(manifest.classes):
        raise OwnSetError("Two classes of this version have one name.")
    if len({each.id for each in manifest.pictures}) < len(manifest.pictures):
        raise OwnSetError("A picture is in this version twice.")
    for each in manifest.pictures:
        if not _PICTURE.fullmatch(each.id) or each.form not in ("jpg", "png") or each.group < 0:
            raise OwnSetError("A picture of this version is none that a lab keeps.")
        check_contributor(each.contributor)
    return manifest


def manifest_text(manifest: Manifest) -> str:
    """Return a version as JSON, which `read_manifest` reads."""
    kept = _Kept(
        classes=manifest.classes,
        pictures=tuple((each.id, each.form, each.label, each.contributor, each.group) for each in manifest.pictures),
        sides=sides_of(manifest.split) if manifest.split else "",
        people_apart=bool(manifest.split and manifest.split.people_apart),
    )
    return json.dumps(asdict(kept), ensure_ascii=False, separators=(",", ":"))


def split_today(manifest: Manifest) -> HonestSplit | None:
    """Return how a version is split today; None where it cannot be."""
    labels, groups, contributors, contents = _columns(manifest)
    try:
        return honest_split(labels, groups, contributors, classes=manifest.classes, contents=contents)
    except DataError:
        return None


def _columns(manifest: Manifest) -> tuple[Indices, Indices, list[str | None], list[str]]:
    """Labels, groups, contributors and contents of a version's pictures."""
    pictures = manifest.pictures
    return (
        np.array([each.label for each in pictures], np.int64),
        np.array([each.group for each in pictures], np.int64),
        [each.contributor for each in pictures],
        [each.id for each in pictures],
    )
