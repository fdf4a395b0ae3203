"""A frozen backbone looks once: the same training, from features that are kept, shared, checked and bounded."""

import dataclasses
import errno
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import filelock
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.backbones import load_network, weights_hash
from core.config import AugmentationStep, TrainingConfig
from core.data import load, make_split
from core.errors import CheckpointError, OtherBackboneError
from core.events import EpochDone, Event, FeaturesKept, StepDone
from core.judging.evaluation import evaluate_checkpoint, stored_evaluation
from core.models.transfer import TransferNetwork
from core.recipes import recipe_config
from core.runs.folders import size_of
from core.training import feature_files
from core.training.feature_files import LookCounter, open_or_make
from core.training.kept_features import FeatureBatches
from core.training.resume import restore, state_of
from core.training.session import Session
from core.training.trainer import Trainer
from tests.core.small_backbone import SmallBackbone


@pytest.fixture
def real_backbone() -> None:
    """The test is about ResNet-18 itself."""


@pytest.fixture(autouse=True)
def _prepared_shapes(home: Path, shared_home: Path) -> None:
    """Decode once for all of these tests; what is kept is each test's own."""
    (shared_home / "prepared").mkdir(exist_ok=True)
    (home / "prepared").symlink_to(shared_home / "prepared", target_is_directory=True)


@pytest.fixture(autouse=True)
def _small_backbone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_backbone" not in request.fixturenames:
        monkeypatch.setattr("core.models.resnet18.untrained_backbone", SmallBackbone)


CHAIN = (
    AugmentationStep(name="flip_horizontal", probability=0.5),
    AugmentationStep(name="crop", settings={"padding": 4}),
)


def config(**changes: object) -> TrainingConfig:
    fields: dict[str, object] = {
        "epochs": 3,
        "limit": 32,
        "batch_size": 8,
        "device": "cpu",
        "precision": "fp32",
        "model_arguments": {"weights": "random", "input_size": 32},
    }
    return recipe_config("notebook", dataset="shapes", model="resnet18", **fields | changes)


def trainer(*, cache_features: bool = True, **changes: object) -> Trainer:
    wanted = config(**changes)
    data = load("shapes", size=wanted.image_size)
    split = make_split(data, slips=wanted.slips)
    few = dataclasses.replace(split, validation=split.validation[:16])
    return Trainer(wanted, data, few, cache_features=cache_features)


def losses(events: list[Event]) -> list[float]:
    return [event.loss for event in events if isinstance(event, StepDone)]


def accuracies(events: list[Event]) -> list[float]:
    return [event.val_accuracy for event in events if isinstance(event, EpochDone)]


def files(home: Path) -> list[Path]:
    return sorted((home / "features").glob("*/features.npy"))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images the backbone is shown, batch by batch."""
    seen: list[int] = []
    original = TransferNetwork.features

    def spy(self: TransferNetwork, x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return original(self, x)

    monkeypatch.setattr(TransferNetwork, "features", spy)
    return seen


@pytest.mark.parametrize("changes", [{}, {"mirror_at_test": True}, {"slips": ("no_eval_mode",)}], ids=str)
def test_the_same_seed_gives_the_same_metrics_with_and_without_the_cache(
    home: Path, real_backbone: None, changes: dict[str, object]
) -> None:
    """Equal up to rounding: a convolution adds in another order when its batch has another size."""
    without, kept = trainer(cache_features=False, **changes), trainer(**changes)
    expected, events = list(without.events()), list(kept.events())
    assert len(losses(events)) == 12
    np.testing.assert_allclose(losses(events), losses(expected), rtol=1e-5)
    assert accuracies(events) == accuracies(expected)
    for name, value in without.model.state_dict().items():
        torch.testing.assert_close(kept.model.state_dict()[name], value, rtol=1e-4, atol=1e-6)


def test_the_backbone_sees_each_image_once_however_many_epochs(home: Path, looks: list[int]) -> None:
    list(trainer(epochs=5).events())
    assert sum(looks) == 32 + 16


def test_in_bfloat16_the_backbone_looks_and_the_head_alone_learns_in_float32(
    home: Path,
) -> None:
    """Casting costs more than a layer of 512 inputs can save."""
    seen: set[tuple[str, torch.dtype]] = set()
    learner = trainer(precision="bf16")

    def note(name: str, module: nn.Module) -> None:
        def hook(_module: nn.Module, _input: object, output: torch.Tensor) -> None:
            if output.device.type == "cpu":  # a twin of the network is sent through the meta device for its sizes
                seen.add((name, output.dtype))

        module.register_forward_hook(hook)

    note("backbone", next(module for module in learner.model.modules() if isinstance(module, nn.Conv2d)))
    note("head", learner.model.get_submodule("head"))
    assert learner.precision.of_a_step == "bf16"
    list(learner.events())
    assert seen == {("backbone", torch.bfloat16), ("head", torch.float32)}
    assert (learner.precision.of_a_step, learner.precision.choice.precision) == ("fp32", "bf16")
    assert learner.precision_words.endswith("; the head alone learns in float32")
    assert "head" not in trainer(precision="bf16", cache_features=False).precision_words


def test_no_weights_are_mended_where_only_the_head_learns(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lays the whole network out anew in every epoch, which takes longer than the head's epoch."""
    mend = "core.training.precision.protect_unreached_weights"
    monkeypatch.setattr(mend, lambda *_model, **_size: pytest.fail("no need"))
    list(trainer(precision="bf16").events())


def test_without_the_cache_it_sees_each_image_in_every_epoch(home: Path, looks: list[int]) -> None:
    list(trainer(epochs=5, cache_features=False).events())
    assert sum(looks) == 5 * (32 + 16)


@pytest.mark.parametrize(
    "changes",
    [{"model_arguments": {"weights": "random", "input_size": 32, "train": "last_stage"}}, {"start_size": 16}],
    ids=["a stage that learns", "images that grow"],
)
def test_only_what_never_changes_is_kept(home: Path, changes: dict[str, object]) -> None:
    learner = trainer(epochs=2, **changes)
    list(learner.events())
    assert learner.features is None
    assert not (home / "features").exists()


def test_augmented_images_are_seen_in_four_fixed_views_that_take_turns(home: Path, looks: list[int]) -> None:
    learner = trainer(epochs=6, augmentation=CHAIN)
    list(learner.events())
    assert learner.features is not None
    assert learner.features.views == 4
    assert sum(looks) == 4 * 32 + 16
    assert isinstance(learner.batches, FeatureBatches)
    some = learner.train_indices[:8]
    shown = [learner.batches.training(some, epoch=epoch, batch=0)[0] for epoch in range(6)]
    assert not torch.equal(shown[0], shown[1])
    assert torch.equal(shown[4], shown[0])
    assert torch.equal(shown[5], shown[1])


def test_a_view_is_what_the_network_says_of_that_epochs_augmented_images(home: Path) -> None:
    learner = trainer(epochs=3, augmentation=CHAIN)
    learner.keep_features()
    images, labels = learner.images.training(learner.train_indices, epoch=2, batch=0)
    with torch.inference_mode():
        assert isinstance(learner.model, TransferNetwork)
        expected = learner.model.eval().features(images)
    values, classes = learner.batches.training(learner.train_indices, epoch=2, batch=0)
    torch.testing.assert_close(values, expected)
    assert torch.equal(classes, labels)


def test_no_more_views_than_epochs(home: Path, looks: list[int]) -> None:
    list(trainer(epochs=2, augmentation=CHAIN).events())
    assert sum(looks) == 2 * 32 + 16


def test_validation_images_are_never_augmented(home: Path) -> None:
    plain, augmented = trainer(), trainer(augmentation=CHAIN)
    plain.keep_features()
    augmented.keep_features()
    judged = torch.from_numpy(plain.split.validation)
    (a, _labels), (b, _labels) = (
        next(iter(plain.batches.evaluation(judged))),
        next(iter(augmented.batches.evaluation(judged))),
    )
    assert torch.equal(a, b)


def test_features_and_labels_belong_to_their_images(home: Path) -> None:
    learner = trainer()
    learner.keep_features()
    for indices in (learner.train_indices[[5, 1, 30]], torch.from_numpy(learner.split.validation)[[7, 0]]):
        images, labels = next(iter(learner.images.evaluation(indices)))
        assert isinstance(learner.model, TransferNetwork)
        with torch.inference_mode():
            expected = learner.model.features(images)
        of_training = bool(torch.isin(indices, learner.train_indices).all())
        batches = learner.batches
        found = batches.training(indices, epoch=0, batch=0) if of_training else next(iter(batches.evaluation(indices)))
        torch.testing.assert_close(found[0], expected)
        assert torch.equal(found[1], labels)


def test_batch_norm_of_the_frozen_backbone_never_moves_through_the_cache(home: Path, real_backbone: None) -> None:
    learner = trainer(augmentation=CHAIN, momentum=0.9)
    assert isinstance(learner.model, TransferNetwork)
    before, head = weights_hash(learner.model.backbone), learner.model.head.weight.detach().clone()
    assert any("running_mean" in name for name in learner.model.backbone.state_dict())
    list(learner.events())
    assert weights_hash(learner.model.backbone) == before
    assert not torch.equal(learner.model.head.weight, head)


def test_a_second_training_opens_what_the_first_one_kept(home: Path, looks: list[int]) -> None:
    first = trainer()
    list(first.events())
    looks.clear()
    second = trainer(learning_rate=0.001)
    list(second.events())
    assert looks == []
    assert first.features is not None
    assert second.features == dataclasses.replace(first.features, spent_seconds=0.0)
    assert first.features.spent_seconds == pytest.approx(first.features.epoch_seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},  # other random weights, and other images by the limit
        {"image_size": 40},
        {"model_arguments": {"weights": "random", "input_size": 48}},
        {"slips": ("no_normalisation",)},
        {"precision": "bf16"},
        {"greyscale": False, "augmentation": CHAIN},
    ],
    ids=str,
)
def test_whatever_decides_features_is_in_their_key(home: Path, looks: list[int], changes: dict[str, object]) -> None:
    trainer().keep_features()
    looks.clear()
    trainer(**changes).keep_features()
    assert sum(looks) >= 32


def test_another_seed_of_the_augmentation_is_another_view(home: Path, looks: list[int]) -> None:
    """With the same weights and the same images: only what is drawn differs."""

    def learner(seed: int) -> Trainer:
        made = trainer(seed=seed, augmentation=CHAIN, limit=None, epochs=1)
        made.train_indices = torch.sort(made.train_indices).values[:20]
        torch.manual_seed(0)
        for module in made.model.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.reset_parameters()
        return made

    learner(1).keep_features()
    looks.clear()
    learner(1).keep_features()
    assert looks == []
    learner(2).keep_features()
    assert sum(looks) == 20  # validation images are not augmented, so theirs are at hand


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _no_about(path: Path) -> None:
    (path.parent / "about.json").unlink()


def _strange_about(path: Path) -> None:
    (path.parent / "about.json").write_text("[1]")


def _other_shape(path: Path) -> None:
    np.save(path, np.zeros((3, 512), dtype=np.float32))
    import hashlib

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "about.json").write_text(json.dumps({"sha256": digest, "seconds": 1.0, "shape": [3, 512]}))


@pytest.mark.parametrize("damage", [_cut, _flip_a_bit, _empty, _no_about, _strange_about, _other_shape])
def test_a_damaged_file_is_worked_out_again(home: Path, looks: list[int], damage: Callable[[Path], None]) -> None:
    expected = losses(list(trainer().events()))
    for path in files(home):
        damage(path)
    looks.clear()
    assert losses(list(trainer().events())) == expected
    assert sum(looks) == 32 + 16
    looks.clear()
    trainer().keep_features()
    assert looks == []


def test_a_full_disk_leaves_the_features_in_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = losses(list(trainer().events()))
    other = home.parent / "full"
    other.mkdir()
    (other / "prepared").symlink_to(home / "prepared", target_is_directory=True)
    monkeypatch.setenv("CNN_LAB_HOME", str(other))

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_files, "write_folder", refuse)
    assert losses(list(trainer().events())) == expected
    assert files(other) == []


def test_features_are_not_written_where_a_run_would_soon_find_the_disk_full(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_files, "LEAVE_FREE", 2**62)
    learner = trainer()
    list(learner.events())
    assert learner.features is not None
    assert files(home) == []


def test_a_home_where_no_folder_can_be_made_is_no_error(home: Path) -> None:
    (home / "features").write_text("in the way")
    learner = trainer()
    list(learner.events())
    assert learner.features is not None


def test_what_was_used_longest_ago_is_evicted_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer(seed=1).keep_features()
    first = files(home)
    for path in first:
        os.utime(path.parent / "about.json", (1_000, 1_000))
    trainer(seed=2).keep_features()
    second = [path for path in files(home) if path not in first]
    for path in second:
        os.utime(path.parent / "about.json", (2_000, 2_000))
    assert (len(first), len(second)) == (2, 2)
    trainer(seed=1).keep_features()  # used again: now the newest
    monkeypatch.setattr(feature_files, "KEEP_BYTES", size_of(feature_files.folder()) + 200)  # a JSON file more or less
    trainer(seed=3).keep_features()
    left = files(home)
    assert set(first) <= set(left)
    assert not set(second) & set(left)
    assert size_of(feature_files.folder()) <= feature_files.KEEP_BYTES


def test_what_a_training_just_made_is_never_evicted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_files, "KEEP_BYTES", 1)
    list(trainer().events())
    assert len(files(home)) == 1


def test_what_a_killed_process_left_half_written_goes_and_what_a_living_one_writes_stays(home: Path) -> None:
    dead, living = (home / "features" / f".a.{process}.0badcafe" for process in (2**22 - 1, os.getpid()))
    for folder in (dead, living):
        folder.mkdir(parents=True)
    trainer().keep_features()
    assert not dead.exists()
    assert living.exists()


def test_what_is_used_now_stays_longest_though_the_clock_was_set_back(home: Path) -> None:
    trainer(seed=1).keep_features()
    ahead = time.time() + 1_000_000
    for path in files(home):
        os.utime(path.parent / "about.json", (ahead, ahead))
    trainer(seed=2).keep_features()
    trainer(seed=2).keep_features()  # used: opened, not made
    marks = sorted((path.parent / "about.json").stat().st_mtime for path in files(home))
    assert marks[-1] > ahead


class LeaveError(Exception):
    pass


def test_progress_is_told_and_what_it_raises_ends_the_pass(home: Path, looks: list[int]) -> None:
    told: list[tuple[str, float]] = []

    def stop(text: str, fraction: float) -> None:
        told.append((text, fraction))
        if fraction >= 0.9:
            raise LeaveError

    with pytest.raises(LeaveError):
        trainer(epochs=2, augmentation=CHAIN, limit=80).keep_features(stop)
    sentence = "The frozen backbone looks at every image once (at 2 versions of those to train on): 64 of 176"
    assert told[1] == (sentence, pytest.approx(64 / 176))
    assert len(files(home)) == 2  # both views were finished
    looks.clear()
    trainer(epochs=2, augmentation=CHAIN, limit=80).keep_features()
    assert sum(looks) == 16  # the validation images were still to be seen


def test_a_second_process_waits_for_the_first_and_can_be_stopped_while_it_waits(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_files, "WAIT_SECONDS", 0.05)
    trainer().keep_features()
    held = [filelock.FileLock(path.parent.with_suffix(".lock")) for path in files(home)]

    def stop(text: str, _fraction: float) -> None:
        if text.startswith("Waiting"):
            raise LeaveError

    for lock in held:
        lock.acquire()
    try:
        with pytest.raises(LeaveError):
            trainer().keep_features(stop)
    finally:
        for lock in held:
            lock.release()


def test_what_a_look_waits_for_the_turns_of_others_is_none_of_its_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(feature_files.time, "perf_counter", lambda: clock[0])

    def pass_by(seconds: float) -> None:
        clock[0] += seconds

    counter = LookCounter(lambda _what, _share: pass_by(40.0), "every image", 3)

    def look(some: Tensor) -> npt.NDArray[np.float32]:
        counter.tell()
        pass_by(2.0)
        return np.zeros((len(some), 4), np.float32)

    made = open_or_make({"test": "waits"}, torch.arange(3), look, counter, width=4, data="none")
    assert (made.seconds, made.spent) == (2.0, 2.0)


def test_two_at_once_look_once(home: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_files, "WAIT_SECONDS", 0.05)
    learners = [trainer(), trainer()]
    threads = [threading.Thread(target=learner.keep_features) for learner in learners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(looks) == 32 + 16
    batches = [learner.batches.training(learner.train_indices, epoch=0, batch=0)[0] for learner in learners]
    assert torch.equal(*batches)


@pytest.mark.parametrize("cut", [1, 4, 5, 9])
def test_interrupted_and_resumed_equals_uninterrupted_on_features(home: Path, cut: int) -> None:
    changes: dict[str, object] = {"augmentation": CHAIN, "momentum": 0.9, "schedule": "one_cycle"}
    whole, first, second = trainer(**changes), trainer(**changes), trainer(**changes)
    list(whole.events())
    for number, _event in enumerate(first.events(), start=1):
        if number == cut:
            break
    restore(second, state_of(first))
    list(second.events())
    assert all(torch.equal(value, whole.model.state_dict()[name]) for name, value in second.model.state_dict().items())


def test_a_state_leaves_the_frozen_backbone_out(home: Path) -> None:
    learner = trainer()
    next(iter(learner.events()))
    names = {name for name in state_of(learner).tensors if name.startswith("model.")}
    assert names == {"model.head.weight", "model.head.bias"}
    learning = trainer(model_arguments={"weights": "random", "input_size": 32, "train": "last_stage"})
    assert "model.backbone.conv1.weight" in state_of(learning).tensors


def test_a_state_of_another_backbone_is_refused_and_nothing_is_begun_over(home: Path, tmp_path: Path) -> None:
    first, second = trainer(epochs=2), trainer(epochs=2, seed=5)
    next(iter(first.events()))
    with pytest.raises(CheckpointError, match="another backbone"):
        restore(second, state_of(first))

    session = Session(config(), tmp_path / "run")
    for event in session.events():
        if isinstance(event, EpochDone):
            session.save()
            break
    place = next((tmp_path / "run").glob("state-*")) / "state.json"
    about = json.loads(place.read_text())
    about["values"]["backbone"] = "another"
    place.write_text(json.dumps(about))
    with pytest.raises(OtherBackboneError, match="Start a new training"):
        Session(config(), tmp_path / "run")
    assert place.exists()


def test_a_whole_state_as_it_was_written_before_gets_its_own_features(home: Path) -> None:
    """Where the weights that a run began with have been replaced since, it goes on with its own."""
    first, second = trainer(epochs=2), trainer(epochs=2, seed=5)
    next(iter(first.events()))
    second.keep_features()
    state = state_of(first)
    whole = state.tensors | {f"model.{name}": value for name, value in first.model.state_dict().items()}
    values = {name: value for name, value in state.values.items() if name != "backbone"}
    restore(second, dataclasses.replace(state, tensors=whole, values=values))
    assert second.features is None
    second.keep_features()
    images, _labels = next(iter(second.images.evaluation(second.train_indices)))
    assert isinstance(first.model, TransferNetwork)
    with torch.inference_mode():
        expected = first.model.features(images)
    torch.testing.assert_close(second.batches.training(second.train_indices, epoch=0, batch=0)[0], expected)


def test_a_session_keeps_features_before_its_first_step_and_judges_the_whole_network(
    home: Path, tmp_path: Path, looks: list[int]
) -> None:
    told: list[str] = []
    session = Session(config(epochs=2), tmp_path / "run", progress=lambda text, _fraction: told.append(text))
    assert any("looks at every image once" in text for text in told)
    list(session.events())
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    assert checkpoint.card.metrics is not None
    assert isinstance(load_network(checkpoint), TransferNetwork)
    looks.clear()
    assert Session(config(epochs=2), tmp_path / "run").trainer.features is None  # finished: nothing to look at
    assert looks == []


@pytest.mark.parametrize("changes", [{}, {"mirror_at_test": True}, {"slips": ("no_eval_mode",)}], ids=str)
def test_the_verdict_from_kept_features_is_the_whole_networks(
    home: Path, tmp_path: Path, looks: list[int], changes: dict[str, object]
) -> None:
    session = Session(config(epochs=2, **changes), tmp_path / "run")
    list(session.events())
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    kept = stored_evaluation(checkpoint)
    looks.clear()
    whole = evaluate_checkpoint(checkpoint, split=session.split)
    assert sum(looks) >= len(session.split.test)
    assert kept is not None
    assert np.array_equal(kept.confusion, whole.confusion)
    assert kept.loss == pytest.approx(whole.loss, rel=1e-5)
    assert kept.sentence == whole.sentence
    assert max(kept.predictions.confidence) > 1.01 * min(kept.predictions.confidence)  # it answers, and not alike


def test_of_many_trainings_the_first_alone_shows_its_backbone_the_test_images(
    home: Path, tmp_path: Path, looks: list[int]
) -> None:
    told: list[str] = []
    list(Session(config(), tmp_path / "first", progress=lambda text, _fraction: told.append(text)).events())
    assert any(text.startswith("The frozen backbone looks at the test images: ") for text in told)
    looks.clear()
    second = Session(config(learning_rate=0.001), tmp_path / "second")
    list(second.events())
    assert looks == []
    assert second.checkpoint() is not None


def test_test_images_are_looked_at_in_float32_whatever_a_training_computes_in(home: Path) -> None:
    plain, mixed = trainer(), trainer(precision="bf16")
    expected, found = plain.test_features(), mixed.test_features()
    assert expected is not None
    assert found is not None
    assert expected.shape == (len(plain.split.test), plain.model.get_submodule("head").in_features)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert trainer(cache_features=False).test_features() is None


def test_what_was_saved_is_what_the_epochs_would_have_cost() -> None:
    cost = FeaturesKept(views=1, epoch_seconds=30.0, spent_seconds=30.0)
    assert cost.saved_seconds(25) == 720.0
    assert cost.saved_seconds(1) == 0.0
    assert dataclasses.replace(cost, spent_seconds=0.0).saved_seconds(2) == 60.0


def test_the_card_counts_the_looks_as_training_time_even_where_they_were_kept(tmp_path: Path) -> None:
    chosen = config(augmentation=CHAIN)
    for name in ("first", "second"):
        session = Session(chosen, tmp_path / name)
        for _event in session.events():
            pass
        kept = session.trainer.features
        assert kept is not None
        trained = sum(done.seconds for done in session.trainer.history)
        assert session.card(epoch=3).seconds == round(trained + kept.look_seconds, 1)
        assert kept.views > 1
        assert kept.look_seconds > kept.epoch_seconds
        assert (kept.spent_seconds > 0) is (name == "first")
        again = Session(chosen, tmp_path / name)  # it has ended: the backbone does not look any more
        assert again.card(epoch=3).seconds == session.card(epoch=3).seconds


def of_an_own_set(names: list[str], **changes: object) -> tuple[Trainer, list[int]]:
    """A training on shapes that have names, as own pictures have, and the number of images in each look."""
    wanted = config(limit=None, slips=("no_normalisation",), **changes)  # pretrained weights bring one of their own
    data = load("shapes", size=wanted.image_size)
    count = len(names)
    few = dataclasses.replace(
        data,
        images=data.images[:count],
        labels=data.labels[:count],
        contents=tuple(names),
        fingerprint=f"version {names}",
    )
    half = np.arange(count // 2, dtype=np.int64)
    split = dataclasses.replace(make_split(data), train=half, validation=half + count // 2)
    made = Trainer(wanted, few, split)
    looked: list[int] = []
    features = made.model.features

    def counting(images: torch.Tensor) -> torch.Tensor:
        looked.append(len(images))
        return features(images)

    made.model.features = counting
    return made, looked


def test_when_pictures_are_added_to_an_own_set_only_those_are_looked_at(home: Path) -> None:
    names = [f"{number:064x}" for number in range(60)]
    first, looked = of_an_own_set(names[:40])
    list(first.events())
    assert sum(looked) == 40
    second, looked = of_an_own_set(names[:50])  # five that were validation images are training images now
    events = list(second.events())
    assert sum(looked) == 10
    assert second.features is not None
    alone, _looked = of_an_own_set([f"other {number}" for number in range(50)])
    plain = list(alone.events())
    assert losses(events) == pytest.approx(losses(plain), abs=1e-5)
    assert second.features.spent_seconds < second.features.look_seconds
    again, looked = of_an_own_set(names[:50])
    list(again.events())
    assert looked == []
    assert again.features is not None
    assert again.features.spent_seconds == 0


def test_pictures_that_are_drawn_anew_in_each_view_are_looked_at_again(home: Path) -> None:
    names = [f"{number:064x}" for number in range(60)]
    list(of_an_own_set(names[:40], augmentation=CHAIN)[0].events())
    more, looked = of_an_own_set(names[:50], augmentation=CHAIN)
    list(more.events())
    assert sum(looked) == 3 * 25 + 10  # a view an epoch, and the validation images that are new


def test_other_weights_know_nothing_of_a_picture(home: Path) -> None:
    names = [f"{number:064x}" for number in range(40)]
    list(of_an_own_set(names)[0].events())
    other, looked = of_an_own_set(names, seed=1)  # random weights of another seed
    list(other.events())
    assert sum(looked) == 40
