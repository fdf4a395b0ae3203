"""The report of an experiment: its means, what differs and every training, in one file that asks for nothing."""

from core.export.series import series_report
from tests.core.export.conftest import HOSTILE
from tests.core.export.test_report import self_contained

HEAD = ("Network", "Value", "Test accuracy")


def report(name: str, means: dict[str, tuple[list[float], list[float]]]) -> str:
    made = series_report(
        name,
        "Varied: training images.",
        x_name="training images",
        means=means,
        intervals=[(f"{name}, 100", 0.8, (0.7, 0.9))],
        said=[f"{name} against {name}: +1.00 points"],
        head=HEAD,
        rows=[(name, "100", "80.00 %")],
    )
    return self_contained(made).words


def test_it_has_the_means_the_sentences_and_every_training() -> None:
    words = report("LeNet", {"LeNet": ([100.0, 1000.0], [0.8, 0.9])})
    for part in ("Mean test accuracy over the training images.", "80.00 % (70.00 % to 90.00 %)", "+1.00 points"):
        assert part in words
    assert "epoch" not in words


def test_values_that_are_no_numbers_have_no_curve_and_hostile_names_are_text() -> None:
    words = report(HOSTILE, {})
    assert "Mean test accuracy over" not in words
    assert words.count(HOSTILE[:30]) >= 4
