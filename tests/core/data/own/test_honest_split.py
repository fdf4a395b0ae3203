from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.data.own.honest_split import HonestSplit, certainty, folds, honest_split, judged_on
from core.data.own.twins import groups_of, look_of
from core.data.splits import held_out_at_random
from core.errors import DataError
from tests.core.data.own.generated import near_copy, photograph

CLASSES = ("mug", "shoe", "plant")


def split_of(
    labels: Sequence[int], groups: Sequence[int] | None = None, contributors: Sequence[str | None] | None = None
) -> HonestSplit:
    numbers = range(len(labels)) if groups is None else groups
    whose = [None] * len(labels) if contributors is None else contributors
    return honest_split(np.array(labels, np.int64), np.array(numbers, np.int64), whose, classes=CLASSES)


def sides(split: HonestSplit) -> list[str]:
    """Which side each picture is on, by its place."""
    found = {int(place): name for name in ("train", "validation", "test") for place in getattr(split, name)}
    return [found[place] for place in range(len(found))]


@st.composite
def sets(draw: st.DrawFn) -> tuple[list[int], list[int], list[str | None]]:
    """Labels, groups and contributors of a set with two classes or more and two groups or more in one of them."""
    count = draw(st.integers(4, 60))
    labels = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    groups = draw(st.lists(st.integers(0, count), min_size=count, max_size=count))
    contributors = draw(
        st.lists(st.sampled_from(["Ada", "Ben", "Cem", "Dora", "Eve", None]), min_size=count, max_size=count)
    )
    return [0, 1, 0, 1, *labels], [-1 % 999, 998, 997, 996, *groups], [None, None, None, None, *contributors]


@given(sets())
def test_every_picture_is_on_one_side_and_no_group_on_two(drawn: tuple[list[int], list[int], list[str | None]]) -> None:
    labels, groups, contributors = drawn
    split = split_of(labels, groups, contributors)
    every = np.concatenate([split.train, split.validation, split.test])
    assert sorted(every.tolist()) == list(range(len(labels)))
    assert all((np.diff(each) > 0).all() for each in (split.train, split.validation, split.test))
    side_of = {}
    for group, side in zip(groups, sides(split), strict=True):
        assert side_of.setdefault(group, side) == side
    assert set(np.array(labels)[split.test]) <= set(np.array(labels)[split.train])


@given(sets())
def test_where_people_are_kept_apart_nobody_who_is_judged_on_was_learned_from(
    drawn: tuple[list[int], list[int], list[str | None]],
) -> None:
    labels, groups, contributors = drawn
    split = split_of(labels, groups, contributors)
    if split.people_apart:
        by = [{contributors[place] for place in side.tolist()} for side in (split.test, split.train, split.validation)]
        assert None not in by[0]
        assert by[0].isdisjoint(by[1] | by[2])
        assert set(np.array(labels)[split.test]) == set(labels)


@given(sets(), st.randoms(use_true_random=False))
def test_the_split_does_not_depend_on_the_order_of_the_pictures(
    drawn: tuple[list[int], list[int], list[str | None]], random: "st.Random"
) -> None:
    labels, groups, contributors = drawn
    names = [f"{place:032x}" for place in range(len(labels))]
    order = list(range(len(labels)))
    random.shuffle(order)

    def in_order(places: list[int]) -> set[str]:
        split = honest_split(
            np.array([labels[place] for place in places]),
            np.array([groups[place] for place in places]),
            [contributors[place] for place in places],
            classes=CLASSES,
            contents=[names[place] for place in places],
        )
        return {names[places[place]] for place in split.test}

    assert in_order(order) == in_order(list(range(len(labels))))


@given(sets())
def test_folds_ask_about_every_picture_once_and_keep_groups_whole(
    drawn: tuple[list[int], list[int], list[str | None]],
) -> None:
    labels, groups, contributors = drawn
    made = folds(np.array(labels), np.array(groups), contributors, classes=CLASSES)
    assert 2 <= len(made) <= 5
    assert sorted(np.concatenate([fold.test for fold in made]).tolist()) == list(range(len(labels)))
    for fold in made:
        assert sorted([*fold.train.tolist(), *fold.test.tolist()]) == list(range(len(labels)))
        assert {groups[place] for place in fold.train}.isdisjoint(groups[place] for place in fold.test)


def test_single_pictures_are_stratified() -> None:
    split = split_of([0] * 100 + [1] * 50 + [2] * 20)
    labels = np.repeat([0, 1, 2], [100, 50, 20])
    assert np.bincount(labels[split.test]).tolist() == [20, 10, 4]
    assert np.bincount(labels[split.validation]).tolist() == [8, 4, 2]


def test_groups_are_stratified_as_far_as_they_allow() -> None:
    labels = np.repeat([0, 1], 60)
    split = split_of(labels.tolist(), (np.arange(120) // 3).tolist())
    assert np.bincount(labels[split.test]).tolist() == [12, 12]


def test_thirty_contributors_of_two_classes_are_judged_on_six() -> None:
    labels = [0, 1] * 150
    contributors = [f"student {place // 10:02}" for place in range(300)]
    split = split_of(labels, contributors=contributors)
    judged = Counter(contributors[place] for place in split.test.tolist())
    assert split.people_apart
    assert list(judged.values()) == [10] * 6
    assert np.bincount(np.array(labels)[split.test]).tolist() == [30, 30]
    assert split.judged_on.startswith("judged on other people's photos: student ")
    assert split.judged_on.endswith(" and 4 others, n = 60")


def test_two_contributors_are_too_few_to_be_kept_apart() -> None:
    split = split_of([0, 1] * 20, contributors=["Ada"] * 20 + ["Ben"] * 20)
    assert not split.people_apart
    assert split.judged_on == "judged on pictures held back, by the same people as the rest, n = 8"


def test_a_name_in_other_letters_is_the_same_person() -> None:
    labels = [0, 1] * 24
    few = split_of(labels, contributors=[name for name in ("Ada", "ada", "ADA ", "Ben") for _each in range(12)])
    assert not few.people_apart
    both = ["Ada", "ada", "Ben", "BEN", "Cem", "cem", "Dora", "dora"]
    split = split_of(labels, contributors=[name for name in both for _each in range(6)])
    assert split.people_apart
    judges, others = (
        {both[place // 6].casefold() for place in side.tolist()}
        for side in (split.test, np.r_[split.train, split.validation])
    )
    assert judges.isdisjoint(others)
    assert split.judged_on.count(",") == 1, "one name of the one who judges, and how many pictures"


def test_contributors_of_one_class_each_cannot_be_kept_apart() -> None:
    split = split_of([0] * 10 + [1] * 10 + [2] * 10, contributors=["Ada"] * 10 + ["Ben"] * 10 + ["Cem"] * 10)
    assert not split.people_apart


def test_a_picture_that_two_people_sent_makes_one_person_of_them() -> None:
    contributors = ["Ada"] * 10 + ["Ben"] * 10 + ["Cem"] * 10 + ["Dora"] * 10
    groups = list(range(40))
    groups[10] = groups[0]  # Ben sent Ada's photo
    split = split_of([0, 1] * 20, groups, contributors)
    assert split.people_apart
    judged = {contributors[place] for place in split.test.tolist()}
    assert judged in ({"Ada", "Ben"}, {"Cem"}, {"Dora"})


def test_what_nobody_signed_is_learned_from_where_people_are_kept_apart() -> None:
    contributors = ["Ada", "Ben", "Cem"] * 10 + [None] * 10
    split = split_of([0, 1] * 20, contributors=contributors)
    assert split.people_apart
    assert all(contributors[place] for place in split.test.tolist())


def test_a_class_with_one_picture_is_learned_and_not_judged_and_an_empty_one_is_named() -> None:
    split = honest_split(
        np.array([0] * 10 + [1] * 10 + [2]), np.arange(21), [None] * 21, classes=("mug", "shoe", "plant", "cup")
    )
    assert 20 in split.train
    assert split.notes == (
        "No pictures yet: cup.",
        "Learned but not judged, for want of different pictures: plant.",
    )


def test_one_class_alone_is_refused_with_both_numbers() -> None:
    with pytest.raises(DataError, match="two classes with pictures to tell apart, and 1 of 3 has some"):
        split_of([1] * 30)


def test_copies_of_one_picture_a_class_are_refused() -> None:
    with pytest.raises(DataError, match="every class has only one, or copies of one"):
        split_of([0, 0, 0, 1, 1], [0, 0, 0, 1, 1])


def test_what_so_few_can_tell_is_said_with_wilsons_interval() -> None:
    assert certainty(10) == "9 of 10 right would mean 60 to 98 %"
    assert certainty(34) == "31 of 34 right would mean 77 to 97 %"
    assert certainty(49) == "44 of 49 right would mean 78 to 96 %"
    assert certainty(50) == ""


def test_who_is_judged_on_is_named_up_to_three() -> None:
    assert judged_on(["Ada", "Ben"], 34) == "judged on other people's photos: Ada and Ben, n = 34"
    assert judged_on(["Ada"], 1234) == "judged on other people's photos: Ada, n = 1,234"
    assert judged_on(["Ada", "Ben", "Cem"], 5).endswith("Ada, Ben and Cem, n = 5")
    assert judged_on(["Ada", "Ben", "Cem", "Dora"], 5).endswith("Ada, Ben and 2 others, n = 5")


def looks_and_labels(seeds: range) -> tuple[list[Image.Image], np.ndarray]:
    """Photographs of two classes that a tint tells apart, now and then."""
    labels = np.array([seed % 2 for seed in seeds])
    return [
        photograph(seed, side=64, tint=0.3 * (2 * label - 1)) for seed, label in zip(seeds, labels, strict=True)
    ], labels


def nearest_neighbour_accuracy(learned: np.ndarray, labels: np.ndarray, asked: np.ndarray, truth: np.ndarray) -> float:
    """What a network that knows its training pictures by heart would reach."""
    rows, questions = (each.reshape(len(each), -1).astype(np.float32) for each in (learned, asked))
    distances = (rows**2).sum(axis=1) - 2 * questions @ rows.T
    return float((labels[distances.argmin(axis=1)] == truth).mean())


def test_where_every_photo_has_a_near_copy_pairs_stay_together_and_judge_as_fresh_photos_do() -> None:
    photos, of_photo = looks_and_labels(range(400))
    looks = np.stack([look_of(each) for photo in photos for each in (photo, near_copy(photo))])
    labels = np.repeat(of_photo, 2)
    fresh, of_fresh = looks_and_labels(range(10_000, 10_400))
    fresh_looks = np.stack([look_of(photo) for photo in fresh])

    split = honest_split(labels, groups_of(looks, [None] * 800), [None] * 800, classes=("red", "blue"))
    test = set(split.test.tolist())
    torn = [place for place in range(0, 800, 2) if (place in test) != (place + 1 in test)]
    assert len(torn) <= 4  # the near-copies that are not found, at most one in a hundred

    at_random = held_out_at_random(800)

    def accuracy(held_out: np.ndarray) -> float:
        learned = np.setdiff1d(np.arange(800), held_out)
        return nearest_neighbour_accuracy(looks[learned], labels[learned], looks[held_out], labels[held_out])

    on_fresh = nearest_neighbour_accuracy(looks, labels, fresh_looks, of_fresh)
    assert accuracy(split.test) == pytest.approx(on_fresh, abs=0.11)  # 1.96 standard errors of 80 photos' share
    assert accuracy(at_random) > on_fresh + 0.2  # so a split that tears twins apart fails the line above
    assert 0.5 < on_fresh < 0.75
