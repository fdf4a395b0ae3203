"""Pictures that a way in has found, into an own set: decoded in twos, kept in batches whatever their classes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from core.data.own.records import FullError, OwnSetError
from core.data.own.store.pictures import NewPicture, OwnPictures
from core.data.own.stored_picture import StoredPicture, stored_picture
from core.data.own.ways_in.found import Found, Skipped
from core.errors import LabError
from core.rights import Person

_BATCH = 32  # pictures that one transaction keeps
_AT_ONCE = 2  # as many as the photo door decodes

Decoded = tuple[Found, StoredPicture | str]


@dataclass(frozen=True, kw_only=True)
class Brought:
    """How many pictures were added, and everything that was not, with the sentence why."""

    added: int
    skipped: tuple[Skipped, ...]


def bring(
    pictures: OwnPictures,
    set_id: str,
    found: Iterable[Found],
    *,
    by: Person,
    code: str | None = None,
    tell: Callable[[int], None] | None = None,
) -> Brought:
    """Add what was found to the classes of a set that have their names.

    One that cannot be read, is no picture or is there already is passed over, and said; where a class or the set is
    full, the rest of the class is passed over. ``tell`` is told after each batch how many were looked at. Raises
    OwnSetError where the set is not there, RightsError.
    """
    work = _Bringing(pictures, set_id, by=by, code=code)
    looked_at = 0
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for batch in _batches(found):
            work.add(list(pool.map(_decoded, work.wanted(batch))))
            looked_at += len(batch)
            if tell is not None:
                tell(looked_at)
    return Brought(added=work.added, skipped=(*work.skipped, *work.left_out()))


class _Bringing:
    """What was added to a set so far, and what was not."""

    def __init__(self, pictures: OwnPictures, set_id: str, *, by: Person, code: str | None) -> None:
        self.pictures, self.set_id, self.by, self.code = pictures, set_id, by, code
        self.classes = {each.name: each.id for each in pictures.sets.get(set_id).classes}
        self.added = 0
        self.skipped: list[Skipped] = []
        self._full: dict[str, str] = {}  # classes that take no more, and the sentence why
        self._left: Counter[str] = Counter()

    def wanted(self, batch: list[Found]) -> list[Found]:
        """Those of classes that take more; the others are counted."""
        self._left.update(each.class_name for each in batch if each.class_name in self._full)
        return [each for each in batch if each.class_name not in self._full]

    def add(self, decoded: list[Decoded]) -> None:
        """Add pictures: all at once, or one by one where not all of them have room."""
        self.skipped += [Skipped(file=each.file, error=what) for each, what in decoded if isinstance(what, str)]
        good = [(each, what) for each, what in decoded if not isinstance(what, str)]
        try:
            self._keep(good)
        except OwnSetError:
            for one in good:
                self._add_one(*one)

    def _add_one(self, found: Found, stored: StoredPicture) -> None:
        if found.class_name in self._full:
            self._left[found.class_name] += 1
            return
        try:
            self._keep([(found, stored)])
        except FullError as error:
            self._full[found.class_name] = str(error)
            self._left[found.class_name] += 1
        except OwnSetError as error:
            self.skipped.append(Skipped(file=found.file, error=str(error)))

    def left_out(self) -> list[Skipped]:
        """What full classes did not take, a line a class."""
        return [
            Skipped(file=f"{self._left[name]:,} more of '{name}'", error=sentence)
            for name, sentence in self._full.items()
        ]

    def _keep(self, good: list[tuple[Found, StoredPicture]]) -> None:
        if not good:
            return
        new = [(self.classes[each.class_name], _new(each), stored) for each, stored in good]
        added = self.pictures.add_decoded(self.set_id, new, by=self.by, code=self.code)
        self.added += sum(each.new for each in added)
        for (each, _stored), result in zip(good, added, strict=True):
            if not result.new:
                self.skipped.append(Skipped(file=each.file, error=result.sentence))


def _new(found: Found) -> NewPicture:
    """What is known of a picture, without the bytes that it came in."""
    return NewPicture(
        data=b"",
        file_name=found.file,
        contributor=found.contributor,
        burst=found.burst,
        taken=found.taken,
        added=found.added,
    )


def _decoded(found: Found) -> Decoded:
    """What was found with the form in which it is kept, or with the sentence why it cannot be."""
    try:
        return found, stored_picture(found.read())
    except LabError as error:
        return found, str(error)


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    iterator = iter(found)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
