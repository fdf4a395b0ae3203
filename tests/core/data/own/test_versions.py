import json

import numpy as np
import pytest

from core.data import LabelledImages, datasets, kept_name, load, make_split, present_name
from core.data.own import Joining, OwnPictures, OwnSet, OwnSetError, OwnSets, as_data_set, honest_split, open_own_sets
from core.data.own.sides import Indices
from core.data.own.versions import Versions, split_name
from core.errors import ConfigError, DataError
from tests.core.data.own.conftest import ADA, new


@pytest.fixture
def sets(home: object) -> OwnSets:
    return open_own_sets()  # the one that the catalogue reads


@pytest.fixture
def made(sets: OwnSets, pictures: OwnPictures) -> OwnSet:
    """Two classes of twelve, by four people."""
    own = sets.create("Mugs", by=ADA, classes=("cup", "mug"))
    for seed in range(24):
        brought = new(seed, contributor=f"person {seed // 2 % 4}")
        pictures.add(own.id, own.classes[seed % 2].id, brought, by=ADA)
    return sets.get(own.id)


@pytest.fixture
def versions(sets: OwnSets) -> Versions:
    return Versions(sets)


def decoded(name: str, size: int = 16) -> LabelledImages:
    return load(name, size=size)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("own-k7mq2xw9ab", ("k7mq2xw9ab", None)),
        ("own-k7mq2xw9ab@0123456789ab", ("k7mq2xw9ab", "0123456789ab")),
        ("own-k7mq2xw9ab@0123456789AB", None),
        ("own-../../etc@0123456789ab", None),
        ("own-", None),
        ("mnist", None),
        ("own-k7mq2xw9ab\n", None),
    ],
)
def test_a_name_means_a_set_and_perhaps_a_version(name: str, meant: object) -> None:
    assert split_name(name) == meant


def test_what_decides_what_is_learned_makes_another_version(
    versions: Versions, sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    a, b = (each.id for each in made.classes)
    first = pictures.list(made.id)[0].id
    seen = [versions.now(made.id)]
    for change in (
        lambda: pictures.move(made.id, [first], to=b, by=ADA),
        lambda: pictures.add(made.id, a, new(99), by=ADA),
        lambda: sets.rename_class(made.id, a, "teacup", by=ADA),
        lambda: sets.move_class(made.id, a, 1, by=ADA),
        lambda: pictures.delete(made.id, [first], by=ADA),
        lambda: sets.add_class(made.id, "glass", by=ADA),
    ):
        change()
        seen.append(versions.now(made.id))
    assert len(set(seen)) == len(seen)


def test_what_decides_nothing_leaves_the_version(
    versions: Versions, sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    before = versions.now(made.id)
    sets.rename(made.id, "Cups", by=ADA)
    Joining(sets).open(made.id, by=ADA)
    pictures.add(made.id, made.classes[1].id, new(0), by=ADA)  # it is there already
    assert versions.now(made.id) == before


def test_who_took_a_picture_is_part_of_the_version(versions: Versions, pictures: OwnPictures, made: OwnSet) -> None:
    before, last = versions.now(made.id), pictures.list(made.id)[-1]
    pictures.delete(made.id, [last.id], by=ADA)
    pictures.add(made.id, last.class_id, new(23, contributor="somebody else"), by=ADA)
    assert versions.now(made.id) != before


def test_a_version_that_nobody_trained_on_is_the_past_once_the_set_changes(
    versions: Versions, pictures: OwnPictures, made: OwnSet
) -> None:
    version = versions.now(made.id)
    assert versions.get(made.id, version) == versions.get(made.id)
    pictures.add(made.id, made.classes[0].id, new(99), by=ADA)
    with pytest.raises(OwnSetError, match="no longer what it was"):
        Versions(versions.sets).get(made.id, version)


def test_a_set_that_was_deleted_and_opened_again_is_what_it_is_now(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    """A saved set has its id again, and as many changes as it had before are soon made."""
    before = present_name(made.name)
    assert datasets[before].classes == ("cup", "mug")
    sets.delete(made.id, by=ADA)
    again = sets.create("Mugs", by=ADA, classes=("glass", "jug"), wanted_id=made.id)
    for seed in range(24):
        pictures.add(again.id, again.classes[seed % 2].id, new(100 + seed), by=ADA)
    assert again.id == made.id
    assert sets.get(made.id).revision != made.revision
    assert present_name(made.name) != before
    assert datasets[present_name(made.name)].classes == ("glass", "jug")


def test_a_kept_version_stays_whatever_becomes_of_the_set(
    versions: Versions, sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    kept = versions.keep(made.id)
    before = decoded(kept.name)
    pixels = np.array(before.images)
    first = pictures.list(made.id)[0].id
    pictures.delete(made.id, [first], by=ADA)
    sets.rename_class(made.id, made.classes[0].id, "teacup", by=ADA)
    sets.delete_class(made.id, made.classes[1].id, by=ADA)
    pictures.add(made.id, made.classes[0].id, new(99), by=ADA)
    assert Versions(sets).get(made.id, kept.version) == kept
    assert datasets[kept.name].classes == ("cup", "mug")
    assert pictures.read(made.id, first)
    again = decoded(kept.name, 24)  # decoded anew, at another size
    assert again.labels.tolist() == before.labels.tolist()
    assert np.array_equal(decoded(kept.name).images, pixels)


def test_a_picture_that_no_kept_version_names_leaves_the_disk(
    versions: Versions, pictures: OwnPictures, made: OwnSet
) -> None:
    versions.keep(made.id)
    later = pictures.add(made.id, made.classes[0].id, new(99), by=ADA).picture.id
    pictures.delete(made.id, [later], by=ADA)
    with pytest.raises(OwnSetError, match="no longer there"):
        pictures.read(made.id, later)


def test_a_picture_deleted_for_good_leaves_the_disk_and_what_was_decoded(
    versions: Versions, sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    kept = versions.keep(made.id)
    decoded(kept.name)
    first = pictures.list(made.id)[0].id
    pictures.delete(made.id, [first], by=ADA)
    assert pictures.delete(made.id, [first], by=ADA, for_good=True) == 1
    assert not list((sets.home / "sets" / made.id).glob(f"{first}*"))
    assert not list((sets.home / "prepared").glob("own-*@*"))
    with pytest.raises(DataError, match="deleted for good"):
        decoded(kept.name)


def test_the_catalogue_knows_a_set_as_it_is_and_as_it_was(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    kept = kept_name(made.name)
    assert made.name in list(datasets)
    assert (datasets[made.name].title, datasets[made.name].count) == ("Mugs", 24)
    assert datasets[kept].title == "Mugs"
    pictures.add(made.id, made.classes[0].id, new(99), by=ADA)
    assert (datasets[made.name].count, datasets[kept].count) == (25, 24)
    assert datasets[kept].title == "Mugs (24 pictures)"
    sets.rename(made.id, "Cups", by=ADA)
    assert datasets[made.name].title == "Cups"
    assert kept in datasets


def test_names_that_mean_nothing_are_sentences(sets: OwnSets, made: OwnSet) -> None:
    sets.delete(made.id, by=ADA)
    assert made.name not in datasets
    assert made.name not in list(datasets)
    with pytest.raises(ConfigError, match="has been deleted, or lies in another lab"):
        datasets[made.name]
    with pytest.raises(ConfigError, match="no name of an own set"):
        datasets["own-../etc"]
    with pytest.raises(ConfigError, match="There is no data set 'x'; there is mnist"):
        datasets["x"]


def test_a_home_without_own_sets_gets_no_file_by_being_looked_at(home: object) -> None:
    assert "own-k7mq2xw9ab" not in datasets
    assert [name for name in datasets if name.startswith("own-")] == []
    assert list(home.iterdir()) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("pictures_of_the_second", [0, 1])
def test_a_set_is_offered_once_two_classes_have_pictures(
    sets: OwnSets, pictures: OwnPictures, pictures_of_the_second: int
) -> None:
    own = sets.create("New", by=ADA, classes=("a", "b"))
    pictures.add(own.id, own.classes[0].id, new(1), by=ADA)
    for seed in range(pictures_of_the_second):
        pictures.add(own.id, own.classes[1].id, new(10 + seed), by=ADA)
    assert (own.name in list(datasets)) == bool(pictures_of_the_second)
    if not pictures_of_the_second:
        with pytest.raises(ConfigError, match="'New' needs two classes with pictures"):
            datasets[own.name]


def test_a_set_that_is_too_small_to_split_is_a_sentence(sets: OwnSets, pictures: OwnPictures) -> None:
    own = sets.create("New", by=ADA, classes=("a", "b"))
    for seed in range(2):
        pictures.add(own.id, own.classes[seed].id, new(seed), by=ADA)
    with pytest.raises(DataError, match=r"two different pictures of each class|too few different"):
        make_split(decoded(own.name))


def test_pixels_labels_people_and_groups_come_together(pictures: OwnPictures, made: OwnSet) -> None:
    data = decoded(made.name)
    assert data.spec.name == present_name(made.name)
    assert data.images.shape == (24, 3, 16, 16)
    assert data.labels.tolist() == [seed % 2 for seed in range(24)]
    assert data.contents == tuple(each.id for each in pictures.list(made.id))
    assert data.contributors == tuple(f"person {seed // 2 % 4}" for seed in range(24))
    assert data.groups is not None
    assert len(data.groups) == 24


def test_the_split_is_judged_on_other_people(made: OwnSet) -> None:
    data = decoded(made.name)
    split = make_split(data)
    people = [{data.contributors[place] for place in part} for part in (split.train, split.validation, split.test)]
    assert people[2].isdisjoint(people[0] | people[1])
    assert "judged on other people's photos: person" in split.description
    assert "would mean" in split.certainty
    everything = np.concatenate([split.train, split.validation, split.test])
    assert sorted(everything.tolist()) == list(range(24))


def sides(name: str) -> tuple[list[int], list[int], list[int], str, str]:
    split = make_split(decoded(name))
    return split.train.tolist(), split.validation.tolist(), split.test.tolist(), split.fingerprint, split.description


def split_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Split as another build might: the first pictures judge, and the next are to choose by."""

    def first_ones(labels: Indices, *_more: object, among: object = None, **_others: object) -> np.ndarray:
        return np.arange(len(labels)) // 4 == (among is not None)

    monkeypatch.setattr(honest_split, "filled", first_ones)


def test_a_version_that_was_trained_on_is_split_as_it_was_then_whatever_splits_today(
    pictures: OwnPictures, made: OwnSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = kept_name(made.name)
    before = sides(kept)
    split_otherwise(monkeypatch)
    monkeypatch.setattr(as_data_set, "_versions", lambda sets: Versions(sets))  # nothing is remembered
    assert sides(kept) == before
    assert sides(made.name) == before, "it is that version now"
    pictures.add(made.id, made.classes[0].id, new(99), by=ADA)
    assert sides(made.name)[2] == [0, 1, 2, 3], "what is new is split as today"
    assert sides(kept) == before


def test_a_version_kept_before_sides_were_is_split_anew_and_one_that_is_wrong_is_a_sentence(
    sets: OwnSets, made: OwnSet
) -> None:
    kept = kept_name(made.name)
    before = sides(kept)

    def change(**fields: object) -> None:
        with sets.writing() as connection:
            (text,) = connection.execute("SELECT manifest FROM versions").fetchone()
            known = {name: value for name, value in json.loads(text).items() if name not in ("sides", "people_apart")}
            connection.execute("UPDATE versions SET manifest = ?", (json.dumps(known | fields),))

    change()
    old = Versions(sets).get(made.id, kept.partition("@")[2])
    assert old.split is None
    assert sides(kept) == before
    for wrong in ("lcj", "x" * 24):
        change(sides=wrong)
        with pytest.raises(OwnSetError, match="sides are not those of its pictures"):
            Versions(sets).get(made.id, old.version)


def test_a_set_that_cannot_be_split_is_kept_without_sides(sets: OwnSets, pictures: OwnPictures) -> None:
    own = sets.create("New", by=ADA, classes=("a", "b"))
    for seed in range(2):
        pictures.add(own.id, own.classes[seed].id, new(seed), by=ADA)
    kept = Versions(sets).keep(own.id)
    assert kept.split is None
    assert Versions(sets).get(own.id, kept.version) == kept


def test_adding_pictures_decodes_those_alone(
    pictures: OwnPictures, made: OwnSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = decoded(made.name)
    opened: list[str] = []
    read_file = OwnPictures.read_file
    monkeypatch.setattr(
        OwnPictures, "read_file", lambda self, *args: (opened.append(args[1]), read_file(self, *args))[1]
    )
    added = [pictures.add(made.id, made.classes[0].id, new(100 + n), by=ADA).picture.id for n in range(10)]
    pictures.move(made.id, [pictures.list(made.id)[0].id], to=made.classes[1].id, by=ADA)
    after = decoded(made.name)
    assert sorted(opened) == sorted(added)
    assert np.array_equal(after.images[:24], before.images)
    assert after.labels[0] == 1
    assert after.fingerprint != before.fingerprint


def test_copies_of_older_versions_do_not_pile_up(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    for seed in range(6):
        pictures.add(made.id, made.classes[0].id, new(100 + seed), by=ADA)
        decoded(made.name)
    assert len(list((sets.home / "prepared").glob(f"own-{made.id}@*-16-*"))) == 3


def test_tiny_pictures_are_not_enlarged_to_the_size_of_photos(sets: OwnSets, pictures: OwnPictures) -> None:
    from tests.core.data.own.conftest import NewPicture, picture

    own = sets.create("Tiny", by=ADA, classes=("a", "b"))
    for seed, side in enumerate((8, 40)):
        brought = NewPicture(data=picture(seed, size=(side, side), form="PNG"), file_name="x.png")
        pictures.add(own.id, own.classes[seed].id, brought, by=ADA)
    assert datasets[own.name].size == 40


@pytest.mark.parametrize(("count", "size"), [(4, 2), (12, 2), (24, 4), (47, 4), (48, 8), (192, 32), (5_000, 32)])
def test_batches_of_a_small_set_are_small(monkeypatch: pytest.MonkeyPatch, count: int, size: int) -> None:
    from dataclasses import replace

    from core.recipes import modern

    monkeypatch.setattr(modern, "datasets", {"own": replace(datasets["shapes"], count=count)})
    assert modern.small_batch("own") == size


def test_a_damaged_file_of_sets_takes_no_page_down(home: object) -> None:
    (home / "sets.sqlite3").write_bytes(b"no database" * 1000)  # type: ignore[operator]
    assert "mnist" in list(datasets)
    assert "own-k7mq2xw9ab" not in datasets
