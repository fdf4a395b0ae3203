"""Which Chromium the browser tests use, and how it is started."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera that films a turning wheel
]
# A test's tab lives for seconds: optimising its scripts is a third of what a page costs to open.
SHORT_LIVED = [*ARGUMENTS, "--js-flags=--no-opt --no-maglev"]


def chromium_path(playwright: Playwright) -> str | None:
    """Return a Chromium: named by CHROMIUM, the system's, or the one that Playwright has installed."""
    named = os.environ.get("CHROMIUM")
    for name in filter(None, (named, "chromium", "chromium-browser", "google-chrome")):
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None
