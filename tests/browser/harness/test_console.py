"""The guard of all browser tests hears what a page does that it should not."""

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Console

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "does",
    [
        "new Image().src = 'https://example.org/x'",
        "fetch('http://192.0.2.1/x', {mode: 'no-cors'}).catch(() => 0)",
        "new WebSocket('wss://example.org/x')",
        "document.body.appendChild(document.createElement('iframe')).src = 'https://example.org/x'",
        "navigator.sendBeacon('https://example.org/x')",
        "console.error('x')",
        "setTimeout(() => { throw Error('x') })",
    ],
)
def test_whatever_asks_another_machine_or_fails_is_heard(tabs: BrowserContext, console: Console, does: str) -> None:
    page = tabs.new_page()
    page.route("http://127.0.0.1:1/*", lambda route: route.fulfill(body="<body>", content_type="text/html"))
    page.goto("http://127.0.0.1:1/")
    console.listen_to(page)
    assert console.complaints() == []
    page.evaluate(f"() => {{ {does} }}")
    page.wait_for_timeout(500)
    page.close()
    assert "x" in "".join(console.complaints())
