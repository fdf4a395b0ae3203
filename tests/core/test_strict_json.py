"""The one reader of stored JSON: what it refuses, in which words, and what it makes of the rest."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.strict_json import DEEPEST, LARGEST, NotStrictJsonError, parse, parse_object, typed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested more than 32 deep"),
        ("[" * 40 + "]" * 40, "nested more than 32 deep"),
        ('{"a":' * 40 + "1" + "}" * 40, "nested more than 32 deep"),
        ('{"a": [1, 2', "not JSON"),
        ("", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"a": "\\ud800"}', "half a character"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[NaN]", "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not a number"),
        ("[1e999]", "too large a number"),
        ("[" + "9" * 5_000 + "]", "too large a number"),
        (f"[{LARGEST + 1}]", "too large a number"),
        (" " * 11 * 2**20, "longer than 10,485,760 bytes"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_a_clause(text: str | bytes, words: str) -> None:
    with pytest.raises(NotStrictJsonError) as raised:
        parse(text)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 200


def test_what_is_strict_json_comes_back() -> None:
    deep = "[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1)
    assert parse(deep) is not None
    assert parse(b'{"\xc3\xa4": [1, -2.5, true, null, "\\ud83d\\ude00"]}') == {"ä": [1, -2.5, True, None, "😀"]}
    assert parse(str(LARGEST)) == LARGEST


@pytest.mark.parametrize("text", ["[]", "3", '"text"', "null"])
def test_only_an_object_is_an_object(text: str) -> None:
    with pytest.raises(NotStrictJsonError, match="not a JSON object"):
        parse_object(text)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(NotStrictJsonError):
        parse(text)


@dataclass(frozen=True, kw_only=True)
class Inner:
    share: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True, kw_only=True)
class Outer:
    count: int
    inner: tuple[Inner, ...] = ()
    pair: tuple[float, float] = (0.0, 1.0)
    limit: int | None = None
    one: Inner | None = None
    named: Mapping[str, bool | int | float | str | tuple[int, ...]] | None = None


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (tuple[int, ...], [1, 2, True], "[2] is True, which is not a whole number"),
        (tuple[str, ...], ["a", None], "[1] is None, which is not text"),
        (tuple[str, ...], "ab", "it is 'ab', which is not a list"),
    ],
)
def test_a_list_of_one_kind_names_what_is_of_another(kind: Any, value: object, words: str) -> None:
    with pytest.raises(NotStrictJsonError, match=re.escape(words)):
        typed(kind, value)
    assert typed(tuple[float, ...], [1, 2.5]) == (1.0, 2.5)
    assert typed(tuple[str, ...], ["a", "b"]) == ("a", "b")


def test_a_dataclass_is_filled_field_by_field() -> None:
    fields = {"count": 3, "inner": [{"share": 1}], "pair": [0, 2.5], "one": {"share": 0.5, "kind": "b"}}
    found = typed(Outer, fields | {"named": {"widths": [4, 8], "rate": 0.5, "side": 3, "on": True}})
    assert found.inner == (Inner(share=1.0),)
    assert isinstance(found.inner[0].share, float)
    assert found.pair == (0.0, 2.5)
    assert found.one == Inner(share=0.5, kind="b")
    assert found.named == {"widths": (4, 8), "rate": 0.5, "side": 3, "on": True}
    assert type(found.named["side"]) is int  # type: ignore[index]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "'count' is missing"),
        ({"count": 1, "colour": 2}, "'colour' that is unknown"),
        ({"count": "1"}, "count is '1', which is not a whole number"),
        ({"count": 1.0}, "count is 1.0, which is not a whole number"),
        ({"count": True}, "count is True, which is not a whole number"),
        ({"count": None}, "count is None, which is not a whole number"),
        ({"count": 1, "inner": {}}, "inner is {}, which is not a list"),
        ({"count": 1, "inner": [{"share": "x"}]}, "inner[0].share is 'x', which is not a number"),
        ({"count": 1, "inner": [{"share": 1, "kind": "c"}]}, "inner[0].kind is 'c', which is not one of a, b"),
        ({"count": 1, "inner": [{"share": 1, "kind": []}]}, "inner[0].kind is [], which is not one of a, b"),
        ({"count": 1, "pair": [1]}, "pair is [1], which is not a list of 2"),
        ({"count": 1, "limit": "all"}, "limit is 'all', which is not a whole number"),
        ({"count": 1, "one": {"share": None}}, "one.share is None, which is not a number"),
        ({"count": 1, "one": 7}, "one is 7, which is not"),
        ({"count": 1, "named": {"a": {"b": 1}}}, "which is not"),
        ({"count": 1, "named": []}, "named is [], which is not"),
        ([], "it is [], which is not an object"),
        ({"count": "x" * 1_000}, "…"),
    ],
)
def test_a_field_of_another_type_is_named(fields: Any, words: str) -> None:
    with pytest.raises(NotStrictJsonError) as raised:
        typed(Outer, fields)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 200
