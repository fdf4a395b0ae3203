"""The app as a visitor finds it: the entrypoint run once, with a home of its own and no caches from before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from core.checkpoints import Card, save
from core.config import TrainingConfig
from core.models import build_model
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
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A folder of shipped checkpoints with one small network for digits in it."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: folder)
    torch.manual_seed(0)
    model = build_model("strided_cnn", channels=1, image_size=28, classes=10, arguments={"channels": (4, 8)})
    card = Card(
        name="tiny",
        title="Tiny strided CNN on digits",
        model="strided_cnn",
        arguments={"channels": (4, 8)},
        channels=1,
        image_size=28,
        classes=tuple("0123456789"),
        mean=(0.5,),
        std=(0.5,),
        dataset="digits",
        data_fingerprint="",
        split_fingerprint="",
        config=TrainingConfig(dataset="digits", model="strided_cnn", image_size=28),
        epoch=1,
        seconds=1.0,
        created="2026-01-01",
        device="CPU",
        parameters=1,
        trainable_parameters=1,
    )
    save(folder / "tiny", model, card)
    return folder
