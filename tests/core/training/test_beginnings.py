"""A training that goes on from another one's best epoch, with something changed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints import find
from core.checkpoints.backbones import load_network
from core.checkpoints.beginnings import beginning, check_unseen
from core.config import TrainingConfig
from core.data import load, make_split
from core.errors import ConfigError
from core.home import home as lab_home
from core.models import models
from core.recipes import check_trainable
from core.training.session import Session
from core.training.trainer import Trainer
from tests.core.runs.test_carried_sets import add, photographed, trained

CONFIG = TrainingConfig(dataset="digits", model="simple_nn", image_size=28, epochs=1, limit=256)
RUN = "aaaaaaaaaa"


@pytest.fixture
def first(home: Path) -> Session:
    """A run of this lab that has been trained."""
    session = Session(CONFIG, lab_home() / "runs" / RUN)
    for _event in session.events():
        pass
    return session


def test_it_begins_with_those_weights_and_trains_on(first: Session) -> None:
    config = replace(CONFIG, begins_from=f"{RUN}@1", learning_rate=0.01)
    check_trainable(config)
    data = load("digits")
    trainer = Trainer(config, data, make_split(data))
    checkpoint = first.checkpoint()
    assert checkpoint is not None
    expected = load_network(checkpoint).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in trainer.model.state_dict().items())


def test_it_resumes_although_the_other_one_was_deleted(first: Session, tmp_path: Path) -> None:
    config = replace(CONFIG, begins_from=f"{RUN}@1")
    session = Session(config, tmp_path / "on")
    next(session.events())
    session.save()
    first.files.final.rename(tmp_path / "gone")
    for old in first.folder.glob("best-*"):
        old.rename(tmp_path / f"gone-{old.name}")
    assert Session(config, tmp_path / "on").resumed_from is not None
    with pytest.raises(ConfigError, match="is gone; let it begin anew"):
        Session(config, tmp_path / "anew")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"begins_from": f"{RUN}@2"}, "^The network that this training goes on from has .* is now 1 and not 2"),
        ({"begins_from": f"{RUN}@1", "model": "lenet"}, "goes on from is another one"),
        ({"begins_from": f"{RUN}@1", "image_size": 32}, "is another one"),
    ],
)
def test_what_cannot_go_on_is_refused_with_a_sentence(first: Session, changes: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        check_trainable(replace(CONFIG, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["../x@1", "a@", "@3", "a@x", "A@1", 7])
def test_only_a_run_and_an_epoch_can_be_named(text: object) -> None:
    with pytest.raises(ConfigError, match="it must name a run and its best epoch"):
        replace(CONFIG, begins_from=text)  # type: ignore[arg-type]


def train(config: TrainingConfig, run: str) -> TrainingConfig:
    """Train a run of this lab, and return what goes on from it with the same settings."""
    session = Session(config, lab_home() / "runs" / run)
    for _event in session.events():
        pass
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    return replace(config, begins_from=beginning(checkpoint, run))


def test_what_was_trained_on_images_that_would_judge_it_is_refused(home: Path) -> None:
    data = load("digits")
    honest, at_random = make_split(data), make_split(data, slips=("shared_writers",))
    going_on = train(replace(CONFIG, slips=("shared_writers",)), RUN)
    Trainer(going_on, data, at_random)  # the test images are those that it had
    known = len(set(honest.test.tolist()) - set(at_random.test.tolist()))
    assert known > 0
    with pytest.raises(ConfigError, match=rf"knows {known} of the {len(honest.test)} images that would judge it here"):
        Trainer(replace(going_on, slips=()), data, honest)
    other = train(going_on, "bbbbbbbbbb")
    with pytest.raises(ConfigError, match=f"knows {known} of the"):
        check_unseen(replace(other, slips=()), data, honest)


def test_pictures_that_an_earlier_version_of_a_set_was_trained_on_do_not_judge_what_goes_on(home: Path) -> None:
    own = photographed()
    run = trained(own, "Before", epochs=1)
    first = load(run.config.dataset, size=32)
    judged = {first.contents[place] for place in make_split(first).test}
    for seed in range(24, 64):
        add(own, seed)
        data = load(own.name, size=32)
        split = make_split(data)
        known = {data.contents[place] for place in split.test} & (set(first.contents) - judged)
        if known:
            break
    going_on = replace(run.config, dataset=own.name, begins_from=beginning(find(run.id), run.id))
    with pytest.raises(ConfigError, match=rf"knows {len(known)} of the {len(split.test)} images"):
        check_unseen(going_on, data, split)
    check_unseen(going_on, first, make_split(first))


def test_a_network_is_the_same_however_much_was_said_of_its_arguments(home: Path) -> None:
    config = replace(CONFIG, model="strided_cnn", model_arguments={"channels": (4, 8)}, limit=64)
    going_on = train(config, RUN)
    written_out = models["strided_cnn"].all_arguments(config.model_arguments)
    assert written_out != config.model_arguments
    check_trainable(replace(going_on, model_arguments=written_out))
    with pytest.raises(ConfigError, match="is another one"):
        check_trainable(replace(going_on, model_arguments=written_out | {"kernel": 5}))
