"""The lab's web server, started again as often as it is killed."""

import os
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

from core.runs.executors.processes import ROOT


class WebServer:
    """``streamlit run`` on a home; it keeps its port. End it with `kill`."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the living server; 0 where there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def start(self) -> None:
        """Start it where it is not there; never waits."""
        if self.pid:
            return
        options = ["--server.headless=true", f"--server.port={self.port}", "--server.fileWatcherType=none"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options],
            cwd=ROOT,
            env={**os.environ, "CNN_LAB_HOME": str(self.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def answers(self) -> bool:
        """Whether it serves pages."""
        address = f"http://127.0.0.1:{self.port}/_stcore/health"
        with suppress(OSError), urllib.request.urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
