"""The app as a visitor finds it: the entrypoint, a home of its own and no caches from before."""

import functools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, app_test

from core.checkpoints import save
from core.config import TrainingConfig
from core.models import build_model
from tests.cards import card
from tests.pages.visit import visitor


@pytest.fixture(scope="package", autouse=True)
def _an_app_does_not_begin_from_nothing() -> Iterator[None]:
    """What AppTest does anew for each app, and the same each time, was half of what the tests of pages compute.

    The metadata of every installed package is read for components, every page is compiled at every run, and as no
    browser asks, each look at cookies or headers builds objects of mock.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        patch.setattr(app_test, "ScriptCache", functools.cache(app_test.ScriptCache))
        patch.setattr("streamlit.runtime.context._get_client_context", lambda: None)
        yield


@pytest.fixture(autouse=True)
def _no_caches_from_before() -> Iterator[None]:
    """Streamlit's caches belong to the process: one test's models and photos would show up in the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _nobody_serves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page queues waits: a supervisor, for which torch is imported in a process of its own, is gone at once."""
    gone = SimpleNamespace(poll=lambda: 0)
    monkeypatch.setattr("core.runs.summons._children", [])
    monkeypatch.setattr("core.runs.summons.start_detached", lambda *_command, **_more: gone)


@pytest.fixture
def home(home: Path, shared_home: Path) -> Path:
    """An empty home, but for the copies of data sets that an earlier test has decoded."""
    copies = shared_home / "prepared"
    copies.mkdir(exist_ok=True)
    (home / "prepared").symlink_to(copies, target_is_directory=True)
    return home


@pytest.fixture
def app(home: Path) -> AppTest:
    """The app before its first page is drawn; ``home`` is empty, so there is no run and nothing prepared."""
    return visitor()


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
