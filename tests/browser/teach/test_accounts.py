"""Accounts of a school: who signs in is the same person in every browser, and a cookie alone is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.rights import has_browser
from tests.browser.server import Server, open_page, store_of
from tests.browser.teach.provider import Provider

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider().running() as running:
        yield running


@pytest.fixture
def school(provider: Provider, tmp_path: Path) -> Iterator[Server]:
    """A server that lets people sign in: it finds Streamlit's secrets in the home of whoever runs it."""
    server = Server(tmp_path / "lab", HOME=str(tmp_path))
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(provider.secrets(server.url))
    yield server.start()
    server.stop()


def sign_in(page: Page, school: Server) -> None:
    open_page(page, school, "training")
    page.get_by_test_id("stPopover").first.get_by_role("button").click()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{school.url}/")  # by way of the provider


def call(page: Page, school: Server, name: str) -> None:
    open_page(page, school, "training")
    page.get_by_test_id("stPopover").first.get_by_role("button").click()
    field = page.get_by_label("Your nickname", exact=True)
    field.fill(name)
    field.press("Enter")
    expect(page.get_by_role("button", name=name)).to_be_visible()


def test_an_account_is_one_person_in_every_browser(school: Server, provider: Provider, page: Page) -> None:
    sign_in(page, school)
    call(page, school, "Ada")
    assert page.context.browser is not None
    other = page.context.browser.new_context()
    phone = other.new_page()
    open_page(phone, school, "training")
    expect(phone.get_by_role("button", name="you")).to_be_visible()
    sign_in(phone, school)
    open_page(phone, school, "training")
    expect(phone.get_by_role("button", name="Ada")).to_be_visible()
    phone.get_by_role("button", name="Ada").click()
    phone.get_by_role("button", name="Sign out", exact=True).click()
    phone.wait_for_url(f"{school.url}/")
    open_page(phone, school, "training")
    expect(phone.get_by_role("button", name="you")).to_be_visible()
    provider.account, provider.name = "2", "Ben"
    sign_in(phone, school)
    call(phone, school, "Ben")
    other.close()
    with store_of(school) as store, store.database.reading() as connection:
        owners = dict(connection.execute("SELECT nickname, owner FROM owners WHERE nickname <> ''").fetchall())
    assert sorted(owners) == ["Ada", "Ben"]
    assert all(has_browser(owner) for owner in owners.values()), "the store keeps no name and no number of an account"
