"""A judge is lent to one look at a time, and to the next one, unless its look failed or the network is another."""

from pathlib import Path

import pytest

from core.checkpoints import Checkpoint
from core.errors import LabError
from pages._ui import cached
from pages.use._classify.judges import judge_of
from tests.pages.networks import ship


@pytest.fixture
def network(folder: Path) -> Checkpoint:
    return ship(folder, "tiny")


def test_one_look_after_the_other_has_the_same_judge_and_two_at_once_have_two(network: Checkpoint) -> None:
    with judge_of(network, None) as first, judge_of(network, None) as second:
        assert first is not second
    with judge_of(network, None) as again, judge_of(network, None) as once_more:
        assert {again, once_more} == {first, second}


def test_who_failed_does_not_come_back(network: Checkpoint) -> None:
    with pytest.raises(LabError), judge_of(network, None) as failed:
        raise LabError("no answer")
    with judge_of(network, None) as other:
        assert other is not failed


def test_nobody_answers_by_a_network_that_is_not_in_memory_any_more(
    network: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with judge_of(network, None) as before:
        pass
    read_anew = network.load_model()
    monkeypatch.setattr(cached, "model", lambda _checkpoint: read_anew)
    with judge_of(network, None) as after:
        assert after is not before
        assert after.by(read_anew, None)
