"""The form of a worksheet: what is refused where it is made, and the three that ship."""

import dataclasses
import json
from typing import Any

import pytest

from core.data.catalogue import datasets
from core.models import models
from core.recipes import RECIPES, recipe_config
from core.runs.worksheets import ANSWER_LENGTH, Part, Question, Worksheet, WorksheetError, shipped_worksheets
from core.runs.worksheets.form import OWN_SET, questions_written, read
from tests.core.runs.worksheets.conftest import SHEET

PART = Part(page="training", title="Train", task="Press Train.")


@pytest.mark.parametrize(
    ("step", "asks", "answered", "ticked", "waits"),
    [
        ("train", 0, (), (), (True, False)),
        ("train", 0, (), (1,), (False, False)),
        ("train", 2, ("1.1",), (1,), (False, True)),
        ("train", 2, ("1.1", "1.2"), (), (True, False)),
        ("", 2, ("2.1", "2.2"), (), (False, True)),
        ("", 2, ("1.1", "1.2"), (), (False, False)),
        ("", 0, (), (2,), (True, False)),
        ("", 0, (), (1,), (False, False)),
    ],
)
def test_a_part_waits_for_its_tick_and_its_answers(
    step: str, asks: int, answered: tuple[str, ...], ticked: tuple[int, ...], waits: tuple[bool, bool]
) -> None:
    part = dataclasses.replace(PART, step=step, questions=(Question(text="What?"),) * asks)
    sheet = Worksheet(title="T", lead="", parts=(part,))
    assert sheet.waits_for(1, answered, ticked) == waits
    assert (1 in sheet.done_parts(answered, ticked)) == (waits == (False, False))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Question(text=" "), "question is empty"),
        (lambda: Question(text="a\u202eb"), "control character"),
        (lambda: Question(text="Which?", kind="choice", choices=("one",)), "has 2 to 8 of them"),
        (lambda: Question(text="Which?", kind="choice", choices=("one", "one")), "the same"),
        (lambda: Question(text="Which?", choices=("one", "two")), "has 2 to 8 of them"),
        (lambda: dataclasses.replace(PART, page="../teach"), "no page's address"),
        (lambda: dataclasses.replace(PART, minutes=float("nan")), "at most 90 minutes"),
        (lambda: dataclasses.replace(PART, view={"a b": "1"}), "no parameter of an address"),
        (lambda: dataclasses.replace(PART, view={"set": "x" * 2_000}), "too long"),
        (lambda: Worksheet(title="T", lead="", parts=()), "1 to 20 parts; this one has 0"),
        (lambda: Worksheet(title="T", lead="", parts=(PART,) * 21), "this one has 21"),
        (lambda: Worksheet(title="T" * 121, lead="", parts=(PART,)), "121 characters"),
        (
            lambda: Worksheet(title="T", lead="", parts=(dataclasses.replace(PART, recalls=1),)),
            "Part 1 cannot show the answers of part 1",
        ),
        (
            lambda: Worksheet(
                title="T",
                lead="",
                parts=(dataclasses.replace(PART, questions=(Question(text="What?"),) * 41),),
            ),
            "at most 40 questions; this one has 41",
        ),
        (
            lambda: Worksheet(title="T", lead="", parts=(dataclasses.replace(PART, task="x" * 1_000),) * 20 * 4),
            "this one has 80",
        ),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_made(make: Any, said: str) -> None:
    with pytest.raises(WorksheetError, match=said):
        make()


@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [
        (Question(text="What?"), "  two\nlines\t", "two\nlines"),
        (Question(text="What?"), "=SUM(A1) <b>", "=SUM(A1) <b>"),
        (Question(text="How many?", kind="number"), " 91,5 % ", "91,5 %"),
        (Question(text="How many?", kind="number"), "", ""),
        (Question(text="Which?", kind="choice", choices=("a", "b")), "b", "b"),
    ],
)
def test_answers_are_kept_without_spaces_around_them(question: Question, answer: str, kept: str) -> None:
    assert question.taken(answer) == kept


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ("98,85 %", 98.85),
        ("98.85", 98.85),
        ("\u22123", -3),
        ("12", 12),
        ("", ""),
        ("62,006", 62_006),
        ("1,797", 1_797),
        ("\u22121,234,567.5", -1_234_567.5),
        ("0,125", 0.125),
        ("1234,567", 1_234.567),
        ("98,8512", 98.8512),
        ("1e300", "1e300"),
    ],
)
def test_a_number_is_one_in_a_table_however_it_was_typed(answer: str, cell: str | float) -> None:
    assert Question(text="How many?", kind="number").cell(answer) == cell
    assert Question(text="What?").cell(answer) == answer, "text stays as it was typed"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (Question(text="What?"), "x" * (ANSWER_LENGTH + 1)),
        (Question(text="What?"), "a\x00b"),
        (Question(text="What?"), "a\u202eb"),
        (Question(text="What?"), "\ud800"),
        (Question(text="How many?", kind="number"), "many"),
        (Question(text="How many?", kind="number"), "1e999"),
        (Question(text="Which?", kind="choice", choices=("a", "b")), "c"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_in_a_sentence(question: Question, answer: str) -> None:
    with pytest.raises(WorksheetError):
        question.taken(answer)


def test_a_worksheet_is_written_and_read_again() -> None:
    assert read(SHEET.to_json()) == SHEET
    assert [key for key, _question in SHEET.questions()] == ["1.1", "1.2", "3.1"]


@pytest.mark.parametrize("change", [{"parts": None}, {"x": 1}, {"rules": {"controls": ["door"]}}, {"title": 7}])
def test_a_file_that_is_no_worksheet_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WorksheetError):
        read(json.dumps(json.loads(SHEET.to_json()) | change))


def test_questions_are_typed_a_line_each_with_what_answers_them_behind() -> None:
    assert questions_written("What?\n\n  How many? [number]\nIs it? [yes | no]\nWhat is [x]?\n[number]") == (
        Question(text="What?"),
        Question(text="How many?", kind="number"),
        Question(text="Is it?", kind="choice", choices=("yes", "no")),
        Question(text="What is [x]?"),
        Question(text="[number]"),
    )


def test_three_worksheets_ship_of_45_minutes_each() -> None:
    found = shipped_worksheets()
    assert list(found) == ["convolution", "transfer", "own_pictures"]
    assert {sheet.minutes for sheet in found.values()} == {45}
    for sheet in found.values():
        assert sheet.needs in ("", OWN_SET, *datasets)
        assert {sheet.rules.dataset, sheet.rules.recipe} <= {"", *RECIPES}
        assert all(part.questions for part in sheet.parts)


@pytest.mark.parametrize("dataset", ["cats_vs_dogs", "digits", "mnist"])
def test_what_the_second_one_trains_fits_the_data_set_that_it_is_handed_out_with(dataset: str) -> None:
    sheet = shipped_worksheets()["transfer"].on(dataset, "Some [set]")
    assert sheet.rules.dataset == dataset
    assert "Some [set]" in sheet.lead
    assert not [word for word in ("{data}", "{own}", "{set}") if word in sheet.to_json()]
    trained = [part.view for part in sheet.parts if part.step == "train"]
    assert [view["network"] for view in trained] == ["strided_cnn", "efficientnet_lite0"]
    for view in trained:
        config = recipe_config(view["recipe"], dataset=view["data"], model=view["network"], **json.loads(view["set"]))
        assert config.limit == 400
        assert models[config.model].refusal is not None
