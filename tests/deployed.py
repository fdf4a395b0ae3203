"""The lab as a school runs it: started as the service's unit says, below a path, behind a proxy that names who asks."""

import asyncio
import configparser
import contextlib
import re
import shlex
import sys
import threading
from pathlib import Path

from tests.browser.server import ROOT, Server

UNIT = ROOT / "deploy" / "cnn-lab.service"
_INSTALLED = "/opt/cnn-lab"


def unit() -> configparser.ConfigParser:
    """Return the unit as systemd reads it; no name stands twice in a section."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#", ";"), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return parser


def start_command() -> list[str]:
    """Return the words of ExecStart, with the interpreter of this environment in the place of the installed one."""
    program, *words = shlex.split(unit()["Service"]["ExecStart"])
    if program != f"{_INSTALLED}/.venv/bin/python":
        raise ValueError(f"ExecStart starts {program}")
    return [sys.executable, *words]


def option(name: str) -> str:
    """Return what ExecStart sets a setting of the server to."""
    words = start_command()
    return words[words.index(f"--server.{name}") + 1]


class DeployedServer(Server):
    """What the unit starts, on another port, and a proxy before it; ``url`` and ``port`` are the proxy's."""

    def __init__(self, home: Path, **settings: str) -> None:
        super().__init__(home, **settings)
        self._behind = self.port
        self._proxy = Proxy(self._behind)
        self.port = self._proxy.port
        self.url = f"http://127.0.0.1:{self.port}/{option('baseUrlPath')}"

    def command(self) -> list[str]:
        words = start_command()
        words[words.index("--server.port") + 1] = str(self._behind)
        return words

    def clear_away(self) -> None:
        super().clear_away()
        self._proxy.close()


class Proxy:
    """A reverse proxy on a port of its own, as `deploy/nginx.conf` makes nginx one: the path and ``Host`` as they came,
    websockets let through, and a request a connection otherwise.
    """

    def __init__(self, behind: int, *, scheme: str = "http") -> None:
        """Take requests for the server on port ``behind``; it is told that they came by ``scheme``."""
        self._behind, self._scheme = behind, scheme
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**18)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Let go of every connection."""
        asyncio.run_coroutine_threadsafe(self._let_go(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _let_go(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)  # in which the connections are closed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):  # it asks for
            head = await reader.readuntil(b"\r\n\r\n")  # nothing, or the server is down
            behind, to_behind = await asyncio.open_connection("127.0.0.1", self._behind)
            with contextlib.closing(to_behind):
                to_behind.write(self._named(head))
                await asyncio.gather(_pass_on(reader, to_behind), _pass_on(behind, writer))

    def _named(self, head: bytes) -> bytes:
        lines = head.removesuffix(b"\r\n").decode("latin-1")
        if not re.search(r"(?im)^upgrade: *websocket", lines):
            lines = re.sub(r"(?im)^connection:.*\r\n", "", lines) + "Connection: close\r\n"
        return f"{lines}X-Forwarded-Proto: {self._scheme}\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n".encode("latin-1")


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
