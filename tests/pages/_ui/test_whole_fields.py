"""Fields for whole numbers: what is typed is taken as it stands, or refused with the range."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visit import check


def pages() -> None:
    import streamlit as st

    from pages._ui.choose.whole_fields import choose_page

    st.markdown(f"shown: {choose_page(st.session_state.get('pages', 13), key='page')}")


def walked() -> AppTest:
    return check(AppTest.from_function(pages).run())


def shown(page: AppTest) -> str:
    return str(check(page).markdown[0].value)


def test_pages_are_turned_one_by_one_as_far_as_there_are_any() -> None:
    page = walked()
    assert (shown(page), page.button(key="page_Previous").disabled) == ("shown: 1", True)
    assert shown(page.button(key="page_Next").click().run()) == "shown: 2"
    assert shown(page.text_input(key="page").set_value("13").run()) == "shown: 13"
    assert page.button(key="page_Next").disabled
    assert shown(page.button(key="page_Previous").click().run()) == "shown: 12"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" ", "Page (of 13) is empty; it must be a whole number, in digits alone, between 1 and 13."),
        ("2,5", "Page (of 13) is '2,5'; it must be a whole number, in digits alone, between 1 and 13."),
        ("2.5", "Page (of 13) is '2.5'; it must be a whole number, in digits alone, between 1 and 13."),
        ("14", "page is 14; it must lie between 1 and 13."),
    ],
)
def test_a_page_that_is_none_is_said_and_the_first_one_is_shown(typed: str, said: str) -> None:
    page = walked()
    page.text_input(key="page").set_value(typed).run()
    assert shown(page) == "shown: 1"
    assert f"{said} The first page is shown." in page.error[0].value.replace("\\", "")
    assert page.button(key="page_Next").disabled


def test_where_pages_have_gone_the_last_one_is_shown() -> None:
    page = walked()
    page.text_input(key="page").set_value("13").run()
    page.session_state["pages"] = 4
    assert shown(page.run()) == "shown: 4"
    assert page.text_input(key="page").value == "4"
    assert not page.error
