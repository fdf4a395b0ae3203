"""A training with its effects: states, the best checkpoint, the verdict, and going on after an interruption."""

import json
from pathlib import Path

import pytest
import torch

from core.checkpoints import Checkpoint
from core.compute.probe import PrecisionChoice
from core.config import TrainingConfig
from core.errors import OtherSplitError
from core.events import EpochDone, Finished, StepDone
from core.recipes import recipe_config
from core.training.session import Session


def config(**changes: object) -> TrainingConfig:
    fields: dict[str, object] = {"epochs": 3, "limit": 128, "batch_size": 32, "device": "cpu"} | changes
    return recipe_config("notebook", dataset="digits", model="strided_cnn", **fields)


def event_epoch(event: object) -> int:
    return event.epoch if isinstance(event, StepDone) else 0


def weights(checkpoint: Checkpoint | None) -> dict[str, torch.Tensor]:
    assert checkpoint is not None
    return checkpoint.load_model().state_dict()


def test_a_finished_training_leaves_a_judged_checkpoint(tmp_path: Path) -> None:
    session = Session(config(), tmp_path / "run", title="Mine")
    events = list(session.events())
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    card = checkpoint.card
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert checkpoint.folder.name == "final"
    assert card.title == "Mine"
    assert card.epoch == finished.best_epoch
    assert card.metrics is not None
    assert card.metrics.test_n == 367
    assert card.metrics.unseen
    assert len(card.history) == 3
    predictions = checkpoint.predictions()
    assert predictions is not None
    assert (predictions.labels == predictions.predicted).mean() == card.metrics.test_accuracy


def test_only_the_last_two_states_and_the_best_epoch_are_kept(tmp_path: Path) -> None:
    session = Session(config(epochs=5), tmp_path / "run")
    best = [event.epoch for event in session.events() if isinstance(event, EpochDone) and event.is_best][-1]
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == [f"best-{best:04d}", "final", "state-00000016-0004", "state-00000020-0005"]


@pytest.mark.parametrize("cut", [2, 5, 10])
def test_a_session_that_was_cut_goes_on_and_ends_with_the_same_weights(tmp_path: Path, cut: int) -> None:
    whole = Session(config(), tmp_path / "whole")
    list(whole.events())
    first = Session(config(), tmp_path / "cut")
    for number, _event in enumerate(first.events(), start=1):
        if number == cut:
            first.save()
            break
    second = Session(config(), tmp_path / "cut")
    assert second.resumed_from is not None
    list(second.events())
    a, b = weights(whole.checkpoint()), weights(second.checkpoint())
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_damaged_newest_state_falls_back_to_the_one_before(tmp_path: Path) -> None:
    session = Session(config(), tmp_path / "run")
    for event in session.events():
        if event_epoch(event) == 3:
            break
    newest = sorted((tmp_path / "run").glob("state-*"))[-1]
    (newest / "state.safetensors").write_bytes(b"")
    again = Session(config(), tmp_path / "run")
    assert again.resumed_from == "state-00000004-0001"


def test_a_state_of_another_config_is_not_gone_on_from(tmp_path: Path) -> None:
    session = Session(config(), tmp_path / "run")
    for event in session.events():
        if isinstance(event, StepDone):
            session.save()
            break
    assert Session(config(seed=9), tmp_path / "run").resumed_from is None


def begun(folder: Path, **changes: object) -> Path:
    """Train one step and leave its state, which a test may rewrite; return the file that says what it holds."""
    session = Session(config(**changes), folder)
    next(session.events())
    return session.save() / "state.json"


def rewrite(state: Path, split: str | None) -> None:
    about = json.loads(state.read_text())
    del about["values"]["split"]
    about["values"] |= {} if split is None else {"split": split}
    state.write_text(json.dumps(about))


@pytest.mark.parametrize("split", [None, "7774cc37fa84762b6f95918ffd6984e1"])
def test_a_state_from_before_digits_were_split_by_writer_is_refused_and_nothing_starts_over(
    tmp_path: Path, split: str | None
) -> None:
    rewrite(begun(tmp_path / "run"), split)
    with pytest.raises(OtherSplitError, match="another split of it into training and test"):
        Session(config(), tmp_path / "run")


def test_a_state_that_names_no_split_goes_on_where_the_split_is_the_same(tmp_path: Path) -> None:
    rewrite(begun(tmp_path / "run", slips=("shared_writers",)), None)
    assert Session(config(slips=("shared_writers",)), tmp_path / "run").resumed_from is not None


def test_the_card_says_what_the_training_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the probe says something else when it goes on."""

    def probe_says(precision: str, sentence: str) -> None:
        choice = PrecisionChoice(precision=precision, sentence=sentence)
        monkeypatch.setattr("core.training.assembly.precision_for", lambda *_, **__: choice)

    probe_says("bf16", "bfloat16: twice as fast here")
    first = Session(config(precision="auto"), tmp_path / "run")
    next(first.events())
    first.save()
    probe_says("fp32", "float32: bfloat16 takes twice as long here")
    second = Session(config(precision="auto"), tmp_path / "run")
    assert second.resumed_from is not None
    list(second.events())
    checkpoint = second.checkpoint()
    assert checkpoint is not None
    assert checkpoint.card.precision == "bfloat16: twice as fast here"


def test_a_finished_session_opened_again_is_finished(tmp_path: Path) -> None:
    list(Session(config(), tmp_path / "run").events())
    events = list(Session(config(), tmp_path / "run").events())
    assert [type(event) for event in events] == [Finished]
