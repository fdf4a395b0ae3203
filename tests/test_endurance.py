"""The long trials of `benchmarks endurance` in their shortest form: nothing is lost or wrong, however long it took."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.endurance import TRIALS, Row, table


def tell(_text: str) -> None: ...


@pytest.mark.parametrize(
    ("name", "times"), [("fairness", 1), ("claims", 200), ("models", 40), ("photos", 200), ("resume", 1)]
)
def test_what_is_promised_is_kept(
    home: Path, name: str, times: int, monkeypatch: pytest.MonkeyPatch, shared_home: Path
) -> None:
    monkeypatch.setenv("CNN_LAB_HOME", str(shared_home))
    if name == "resume":  # one network of each optimizer and schedule; all of them take minutes
        whole = sys.modules["benchmarks.endurance.files"]._grid()
        small = [config for config in whole if config.model == "strided_cnn" and config.augmentation]
        assert (len(whole), len(small)) == (72, 6)
        monkeypatch.setattr("benchmarks.endurance.files._grid", lambda: small[:2])
    row = TRIALS[name].run(home / name, times, tell)
    assert row.right, row.measured


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("cancel", 2),
        ("full-disk", 1),
        ("read-only-disk", 1),
        ("kill-worker", 1),
        ("kill-supervisor", 1),
        ("kill-web", 1),
    ],
)
def test_what_is_promised_of_real_processes_is_kept(
    home: Path, name: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trials in ("disks", "kills"):
        monkeypatch.setattr(f"benchmarks.endurance.{trials}.EPOCHS", 40)
    monkeypatch.setattr("benchmarks.endurance.queueing.EPOCHS", 3)  # through before the second stop, now and then
    row = TRIALS[name].run(home / name, times, tell)
    if row.right is None:
        pytest.skip(row.measured)
    assert row.right, row.measured


def test_every_promise_of_the_table_has_a_trial() -> None:
    assert list(TRIALS) == [
        *(
            "kill-class",
            "clock",
            "full-disk",
            "read-only-disk",
            "models",
            "resume",
            "kill-worker",
            "kill-supervisor",
            "kill-web",
        ),
        *("photos", "fairness", "claims", "leaders", "cancel"),
    ]


def test_the_table_says_what_was_kept_and_what_could_not_be_tried() -> None:
    rows = [
        Row(name="a", what="a thing", promise="0", measured="1", right=True, in_time=False),
        Row(name="b", what="another", promise="0", measured="nothing to try it on", right=None),
    ]
    assert table(rows).splitlines()[2:] == [
        "| a thing | 0 | 1 | **no** |",
        "| another | 0 | nothing to try it on | not tried |",
    ]


def test_an_unknown_trial_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["endurance", "--only", "earthquake"])
    assert result.exit_code == 2
    assert "There is no earthquake; there is kill-class" in result.output
