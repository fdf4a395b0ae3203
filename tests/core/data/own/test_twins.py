from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.data.catalogue import datasets
from core.data.own.twins import groups_of, look_of, looks_of, twin_pairs
from core.data.source import open_source
from tests.core.data.own.generated import brighter, cut, in_jpeg, near_copy, photograph

PHOTOGRAPHS = [photograph(seed) for seed in range(150)]


def pairs_among(pictures: list[Image.Image]) -> list[tuple[int, int]]:
    return [(first, second) for first, second in twin_pairs(np.stack([look_of(each) for each in pictures])).tolist()]


def test_150_photographs_have_no_twins() -> None:
    assert pairs_among(PHOTOGRAPHS) == []


@pytest.mark.parametrize(
    "copied",
    [
        lambda image: image,
        in_jpeg,
        lambda image: image.resize((40, 40)),
        lambda image: image.resize((300, 200)),
        lambda image: brighter(image, 1.25),
        lambda image: brighter(image, 0.75),
        lambda image: cut(image, 0.03),
        lambda image: cut(image, 0.06),
        near_copy,
    ],
    ids=["same", "jpeg 30", "smaller", "wider", "brighter", "darker", "cut by 3 %", "cut by 6 %", "near copy"],
)
def test_a_copy_of_each_is_found_and_nothing_else(copied: Callable[[Image.Image], Image.Image]) -> None:
    count = 60
    pairs = pairs_among([*PHOTOGRAPHS[:count], *map(copied, PHOTOGRAPHS[:count])])
    assert [pair for pair in pairs if pair[1] - pair[0] != count] == []
    assert len(pairs) >= 0.97 * count


def test_k_pictures_of_one_photograph_are_joined_by_k_less_one_pairs() -> None:
    again = [PHOTOGRAPHS[0], PHOTOGRAPHS[1], in_jpeg(PHOTOGRAPHS[0]), brighter(PHOTOGRAPHS[0], 1.1), PHOTOGRAPHS[0]]
    pairs = pairs_among(again)
    assert len(pairs) == 3
    assert {place for pair in pairs for place in pair} == {0, 2, 3, 4}


def test_sheets_of_one_colour_are_twins_where_the_colour_is_about_the_same() -> None:
    sheets = [Image.new("RGB", (64, 64), colour) for colour in ("#d02020", "#2020d0", "#d82828")]
    assert pairs_among(sheets) == [(0, 2)]


def drawing(seed: int) -> Image.Image:
    """A ring by a pen on white, not quite as large, as round or where the last one was."""
    random = np.random.RandomState(seed)
    image = Image.new("RGB", (96, 96), "white")
    (left, top), (width, height) = random.randint(22, 30, 2).tolist(), random.randint(38, 52, 2).tolist()
    ImageDraw.Draw(image).ellipse((left, top, left + width, top + height), outline="black", width=5)
    return image


def test_drawings_of_one_thing_are_not_twins_and_their_copies_are() -> None:
    drawings = [drawing(seed) for seed in range(40)]
    assert pairs_among(drawings) == []
    assert pairs_among([*drawings, *map(in_jpeg, drawings)]) == [(place, place + 40) for place in range(40)]


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_picture_have_no_twins(count: int) -> None:
    looks = np.zeros((count, 32, 32, 3), np.uint8)
    assert twin_pairs(looks).shape == (0, 2)
    assert groups_of(looks, [None] * count).tolist() == list(range(count))


def test_looks_of_decoded_pictures_are_those_of_the_files() -> None:
    pixels = np.stack([np.asarray(image).transpose(2, 0, 1) for image in PHOTOGRAPHS[:3]])
    assert np.array_equal(looks_of(pixels), np.stack([look_of(image) for image in PHOTOGRAPHS[:3]]))
    assert looks_of(pixels[:, :1]).shape == (3, 32, 32, 3)


def groups(*, contributors: list[str | None], taken: list[float] | None = None, bursts: list[str | None] | None = None):
    looks = np.stack([look_of(image) for image in PHOTOGRAPHS[: len(contributors)]])
    times = None if taken is None else np.array(taken)
    return groups_of(looks, contributors, taken=times, bursts=bursts).tolist()


def test_what_one_contributor_took_within_two_seconds_is_one_group() -> None:
    taken = [100.0, 101.9, 103.5, 106.0, 101.0, 101.0, np.nan, np.nan]
    contributors = ["Ada", "Ada", "Ada", "Ada", "Ben", None, "Ada", "Ada"]
    assert groups(contributors=contributors, taken=taken) == [0, 0, 0, 1, 2, 3, 4, 5]


def test_a_burst_is_one_group_and_another_persons_of_the_same_name_is_another() -> None:
    bursts = ["1", None, "1", "1", None]
    assert groups(contributors=["Ada", "Ada", "Ada", "Ben", "Ben"], bursts=bursts) == [0, 1, 0, 2, 3]


def test_twins_and_bursts_chain_into_one_group() -> None:
    pictures = [PHOTOGRAPHS[0], PHOTOGRAPHS[1], in_jpeg(PHOTOGRAPHS[1]), PHOTOGRAPHS[2]]
    looks = np.stack([look_of(each) for each in pictures])
    assert groups_of(looks, ["Ada", "Ada", "Ben", "Ben"], bursts=["1", "1", None, None]).tolist() == [0, 0, 0, 1]


@given(
    contributors=st.lists(st.sampled_from(["Ada", "Ben", None]), min_size=6, max_size=6),
    taken=st.lists(st.one_of(st.floats(0, 10), st.just(float("nan"))), min_size=6, max_size=6),
    bursts=st.lists(st.sampled_from(["1", "2", None]), min_size=6, max_size=6),
)
def test_whoever_must_stay_together_has_one_number(
    contributors: list[str | None], taken: list[float], bursts: list[str | None]
) -> None:
    numbers = groups(contributors=contributors, taken=taken, bursts=bursts)
    assert sorted(set(numbers)) == list(range(len(set(numbers))))
    for one in range(6):
        for other in range(one):
            if contributors[one] != contributors[other]:
                continue
            if bursts[one] is not None and bursts[one] == bursts[other]:
                assert numbers[one] == numbers[other]
            if contributors[one] is not None and abs(taken[one] - taken[other]) <= 2:
                assert numbers[one] == numbers[other]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "joined"),
    # Those of CIFAR-10 were looked at: 13 times one photograph, or one car, that is in the set twice.
    [("cifar10", range(11, 14)), ("cats_vs_dogs", range(1)), ("mnist", range(1))],
)
@pytest.mark.usefixtures("data_folder")
def test_different_photographs_of_real_sets_are_not_joined(name: str, joined: range) -> None:
    source = open_source(datasets[name])
    looks = np.stack([look_of(source.read(data)) for data, _label in islice(source.rows, 3000)])
    assert len(twin_pairs(looks)) in joined
