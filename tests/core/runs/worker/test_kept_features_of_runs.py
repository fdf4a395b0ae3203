"""A run with a frozen backbone: its one pass is shown, can be stopped, is not repeated, and what it saved is kept."""

from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.rights import OPERATOR
from core.runs.records import Run
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.worker.recorder import Recorder

torch = pytest.importorskip("torch")

from core.data import load, make_split  # noqa: E402
from core.models.transfer import TransferNetwork  # noqa: E402
from core.recipes import recipe_config  # noqa: E402
from core.runs.worker import worker  # noqa: E402
from core.training import feature_files  # noqa: E402  (they import torch)
from tests.core.small_backbone import SmallBackbone  # noqa: E402


@pytest.fixture
def config() -> TrainingConfig:
    return recipe_config(
        "notebook",
        dataset="shapes",
        model="resnet18",
        model_arguments={"weights": "random", "input_size": 0},
        epochs=3,
        limit=256,
        device="cpu",
        precision="fp32",
    )


@pytest.fixture(autouse=True)
def _small_and_prepared(home: Path, shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shared_home / "prepared").mkdir(exist_ok=True)
    (home / "prepared").symlink_to(shared_home / "prepared", target_is_directory=True)
    monkeypatch.setattr("core.models.resnet18.untrained_backbone", SmallBackbone)
    monkeypatch.setattr(worker, "SAY_SECONDS", 0.0)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images the backbone is shown, batch by batch."""
    seen: list[int] = []
    original = TransferNetwork.features

    def spy(self: TransferNetwork, x: "torch.Tensor") -> "torch.Tensor":
        seen.append(len(x))
        return original(self, x)

    monkeypatch.setattr(TransferNetwork, "features", spy)
    return seen


def serve(store: Store, run: Run) -> Run:
    claim = Queue(store).claim(slots=1, threads=torch.get_num_threads())
    assert claim is not None
    assert worker.work(store, claim.run_id, claim.fence)
    for held in Queue(store).held():
        Queue(store).gone(held, log="", forced=False)
    return store.get(run.id)


def test_the_record_says_what_looking_once_cost(store: Store, config: TrainingConfig) -> None:
    run = serve(store, store.submit(config, "ada", "frozen"))
    assert (run.status, run.reason) == ("finished", "completed")
    assert run.features is not None
    assert run.features.views == 1
    assert 0 < run.features.epoch_seconds == pytest.approx(run.features.spent_seconds)
    assert Store(store.path).get(run.id).features == run.features  # whoever opens the store later reads the same


def test_a_network_that_learns_whole_has_no_such_record(store: Store, config: TrainingConfig) -> None:
    learning = recipe_config("notebook", dataset="shapes", model="simple_nn", epochs=1, limit=64, precision="fp32")
    assert serve(store, store.submit(learning, "ada", "whole")).features is None


def test_a_run_is_stopped_during_the_pass_and_goes_on_with_what_was_finished(
    store: Store, config: TrainingConfig, shown: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    plain = Recorder.say

    def stop_at_the_validation_images(self: Recorder, message: str, share: float) -> None:
        plain(self, message, share)
        said.append(message)
        if message.startswith("The frozen backbone looks") and sum(shown) >= 256:
            self.ask_to_leave("asked")

    monkeypatch.setattr(Recorder, "say", stop_at_the_validation_images)
    run = serve(store, store.submit(config, "ada", "frozen"))
    assert (run.status, run.reason, run.steps_total) == ("stopped", "asked", 0)
    assert any("looks at every image once" in message and ": 64 of" in message for message in said)
    assert len(list(feature_files.folder().glob("*/features.npy"))) == 1

    monkeypatch.setattr(Recorder, "say", plain)
    shown.clear()
    store.resume(run.id, by=OPERATOR)
    run = serve(store, run)
    assert run.status == "finished"
    split = make_split(load("shapes"))
    assert sum(shown) == len(split.validation) + len(split.test)  # not one training image a second time
