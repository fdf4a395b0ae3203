from dataclasses import replace
from pathlib import Path

import pytest

from core.data.own import LIMITS, OwnPictures, OwnSetError, OwnSets
from core.rights import RightsError
from tests.core.data.own.conftest import ADA, BEN, OPERATOR, new


def names(own: object) -> list[str]:
    return [each.name for each in own.classes]  # type: ignore[attr-defined]


def test_a_set_is_made_with_its_classes_in_order(sets: OwnSets) -> None:
    made = sets.create("Mugs and cups", by=ADA, classes=("mug", "cup"))
    assert (made.title, names(made), made.owner, made.code) == ("Mugs and cups", ["mug", "cup"], ADA.owner, None)
    assert sets.get(made.id) == made
    assert made.name == f"own-{made.id}"


def test_sets_are_listed_newest_first_and_an_owners_alone(sets: OwnSets) -> None:
    first, second = sets.create("One", by=ADA), sets.create("Two", by=BEN)
    assert [each.id for each in sets.list()] == [second.id, first.id]
    assert [each.id for each in sets.list(ADA.owner)] == [first.id]


def test_a_set_opened_anew_is_the_same(sets: OwnSets, home: Path) -> None:
    made = sets.create("One", by=ADA, classes=("a", "b"))
    again = OwnSets(home)
    assert again.list() == (made,)
    again.close()


def test_what_was_deleted_is_not_in_the_file_any_more(sets: OwnSets, pictures: OwnPictures, home: Path) -> None:
    made = sets.create("One", by=ADA, classes=("a",))
    for seed in range(40):
        pictures.add(made.id, made.classes[0].id, new(seed, contributor="Somebody Named"), by=ADA)
    sets.delete(made.id, by=ADA)
    sets.close()
    assert b"Somebody Named" not in b"".join(path.read_bytes() for path in home.glob("sets.sqlite3*"))


def test_classes_are_renamed_moved_merged_and_deleted_in_their_order(sets: OwnSets, pictures: OwnPictures) -> None:
    made = sets.create("One", by=ADA, classes=("a", "b", "c"))
    a, b, c = (each.id for each in made.classes)
    pictures.add(made.id, a, new(1), by=ADA)
    pictures.add(made.id, b, new(2), by=ADA)
    assert names(sets.add_class(made.id, "d", by=ADA)) == ["a", "b", "c", "d"]
    assert names(sets.rename_class(made.id, a, "A", by=ADA)) == ["A", "b", "c", "d"]
    assert names(sets.move_class(made.id, c, 0, by=ADA)) == ["c", "A", "b", "d"]
    assert names(sets.move_class(made.id, c, 99, by=ADA)) == ["A", "b", "d", "c"]
    merged = sets.merge_class(made.id, a, into=b, by=ADA)
    assert [(each.name, each.pictures) for each in merged.classes] == [("b", 2), ("d", 0), ("c", 0)]
    assert names(sets.delete_class(made.id, b, by=ADA)) == ["d", "c"]
    assert list((sets.home / "sets" / made.id).iterdir()) == []


def test_a_class_that_is_gone_is_a_sentence(sets: OwnSets) -> None:
    made = sets.create("One", by=ADA, classes=("a", "b"))
    other = sets.create("Two", by=ADA, classes=("a",))
    for gone in (999, other.classes[0].id):
        with pytest.raises(OwnSetError, match="'One' has no such class any more"):
            sets.rename_class(made.id, gone, "x", by=ADA)
    with pytest.raises(OwnSetError, match="merged with itself"):
        sets.merge_class(made.id, made.classes[0].id, into=made.classes[0].id, by=ADA)


def test_a_set_that_is_gone_is_a_sentence(sets: OwnSets) -> None:
    made = sets.create("One", by=ADA)
    sets.delete(made.id, by=ADA)
    with pytest.raises(OwnSetError, match=f"no set of own pictures '{made.id}' here"):
        sets.get(made.id)
    with pytest.raises(OwnSetError, match="no set of own pictures"):
        sets.rename(made.id, "x", by=ADA)


@pytest.mark.parametrize("text", ["", "..", "../../../etc", "abc/defghi", "a" * 11])
def test_what_is_no_id_never_becomes_a_path(sets: OwnSets, text: str) -> None:
    with pytest.raises(OwnSetError, match="not the id of a set"):
        sets.get(text)


def test_only_the_owner_and_who_runs_the_lab_may_change_a_set(sets: OwnSets) -> None:
    made = sets.create("One", by=ADA, classes=("a", "b"))
    a, b = (each.id for each in made.classes)
    for attempt in (
        lambda: sets.rename(made.id, "x", by=BEN),
        lambda: sets.add_class(made.id, "x", by=BEN),
        lambda: sets.rename_class(made.id, a, "x", by=BEN),
        lambda: sets.move_class(made.id, a, 1, by=BEN),
        lambda: sets.merge_class(made.id, a, into=b, by=BEN),
        lambda: sets.delete_class(made.id, a, by=BEN),
        lambda: sets.delete(made.id, by=BEN),
    ):
        with pytest.raises(RightsError, match="'One' is somebody else's set: only its owner"):
            attempt()
    assert sets.get(made.id) == made
    assert sets.rename(made.id, "Two", by=OPERATOR).title == "Two"


def test_every_change_gives_a_set_another_revision_and_the_lab_another_number(
    sets: OwnSets, pictures: OwnPictures
) -> None:
    made = sets.create("One", by=ADA, classes=("a",))
    seen = {(made.revision, sets.changes())}
    sets.rename(made.id, "Two", by=ADA)
    seen.add((sets.get(made.id).revision, sets.changes()))
    pictures.add(made.id, made.classes[0].id, new(), by=ADA)
    seen.add((sets.get(made.id).revision, sets.changes()))
    assert len({revision for revision, _number in seen}) == len({number for _revision, number in seen}) == 3
    before = sets.changes()
    sets.delete(made.id, by=ADA)
    assert sets.changes() != before


def test_a_set_from_another_lab_keeps_its_id_where_that_is_free(sets: OwnSets) -> None:
    made = sets.create("One", by=ADA, wanted_id="k7mq2xw9ab")
    assert made.id == "k7mq2xw9ab"
    assert sets.create("Two", by=ADA, wanted_id="k7mq2xw9ab").id != made.id


def test_a_name_has_nfc_letters_and_single_spaces(sets: OwnSets) -> None:
    made = sets.create("  My   set ", by=ADA, classes=("Cafe\u0301 \u00a0au lait ",))
    assert (made.title, names(made)) == ("My set", ["Caf\u00e9 au lait"])


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/root", "C:\\x", "=1+1", "@SUM(A1)", "<script>x</script>", "**b**", "猫", "🐈‍⬛", "a" * 60],
)
def test_a_name_is_data_whatever_it_looks_like(sets: OwnSets, home: Path, name: str) -> None:
    made = sets.create(name, by=ADA, classes=(name,))
    assert (made.title, names(made)) == (name, [name])
    assert sorted(path.name for path in home.iterdir() if not path.name.startswith("sets.sqlite3")) == []


@pytest.mark.parametrize("name", ["a\x00b", "a\x1b[31m", "a\nb", "a\u202eb", "\ud800", "a\x7f", "a\u2028b"])
def test_a_name_with_a_control_character_is_refused(sets: OwnSets, name: str) -> None:
    with pytest.raises(OwnSetError, match="holds a control character"):
        sets.create("One", by=ADA, classes=(name,))
    with pytest.raises(OwnSetError, match="holds a control character"):
        sets.create(name, by=ADA)
    assert sets.list() == ()


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\u2060\u00ad"])
def test_a_name_of_nothing_is_refused(sets: OwnSets, name: str) -> None:
    with pytest.raises(OwnSetError, match=r"is empty|nothing in it that can be seen"):
        sets.create("One", by=ADA, classes=(name,))


def test_a_name_of_255_bytes_is_refused_with_both_numbers(sets: OwnSets) -> None:
    with pytest.raises(OwnSetError, match="has 255 characters; it may have 60"):
        sets.create("One", by=ADA, classes=("a" * 255,))


@pytest.mark.parametrize("twin", ["cat", "CAT", " Cat ", "Cat\u00a0", "C\u200bat", "Ｃａｔ"])
def test_a_twin_by_case_space_or_width_is_refused(sets: OwnSets, twin: str) -> None:
    made = sets.create("One", by=ADA, classes=("Cat", "Dog"))
    with pytest.raises(OwnSetError, match="There is a class 'Cat' already"):
        sets.add_class(made.id, twin, by=ADA)
    with pytest.raises(OwnSetError, match="There is a class 'Cat' already"):
        sets.rename_class(made.id, made.classes[1].id, twin, by=ADA)


def test_a_class_may_be_renamed_to_its_own_name_in_other_letters(sets: OwnSets) -> None:
    made = sets.create("One", by=ADA, classes=("cat",))
    assert names(sets.rename_class(made.id, made.classes[0].id, "CAT", by=ADA)) == ["CAT"]


def test_classes_and_sets_are_limited_with_both_numbers(home: Path) -> None:
    small = OwnSets(home, limits=replace(LIMITS, classes_a_set=2, sets_an_owner=1))
    made = small.create("One", by=ADA, classes=("a", "b"))
    with pytest.raises(OwnSetError, match="has 2 classes, and 2 are allowed"):
        small.add_class(made.id, "c", by=ADA)
    with pytest.raises(OwnSetError, match="You have 1 sets, and 1 are allowed"):
        small.create("Two", by=ADA)
    small.create("Two", by=BEN)
    small.close()


def test_a_refused_set_leaves_nothing_behind(sets: OwnSets) -> None:
    with pytest.raises(OwnSetError, match="already"):
        sets.create("One", by=ADA, classes=("a", "A"))
    assert sets.list() == ()


def test_a_full_disk_is_a_sentence(sets: OwnSets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.own.store.files.free_space", lambda _folder: 5 * 2**20)
    with pytest.raises(OwnSetError, match="5 MB free, and 500 MB are needed"):
        sets.create("One", by=ADA)


def test_a_file_of_a_newer_lab_is_refused(sets: OwnSets, home: Path) -> None:
    with sets.database.writing() as connection:
        connection.execute("UPDATE schema SET version = 99")
    sets.close()
    with pytest.raises(OwnSetError, match="schema 99"):
        OwnSets(home)
