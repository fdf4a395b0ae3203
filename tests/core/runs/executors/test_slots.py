"""How many trainings compute at once, and with how many threads."""

import pytest

from core.errors import RunError
from core.runs.executors.slots import slots_here, slots_wanted, threads_each


@pytest.mark.parametrize("text", ["0", "-1", "two", "65", ""])
def test_a_number_of_slots_that_makes_no_sense_is_a_sentence(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_SLOTS", text)
    with pytest.raises(RunError, match="between 1 and 64"):
        slots_wanted()


def test_one_slot_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNN_LAB_SLOTS", raising=False)
    assert (slots_wanted(), slots_here()) == (None, 1)
    monkeypatch.setenv("CNN_LAB_SLOTS", "3")
    assert (slots_wanted(), slots_here()) == (3, 3)


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert threads_each(2) == 4
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= threads_each(2) <= threads_each(1)
    assert threads_each(1000) == 1
