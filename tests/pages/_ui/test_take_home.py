"""Take it home: what is offered of a network, and that nothing is made before somebody asks."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint
from pages._ui.choose import take_home
from tests.pages.networks import ship
from tests.pages.visit import TIMEOUT

EVERYTHING = ["Network", "ONNX", "Notebook that trains it", "Script that trains it", "Model card", "Report"]
EVERYTHING += ["Curves as CSV", "Curves as JSON"]


def offered(checkpoint: Checkpoint) -> AppTest:
    def show(folder: str) -> None:
        from pathlib import Path

        from core.checkpoints import read
        from pages._ui.choose.take_home import _files

        _files(read(Path(folder)), "k")

    app = AppTest.from_function(show, kwargs={"folder": str(checkpoint.folder)}, default_timeout=TIMEOUT).run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.get("download_button")]


@pytest.fixture
def _nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_given: object, **_named: object) -> bytes:
        raise AssertionError("a file was made that nobody asked for")

    for name in ("weights_file", "onnx_file", "model_card", "loading_code"):
        monkeypatch.setattr(f"core.export.forms.{name}", made)
    monkeypatch.setattr(take_home, "_onnx", made)


@pytest.mark.usefixtures("_nothing_is_made")
def test_every_form_is_offered_and_nothing_is_made_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.export.onnx_file.NEEDED", ())
    assert labels(offered(ship(tmp_path, "tiny"))) == EVERYTHING


def test_what_cannot_be_written_is_a_sentence_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.export.onnx_file.NEEDED", ("a_package_that_is_not_there",))
    app = offered(ship(tmp_path, "slips", settings={"slips": ("no_eval_mode",)}))
    assert labels(app) == [label for label in EVERYTHING if label != "ONNX" and "trains it" not in label]
    said = " ".join(entry.value for entry in app.caption).replace("\\", "")
    assert "pip install -r requirements-onnx.txt" in said
    assert "repeats slips on purpose" in said


def test_a_file_is_named_for_what_it_holds(tmp_path: Path) -> None:
    assert take_home.file_name(ship(tmp_path, "tiny", dataset="../odd name")) == "odd-name-strided_cnn"


def test_onnx_is_made_by_a_process_of_its_own_and_once_for_a_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx", reason="requirements-onnx.txt is not installed")
    checkpoint = ship(tmp_path, "tiny")
    made = take_home._onnx(checkpoint)
    assert {each.key for each in onnx.load_from_string(made).metadata_props} >= {"classes", "title"}
    monkeypatch.setattr(take_home.sys, "executable", str(tmp_path / "no-python"))
    assert take_home._onnx(checkpoint) == made
    for _again in range(2):  # one that fails keeps nobody out
        with pytest.raises(FileNotFoundError):
            take_home._onnx(ship(tmp_path, "another"))


def test_of_the_onnx_files_the_last_few_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def written(command: list[str], **_how: object) -> subprocess.CompletedProcess[str]:
        made.append(command[4])
        Path(command[-1]).write_text(command[4])
        os.utime(command[-1], (len(made), len(made)))
        return subprocess.CompletedProcess(command, 0, stderr="")

    monkeypatch.setattr(take_home, "_onnx_files", lambda: SimpleNamespace(name=str(kept)))
    monkeypatch.setattr(take_home.subprocess, "run", written)
    kept = tmp_path / "kept"
    kept.mkdir()
    networks = [ship(tmp_path, f"n{number}") for number in range(6)]
    for each in [*networks, networks[5], networks[2], networks[0]]:
        assert take_home._onnx(each).decode() == str(each.folder)
    assert made == [str(each.folder) for each in [*networks, networks[0]]]
    assert len(list(kept.iterdir())) == take_home._ONNX_FILES_KEPT
