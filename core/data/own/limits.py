"""How much a class may bring along; checked where pictures are kept, whatever a page allows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Pictures and bytes (as they are kept) of a class, a set and an owner; classes of a set; sets of an owner."""

    pictures_a_class: int = 5_000
    pictures_a_set: int = 10_000
    pictures_an_owner: int = 30_000
    bytes_a_class: int = 2**29
    bytes_a_set: int = 2**30
    bytes_an_owner: int = 2 * 2**30
    classes_a_set: int = 50
    sets_an_owner: int = 30


LIMITS = Limits()
