"""Own sets among the data sets of the catalogue: ``own-<id>`` is a set as it is now, ``own-<id>@<version>`` as it was.

What is trained, and what is remembered of it, names a version; so a run says for ever which pictures it saw.
"""

from functools import lru_cache

from core.data.dataset_spec import DatasetSpec
from core.data.own.manifests import Manifest
from core.data.own.records import PREFIX, OwnSet, OwnSetError
from core.data.own.store.pictures import OwnPictures
from core.data.own.store.sets import OwnSets, open_own_sets, there_are_own_sets
from core.data.own.stored_picture import TINY_SIDE
from core.data.own.versions import Versions, split_name
from core.errors import ConfigError
from core.names import counted

SIZE = 128  # pixels that photos are decoded to unless asked otherwise
_SMALLEST = 28  # what tiny pictures are decoded to at least: every network takes it


class OwnDataSets:
    """What a registry of data sets asks of the own ones of this home, whatever it is at that moment."""

    def __init__(self) -> None:
        self._known: dict[str, DatasetSpec] = {}
        self._at: tuple[OwnSets, int] | None = None

    def names(self) -> tuple[str, ...]:
        """Return the sets that can be learned from, newest first: two classes or more have pictures."""
        if not there_are_own_sets():
            return ()
        try:
            return tuple(each.name for each in open_own_sets().list() if _is_usable(each))
        except OwnSetError:  # the file cannot be read; the pages of own sets say so
            return ()

    def entry(self, name: str) -> DatasetSpec | None:
        """Return what is known of one own set; None for a name that is no own set's.

        Raises ConfigError, one sentence, where it is not there, or has too few pictures to learn from.
        """
        if not name.startswith(PREFIX):
            return None
        meant = split_name(name)
        if meant is None:
            raise ConfigError("This is no name of an own set; `python -m core data list` shows them.")
        if not there_are_own_sets():
            raise ConfigError("There are no own sets in this lab.")
        try:
            sets = open_own_sets()
            at = sets, sets.changes()
            if at != self._at:
                self._known, self._at = {}, at
            if name not in self._known:
                self._known[name] = _spec(name, *meant)
            return self._known[name]
        except OwnSetError as error:
            raise ConfigError(str(error)) from error


def present_name(name: str) -> str:
    """Return the name of the version that an own set is now; any other name as it is. Raises OwnSetError."""
    meant = split_name(name)
    if meant is None or meant[1] is not None:
        return name
    return f"{name}@{own_versions().now(meant[0])}"


def changing_name(name: str) -> str:
    """Return the name of the set, as it is at any moment, that a version is of; any other name as it is."""
    return name.partition("@")[0] if split_name(name) else name


def kept_name(name: str) -> str:
    """`present_name`, and keep that version from now on: call it where something is about to be trained on it."""
    meant = split_name(name)
    return name if meant is None else own_versions().keep(*meant).name


def manifest_of(name: str) -> Manifest | None:
    """Return the version of an own set that a data set's name means; None for a name that is no own set's."""
    meant = split_name(name)
    return None if meant is None else own_versions().get(*meant)


def picture_file(manifest: Manifest, picture_id: str, form: str) -> bytes:
    """Return the file of a picture of a version; raises OwnSetError where it has been deleted for good."""
    try:
        return OwnPictures(open_own_sets()).read_file(manifest.set_id, picture_id, form)
    except OwnSetError:
        raise OwnSetError(
            "A picture of this version has been deleted for good, so it can be neither learned from nor judged on any "
            "more; what was found on it stays."
        ) from None


def own_versions() -> Versions:
    """Return the versions of this home's own sets; the same object for the same home."""
    return _versions(open_own_sets())


@lru_cache(maxsize=8)
def _versions(sets: OwnSets) -> Versions:
    return Versions(sets)


def _is_usable(own: OwnSet) -> bool:
    return sum(each.pictures > 0 for each in own.classes) > 1


def _spec(name: str, set_id: str, version: str | None) -> DatasetSpec:
    sets, versions = open_own_sets(), own_versions()
    own = sets.get(set_id)
    if version is None:
        if not _is_usable(own):
            raise OwnSetError(f"'{own.title}' needs two classes with pictures before anything can learn from it.")
        classes, count, title = tuple(each.name for each in own.classes), own.pictures, own.title
    else:
        manifest = versions.get(set_id, version)
        classes, count = manifest.classes, len(manifest.pictures)
        title = own.title if versions.now(set_id) == version else f"{own.title} ({counted(count, 'picture')})"
    longest = OwnPictures(sets).longest_side(set_id)
    return DatasetSpec(
        name=name,
        title=title,
        description=f"{count:,} own pictures of {len(classes)} classes.",
        source="the class's own pictures",
        classes=classes,
        channels=3,
        size=SIZE if longest > TINY_SIDE else max(_SMALLEST, longest),
        count=count,
    )
