import re

import pytest

from core.errors import RunError
from core.names import new_id
from core.runs.records import NAME_LENGTH, NOTE_LENGTH, check_id, check_name, check_note


def test_an_id_is_ten_lowercase_letters_and_digits() -> None:
    assert all(re.fullmatch(r"[a-z2-9]{10}", new_id()) for _ in range(100))


def test_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("text", ["", "..", "../../etc", "abc/defghi", "ABCDEFGHIJ", "abcdefghi\n", "a" * 11, "a" * 9])
def test_what_is_no_id_never_becomes_a_path(text: str) -> None:
    with pytest.raises(RunError, match="not the id of a run"):
        check_id(text)


def test_a_name_keeps_any_script_and_single_spaces() -> None:
    assert check_name("  Zoë's\u00a0 雪  run <b>#1</b> ") == "Zoë's 雪 run <b>#1</b>"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\n", "\u202e", "\u2028", "\ud800", "\x7f"])
def test_a_name_with_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(RunError, match="control character"):
        check_name(f"a{character}b")


def test_a_name_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(RunError, match=f"{NAME_LENGTH + 1} characters; it may have {NAME_LENGTH}"):
        check_name("x" * (NAME_LENGTH + 1))


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(RunError, match="empty"):
        check_name("   ")


def test_a_note_keeps_its_lines() -> None:
    assert check_note("one  \r\ntwo\n") == "one\ntwo"


def test_a_note_that_is_too_long_is_refused() -> None:
    with pytest.raises(RunError, match="2,001 characters"):
        check_note("x" * (NOTE_LENGTH + 1))
