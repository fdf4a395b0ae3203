"""The real server, started as README says, and the little that every browser test needs to know of Streamlit."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Page, Response
from playwright.sync_api import TimeoutError as TookTooLong

from core.runs.store.store import Store

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60
FIRST_PORT = 8531
PORTS = 200


def free_port() -> int:
    """Return a port that nobody listens on; two test runs side by side look in ranges of their own."""
    first = FIRST_PORT + os.getpid() % 100 * PORTS
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port")


class Server:
    """``streamlit run`` on a home of its own; `stop` and `start` again are a restart on the same port and home.

    ``root`` is the checkout that is served, ``settings`` are environment variables of the server and of what it starts.
    """

    def __init__(self, home: Path, *, data: str | None = None, root: Path = ROOT, **settings: str) -> None:
        self.home, self.root = home, root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "server.log"
        self._environment = {name: value for name, value in os.environ.items() if name != "CNN_LAB_DATA"}
        self._environment |= settings | {"CNN_LAB_HOME": str(home)}
        if data:
            self._environment["CNN_LAB_DATA"] = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Start the server and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"the server does not answer:\n{self.last_lines()}")
            time.sleep(0.2)
        return self

    def command(self) -> list[str]:
        """Return what starts it."""
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
        return [*command, "--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(self.port)]

    def last_lines(self, count: int = 40) -> str:
        """Return the end of the server's log, without its list of requests."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([line for line in lines if "HTTP/1.1" not in line][-count:])

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """The web server's process; trainings are processes of their own."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    @contextlib.contextmanager
    def held_up(self) -> Iterator[None]:
        """Let the web server do nothing meanwhile, so that whatever is done on a page reaches it at once afterwards."""
        process = psutil.Process(self.pid)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    def processor_seconds(self) -> float:
        """Return what the web server has computed so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """Stop the web server and nothing else: trainings are processes of their own."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(15)
            self._process = None

    def kill(self) -> None:
        """End the web server as a power cut would: it has no time to keep anything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(15)
            self._process = None

    def clear_away(self) -> None:
        """Stop the server and every process that works on its home."""
        self.stop()
        mine = processes_of(self.home)
        for process in mine:
            with contextlib.suppress(psutil.NoSuchProcess):  # one ends while the others are told to
                process.terminate()
        for process in psutil.wait_procs(mine, timeout=10)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def store_of(server: Server) -> contextlib.closing[Store]:
    """Open the store that the server works on, for a ``with``."""
    return contextlib.closing(Store(server.home / "lab.sqlite3"))


def processes_of(home: Path) -> list[psutil.Process]:
    """Return the processes that were started with this home: supervisor and workers."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("CNN_LAB_HOME") == str(home):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, OSError):
            continue
    return [process for process in found if process.pid != os.getpid()]


def settled(page: Page, *, seconds: float = 120) -> None:
    """Wait until the page is connected and its script has come to rest; then wait for content.

    Not for a page that follows a training: there the script runs again every second.
    """
    page.wait_for_selector("[data-test-connection-state=CONNECTED]", timeout=seconds * 1000)
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=seconds * 1000)


def open_page(page: Page, server: Server, address: str = "", query: str = "") -> None:
    """Open a page of the lab by its address and wait for its heading."""
    page.goto(f"{server.url}/{address}{query}")
    settled(page)
    heading = page.get_by_role("heading", level=1).first
    try:
        heading.wait_for(timeout=90_000)
    except TookTooLong as error:
        raise AssertionError(f"/{address} shows no heading; the server's log:\n{server.last_lines()}") from error


def go_to(page: Page, title: str) -> None:
    """Switch the page by the menu; a page's content is for the test to wait for."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
    page.get_by_role("heading", level=1, name=title).wait_for()


class Sent:
    """Counts the ``bytes`` that a server sends to a page from now on: messages and pictures, not the app's own files.

    To be made before the page is opened.
    """

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._message))
        page.on("response", self._picture)

    def _message(self, payload: str | bytes) -> None:
        self.bytes += len(payload)

    def _picture(self, answer: Response) -> None:
        if "/media/" in answer.url and "/static/" not in answer.url:  # the app's own fonts lie there
            self.bytes += int(answer.headers.get("content-length", 0))
