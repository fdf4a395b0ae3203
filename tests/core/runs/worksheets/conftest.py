"""A teacher, students with names, and a small worksheet in a store of its own."""

from collections.abc import Callable

import pytest

from core.rights import Person, new_secret, owner_of
from core.runs.store.owners import Owners
from core.runs.store.store import Store
from core.runs.worksheets import Given, Part, Question, Worksheet, Worksheets

SHEET = Worksheet(
    title="Two numbers",
    lead="What a kernel does.",
    parts=(
        Part(
            page="convolution",
            title="Look",
            task="Look at it.",
            questions=(Question(text="What?"), Question(text="How many?", kind="number")),
        ),
        Part(page="training", title="Train", task="Press Train.", step="train"),
        Part(
            page="compare",
            title="Judge",
            task="Which?",
            questions=(Question(text="Which?", kind="choice", choices=("this", "that")),),
        ),
    ),
)


@pytest.fixture
def student(store: Store) -> Callable[[str], Person]:
    """Make somebody with a browser and a nickname ("": none)."""

    def make(name: str) -> Person:
        person = Person(owner=owner_of(new_secret()))
        Owners(store).call(person.owner, name)
        return person

    return make


@pytest.fixture
def given(store: Store, teacher: Person) -> Given:
    return Worksheets(store).make(SHEET, by=teacher)
