import pytest

from core.data.own import Joining, OwnSetError, OwnSets
from core.names import CODE_LETTERS
from core.rights import Person, RightsError
from tests.core.data.own.conftest import ADA, BEN

CEM = Person(owner="browser-cem")


def test_a_set_is_closed_until_its_owner_opens_it(sets: OwnSets) -> None:
    made, joining = sets.create("One", by=ADA), Joining(sets)
    with pytest.raises(RightsError):
        joining.open(made.id, by=BEN)
    assert sets.get(made.id).code is None
    code = joining.open(made.id, by=ADA)
    assert len(code) == 6
    assert set(code) <= set(CODE_LETTERS)
    assert sets.get(made.id).code == joining.open(made.id, by=ADA) == code


def test_the_alphabet_has_no_two_letters_that_look_alike_and_no_vowels() -> None:
    assert set("AEIOULQY0123456789").isdisjoint(CODE_LETTERS)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{first}-{second}", "{first} {second}\n"])
def test_a_code_is_found_however_it_is_typed(sets: OwnSets, typed: str) -> None:
    made, joining = sets.create("One", by=ADA), Joining(sets)
    code = joining.open(made.id, by=ADA)
    typed = typed.format(code, lower=code.lower(), first=code[:3], second=code[3:])
    assert joining.find(typed, by=BEN).id == made.id


def test_a_rotated_or_closed_code_opens_nothing(sets: OwnSets) -> None:
    made, joining = sets.create("One", by=ADA), Joining(sets)
    first = joining.open(made.id, by=ADA)
    second = joining.rotate(made.id, by=ADA)
    assert first != second
    joining.close(made.id, by=ADA)
    for code in (first, second):
        with pytest.raises(OwnSetError, match="No set is open under this code"):
            joining.find(code, by=BEN)


@pytest.mark.parametrize("typed", ["", "ABC", "123456", "' OR 1=1", "B" * 10_000, "ÄÖÜßßß", "BKMTX\x00"])
def test_what_is_no_code_is_a_sentence(sets: OwnSets, typed: str) -> None:
    with pytest.raises(OwnSetError, match="A code has 6 letters"):
        Joining(sets).find(typed, by=BEN)


def test_letters_that_no_code_has_are_named(sets: OwnSets) -> None:
    with pytest.raises(OwnSetError, match="A code has 6 letters, never A or Y;"):
        Joining(sets).find("BKY TXA", by=BEN)


def test_codes_of_sets_cannot_be_tried_without_end(sets: OwnSets) -> None:
    made, joining = sets.create("One", by=ADA), Joining(sets)
    code = joining.open(made.id, by=ADA)
    assert joining.find(code, by=CEM).id == made.id
    for letter in [letter for letter in CODE_LETTERS if letter != code[0]][:10]:
        with pytest.raises(OwnSetError, match="No set is open under this code"):
            joining.find(letter + code[1:], by=BEN)
    with pytest.raises(RightsError, match="tried 10 times within a minute"):
        joining.find(code, by=BEN)
    assert joining.find(code, by=CEM).id == made.id
