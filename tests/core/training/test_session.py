"""A training with its effects: states, the best checkpoint, the verdict, and going on after an interruption."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch

from core.checkpoints import Checkpoint
from core.compute.precision_probe import PrecisionChoice
from core.config import TrainingConfig
from core.data import load, make_split
from core.errors import ConfigError, OtherSplitError
from core.events import EpochDone, Finished, StepDone
from core.judging.claims import doubt_about
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


def interrupted(folder: Path, *, step: int, **changes: object) -> Session:
    """A session that was left, saved, after so many steps."""
    session = Session(config(**changes), folder)
    for event in session.events():
        if isinstance(event, StepDone) and event.step == step:
            session.save()
            break
    return session


def damage(state: Path) -> None:
    (state / "state.safetensors").write_bytes(b"")


def test_a_damaged_newest_state_falls_back_to_the_one_before_and_that_is_said(tmp_path: Path) -> None:
    session = Session(config(), tmp_path / "run")
    for event in session.events():
        if event_epoch(event) == 3:
            break
    damage(sorted((tmp_path / "run").glob("state-*"))[-1])
    again = Session(config(), tmp_path / "run")
    assert again.resumed_from == "state-00000004-0001"
    assert again.fell_back == (
        "The newest saved state could not be read; the training went on from step 4, the newest one that can."
    )


def test_a_state_saved_after_a_fallback_is_kept_and_the_damaged_one_goes(tmp_path: Path) -> None:
    session = Session(config(), tmp_path / "run")
    list(session.events())
    for state in (tmp_path / "run").glob("state-*"):
        damage(state)
    again = Session(config(), tmp_path / "run")
    assert again.resumed_from is None
    assert again.fell_back == ("The newest 2 saved states could not be read; the training went on from the beginning.")
    for event in again.events():
        if isinstance(event, StepDone) and event.step == 3:
            saved = again.save()
            break
    assert [path.name for path in (tmp_path / "run").iterdir() if "state" in path.name] == [saved.name]
    assert Session(config(), tmp_path / "run").resumed_from == saved.name


def test_a_state_of_which_half_could_be_restored_leaves_nothing_behind(tmp_path: Path) -> None:
    session = interrupted(tmp_path / "run", step=5)
    about = next((tmp_path / "run").glob("state-00000005*")) / "state.json"
    about.write_text(about.read_text().replace('"numbers"', '"letters"'))
    for state in (tmp_path / "run").glob("state-00000004*"):
        damage(state)
    again = Session(config(), tmp_path / "run")
    assert again.resumed_from is None
    untouched = Session(config(), tmp_path / "new")
    mine, theirs = again.trainer.model.state_dict(), untouched.trainer.model.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)
    assert not torch.equal(next(iter(mine.values())), next(iter(session.trainer.model.state_dict().values())))


def test_a_folder_belongs_to_one_configuration(tmp_path: Path) -> None:
    """Whether it holds a state or a verdict; what differs is named, and nothing there is touched."""
    interrupted(tmp_path / "state", step=3)
    list(Session(config(epochs=1), tmp_path / "final").events())
    for state in (tmp_path / "final").glob("state-*"):
        damage(state)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    with pytest.raises(ConfigError) as raised:
        Session(config(seed=9, epochs=2), tmp_path / "state")
    assert str(raised.value) == (
        "'state' holds another training: epochs 3 instead of 2, seed 0 instead of 9. "
        "Choose another folder, or the settings that it began with."
    )
    with pytest.raises(ConfigError, match="epochs 1 instead of 3"):
        Session(config(), tmp_path / "final")
    with pytest.raises(ConfigError, match=r"model strided_cnn instead of simple_nn, .*, and 8 more\."):
        Session(recipe_config("modern", dataset="digits", model="simple_nn"), tmp_path / "final")
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_a_checkpoint_is_no_folder_to_train_in(tmp_path: Path) -> None:
    list(Session(config(epochs=1), tmp_path / "run").events())
    with pytest.raises(ConfigError, match="'final' is a checkpoint"):
        Session(config(epochs=1), tmp_path / "run" / "final")


@pytest.mark.parametrize("kept", ["state", "final"])
def test_a_folder_belongs_to_one_copy_of_the_images(tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    interrupted(folder, step=2) if kept == "state" else list(Session(config(), folder).events())
    split = make_split(load("digits", size=28))
    other = dataclasses.replace(split, fingerprint="another")
    monkeypatch.setattr("core.training.session.split_begun_with", lambda *_, **__: other)
    with pytest.raises(OtherSplitError, match=r"another copy of Digits \(built in\)"):
        Session(config(), folder)


def test_a_verdict_that_cannot_be_read_is_given_again(tmp_path: Path) -> None:
    list(Session(config(), tmp_path / "run").events())
    (tmp_path / "run" / "final" / "model.safetensors").write_bytes(b"")
    told: list[str] = []
    again = Session(config(), tmp_path / "run", saved=lambda kind, _folder: told.append(kind))
    list(again.events())
    assert "final" in told
    assert weights(again.checkpoint())


def test_a_verdict_whose_writer_was_killed_before_it_said_so_is_told(tmp_path: Path) -> None:
    list(Session(config(), tmp_path / "run").events())
    told: list[str] = []
    list(Session(config(), tmp_path / "run", saved=lambda kind, _folder: told.append(kind)).events())
    assert told == ["final"]


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for name in (".state-00000005-0000.0badcafe", ".best-0001.1.0badcafe.old"):
        (folder / name).mkdir(parents=True)
    dead = f".final.{2**22 - 1}.0badcafe"
    (folder / dead).mkdir()
    Session(config(), folder)
    assert not (folder / ".state-00000005-0000.0badcafe").exists()
    assert not (folder / dead).exists()


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


AT_RANDOM = "7774cc37fa84762b6f95918ffd6984e1"  # how Digits were split before they were split by writer


@pytest.mark.parametrize("split", [None, AT_RANDOM])
def test_a_training_from_before_digits_were_split_by_writer_goes_on_with_the_split_it_began_with(
    tmp_path: Path, split: str | None
) -> None:
    rewrite(begun(tmp_path / "run"), split)
    session = Session(config(), tmp_path / "run")
    assert session.resumed_from is not None
    assert session.split.fingerprint == AT_RANDOM


def test_such_a_training_is_judged_on_the_images_that_it_was_not_shown(tmp_path: Path) -> None:
    rewrite(begun(tmp_path / "run"), None)
    session = Session(config(), tmp_path / "run")
    list(session.events())
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    assert checkpoint.card.split_fingerprint == AT_RANDOM
    assert checkpoint.card.metrics is not None
    assert (checkpoint.card.metrics.test_n, checkpoint.card.metrics.unseen) == (359, True)
    assert doubt_about(checkpoint.card) == "writers that it has seen"


def test_a_random_split_of_other_images_is_refused_and_nothing_starts_over(tmp_path: Path) -> None:
    rewrite(begun(tmp_path / "run"), "0" * 32)
    with pytest.raises(OtherSplitError, match="another split of it into training and test"):
        Session(config(), tmp_path / "run")


def test_a_training_whose_states_are_gone_knows_its_split_by_its_models(tmp_path: Path) -> None:
    list(Session(config(), tmp_path / "run").events())
    for path in (tmp_path / "run").glob("*/card.json"):
        card = json.loads(path.read_text())
        path.write_text(json.dumps(card | {"split_fingerprint": AT_RANDOM}))
    for state in (tmp_path / "run").glob("state-*"):
        shutil.rmtree(state)
    assert Session(config(), tmp_path / "run").split.fingerprint == AT_RANDOM


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
