"""The form of a worksheet: pages in their order, what to do there, questions, and what it holds everybody to.

One file of strict JSON a worksheet, those that ship and those that a teacher makes alike; checked where it is made.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from core.data.own.records import PREFIX
from core.errors import LabError
from core.names import printable
from core.runs.store.class_rules import CONTROLS, Rules
from core.strict_json import NotStrictJsonError, parse, typed

MOST_PARTS, MOST_QUESTIONS = 20, 40
ANSWER_LENGTH = 2_000  # characters of an answer
LONGEST = 60_000  # bytes of a worksheet
_TITLE, _SENTENCES, _CHOICES = 120, 1_000, 8
_PAGE = re.compile(r"[a-z][a-z-]{0,29}")
_PARAMETER = re.compile(r"[a-z][a-z_]{0,29}")
_STEP = re.compile(r"[a-z_]{0,40}")
_WRITTEN = re.compile(r"(?P<text>.*?)\s*(?:\[(?P<kind>[^\[\]]*)\])?\s*")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_EXACT = 2**53  # from here on a float skips whole numbers
OWN_SET = "own"  # what `Worksheet.needs` says where it is a set of the class's own pictures
# What stands for the data set of a worksheet: its name in addresses, an own set's id there, its title in sentences.
DATA, OWN, SET = "{data}", "{own}", "{set}"
RUNS = "{runs}"  # in addresses: the two latest runs of whoever follows them


class WorksheetError(LabError):
    """A worksheet cannot be made, opened, answered or handed in; ``str(error)`` is the sentence to show."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question: answered by ``text``, by a ``number``, or by one of ``choices``."""

    text: str
    kind: Literal["text", "number", "choice"] = "text"
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _sentences(self.text, "question", at_most=_SENTENCES)
        for choice in self.choices:
            _sentences(choice, "choice", at_most=_TITLE)
        if (self.kind == "choice") != bool(self.choices) or len(self.choices) == 1 or len(self.choices) > _CHOICES:
            raise WorksheetError(f"A question with choices has 2 to {_CHOICES} of them: '{self.text[:60]}'.")
        if len(set(self.choices)) != len(self.choices):
            raise WorksheetError(f"Two choices are the same: '{self.text[:60]}'.")

    def taken(self, answer: str) -> str:
        """Return an answer as it is kept, without spaces around it; raises WorksheetError for one that cannot be.

        "" is no answer, and can always be.
        """
        kept = answer.strip()
        for line in kept.splitlines():
            printable(line.replace("\t", " "), what="answer", error=WorksheetError)
        if len(kept) > ANSWER_LENGTH:
            raise WorksheetError(f"The answer has {len(kept):,} characters; it may have {ANSWER_LENGTH:,}.")
        if kept and self.kind == "number" and _number(kept) is None:
            raise WorksheetError(f"'{kept[:20]}' is no number; write one such as 12.5.")
        if kept and self.kind == "choice" and kept not in self.choices:
            raise WorksheetError(f"'{kept[:20]}' is none of the choices.")
        return kept

    def cell(self, answer: str) -> str | float:
        """Return an answer as a table has it: a number as one, whatever its point and unit were typed as, unless it has
        more digits than a number keeps."""
        number = _number(answer) if self.kind == "number" else None
        if number is None or abs(number) >= _EXACT:
            return answer
        return int(number) if number.is_integer() else number


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is done on one page: ``page`` is its address, ``view`` the parameters that open the right view there.

    ``minutes`` is what it takes a newcomer, ``step`` the step of the lesson whose tick this part waits for ("": none),
    ``recalls`` the part, from 1, whose answers are shown here again (0: none).
    """

    page: str
    title: str
    task: str
    minutes: float = 3
    view: Mapping[str, str] = field(default_factory=dict)
    step: str = ""
    recalls: int = 0
    questions: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        _sentences(self.title, "title of a part", at_most=_TITLE)
        _sentences(self.task, "task", at_most=_SENTENCES)
        if not _PAGE.fullmatch(self.page):
            raise WorksheetError(f"'{self.page[:30]}' is no page's address.")
        if not _STEP.fullmatch(self.step):
            raise WorksheetError(f"'{self.step[:40]}' is no step's name.")
        if not (0 < self.minutes <= 90 and math.isfinite(self.minutes)):
            raise WorksheetError(f"A part takes more than 0 and at most 90 minutes, not {self.minutes:g}.")
        if len(self.view) > 12:
            raise WorksheetError(f"A part's view has {len(self.view)} parameters; it may have 12.")
        for name, value in self.view.items():
            if not _PARAMETER.fullmatch(name) or len(value) > _SENTENCES:
                raise WorksheetError(f"'{name[:30]}' is no parameter of an address, or its value is too long.")


@dataclass(frozen=True, kw_only=True)
class Worksheet:
    """A worksheet. ``lead`` says what it is about, ``rules`` what whoever does it is held to.

    ``only_its_pages``: all other pages are closed meanwhile. ``needs`` is the data set that it is made for (`OWN_SET`:
    one of the class's own pictures, "": none), in whose place `on` puts the one that it is handed out with.
    """

    title: str
    lead: str
    parts: tuple[Part, ...]
    rules: Rules = field(default_factory=Rules)
    only_its_pages: bool = False
    needs: str = ""

    def __post_init__(self) -> None:
        _sentences(self.title, "title", at_most=_TITLE)
        _sentences(self.lead, "lead", at_most=_SENTENCES, empty=True)
        if not 1 <= len(self.parts) <= MOST_PARTS:
            raise WorksheetError(f"A worksheet has 1 to {MOST_PARTS} parts; this one has {len(self.parts)}.")
        for number, part in enumerate(self.parts, start=1):
            if not 0 <= part.recalls < number:
                raise WorksheetError(
                    f"Part {number} cannot show the answers of part {part.recalls}: it comes no earlier."
                )
        questions = sum(len(part.questions) for part in self.parts)
        if questions > MOST_QUESTIONS:
            raise WorksheetError(f"A worksheet has at most {MOST_QUESTIONS} questions; this one has {questions}.")
        if unknown := set(self.rules.controls).difference(CONTROLS):
            raise WorksheetError(f"There is no control '{min(unknown)}'; there is {', '.join(CONTROLS)}.")
        if len(self.to_json().encode()) > LONGEST:
            raise WorksheetError(f"The worksheet is longer than {LONGEST:,} bytes; take something out.")

    @property
    def minutes(self) -> int:
        """How many minutes all parts take a newcomer, rounded up."""
        return math.ceil(sum(part.minutes for part in self.parts))

    def questions(self) -> Iterator[tuple[str, Question]]:
        """Yield every question with its key, "2.1" for the first one of the second part."""
        for number, part in enumerate(self.parts, start=1):
            for place, question in enumerate(part.questions, start=1):
                yield f"{number}.{place}", question

    def done_parts(self, answered: Collection[str], ticked: Collection[int]) -> frozenset[int]:
        """Return the numbers of the parts that are done, from 1: those that wait for nothing (`waits_for`)."""
        numbers = range(1, len(self.parts) + 1)
        return frozenset(number for number in numbers if not any(self.waits_for(number, answered, ticked)))

    def waits_for(self, number: int, answered: Collection[str], ticked: Collection[int]) -> tuple[bool, bool]:
        """Return whether part ``number``, from 1, still waits to be among the ``ticked``, and whether for an answer.

        Its step ticks it, or a visit where it has neither a step nor questions; ``answered`` are keys of `questions`.
        """
        part = self.parts[number - 1]
        keys = [f"{number}.{place}" for place in range(1, len(part.questions) + 1)]
        to_tick = bool(part.step) or not keys
        return to_tick and number not in ticked, not all(key in answered for key in keys)

    def on(self, dataset: str, title: str) -> "Worksheet":
        """Return this worksheet on a data set, which people read as ``title``; it can then train on no other.

        "" is none: everybody chooses their own, and addresses name none.
        """
        stands_for = {DATA: dataset, OWN: dataset.removeprefix(PREFIX), SET: title}
        fields = asdict(self)
        if not dataset:
            for part in fields["parts"]:
                part["view"] = {n: v for n, v in part["view"].items() if DATA not in v and OWN not in v}
        fields = _replaced(fields, stands_for)
        fields["rules"]["dataset"] = dataset
        return worksheet_from(fields)

    def to_json(self) -> str:
        """Return the worksheet as strict JSON, which `read` reads."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, indent=1)


def read(text: str | bytes) -> Worksheet:
    """Return the worksheet that a JSON text holds; raises WorksheetError with a sentence."""
    try:
        return worksheet_from(parse(text, at_most=2 * LONGEST))
    except NotStrictJsonError as error:
        raise WorksheetError(f"The worksheet cannot be read: {error}.") from None


def worksheet_from(fields: object) -> Worksheet:
    """Return the worksheet of these fields, as JSON gave them; raises WorksheetError with a sentence."""
    try:
        return typed(Worksheet, fields)
    except NotStrictJsonError as error:
        raise WorksheetError(f"The worksheet cannot be read: {error}.") from None


def questions_written(text: str) -> tuple[Question, ...]:
    """Return the questions that somebody has typed, one a line.

    A line that ends in ``[number]`` asks for a number, one that ends in ``[yes | no]`` for one of these.
    """
    return tuple(_written(line.strip()) for line in text.splitlines() if line.strip())


def _written(line: str) -> Question:
    found = _WRITTEN.fullmatch(line)
    kind = found["kind"] if found else None
    if found is None or kind is None or not found["text"]:
        return Question(text=line)
    if kind.strip().casefold() == "number":
        return Question(text=found["text"], kind="number")
    if "|" in kind:
        choices = tuple(" ".join(choice.split()) for choice in kind.split("|"))
        return Question(text=found["text"], kind="choice", choices=choices)
    return Question(text=line)


def _replaced(value: Any, stands_for: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, meant in stands_for.items():
            value = value.replace(word, meant)
        return value
    if isinstance(value, list | tuple):
        return [_replaced(each, stands_for) for each in value]
    if isinstance(value, dict):
        return {name: _replaced(each, stands_for) for name, each in value.items()}
    return value


def _sentences(text: str, what: str, *, at_most: int, empty: bool = False) -> None:
    printable(text, what=what, error=WorksheetError)
    if not text.strip() and not empty:
        raise WorksheetError(f"The {what} is empty; write at least one word.")
    if len(text) > at_most:
        raise WorksheetError(f"The {what} has {len(text):,} characters; it may have {at_most:,}.")


def _number(text: str) -> float | None:
    """A comma is that of thousands where three digits follow, as the lab writes them, else the point."""
    digits = text.removesuffix("%").strip().replace("\u2212", "-")
    try:
        number = float(digits.replace(",", "" if _THOUSANDS.fullmatch(digits) else "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
