"""An OpenID provider for tests, as a school would have one: everybody is let in, under the name that is set."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "the-lab"


class Provider:
    """The provider's address, and whom it lets in next: the account's number and its name."""

    def __init__(self) -> None:
        self.account, self.name = "1", "Ada Lovelace"
        self._key = RSAKey.generate_key(2048, {"kid": "one"})
        self._nonces: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Provider"]:
        """Answer while the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()
        thread.join()

    def secrets(self, lab: str) -> str:
        """Return what Streamlit's secrets.toml has to say for a lab at this address."""
        return (
            f'[auth]\nredirect_uri = "{lab}/oauth2callback"\ncookie_secret = "letters of the tests, not of a school"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "known to both"\n'
            f'server_metadata_url = "{self.url}/.well-known/openid-configuration"\n'
        )

    def answer(self, path: str, given: dict[str, str]) -> dict[str, Any] | str:
        """Return the JSON, or the address to go on to, for a request."""
        if path == "/authorize":
            code = str(len(self._nonces))
            self._nonces[code] = given["nonce"]
            return f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"
        if path == "/token":
            now = int(time.time())
            claims = {"iss": self.url, "sub": self.account, "aud": CLIENT, "iat": now, "exp": now + 600}
            claims |= {"nonce": self._nonces[given["code"]], "name": self.name}
            signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
            return {"access_token": "none", "token_type": "Bearer", "expires_in": 600, "id_token": signed}
        if path == "/keys":
            return {"keys": [self._key.as_dict(private=False)]}
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply(dict(parse_qs(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                self._reply(dict(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())))

            def _reply(self, given: dict[str, list[str]]) -> None:
                answer = provider.answer(urlsplit(self.path).path, {name: values[0] for name, values in given.items()})
                self.send_response(302 if isinstance(answer, str) else 200)
                if isinstance(answer, str):
                    self.send_header("Location", answer)
                    self.end_headers()
                    return
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
