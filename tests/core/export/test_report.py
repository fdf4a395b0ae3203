"""Reports: the figures that the lab shows, in one file that asks for nothing and runs nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from core.checkpoints import Checkpoint, find
from core.checkpoints.backbones import backbones_seconds
from core.export.model_card import model_card
from core.export.page import line_chart, round_marks, text
from core.export.report import Answered, classification_report, comparison_report, of_checkpoints, training_report
from core.intervals import percent
from core.judging import doubtful
from core.judging.evaluation import stored_evaluation
from core.judging.oddities import Oddities
from tests.core.export.conftest import HOSTILE
from tests.pages.networks import ship

KNOWN = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "section", "p", "div", "table", "thead", "tbody"}
KNOWN |= {"tr", "th", "td", "figure", "figcaption", "img", "svg", "line", "text", "polyline", "circle", "g"}


class Read(HTMLParser):
    """What a browser would make of a report: its elements, what they ask for, and its words."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.asked: list[str] = []
        self.words = ""
        self.feed(document.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href") or name[:2] == "on"]

    def handle_data(self, data: str) -> None:
        self.words += data


def self_contained(document: bytes) -> Read:
    read = Read(document)
    assert read.tags <= KNOWN
    assert all(address.startswith("data:image/png;base64,") for address in read.asked)
    return read


def test_a_report_on_a_training_has_the_figures_and_the_curves() -> None:
    checkpoint = find("mnist-strided_cnn")
    read, evaluation = self_contained(training_report(checkpoint)), stored_evaluation(checkpoint)
    assert evaluation is not None
    assert evaluation.summary in read.words
    assert percent(evaluation.per_class[3], 1) in read.words
    assert {"polyline", "circle"} <= read.tags


def test_a_comparison_says_which_test_and_which_is_better(tmp_path: Path) -> None:
    a, b = ship(tmp_path, "good", wrong=2), ship(tmp_path, "bad", wrong=60)
    words = self_contained(of_checkpoints([a, b])).words
    assert "1. good on digits is better" in words
    assert "(exact McNemar test)" in words
    other = ship(tmp_path, "other", wrong=0, dataset="mnist")
    said = self_contained(of_checkpoints([a, other])).words
    assert (
        "They were judged on different pictures: 1. good on digits on Digits (built in), 2. other on digits on" in said
    )
    assert "is better:" not in said
    assert "The expected calibration error, in ten bins of confidence." in words
    unjudged = ship(tmp_path, "young", judged=False)
    assert "not judged" in self_contained(comparison_report([a, unjudged], [stored_evaluation(a), None])).words


def test_a_figure_of_another_copy_of_the_data_has_no_doubtful_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = ship(tmp_path, "a", wrong=2), ship(tmp_path, "b", wrong=60)
    known = {a.card.split_fingerprint: Oddities(shows={0: "a frog"}, copies=())}
    monkeypatch.setattr(doubtful, "ODDITIES", known)
    of_a = stored_evaluation(a)
    assert of_a is not None
    elsewhere = replace(of_a, unseen=False)
    words = self_contained(comparison_report([a, b], [elsewhere, stored_evaluation(b)])).words
    assert "2. b on digits: Without 1 image" in words
    assert "1. a on digits: Without" not in words, (
        "nobody knows which images those are, and Compare says nothing of them"
    )


def test_the_time_of_a_training_is_told_with_that_of_its_backbone() -> None:
    checkpoint = find("cats_vs_dogs-resnet18")
    before = backbones_seconds(checkpoint.card.config)
    assert before
    said = f"{checkpoint.card.seconds:.0f} s, after {before:.0f} s for its backbone"
    assert said in self_contained(of_checkpoints([checkpoint, find("cats_vs_dogs-strided_cnn")])).words
    assert said in model_card(checkpoint)


def test_accuracy_without_the_doubtful_images_stands_beside_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = ship(tmp_path, "a", wrong=2)
    known = {a.card.split_fingerprint: Oddities(shows={0: "a frog"}, copies=(1, 5))}
    monkeypatch.setattr(doubtful, "ODDITIES", known)
    sentence = "Without 1 image with a doubtful label and 2 near-copies of training images it is 100.00 % ("
    alone = "On the copies alone: 50.0 %."
    words = self_contained(training_report(a)).words
    assert sentence in words
    assert alone in words
    b = ship(tmp_path, "b", wrong=3)
    words = self_contained(of_checkpoints([a, b])).words
    assert f"1. a on digits: {sentence}" in words
    assert "2. b on digits: Without 1 image with a doubtful label" in words
    assert "it is 99.73 % (" in words, "one of 364 is wrong"


def test_photos_are_inside_and_bad_ones_have_their_sentence(hostile: Checkpoint) -> None:
    photos = [
        Answered(name=HOSTILE, picture=Image.new("RGB", (20, 10), "red"), ranking=((HOSTILE, 0.75), ("3", 0.25))),
        Answered(name="letter.jpg", error="This is not a picture."),
    ]
    read = self_contained(classification_report(hostile.card, photos))
    assert "letter.jpg: This is not a picture." in read.words
    assert f"{text_of(HOSTILE)} 75.0 %" in read.words


def test_what_people_typed_is_text_in_every_report(hostile: Checkpoint) -> None:
    read = self_contained(training_report(hostile))
    assert text_of(HOSTILE) in read.words
    self_contained(comparison_report([hostile, hostile], [None, None]))


def text_of(words: str) -> str:
    return words.replace("\u202e", "\ufffd")


def test_text_keeps_what_scripts_and_emoji_need_and_drops_what_turns_the_line() -> None:
    assert text("<b>\u202e&'\"") == "&lt;b&gt;\ufffd&amp;&#x27;&quot;"
    assert text("👩\u200d🔬 \ud800") == "👩\u200d🔬 \ufffd"


@pytest.mark.parametrize(
    ("ends", "shares", "marks"),
    [
        ((0.223, 0.988), True, [0.2, 0.4, 0.6, 0.8, 1.0]),
        ((0.961, 0.984), True, [0.96, 0.97, 0.98, 0.99]),
        ((0.021, 2.31), False, [0.0, 1.0, 2.0, 3.0]),
        ((1.0, 1.0), True, [0.94, 0.96, 0.98, 1.0]),
    ],
)
def test_the_marks_of_an_axis_are_round_numbers_around_what_is_drawn(
    ends: tuple[float, float], shares: bool, marks: list[float]
) -> None:
    assert round_marks(*ends, shares=shares) == pytest.approx(marks)


def test_the_legend_of_a_curve_is_drawn_as_the_curve_is() -> None:
    drawn = line_chart([(f"run {place}", [1.0, 2.0], [0.1, 0.2]) for place in range(5)], alt="five")
    curves = re.findall(r'<polyline [^>]*(stroke="[^"]*" [^>]*)/>', drawn)
    assert len(set(curves)) == 5
    assert re.findall(r'<line x1="60" x2="90" [^>]*?(stroke="[^"]*" [^>]*)/>', drawn) == curves


def test_a_curve_of_shares_is_marked_in_round_percents() -> None:
    drawn = line_chart([("a", [1.0, 2.0], [0.223, 0.988])], alt="a", shares=True)
    assert [mark for mark in ("20 %", "40 %", "60 %", "80 %", "100 %") if f">{mark}<" not in drawn] == []


@pytest.mark.parametrize("values", [[], [0.5], [float("nan"), 0.5], [0.5, 0.5]])
def test_a_curve_of_next_to_nothing_is_drawn(values: list[float]) -> None:
    drawn = line_chart([("a", [float(place) for place in range(len(values))], values)], alt="a")
    assert "nan" not in drawn
