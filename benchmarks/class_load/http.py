"""The little HTTP that a browser tab speaks beside its websocket: one request a connection, on one event loop."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 60.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response: its status, its headers by lower-case name, and its whole body."""

    status: int
    headers: dict[str, str]
    body: bytes


async def request(
    port: int, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b""
) -> Answer:
    """Return what the server on this machine's ``port`` answers; raises OSError or TimeoutError where it does not."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", "Content-Length": str(len(body))}
            head = "".join(f"{name}: {value}\r\n" for name, value in (lines | (headers or {})).items())
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
            await writer.drain()
            whole = await reader.read()
        finally:
            writer.close()
            with suppress(OSError):  # a server that was killed has closed it in its own way
                await writer.wait_closed()
    top, _blank, content = whole.partition(b"\r\n\r\n")
    first, *rest = top.decode("latin-1").split("\r\n")
    if not first:
        raise ConnectionError(f"{method} {path}: the connection was closed without an answer")
    pairs = (line.partition(":") for line in rest)
    return Answer(
        status=int(first.split()[1]),
        headers={name.strip().lower(): value.strip() for name, _colon, value in pairs},
        body=content,
    )


def form_with_file(name: str, data: bytes, *, boundary: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a form that holds one JPEG, as a browser sends it."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + data + f"\r\n--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body
