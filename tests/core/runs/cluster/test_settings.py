"""Which cluster is meant, and what is said where it cannot be used. Nothing here needs Ray."""

import importlib.util
import socket
from pathlib import Path

import pytest

from core.errors import RunError
from core.runs.cluster.settings import cluster_wanted, unreachable


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_RAY", "127.0.0.1:6379")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    monkeypatch.delenv("CNN_LAB_RAY_WITHOUT_TOKEN", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: True)


def test_trainings_stay_here_unless_a_cluster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cluster_wanted()
    assert found is not None
    assert (found.address, found.without_token) == ("127.0.0.1:6379", False)
    monkeypatch.delenv("CNN_LAB_RAY")
    assert cluster_wanted() is None


@pytest.mark.parametrize("text", ["auto", "10.0.0.5", "10.0.0.5:0", "10.0.0.5:99999", "ray://10.0.0.5:10001", "a b:1"])
def test_what_is_no_address_is_a_sentence(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_RAY", text)
    with pytest.raises(RunError, match="must be the address of the cluster's head"):
        cluster_wanted()


def test_without_ray_a_sentence_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(RunError, match=r"Ray is not installed: `pip install -r requirements-ray\.txt`"):
        cluster_wanted()


def test_no_cluster_is_used_without_a_token_unless_somebody_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE")
    with pytest.raises(RunError, match="RAY_AUTH_MODE is not 'token'"):
        cluster_wanted()
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(RunError, match="There is no token for the Ray cluster"):
        cluster_wanted()
    (tmp_path / "token").write_text("secret\n")
    assert cluster_wanted() is not None
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.setenv("CNN_LAB_RAY_WITHOUT_TOKEN", "1")
    found = cluster_wanted()
    assert found is not None
    assert found.without_token


def test_a_public_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_RAY", "8.8.8.8:6379")
    with pytest.raises(RunError, match=r"8\.8\.8\.8 is a public address"):
        cluster_wanted()


def test_a_cluster_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("CNN_LAB_RAY", f"127.0.0.1:{server.getsockname()[1]}")
        there = cluster_wanted()
        assert there is not None
        assert unreachable(there) == ""
    assert unreachable(there) == (
        f"The Ray cluster at {there.address} does not answer (Connection refused); start it, or take CNN_LAB_RAY away."
    )
