"""Take it home: a network, its training and its figures as files, each made when it is asked for."""

import contextlib
import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ExportError, LabError
from core.runs.whole_time import with_whole_time
from pages._ui.frame import plain

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint

_LAB = Path(__file__).resolve().parents[3]
_MOST_SECONDS, _PATIENCE = 300, 60
_ONNX_FILES_KEPT = 4  # of 0.1 to 50 MB
_ONE_AT_A_TIME = threading.Lock()  # torch's exporter takes a core for some ten seconds


def take_home(checkpoint: "Checkpoint") -> None:
    """Show a button that opens the choice of files; nothing is made before one is chosen."""
    key = f"take_home_{checkpoint.card.sha256[:12]}"
    opened = st.popover("Take it home", icon=":material/home_storage:", key=key, on_change="rerun")
    if not opened.open:
        return
    with opened:
        _files(with_whole_time(checkpoint), key)


def download(label: str, make: Callable[[], bytes], name: str, mime: str, *, key: str, tip: str = "") -> None:
    """Offer a file that ``make`` makes when it is asked for; the page itself does not run again.

    What it raises is said below the button (`pages._ui.server.failed_downloads`).
    """
    st.download_button(
        label, make, name, mime, key=key, help=tip or None, on_click="ignore", icon=":material/download:"
    )


def _files(checkpoint: "Checkpoint", key: str) -> None:
    from core.export.forms import FORMS, whole_folder
    from core.export.onnx_file import WHAT_TO_INSTALL, onnx_installed
    from core.export.training_code import training_cells

    name = file_name(checkpoint)
    tip = "A zip: safetensors, Python that needs torch and torchvision only, and the model card."
    download(
        "Network", lambda: whole_folder(checkpoint), f"{name}.zip", "application/zip", key=f"{key}_folder", tip=tip
    )
    if onnx_installed():
        tip = "For other languages and programs; made in some ten seconds."
        download("ONNX", lambda: _onnx(checkpoint), f"{name}.onnx", FORMS["onnx"].mime, key=f"{key}_onnx", tip=tip)
    else:
        st.caption(f":material/info: {WHAT_TO_INSTALL}")
    forms = ["card", "report", "csv", "json"]
    try:
        training_cells(checkpoint.card)
        forms = ["notebook", "script", *forms]
    except LabError as error:
        st.caption(f":material/info: {plain(str(error))}")
    for form in forms:
        chosen = FORMS[form]
        download(
            chosen.title,
            lambda write=chosen.write: write(checkpoint),  # type: ignore[misc]
            f"{name}.{chosen.ending}",
            chosen.mime,
            key=f"{key}_{form}",
        )


def file_name(checkpoint: "Checkpoint") -> str:
    """Return what a file of this network is called, without its ending: letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9_]+", "-", f"{checkpoint.card.dataset}-{checkpoint.card.model}".lower()).strip("-")


def _onnx(checkpoint: "Checkpoint") -> bytes:
    """ONNX as it was made last for this very network, or made now: a class takes the same few."""
    kept = Path(_onnx_files().name)
    file = kept / f"{hashlib.sha256(checkpoint.card.to_json().encode()).hexdigest()}.onnx"
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise ExportError("Others are having ONNX made; try again in a minute.")
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(_ONE_AT_A_TIME.release)
        kept.mkdir(parents=True, exist_ok=True)  # who cleans up after programs may have taken it away
        if not file.exists():
            _make_onnx(checkpoint, file)
            for old in sorted(kept.iterdir(), key=os.path.getmtime)[:-_ONNX_FILES_KEPT]:
                old.unlink()
        return file.read_bytes()


@functools.cache
def _onnx_files() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cnn-lab-onnx-")


def _make_onnx(checkpoint: "Checkpoint", out: Path) -> None:
    """In a process of its own: torch's tracing reaches every thread of this one."""
    command = [sys.executable, "-m", "core", "export", str(checkpoint.folder), "--as", "onnx", "--out", str(out)]
    try:
        result = subprocess.run(
            command,
            cwd=_LAB,
            capture_output=True,
            text=True,
            timeout=_MOST_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"ONNX was not ready after {_MOST_SECONDS} seconds: the server is busy. Try again later."
        ) from None
    if result.returncode:
        raise ExportError((result.stderr.strip().splitlines() or ["ONNX could not be written."])[-1])
