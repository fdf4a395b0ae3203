"""The benchmarks' clock in the browser: from an event to the frame that shows the answer, or to a sentence."""

import pytest
from playwright.sync_api import Browser, Error

from benchmarks.screen import clock

pytestmark = pytest.mark.browser


def test_the_clock_runs_from_the_event_to_the_frame_that_shows_the_answer(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<script>addEventListener('keydown', () => setTimeout(() => document.title = 'done', 200))</script>"
    )
    seconds = clock.seconds_until(page, "keydown", "document.title === 'done'", lambda: page.keyboard.press("a"))
    assert seconds >= 0.2
    page.close()


def test_an_answer_that_never_comes_ends_the_clock(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "PATIENCE", 0.2)
    page = browser.new_page()
    with pytest.raises(Error, match=r"not seen after keydown in 0\.2 s: false"):
        clock.seconds_until(page, "keydown", "false", lambda: page.keyboard.press("a"))
    page.close()
