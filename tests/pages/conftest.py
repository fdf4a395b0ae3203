"""The app as a visitor finds it: the entrypoint run once, with a home of its own and no caches from before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import save
from core.config import TrainingConfig
from core.models import build_model
from tests.cards import card
from tests.pages.visit import start_page


@pytest.fixture(autouse=True)
def _no_caches_from_before() -> Iterator[None]:
    """Streamlit's caches belong to the process: one test's models and photos would show up in the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def app(home: Path) -> AppTest:
    """The start page, drawn once; ``home`` is empty, so there is no run and nothing prepared."""
    return start_page()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """The folder of shipped checkpoints, empty."""
    shipped = tmp_path / "checkpoints"
    shipped.mkdir()
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: shipped)
    monkeypatch.setattr("core.judging.learning_curve.checkpoints_folder", lambda: shipped)
    return shipped


@pytest.fixture
def shipped(folder: Path) -> Path:
    """A folder of shipped checkpoints with one small network for digits in it."""
    torch.manual_seed(0)
    model = build_model("strided_cnn", channels=1, image_size=28, classes=10, arguments={"channels": (4, 8)})
    about = card(
        name="tiny",
        title="Tiny strided CNN on digits",
        model="strided_cnn",
        arguments={"channels": (4, 8)},
        config=TrainingConfig(dataset="digits", model="strided_cnn", image_size=28),
    )
    save(folder / "tiny", model, about)
    return folder
