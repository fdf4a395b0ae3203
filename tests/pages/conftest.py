"""The app as a visitor finds it: the entrypoint run once, with a home of its own and no caches from before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.visit import start_page


@pytest.fixture(autouse=True)
def _no_caches_from_before() -> Iterator[None]:
    """Streamlit's caches belong to the process: one test's models and photos would show up in the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _in_the_folder_of_the_lab() -> Iterator[None]:
    """Paths in the entrypoint are relative to it, as they are under ``streamlit run``."""
    before = Path.cwd()
    os.chdir(Path(__file__).parents[2])
    yield
    os.chdir(before)


@pytest.fixture
def app(home: Path) -> AppTest:
    """The start page, drawn once; ``home`` is empty, so there is no run and nothing prepared."""
    return start_page()
