"""A visitor of a Streamlit server who needs no browser: the server's websocket and its messages."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0  # seconds


@contextlib.contextmanager
def server(script: str) -> Iterator[str]:
    """Start a server for ``script``, give the address of its websocket, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"address": "127.0.0.1", "port": host.split(":")[1], "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", script, "--browser.gatherUsageStats=false"]
    command += ["--logger.level=error", *(f"--server.{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://{host}/_stcore/health")
        yield f"ws://{host}/_stcore/stream"
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                sys.exit("Not looked at: the server did not start.")
            time.sleep(0.1)


def session(address: str) -> contextlib.AbstractContextManager[ClientConnection]:
    """Open the page as a new visitor does."""
    return connect(address, subprotocols=["streamlit"], max_size=None)


def rerun(visitor: ClientConnection, **request: str) -> list[ForwardMsg]:
    """Have the script run, and return what the server says until it has finished; ``request`` as in ClientState."""
    message = BackMsg()
    message.rerun_script.SetInParent()
    for name, value in request.items():
        setattr(message.rerun_script, name, value)
    visitor.send(message.SerializeToString())
    answers = [ForwardMsg()]
    while answers[-1].WhichOneof("type") != "script_finished":
        answers.append(ForwardMsg.FromString(visitor.recv(timeout=PATIENCE)))
    return answers[1:]
