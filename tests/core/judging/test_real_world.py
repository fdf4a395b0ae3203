"""Photos with given classes as a test set: shares and intervals worked out by hand and against SciPy's."""

import dataclasses

import pytest
from scipy.stats import binomtest, fisher_exact

from core.checkpoints import Card, Metrics
from core.errors import DataError
from core.intervals import Share, wilson_interval
from core.judging.real_world import Labelled, in_words, judge_photos
from core.models.faults import Kind
from tests.cards import card


def photos(shows: str, answer: str, count: int, *faults: Kind) -> list[Labelled]:
    return [Labelled(shows=shows, answer=answer, faults=faults)] * count


def judged(right: int, n: int) -> Card:
    metrics = Metrics(
        test_accuracy=right / n, test_n=n, test_ci95=wilson_interval(right, n), test_loss=0.1, unseen=True
    )
    return dataclasses.replace(card(), dataset="cats_vs_dogs", metrics=metrics)


OURS = [
    *photos("cat", "cat", 15),
    *photos("cat", "dog", 3, "squeezed"),
    *photos("dog", "dog", 2, "squeezed", "too dark"),
    *photos("dog", "cat", 1, "too dark"),
]


def test_the_share_of_all_of_each_class_and_of_each_fault() -> None:
    found = judge_photos(OURS, ("cat", "dog"))
    assert found.all == Share(right=17, n=21)
    assert found.by_class == {"cat": Share(right=15, n=18), "dog": Share(right=2, n=3)}
    assert found.by_fault == {"too dark": Share(right=2, n=3), "squeezed": Share(right=2, n=5)}
    assert found.faultless == Share(right=15, n=15)
    assert in_words(found.all) == "81 % of 21 photos (95 % interval 60 % to 92 %)"
    assert found.all.ci95 == pytest.approx(tuple(binomtest(17, 21).proportion_ci(method="wilson")))


def test_the_drop_from_the_test_split_is_said_with_both_figures_and_its_test() -> None:
    sentence = judge_photos(OURS, ("cat", "dog")).sentence(judged(4470, 4682))
    assert sentence == (
        "95 % on the 4,682 images of the test split (95 % to 96 %), 81 % of 21 photos (95 % interval 60 % to 92 %) "
        "from outside. That is a drop beyond chance (Fisher's exact test, p = 0.014)."
    )
    assert fisher_exact([[17, 4], [4470, 212]]).pvalue == pytest.approx(0.014, abs=0.0005)


@pytest.mark.parametrize(
    ("right", "n", "verdict"),
    [
        (9, 10, "Chance may have made the difference"),
        (
            1,
            2,
            "Chance may have made the difference (Fisher's exact test, p = 0.099)",
        ),  # nearly 1 − 0.95²; a z test: 0.004
        (100, 100, "It does better here beyond chance"),
        (50, 100, "That is a drop beyond chance"),
    ],
)
def test_so_few_photos_are_said_to_leave_room_for_chance(right: int, n: int, verdict: str) -> None:
    ours = photos("cat", "cat", right) + photos("cat", "dog", n - right)
    assert verdict in judge_photos(ours, ("cat", "dog")).sentence(judged(950, 1000))


def test_a_network_without_a_test_says_so() -> None:
    untested = dataclasses.replace(card(), metrics=None)
    assert "has not been judged on a test split" in judge_photos(photos("0", "0", 1), ("0", "1")).sentence(untested)


def test_without_photos_or_with_an_unknown_class_there_is_a_sentence() -> None:
    with pytest.raises(DataError, match="no photos with a class"):
        judge_photos([], ("cat", "dog"))
    with pytest.raises(DataError, match="does not know 'bird': it knows cat, dog"):
        judge_photos(photos("bird", "cat", 1), ("cat", "dog"))
