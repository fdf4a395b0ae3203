"""What people call things, and the ids that the lab gives them. A name is data, never a path. Standard library only."""

import re
import secrets
import unicodedata

from core.errors import LabError

ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 of them, without l, o, 0 and 1
CODE_LETTERS = "BCDFGHJKMNPRSTVWXZ"  # none that looks or sounds like another on a wall; no vowels, so no words
CODE_LENGTH = 6  # 34 million codes
_ID = re.compile(f"[{ID_LETTERS}]{{10}}")
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def counted(count: int, what: str) -> str:
    """Return a number of things as a sentence has it: "1 picture", "2,000 pictures"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def new_id() -> str:
    """Return an unguessable id of ten characters that is safe in a file name, a URL and a sentence."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(10))


def is_id(text: object) -> bool:
    """Return whether ``text`` has the shape of what `new_id` makes."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def new_code() -> str:
    """Return six letters by which people join something: to be read from a wall and typed."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def typed_code(typed: str, *, error: type[LabError]) -> str:
    """Return a code as `new_code` makes it, from what somebody typed: small letters, spaces and hyphens do not matter.

    At most 40 characters are looked at. Raises ``error`` for what can be no code.
    """
    code = "".join(letter for letter in typed[:40].upper() if letter.isalnum())
    if len(code) != CODE_LENGTH:
        raise error(f"A code has {CODE_LENGTH} letters, such as BKMTXZ; look at it once more.")
    if strange := sorted(set(code) - set(CODE_LETTERS)):
        raise error(f"A code has {CODE_LENGTH} letters, never {' or '.join(strange)}; look at it once more.")
    return code


def checked_name(text: str, *, what: str, at_most: int, error: type[LabError]) -> str:
    """Return ``text`` with single spaces and composed letters (NFC).

    Raises ``error`` where it is empty, has more than ``at_most`` characters or holds a control character; ``what`` is
    what the sentence calls it.
    """
    name = unicodedata.normalize("NFC", " ".join(printable(text, what=what, error=error).split()))
    if not name:
        raise error(f"The {what} is empty; give it at least one character.")
    if len(name) > at_most:
        raise error(f"The {what} has {len(name)} characters; it may have {at_most}.")
    return name


def printable(text: str, *, what: str, error: type[LabError]) -> str:
    """Return ``text``; raises ``error`` for what could break a line, a terminal or the reading order, and for what
    SQLite cannot store."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTION_MARKS:
            raise error(f"The {what} holds a control character (U+{ord(character):04X}); write it without.")
    return text


def folded(name: str) -> str:
    """Return a name as it is told from others: without regard to case, to how a letter is written, and to what cannot
    be seen."""
    seen = "".join(
        sign for sign in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(sign) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFKC", seen).split())
