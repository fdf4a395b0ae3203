"""What a stranger may send by hand: the very messages that the owner's browser would send, from another one."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from core.data.own import OwnSets
from core.rights import Person
from core.runs.experiments import kept
from core.runs.experiments.plan import Arm
from core.runs.store.store import STORE_NAME, Store
from pages._ui import state
from tests.pages import runs
from tests.pages.visit import ME, check, open_page, visitor

STRANGER = "b" * 43  # the secret of another browser
OWNER = Person(owner=ME)


def a_run(home: Path) -> tuple[str, str]:
    return "train/training", runs.queued(home).id


def a_stopped_run(home: Path) -> tuple[str, str]:
    return "train/training", runs.ended(home, "stopped", reason="asked").id


def an_experiment(home: Path) -> tuple[str, str]:
    arms = [Arm(line="LeNet", label="all", at=None, config=runs.digits())]
    return "judge/compare", kept.begin(home, name="Ours", owner=ME, varied="nothing", arms=arms, seeds=[0, 1]).id


def a_set(home: Path) -> tuple[str, str]:
    return "train/pictures", OwnSets(home).create("Desks", by=OWNER, classes=("mug", "shoe")).id


SHOWN: dict[str, tuple[Callable[[Path], tuple[str, str]], str, tuple[str, ...]]] = {
    "run": (a_run, state.RUN, ("Stop", "Save", "Delete for good")),
    "stopped run": (a_stopped_run, state.RUN, ("Resume", "Save", "Delete for good")),
    "experiment": (an_experiment, state.EXPERIMENT, ("Delete it",)),
    "set": (a_set, state.OWN_SET, ("Let phones join", "Add", "Delete for good")),
}


def opened(page: str, name: str, value: str, secret: str | None = None) -> AppTest:
    app = visitor()
    if secret is not None:
        app.session_state[state.SECRET] = secret
    app.query_params[name] = value
    return open_page(app, page)


def what_there_is(home: Path) -> list[object]:
    """All that a change would change."""
    sets = OwnSets(home)
    return [
        [(run.id, run.name, run.note, run.status) for run in Store(home / STORE_NAME).list()],
        kept.kept(home),
        [sets.get(own.id) for own in sets.list()],
    ]


def send(app: AppTest, presses: Iterable[WidgetState]) -> AppTest:
    """Have the server told what another browser's widgets are said to have done."""
    states = app._tree.get_widget_states()
    states.widgets.extend(presses)
    return app._run(states)


@pytest.mark.parametrize("what", SHOWN)
def test_what_the_owners_buttons_send_changes_nothing_when_a_stranger_sends_it(home: Path, what: str) -> None:
    make, parameter, names = SHOWN[what]
    page, made = make(home)
    owners = opened(page, parameter, made)
    presses = [WidgetState(id=button.id, trigger_value=True) for button in owners.button if button.label in names]
    assert len({press.id for press in presses}) >= len(names)
    before = what_there_is(home)
    strangers = opened(page, parameter, made, secret=STRANGER)
    assert not {button.label for button in strangers.button} & set(names), "a stranger is offered none of them"
    check(send(strangers, presses))
    assert what_there_is(home) == before
    for press in presses:
        owners = opened(page, parameter, made)
        owners.session_state[state.SECRET] = STRANGER  # the page is still the owner's, whoever sends from it is not
        check(send(owners, [press]))
        assert what_there_is(home) == before
