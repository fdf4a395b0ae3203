"""A training that goes on from another one's best epoch, with something changed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints.backbones import load_network
from core.config import TrainingConfig
from core.data import load, make_split
from core.errors import ConfigError
from core.home import home as lab_home
from core.recipes import check_trainable
from core.training.session import Session
from core.training.trainer import Trainer

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
