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
    "--use-fake-device-for-media-stream",  # a camera that films a turning wheel,
    "--use-fake-ui-for-media-stream",  # and that may be used: without a window there is nobody to ask
]
# A process in which another tab has compiled its scripts opens a page in two thirds of the time: where it asks what it
# has compiled instead of compiling while a script arrives, and where the slow compilers rest, as a test's tab lives for
# seconds. With no graphics card, what draws need be no process of its own. No other machine has a name: asking one
# fails, and is heard. Of two lists of features the last one counts, so what Playwright leaves off for tests is in this.
_OFF = "ScriptStreaming,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,MediaRouter,PaintHolding"
OF_TESTS = [
    *ARGUMENTS,
    "--process-per-site",
    "--in-process-gpu",
    "--js-flags=--no-opt,--no-maglev",
    f"--disable-features={_OFF},ThirdPartyStoragePartitioning,OptimizationHints",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# What a page meets whose user does not let it use the camera; run it before the page's own scripts.
CAMERA_DECLINED = """
    const declined = new DOMException("Permission denied", "NotAllowedError")
    navigator.mediaDevices.getUserMedia = () => Promise.reject(declined)
"""


def chromium_path(playwright: Playwright) -> str | None:
    """Return a Chromium: named by CHROMIUM, the system's, or the one that Playwright has installed.

    One without a window of its own goes first: a whole one runs pages for its address bar with every tab it opens.
    """
    named = os.environ.get("CHROMIUM")
    for name in filter(None, (named, "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")):
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None
