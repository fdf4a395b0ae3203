import numpy as np
from PIL import Image

from core.data.own.suspicions import Suspicion, claimed_by, suspicions
from core.data.own.twins import groups_of, look_of
from tests.core.data.own.generated import photograph

CLASSES = ("mug", "shoe")


def suspected(
    pictures: list[Image.Image], labels: list[int], twins: list[int] | None = None, **more: object
) -> dict[str, list[int]]:
    """The pictures by the kind of suspicion, those of a kind together."""
    found: dict[str, list[int]] = {}
    for each in all_of(pictures, labels, twins, **more):
        found.setdefault(each.kind, []).extend(each.pictures.tolist())
    return found


def all_of(
    pictures: list[Image.Image], labels: list[int], twins: list[int] | None = None, **more: object
) -> tuple[Suspicion, ...]:
    looks = np.stack([look_of(each) for each in pictures])
    numbers = np.arange(len(labels)) if twins is None else np.array(twins)
    return suspicions(looks, np.array(labels), classes=CLASSES, twins=numbers, **more)  # type: ignore[arg-type]


def photos(count: int) -> list[Image.Image]:
    return [photograph(seed) for seed in range(count)]


def test_twenty_sound_photos_are_not_suspected() -> None:
    assert suspected(photos(20), [0, 1] * 10, shorter_sides=np.full(20, 96)) == {}


def test_dark_bright_and_flat_pictures_are_found_and_ink_on_white_or_black_is_none_of_them() -> None:
    def ink(paper: str, pen: str) -> Image.Image:
        image = Image.new("RGB", (64, 64), paper)
        image.paste(pen, (28, 10, 34, 54))
        return image

    odd = [Image.new("RGB", (64, 64), colour) for colour in ("#0c0c0c", "#f8f8f8", "#8090a0")]
    found = suspected([*photos(20), *odd, ink("white", "black"), ink("black", "white")], [0, 1] * 12 + [0])
    assert found == {"dark": [20], "bright": [21], "flat": [22]}


def test_small_pictures_are_found_by_their_shorter_side() -> None:
    sides = np.array([64] * 10 + [63] + [640] * 9)
    assert suspected(photos(20), [0, 1] * 10, shorter_sides=sides) == {"small": [10]}


def test_copies_are_one_suspicion_and_those_in_two_classes_are_one_each_and_come_first() -> None:
    twins = [0, 1, 0, 3, 3, 5, 6, 7, 6, *range(9, 20)]
    labels = [0, 1] * 10
    found = all_of(photos(20), labels, twins)
    assert [(each.kind, each.pictures.tolist()) for each in found] == [
        ("twins_across", [3, 4]),
        ("twins", [0, 2, 6, 8]),
    ]


def test_pictures_that_show_nothing_are_called_that_and_not_copies_of_each_other() -> None:
    empty = [Image.new("RGB", (64, 64), colour) for colour in ("#000000", "#030303", "#f8f8f8", "#f9f9f9", "#8090a0")]
    pictures = [*photos(15), *empty]
    twins = groups_of(np.stack([look_of(each) for each in pictures]), [None] * 20)
    assert len(set(twins.tolist())) < 20, "for the split they are alike"
    assert suspected(pictures, [0, 1] * 10, twins=twins.tolist()) == {
        "dark": [15, 16],
        "bright": [17, 18],
        "flat": [19],
    }


def test_empty_small_and_unbalanced_classes_are_told_with_their_numbers() -> None:
    assert [each.sentence for each in all_of(photos(3), [0, 0, 0])] == [
        "'mug' has 3 pictures; 10 are the fewest that teach much.",
        "'shoe' has no pictures yet. Add some, or delete the class.",
    ]
    kinds = [each.kind for each in all_of(photos(25), [0] * 21 + [1] * 4)]
    assert kinds == ["few", "unbalanced"]
    assert "'mug' has 21 pictures and 'shoe' 4" in all_of(photos(25), [0] * 21 + [1] * 4)[1].sentence
    assert [each.kind for each in all_of(photos(50), [0] * 40 + [1] * 10)] == []


def two_clouds(count: int) -> np.ndarray:
    """Features: one half about one direction, the other about another."""
    random = np.random.RandomState(0)
    middle = np.repeat(np.eye(8)[:2], count, axis=0)
    return (middle + random.normal(0, 0.1, middle.shape)).astype(np.float32)


def test_a_picture_among_those_of_another_class_is_claimed_by_it() -> None:
    labels = np.repeat([0, 1], 20)
    labels[3] = 1
    claims = claimed_by(two_clouds(20), labels)
    assert np.flatnonzero(claims >= 0).tolist() == [3]
    assert claims[3] == 0
    found = all_of(photos(40), labels.tolist(), features=two_clouds(20))
    assert [(each.kind, each.pictures.tolist()) for each in found] == [("claimed", [3])]
    assert found[0].sentence.startswith("In 'shoe', and most like pictures of 'mug'.")


def test_copies_of_a_picture_do_not_count_as_its_neighbours() -> None:
    features = two_clouds(20)
    features[20:28] = features[3]  # eight copies of a mug, filed as shoes
    labels = np.repeat([0, 1], 20)
    assert claimed_by(features, labels)[3] == 1
    twins = np.arange(40)
    twins[20:28] = 3
    assert claimed_by(features, labels, apart=twins)[3] == -1


def test_too_few_pictures_claim_nothing() -> None:
    assert claimed_by(two_clouds(2), np.array([0, 0, 1, 1])).tolist() == [-1] * 4


def test_of_a_set_that_nobody_here_can_change_it_is_said_what_is_odd_and_not_what_to_do() -> None:
    odd = [*photos(25), *(Image.new("RGB", (64, 64), colour) for colour in ("#0c0c0c", "#f8f8f8", "#8090a0"))]
    twins = [0, 1, 0, 1, *range(4, 28)]
    arguments = (odd, [0, 0, 0, 1] + [0] * 20 + [1, 0, 0, 0], twins)
    sides = {"shorter_sides": np.array([63] + [640] * 27)}
    features = {"features": np.ones((28, 3), np.float32)}
    own = all_of(*arguments, **sides, **features)
    published = all_of(*arguments, **sides, **features, can_change=False)
    assert {each.kind for each in own} >= {"twins_across", "twins", "dark", "bright", "flat", "small", "few", "claimed"}
    assert [(each.kind, each.what) for each in own] == [(each.kind, each.what) for each in published]
    assert {each.kind: each.to_do for each in published if each.to_do} == {
        "twins": "Where one is learned from and another judges, the figure flatters."
    }
    for word in ("again", "elete", "keep", "Decide", "Look", "Add"):
        assert not [each.sentence for each in published if word in each.sentence]
        assert [each.sentence for each in own if word in each.sentence], word
