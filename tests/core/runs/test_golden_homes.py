"""Homes that earlier builds left behind are opened, and what was interrupted in them ends as it would have ended there.

``tests/golden/<commit>/README.md`` says how they were written. Whoever changes what is stored adds a migration until
these tests pass again; the files stay as they are.
"""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
import sklearn
from click.testing import CliRunner

from core.command_line.program import main
from core.runs.doctor import examine
from core.runs.store.store import STORE_NAME, Store
from tests.core.runs.conftest import end_lab, wait_for, what_happened

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "7bcf87a"
SHOWN: list[dict[str, Any]] = json.loads((GOLDEN / "shown.json").read_text(encoding="utf-8"))
WRITTEN: dict[str, Any] = json.loads((GOLDEN / "written.json").read_text(encoding="utf-8"))
RUNS: dict[str, str] = WRITTEN["runs"]
ON_A_CLOCK = {"seconds", "looking_seconds"}  # of no two trainings the same
TIPPED_OVER = {"train_accuracy", "val_accuracy", "best_accuracy", "is_best", "best_epoch", "best_loss"}
# Another processor adds in another order. On one machine made to compute as AVX2 and as SSE4.1 processors do, and with
# two threads, the weights, momenta and losses at the end of these trainings differed by up to 1.8e-6; fifty times that
# is still far below what a lost momentum or another order of batches does (1e-2 and more).
ROUNDING = 1e-4


def arithmetic_here() -> dict[str, object]:
    """What last digits depend on; every training below is told to use one thread."""
    from core.compute.devices import processor

    return {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "scikit-learn": sklearn.__version__,
        "threads": 1,
        "processor": processor(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


same_arithmetic = pytest.mark.skipif(
    arithmetic_here() != WRITTEN["arithmetic"],
    reason=f"last digits are those of {WRITTEN['arithmetic']}; here: {arithmetic_here()}",
)


def slow(test: Callable[..., None]) -> Callable[..., None]:
    """Real supervisors and workers, ended by SIGKILL where they do not end by themselves."""
    on_posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
    return pytest.mark.slow(on_posix(test))  # type: ignore[no-any-return]


def core(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        env={**os.environ, "CNN_LAB_HOME": str(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the old home, which the tests in this file find instead of an empty one."""
    copy = tmp_path / "home"
    shutil.copytree(GOLDEN / "home", copy)
    monkeypatch.setenv("CNN_LAB_HOME", str(copy))
    return copy


def known_then(now: Any, before: Any) -> Any:
    """What ``now`` says under the names that ``before`` had: a later build may say more."""
    if isinstance(before, dict):
        return {key: known_then(now[key], value) for key, value in before.items()}
    if isinstance(before, list) and len(now) == len(before):
        return [known_then(*pair) for pair in zip(now, before, strict=True)]
    return now


def said_otherwise(run: dict[str, Any]) -> dict[str, str]:
    """What a migration has changed since, on purpose: Digits were split at random, so their figure was no test's."""
    if run["dataset"] != "digits":
        return {}
    return {"message": run["message"].replace("test accuracy", "accuracy on writers that it has seen,")}


def test_every_run_is_shown_as_the_build_that_wrote_it_showed_it(home: Path) -> None:
    def said(*arguments: str) -> list[dict[str, Any]]:
        result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
        return [json.loads(line) for line in result.stdout.splitlines()]

    assert [run["id"] for run in said("runs", "list")] == [run["id"] for run in SHOWN]
    for shown in SHOWN:
        (now,) = said("runs", "show", shown["id"])
        now["checkpoint"] = now["checkpoint"] and Path(now["checkpoint"]).relative_to(home).as_posix()
        before = {key: value for key, value in shown.items() if key != "seconds_left"}  # an estimate, and not stored
        assert known_then(now, before) == before | said_otherwise(before)


def test_every_step_is_there(store: Store) -> None:
    for run in SHOWN:
        assert [step.step for step in store.steps(run["id"])] == list(range(1, run["step"] + 1))


def test_doctor_finds_nothing_that_a_person_must_see_to(home: Path) -> None:
    assert [finding.message for finding in examine(home) if finding.verdict == "problem"] == []


def test_every_state_opens_with_the_configuration_of_its_run(store: Store) -> None:
    from core.checkpoints import load_state

    opened = 0
    for run in store.list():
        for folder in (store.home / "runs" / run.id).glob("state-*"):
            _state, config = load_state(folder)
            assert config == run.config
            opened += 1
    assert opened == 13


@pytest.mark.parametrize("name", ["dense", "convolutions"])
def test_a_finished_runs_verdict_is_read_as_it_was_given(home: Path, name: str) -> None:
    from core.checkpoints import find
    from core.judging.evaluation import stored_evaluation

    verdict, before = stored_evaluation(find(RUNS[name])), WRITTEN["judged"][name]
    assert verdict is not None
    assert (verdict.n, verdict.accuracy, list(verdict.ci95), verdict.loss, verdict.unseen) == tuple(
        before[key] for key in ("n", "accuracy", "ci95", "loss", "unseen")
    )


@pytest.mark.parametrize("name", ["dense", "convolutions"])
def test_a_finished_run_is_judged_as_it_was(home: Path, name: str) -> None:
    from core.checkpoints import find
    from core.data import load, split_begun_with
    from core.judging.evaluation import evaluate_checkpoint

    checkpoint, before = find(RUNS[name]), WRITTEN["judged"][name]
    card = checkpoint.card
    split = split_begun_with(load(card.dataset, size=card.image_size), card.split_fingerprint)
    now = evaluate_checkpoint(checkpoint, split=split)
    assert (now.n, now.unseen) == (before["n"], before["unseen"])
    # A rounding may move an image that lies on the border between two classes, and no more than that.
    assert now.accuracy == pytest.approx(before["accuracy"], abs=1.5 / now.n)
    assert now.loss == pytest.approx(before["loss"], rel=1e-5)


def answers(home: Path, name: str) -> "tuple[torch.Tensor, torch.Tensor]":
    """The logits of the old build and of this one for the same eight test images."""
    from core.checkpoints import find
    from core.data import load
    from core.models.input_format import normalise, to_batch

    before = WRITTEN["answers"][RUNS[name]]
    checkpoint = find(RUNS[name])
    images = load(checkpoint.card.dataset, size=checkpoint.card.image_size).images[before["images"]]
    with torch.inference_mode():
        now = checkpoint.load_model()(normalise(to_batch(images, checkpoint.format), checkpoint.format))
    return torch.tensor(before["logits"]), now


@pytest.mark.parametrize("name", ["dense", "convolutions"])
def test_a_finished_runs_model_answers_as_it_did(home: Path, name: str) -> None:
    before, now = answers(home, name)
    # float32 has 1.2e-7 of relative resolution, and a logit is a sum of at most 72 products, layer upon layer.
    torch.testing.assert_close(now, before, rtol=1e-5, atol=1e-5)


@same_arithmetic
@pytest.mark.parametrize("name", ["dense", "convolutions"])
def test_a_finished_runs_model_answers_bit_for_bit_as_it_did(home: Path, name: str) -> None:
    before, now = answers(home, name)
    assert torch.equal(now, before)


def test_an_old_checkpoint_that_was_altered_is_refused(home: Path) -> None:
    from core.checkpoints import find
    from core.errors import CheckpointError

    checkpoint = find(RUNS["dense"])
    weights = checkpoint.folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    assert hashlib.sha256(data).hexdigest() == checkpoint.card.sha256
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CheckpointError, match="altered since it was written"):
        checkpoint.load_model()


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """Where a training has ended: its folder; ``figures`` are its steps and epochs where a store has them."""

    folder: Path
    figures: list[Any] = dataclasses.field(default_factory=list)

    @property
    def last_state(self) -> Path:
        return max(self.folder.glob("state-*"))


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The old home after this build's supervisor has served it: two runs go on when asked to, the others unasked."""
    home = tmp_path_factory.mktemp("golden") / "home"
    shutil.copytree(GOLDEN / "home", home)
    store = Store(home / STORE_NAME)
    unfinished = [RUNS[name] for name in ("stopped", "frozen", "told to leave", "lost", "queued")]
    try:
        for name in ("stopped", "frozen"):
            result = core("runs", "resume", RUNS[name], "--json", home=home)
            assert result.returncode == 0, result.stderr
        wait_for(lambda: all(store.get(run).status in ("finished", "failed") for run in unfinished), seconds=400)
    finally:
        end_lab(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``train --out`` after the same command was given to this build."""
    out = tmp_path_factory.mktemp("golden") / "by-hand"
    shutil.copytree(GOLDEN / "by-hand", out)
    home = tmp_path_factory.mktemp("golden-home")
    result = core(*WRITTEN["by_hand"], "--out", str(out), "--json", home=home)
    assert result.returncode == 0, result.stderr
    assert f"Going on from {max((GOLDEN / 'by-hand').glob('state-*')).name}." in result.stderr
    return out


@pytest.fixture(scope="module")
def golden_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store as it was written, to compare with."""
    copy = tmp_path_factory.mktemp("golden") / STORE_NAME
    shutil.copyfile(GOLDEN / "home" / STORE_NAME, copy)
    return Store(copy)


RESUMED = {"stopped": "dense", "told to leave": "convolutions", "lost": "convolutions"}


@pytest.fixture(params=[*RESUMED, "by hand", "frozen"])
def ends(request: pytest.FixtureRequest) -> tuple[End, End]:
    """A training that the old build began and this one ended, and its twin that the old build trained undisturbed."""
    name = request.param
    if name == "by hand":
        return End(folder=request.getfixturevalue("gone_on")), End(folder=GOLDEN / "by-hand-uninterrupted")
    store, before = request.getfixturevalue("resumed"), request.getfixturevalue("golden_store")
    mine = End(folder=store.home / "runs" / RUNS[name])
    if name == "frozen":
        return mine, End(folder=GOLDEN / "frozen-uninterrupted")
    twin = RUNS[RESUMED[name]]
    return (
        dataclasses.replace(mine, figures=[*store.steps(RUNS[name]), *store.epochs(RUNS[name])]),
        End(folder=GOLDEN / "home" / "runs" / twin, figures=[*before.steps(twin), *before.epochs(twin)]),
    )


def without_clock(values: Any) -> Any:
    """The same, less what was measured by the clock."""
    if dataclasses.is_dataclass(values) and not isinstance(values, type):
        return without_clock(dataclasses.asdict(values))
    if isinstance(values, dict):
        return {key: without_clock(value) for key, value in values.items() if key not in ON_A_CLOCK}
    return [without_clock(value) for value in values] if isinstance(values, list | tuple) else values


def nearly(values: Any) -> Any:
    """The same, to compare with what another processor computed: less what a rounding could tip over."""
    if isinstance(values, dict):
        near = {key: nearly(value) for key, value in values.items() if key not in TIPPED_OVER}
        return near | {key: pytest.approx(values[key], abs=ROUNDING) for key in near if key.endswith("loss")}
    if isinstance(values, list):
        return [nearly(value) for value in values]
    return pytest.approx(values, rel=1e-12) if isinstance(values, float) else values  # a cosine is the system's


def figures(end: End) -> list[Any]:
    return [_as_recorded_now(each, end) for each in without_clock(end.figures)]


def _as_recorded_now(figure: dict[str, Any], end: End) -> dict[str, Any]:
    """Less the training loss where it held label smoothing, which it does no longer (`StepDone`); weights follow it."""
    from core.checkpoints import state_config

    smoothed = state_config(end.last_state).label_smoothing > 0
    return {key: value for key, value in figure.items() if not (smoothed and key in ("loss", "train_loss"))}


def tensors(end: End) -> "dict[str, torch.Tensor]":
    from core.checkpoints import load_state

    return load_state(end.last_state)[0].tensors


def values(end: End) -> dict[str, Any]:
    from core.checkpoints import load_state

    kept = without_clock(load_state(end.last_state)[0].values)
    return kept | {"history": [_as_recorded_now(epoch, end) for epoch in kept["history"]]}  # type: ignore[no-any-return]


@slow
def test_every_run_that_could_go_on_has_finished(resumed: Store) -> None:
    runs = {name: resumed.get(RUNS[name]) for name in ("stopped", "frozen", "told to leave", "lost", "queued")}
    assert {name: run.status for name, run in runs.items()} == dict.fromkeys(runs, "finished")
    workers = {name: run.fence for name, run in runs.items()}
    assert workers.pop("lost") in (2, 3)  # alone at first, because a process was lost with it, then with the others
    assert workers == dict.fromkeys(workers, 2) | {"queued": 1}, what_happened(resumed)
    assert [change.status for change in resumed.changes(RUNS["lost"])][-4:] == [
        *("interrupted", "queued", "running", "finished")
    ]


@slow
@pytest.mark.parametrize("name", [*RESUMED, "frozen"])
def test_it_went_on_from_its_last_state(resumed: Store, golden_store: Store, name: str) -> None:
    """From the beginning it would end with the same weights, but no step takes the same time twice."""
    saved = golden_store.get(RUNS[name]).saved_step
    before = golden_store.steps(RUNS[name])[:saved]
    assert saved > 0
    assert resumed.steps(RUNS[name])[:saved] == before


@slow
def test_what_had_ended_stays_as_it_was(resumed: Store) -> None:
    before = {run["id"]: run for run in SHOWN}
    for name in ("dense", "convolutions", "failed", "diverged", "cancelled"):
        run = resumed.get(RUNS[name])
        shown = before[run.id] | said_otherwise(before[run.id])
        assert (run.status, run.reason, run.message) == (shown["status"], shown["reason"], shown["message"])


@slow
def test_it_ends_at_the_same_step_with_the_same_schedule_and_random_states(ends: tuple[End, End]) -> None:
    mine, theirs = ends
    assert mine.last_state.name == theirs.last_state.name
    before = values(theirs)
    assert known_then(values(mine), nearly(before)) == nearly(before)
    assert torch.equal(tensors(mine)["rng.torch"], tensors(theirs)["rng.torch"])


@slow
def test_its_figures_are_those_of_the_same_steps_and_epochs(ends: tuple[End, End]) -> None:
    mine, theirs = (figures(end) for end in ends)
    assert known_then(mine, nearly(theirs)) == nearly(theirs)


@slow
def test_it_ends_with_the_same_weights(ends: tuple[End, End]) -> None:
    mine, theirs = (tensors(end) for end in ends)
    for name, expected in theirs.items():
        rounding = ROUNDING if expected.is_floating_point() else 0.0
        torch.testing.assert_close(mine[name], expected, rtol=rounding, atol=rounding)


@slow
@same_arithmetic
def test_it_ends_bit_for_bit_as_it_would_have_ended(ends: tuple[End, End]) -> None:
    mine, theirs = ends
    assert [name for name, value in tensors(theirs).items() if not torch.equal(tensors(mine)[name], value)] == []
    assert known_then(values(mine), values(theirs)) == values(theirs)
    assert figures(mine) == figures(theirs)
    models = [*theirs.folder.glob("final/*.safetensors")]
    assert len(models) == (0 if theirs.folder.name == "frozen-uninterrupted" else 2)
    for file in models:
        assert (mine.folder / "final" / file.name).read_bytes() == file.read_bytes()
