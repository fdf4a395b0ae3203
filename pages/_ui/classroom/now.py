"""The class as it is at this moment, for every page."""

from contextlib import suppress

from core.errors import LabError
from core.home import home
from core.runs.classroom import Classroom, ClassState
from core.runs.store.store import STORE_NAME, open_store


def the_class() -> ClassState:
    """Return the class of this lab: none in a home without a store, and where the store cannot be read."""
    with suppress(LabError):  # is said where the store is used
        if there_is_a_store():
            return Classroom(open_store()).state()
    return ClassState()


def there_is_a_store() -> bool:
    """Whether this lab has a store, which the first run, set of rules or worksheet makes."""
    return (home() / STORE_NAME).exists()
