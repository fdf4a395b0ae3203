"""Whose an account is: by what its provider says of it, or nobody's."""

from types import SimpleNamespace

import pytest

from core.rights import is_secret
from pages._ui.classroom import account as accounts


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"iss": "https://school.example", "sub": "7"}, "account https://school.example 7"),
        ({"iss": "https://school.example", "name": "Ada"}, None),
        ({"sub": "7"}, None),
    ],
)
def test_an_account_that_does_not_say_whose_it_is_is_nobodys(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], wanted: str | None
) -> None:
    monkeypatch.setattr(accounts, "providers", lambda: (None,))
    monkeypatch.setattr("streamlit.user", SimpleNamespace(is_logged_in=True, get=said.get))
    assert accounts.account() == wanted
    assert wanted is None or not is_secret(wanted)
