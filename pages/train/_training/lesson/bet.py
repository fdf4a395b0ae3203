"""Place your bet: what will the test say? Asked once of a run of one's own that has just ended, and skipped by a press.

Bets stay in the browser of whoever places them; nobody else sees them, and nothing ranks them.
"""

import re
import time

import streamlit as st

from core.checkpoints import Metrics
from core.intervals import percent, signed
from core.runs.records import Run
from pages._ui.guidance.kept_by_browser import change, kept
from pages._ui.visitor import visitors_id

COOKIE = "cnn_lab_bets"
FRESH = 3_600.0  # seconds after its end in which a run is bet on: an older one is opened to look something up
_MOST_RUNS = 8
_NO_MORE = "off"
_BET = re.compile(r"([a-z0-9]{1,20})-(\d{1,3})")


def may_show(run: Run, metrics: Metrics) -> bool:
    """Whether the test accuracy may stand there: not before the student has bet on it or pressed Skip.

    Shows the bet where it may not.
    """
    if not awaited(run.id, owner=run.owner, ended=run.ended):
        return True
    with st.container(border=True, key="bet"):
        st.slider(
            f"Place your bet: of the {metrics.test_n:,} test images, which share is right?",
            0,
            100,
            50,
            format="%d %%",
            key=_slider(run),
        )
        with st.container(horizontal=True):
            st.button(
                "Bet, and show it",
                type="primary",
                icon=":material/casino:",
                key="bet_place",
                on_click=_place,
                args=(run,),
            )
            st.button("Skip", key="bet_skip", on_click=_skip, help="You are not asked again.")
    return False


def awaited(run_id: str, *, owner: str, ended: float | None) -> bool:
    """Whether this visitor may still bet on a run that ``ended`` then, in seconds since 1970; None: it has not."""
    if owner != visitors_id() or ended is None or time.time() - ended >= FRESH:
        return False
    placed = _placed()
    return run_id not in placed and _NO_MORE not in placed


def how_near(run: Run, metrics: Metrics) -> None:
    """Say how far the bet on a run was from its test accuracy, where one was placed."""
    bet = _placed().get(run.id)
    if bet is None:
        return
    off = 100 * metrics.test_accuracy - bet
    low, high = metrics.test_ci95
    within = low <= bet / 100 <= high
    said = "as near as the test itself can tell" if within else f"{signed(off, ' points', 1)} from there"
    st.markdown(f":material/casino: You bet {bet} %. It is {percent(metrics.test_accuracy, 1)}: {said}.")


def _slider(run: Run) -> str:
    return f"bet_{run.id}"


def _place(run: Run) -> None:
    _add(run.id, int(st.session_state[_slider(run)]))


def _skip() -> None:
    _add(_NO_MORE, 0)


def _placed() -> dict[str, int]:
    """The bets of this browser in percent, by run, the newest last; `_NO_MORE` among them where it skipped one."""
    return _read(kept(COOKIE))


def _read(text: str) -> dict[str, int]:
    found = [_BET.fullmatch(word) for word in text.split(".")]
    return {bet[1]: min(100, int(bet[2])) for bet in found[: _MOST_RUNS + 1] if bet}


def _add(run: str, bet: int) -> None:
    change(COOKIE, lambda text: _written({**_read(text), run: bet}))


def _written(placed: dict[str, int]) -> str:
    bets = {run: bet for run, bet in placed.items() if run != _NO_MORE}
    off = {_NO_MORE: 0} if _NO_MORE in placed else {}
    return ".".join(f"{run}-{bet}" for run, bet in (off | dict(list(bets.items())[-_MOST_RUNS:])).items())
