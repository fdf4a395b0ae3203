"""The benchmarks measure what they say, and docs/speed.md says what they measured. Nothing here asserts on time."""

import contextlib
import dataclasses
import functools
import io
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import click
import numpy as np
import psutil
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from pyarrow.parquet import ParquetFile

from benchmarks.__main__ import main
from benchmarks.cores import confined, halves
from benchmarks.machine import this_machine
from benchmarks.pictures import files, pictures_for
from benchmarks.report.page import (
    CHART,
    PAGE,
    accuracy_table,
    documents,
    page,
    profile_table,
    screen_table,
    shipped_table,
    throughput_table,
)
from benchmarks.report.pairs import pairs_page, pairs_table
from benchmarks.report.shipped import curves
from benchmarks.results import FOLDER, KINDS, Fields, Measurement, joined, newest, write
from benchmarks.rows import (
    Ablated,
    Comparison,
    Profiled,
    Reached,
    Seen,
    ShippedCurve,
    TimeToAccuracy,
    Tried,
    median,
    percentile95,
)
from benchmarks.timing import Step, interleave, take_turn, timed
from benchmarks.training import ablation, accuracy, defaults, jobs, learning_curve, naive, step_profile, throughput
from core.checkpoints import shipped
from core.config import AugmentationStep
from core.data import availability, datasets, load, make_split
from core.data.source import source_folder
from core.home import home as where
from core.judging.learning_curve import curve_file, read_curve
from core.recipes import RECIPES, fitting_models, recipe_config
from core.training import feature_files
from core.training.trainer import Trainer
from core.transforms import COURSE_CHAIN

ROOT = Path(__file__).parent.parent
LENET = next(job for job in jobs.JOBS if job.name == "cifar10-lenet")
MNIST = next(job for job in jobs.JOBS if job.name == "mnist-strided_cnn")
ENHANCED = next(job for job in jobs.JOBS if job.name == "cifar10-enhanced_cnn")


def steps(seconds: float, *, images: int = 8) -> Iterator[Step]:
    return itertools.repeat(Step(images=images, seconds=seconds))


# Turns


def test_turns_alternate_and_have_a_fixed_number_of_steps() -> None:
    order: list[str] = []

    def loop(name: str, seconds: float) -> Iterator[Step]:
        while True:
            order.append(name)
            yield Step(images=8, seconds=seconds)

    a, b = interleave([loop("a", 0.1), loop("b", 0.05)], pairs=3, seconds=0.2)
    assert [turn.steps for turn in a] == [2, 2, 2]
    assert [turn.steps for turn in b] == [4, 4, 4]
    assert "".join(order[-18:]) == "aabbbb" * 3


def test_a_turn_shorter_than_a_step_is_one_step() -> None:
    turns = interleave([steps(10.0)], pairs=1, seconds=0.1)
    assert turns[0][0].steps == 1


def test_the_rate_is_images_over_seconds() -> None:
    turn = take_turn(steps(0.5, images=10), 4)
    assert (turn.images, turn.seconds, turn.rate) == (40, 2.0, 20.0)


def test_a_loop_that_ends_gives_the_steps_it_had() -> None:
    assert take_turn(timed([3, 3]), 5).images == 6


# Rows


def test_a_ratio_says_how_many_times_faster_the_lab_is_in_either_unit() -> None:
    rate = Comparison(name="r", title="", unit="img/s", batch=1, naive=(100, 110, 90), ours=(300, 300, 360))
    assert (rate.naive_median, rate.ours_median, rate.ratio) == (100, 300, 3)
    assert (rate.ratio_low, rate.ratio_high) == (pytest.approx(300 / 110), 4)
    whole = Comparison(name="s", title="", unit="s", batch=1, naive=(100, 120, 80), ours=(2, 4, 1))
    assert whole.ratio == 50


def test_a_row_that_was_measured_on_one_side_has_no_ratio() -> None:
    assert Comparison(name="h", title="", unit="s", batch=1, ours=(0.5,)).ratio is None


def test_a_target_that_a_seed_missed_has_no_median() -> None:
    assert Reached(target=0.9, reach=None, ours=(10, None, 12), naive=()).ours_median is None
    both = Reached(target=0.9, reach=None, ours=(10, 14, 12), naive=(60, 24))
    assert (both.ours_median, both.naive_median, both.ratio) == (12, 42, 3.5)


def test_percentiles_are_the_nearest_rank() -> None:
    assert percentile95(range(1, 101)) == 95
    assert percentile95([3.0]) == 3.0
    assert percentile95([]) is median([]) is None


# Both sides of a job


def test_both_sides_take_the_same_number_of_steps_on_the_same_images(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    fetched: list[int] = []
    fetch = naive.NaiveImages.__getitem__
    monkeypatch.setattr(
        naive.NaiveImages, "__getitem__", lambda self, index: (asked.append(index), fetch(self, index))[1]
    )
    pair = jobs.training_pair(LENET, dataset="shapes", batch_size=32, limit=96)
    training = pair.trainer.batches.training

    def spy(indices: torch.Tensor, *, epoch: int, batch: int) -> Any:
        fetched.extend(indices.tolist())
        return training(indices, epoch=epoch, batch=batch)

    monkeypatch.setattr(pair.trainer.batches, "training", spy)
    epoch = pair.trainer.steps_per_epoch
    a, b = take_turn(pair.naive, epoch), take_turn(pair.ours, epoch)
    assert (a.steps, a.images) == (b.steps, b.images) == (3, 96)
    places = pair.trainer.train_indices[torch.tensor(asked)].tolist()
    assert sorted(places) == sorted(fetched) == sorted(pair.trainer.train_indices.tolist())


def test_both_sides_start_from_the_same_weights_in_networks_of_their_own(home: Path) -> None:
    pair = jobs.training_pair(LENET, dataset="shapes", batch_size=32, limit=64)
    before = {name: value.clone() for name, value in pair.trainer.model.state_dict().items()}
    take_turn(pair.naive, 2)
    after = pair.trainer.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    take_turn(pair.ours, 2)
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_the_naive_input_is_the_labs_own_input(home: Path) -> None:
    # ToTensor divides by 255 and Normalize follows, as in the lab: float32 may round once more or less.
    pair = jobs.training_pair(LENET, dataset="shapes", batch_size=32, limit=64)
    trainer = pair.trainer
    images = jobs.training_loader(trainer).dataset
    ours, labels = trainer.images.evaluation(trainer.train_indices[:8]).__next__()
    for place in range(8):
        image, label = images[place]
        torch.testing.assert_close(image, ours[place], rtol=0, atol=2e-6)
        assert label == labels[place]


def test_a_photo_from_a_file_becomes_the_labs_size_and_colours(home: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (136, 130), (255, 0, 0)).save(buffer, "PNG")
    config = LENET.config()
    format = jobs.training_pair(LENET, dataset="shapes", limit=64).trainer.format
    images = naive.NaiveImages([buffer.getvalue()], [3], naive.naive_transform(config, format))
    image, label = images[0]
    assert (tuple(image.shape), label) == ((3, 32, 32), 3)
    red = (torch.tensor([1.0, 0.0, 0.0]) - torch.tensor(format.mean)) / torch.tensor(format.std)
    torch.testing.assert_close(image[:, 5, 5], red)


def test_the_courses_augmentation_is_on_both_sides() -> None:
    assert ENHANCED.config().augmentation == COURSE_CHAIN
    chain = naive.naive_transform(
        ENHANCED.config(), naive.InputFormat(channels=3, size=32, mean=(0,) * 3, std=(1,) * 3)
    )
    names = [type(step).__name__ for step in chain.transforms]  # type: ignore[attr-defined]
    assert names == ["Lambda", "Resize", "RandomHorizontalFlip", "RandomCrop", "ToTensor", "Normalize"]


def test_an_augmentation_that_the_naive_side_does_not_have_is_refused() -> None:
    config = LENET.config(augmentation=(AugmentationStep(name="flip_vertical"),))
    with pytest.raises(ValueError, match="course's augmentation"):
        naive.naive_transform(config, naive.InputFormat(channels=3, size=32, mean=(0,) * 3, std=(1,) * 3))


def test_the_naive_loop_learns(home: Path) -> None:
    data, config = load("digits"), MNIST.config()
    trainer = Trainer(dataclasses.replace(config, dataset="digits"), data, make_split(data))
    transform = naive.naive_transform(config, trainer.format)
    images = naive.NaiveImages(naive.pictures_of(data.images[:256]), data.labels[:256].tolist(), transform)
    loader = naive.naive_loader(images, batch_size=32, shuffle=True)
    assert sum(1 for _images in naive.naive_training(trainer.model, loader, config, epochs=8)) == 8 * 8
    judged = naive.naive_loader(images, batch_size=64, shuffle=False)
    assert naive.naive_accuracy(trainer.model, judged) > 0.7  # of the images that it has learned; guessing gives 0.1


def test_judging_looks_at_every_image_once(home: Path) -> None:
    job = jobs.Job(name="f", title="", dataset="shapes", model="resnet18", batch=16, limit=20)
    pair = jobs.forward_pair(job, image_size=32)
    a, b = take_turn(pair.naive, 1), take_turn(pair.ours, 1)
    assert a.images == b.images == 20


# The frozen backbone


FROZEN = jobs.Job(name="z", title="Frozen", dataset="shapes", model="resnet18", batch=16, limit=32)


def test_a_frozen_backbone_is_measured_to_the_end_without_anything_kept_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throughput, "FROZEN_EPOCHS", 2)
    monkeypatch.setattr(jobs, "FROZEN_EPOCHS", 2)
    row = throughput.frozen(FROZEN, pairs=2, seconds=0.01, image_size=32)
    assert (len(row.naive), len(row.ours), row.images, row.steps) == (2, 2, 32, 4)
    assert "computed" in row.note
    assert not feature_files.folder().exists()  # what was kept lay in homes of its own


def test_a_training_that_takes_too_long_is_computed_from_its_last_epoch(home: Path) -> None:
    trainer = jobs.training_pair(LENET, dataset="shapes", batch_size=32, limit=64).trainer
    whole = jobs.whole_training(trainer, at_most=0.0)
    assert whole.epochs == 1
    assert whole.seconds > 0


def test_an_empty_home_is_only_lent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = where()
    with jobs.empty_home():
        assert where() != before
        assert list(where().iterdir()) == []
    assert where() == before
    monkeypatch.delenv("CNN_LAB_HOME")
    with jobs.empty_home():
        pass
    assert "CNN_LAB_HOME" not in os.environ


def test_a_head_is_fitted_on_features_that_nobody_has_to_compute(home: Path) -> None:
    row = throughput.head(FROZEN, pairs=2, count=64)
    assert (len(row.naive), len(row.ours), row.images) == (2, 2, 64)
    trainer = jobs.head_trainer(FROZEN, seed=0, count=64)
    before = trainer.model.get_submodule("backbone").state_dict()["conv1.weight"].clone()
    whole = jobs.whole_training(trainer, at_most=60.0)
    assert whole.epochs == trainer.config.epochs
    assert trainer.progress.step == trainer.config.epochs * (64 // 16)
    assert torch.equal(before, trainer.model.get_submodule("backbone").state_dict()["conv1.weight"])


# Skipping


def test_a_learning_curve_is_trained_once_from_the_same_images_on_both_sides(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning_curve, "DATASET", "shapes")
    wanted = learning_curve.trainings(sizes=(64,), seeds=2, arms=("lenet", "efficientnet_lite0"))
    assert [(one.model, one.seed) for one in wanted] == [
        ("efficientnet_lite0", 0),
        ("efficientnet_lite0", 1),
        ("lenet", 0),
        ("lenet", 1),
    ]
    first, last = wanted[0].config(), wanted[2].config()
    same = ("recipe", "epochs", "batch_size", "limit", "seed", "dataset", "image_size", "slips")
    assert [getattr(first, name) for name in same] == [getattr(last, name) for name in same]
    file = home / "curve.safetensors"
    made = learning_curve.measure(file, wanted[2:], epochs=1, tell=lambda _text: None)
    assert {images: len(found) for images, found in made.accuracies("lenet").items()} == {64: 2}
    assert len(made.labels) == 600
    monkeypatch.setattr(learning_curve, "Trainer", None)  # nothing is trained a second time
    again = learning_curve.measure(file, wanted[2:], epochs=1, tell=lambda _text: None)
    assert np.array_equal(again.predicted, made.predicted)


def test_a_training_of_the_learning_curve_that_is_stopped_goes_on_from_its_last_epoch(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning_curve, "DATASET", "shapes")
    wanted = learning_curve.trainings(sizes=(64,), seeds=1, arms=("lenet",))
    whole = learning_curve.measure(home / "whole.safetensors", wanted, epochs=2, tell=lambda _text: None)
    save, trained = learning_curve.save_state, []

    def stop_after_saving(folder: Path, *state: Any) -> None:
        trained.append(save(folder, *state).name)
        if len(trained) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(learning_curve, "save_state", stop_after_saving)
    with pytest.raises(KeyboardInterrupt):
        learning_curve.measure(home / "parts.safetensors", wanted, epochs=2, tell=lambda _text: None)
    parts = learning_curve.measure(home / "parts.safetensors", wanted, epochs=2, tell=lambda _text: None)
    assert [name.rpartition("-")[2] for name in trained] == ["0001", "0002"]
    assert np.array_equal(parts.predicted, whole.predicted)
    assert list((home / "benchmarks" / "learning-curve").iterdir()) == []


def test_the_curve_that_ships_was_judged_on_the_test_images_of_what_ships_beside_it() -> None:
    curve = read_curve(curve_file(learning_curve.DATASET))
    assert curve is not None
    cards = {one.card.model: one for one in shipped() if one.card.dataset == curve.dataset}
    assert {cards[model].card.split_fingerprint for model in curve.models} == {curve.split_fingerprint}
    stored = cards["efficientnet_lite0"].predictions()
    assert stored is not None
    assert np.array_equal(stored.labels, curve.labels)
    wanted = {(one.model, one.images or 16_856, one.seed) for one in learning_curve.trainings(seeds=3)}
    trained = [(point.model, point.images, point.seed) for point in curve.points]
    assert set(trained) <= wanted
    assert len(set(trained)) == len(trained)
    for model in curve.models:  # all sizes, each but the largest by three seeds
        counts = {images: len(found) for images, found in curve.accuracies(model).items()}
        assert counts.keys() == {100, 468, 1_000, 4_000, 16_856}
        assert {counts[images] for images in (100, 468, 1_000, 4_000)} == {3}


def test_a_row_without_its_data_is_skipped_with_the_reason(home: Path) -> None:
    assert availability("cifar10") == "hub"
    row = throughput.measure([LENET], pairs=1, seconds=0.01, tell=lambda _text: None)[0]
    assert "CNN_LAB_DATA" in row.skipped
    assert (row.ours, row.ratio) == ((), None)


@pytest.mark.data
def test_files_are_those_of_the_images_asked_for() -> None:
    folder, spec, places = source_folder(datasets["mnist"]), datasets["mnist"], np.array([7, 3, 59_999])
    assert folder is not None
    stored = ParquetFile(folder / "train.parquet").read(["image"]).column("image")
    images = np.zeros((60_000, 1, 28, 28), np.uint8)  # what a decoded copy holds, at these places
    for place in places.tolist():
        images[place, 0] = np.asarray(Image.open(io.BytesIO(stored[place]["bytes"].as_py())))
    decoded = dataclasses.replace(load("digits", size=28), spec=spec, images=images)
    for bytes_, pixels, place in zip(files(spec, places), pictures_for(decoded, places), places, strict=True):
        image = naive.NaiveImages([bytes_, pixels], [0, 0], np.asarray)  # type: ignore[arg-type]
        assert np.array_equal(image[0][0], image[1][0])
        assert np.array_equal(image[0][0], images[place, 0])


# Time to accuracy

GOAL = accuracy.Goal(
    name="tiny",
    dataset="shapes",
    model="lenet",
    targets={0.0: None, 1.1: 5.0},  # type: ignore[dict-item]
    naive_model="lenet",
    recipe="notebook",
    settings={"epochs": 2, "limit": 64},
)


def test_seconds_to_a_target_end_with_the_first_epoch_that_reaches_it() -> None:
    curve = [{"val_accuracy": value, "seconds": 2.0} for value in (0.5, 0.7, 0.6, 0.7)]
    assert accuracy.seconds_to(curve, 0.7) == 4.0
    assert accuracy.seconds_to(curve, 0.71) is None


def test_a_training_that_is_done_is_not_done_again(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []
    train = accuracy.train
    monkeypatch.setattr(
        accuracy, "train", lambda config, **side: (trained.append(config.seed), train(config, **side))[1]
    )
    monkeypatch.setattr(accuracy, "training_code", lambda: "this code")
    log = tmp_path / "log.jsonl"

    def measure(seeds: int) -> Any:
        return accuracy.measure([GOAL], seeds=seeds, naive=False, epochs=None, log=log, tell=lambda _text: None)[0]

    measure(1)
    log.write_text(log.read_text() + '{"row": "tiny", "half')  # a crash in the middle of a line
    row = measure(2)
    assert trained == [0, 1]
    assert [len(reached.ours) for reached in row.targets] == [2, 2]
    assert row.targets[0].ours_median is not None
    assert row.targets[1].ours == (None, None)
    assert [end.test_n for end in row.trainings] == [600, 600]
    assert len(log.read_text().splitlines()) == 3
    measure(2)
    assert trained == [0, 1]
    monkeypatch.setattr(accuracy, "training_code", lambda: "other code")
    measure(1)
    assert trained == [0, 1, 0]


def test_a_naive_loop_of_fewer_seeds_is_not_compared_with(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accuracy.Goal, "naive_config", lambda self, seed: self.config(seed, epochs=1))
    measure = functools.partial(accuracy.measure, [GOAL], epochs=1, log=tmp_path / "l", tell=lambda _text: None)
    measure(seeds=1, naive=True)
    row = measure(seeds=2, naive=False)[0]
    assert [end.side for end in row.trainings] == ["ours", "naive", "ours"]
    assert row.naive_title == ""
    assert {reached.naive for reached in row.targets} == {()}


def test_the_naive_loop_can_be_trained_beside(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy.Goal, "naive_config", lambda self, seed: self.config(seed, epochs=1))
    row = accuracy.measure([GOAL], seeds=1, naive=True, epochs=1, log=tmp_path / "l", tell=lambda _text: None)[0]
    assert [end.side for end in row.trainings] == ["ours", "naive"]
    assert row.targets[0].ratio is not None
    assert row.naive_title == "LeNet-style CNN, recipe notebook"
    monkeypatch.setattr(accuracy, "train", lambda _config, **_side: pytest.fail("nothing is left to train"))
    again = accuracy.measure([GOAL], seeds=1, naive=False, epochs=1, log=tmp_path / "l", tell=lambda _text: None)[0]
    assert [end.side for end in again.trainings] == ["ours", "naive"]


def test_every_goal_is_a_recipe_that_exists() -> None:
    for goal in accuracy.GOALS:
        assert goal.config(1).seed == goal.naive_config(1).seed == 1
        assert goal.naive_config(0).recipe == "notebook"


# Result files and the page

FIXTURE: dict[str, Fields] = json.loads((Path(__file__).parent / "benchmark_results.json").read_text(encoding="utf-8"))


def test_a_result_has_the_promised_fields(tmp_path: Path) -> None:
    row = Comparison(name="a", title="A", unit="img/s", batch=8, naive=(1.0, 2.0, 3.0), ours=(4.0, 6.0, 5.0))
    path = write(Measurement("throughput").fields([row]), tmp_path / "2026-01-02-throughput.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    assert set(fields) == {"kind", "date", "commit", "machine", "load_before", "load_after", "versions", "rows"}
    assert {"cpu", "cores", "ram_gib", "threads", "name"} <= set(fields["machine"])
    assert fields["machine"]["threads"] == torch.get_num_threads()
    assert {"python", "torch", "torchvision", "numpy", "pillow"} <= set(fields["versions"])
    assert len(fields["load_before"]) == len(fields["load_after"]) == 3
    wanted = {"naive": [1.0, 2.0, 3.0], "ours": [4.0, 6.0, 5.0], "naive_median": 2.0, "ours_median": 5.0, "ratio": 2.5}
    assert {name: fields["rows"][0][name] for name in wanted} == wanted


def test_this_machine_has_a_name_without_a_path() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert f"{machine.threads} thread" in machine.name


def test_the_newest_result_of_each_kind_is_found(tmp_path: Path) -> None:
    for name in ("2026-01-09-throughput.json", "2026-01-10-throughput.json", "2026-01-01-screen.json", "other.json"):
        (tmp_path / name).write_text(json.dumps({"name": name}))
    assert newest(tmp_path) == {
        "throughput": {"name": "2026-01-10-throughput.json"},
        "screen": {"name": "2026-01-01-screen.json"},
    }


def test_pairs_that_are_measured_later_stand_among_the_others(tmp_path: Path) -> None:
    def written(date: str, *models: str) -> None:
        rows = [
            {"name": f"a-{model}", "dataset": "A", "model": model, "recipe": "modern", "on": date} for model in models
        ]
        (tmp_path / f"{date}-defaults.json").write_text(json.dumps({"date": date, "rows": rows}))

    written("2026-01-01", "Dense", "LeNet")
    written("2026-01-02", "Fast", "LeNet")
    written("2026-01-03", "ResNet")
    found = newest(tmp_path)["defaults"]
    assert {row["model"]: row["on"][-1] for row in found["rows"]} == {
        "Dense": "1",
        "LeNet": "2",
        "Fast": "2",
        "ResNet": "3",
    }
    page = pairs_page({**found, "rows": []}, origin=lambda part: f"Measured on {part['date']}.")
    origins = [line for line in page.splitlines() if "Measured on" in line]
    assert origins == [
        "**ResNet on A.** Measured on 2026-01-03.",
        "**Fast and LeNet on A.** Measured on 2026-01-02.",
        "**Dense on A.** Measured on 2026-01-01.",
    ]


def test_what_of_the_screen_is_measured_later_has_a_table_of_its_own() -> None:
    old = {**FIXTURE["screen"], "date": "2026-01-01T10:00:00+00:00"}
    new = {**old, "date": "2026-01-02T10:00:00+00:00", "rows": [{**old["rows"][0], "median": 0.05}]}  # type: ignore[dict-item]
    text = page({"screen": joined(old, new)})
    first, second = text.partition("Measured on 2026-01-01")[::2]
    assert "| Kernel to picture | 0.050 s |" in first
    assert "Kernel to picture" not in second


def test_the_page_has_the_figures_of_the_results() -> None:
    text = page(FIXTURE)  # type: ignore[arg-type]
    for figure in (
        "2026-11-20",
        "Imaginary CPU 9000, 2 cores, 24 GiB, no GPU, 2 threads",
        "1.25 / 1.10 / 0.90 before, 2.05 / 1.80 / 1.20 after",
        "Python 3.11.7, torch 2.15.0",
        "| MNIST, strided CNN | 512 | 4,000 img/s | 24,000 img/s | float32 | **6.0** (5.6 to 6.4) | ≥ 6 |",
        "| 980 s | 21.4 s | bfloat16 | **45.8** (44.0 to 47.3) | ≥ 40 |",
        "| 99.0 % | 14 s | 12.5 s, 14 s, 15.5 s | 2.1 min | **9.0** | ≤ 20 s |",
        "| 99.4 % | – | 61 s, –, 70 s |",
        "99.47 % (99.31 % to 99.59 %) | 10,000 |",
        "| Kernel to picture | 0.110 s | **0.180 s** | 4 | p95 ≤ 0.2 s |",
        "**3.0 %** | – | 3 | ≤ 5 % |",
        "| the whole recipe | 81.00 % | 80.0 %, 82.0 % | – |",
        "| 77.50 % | 77.0 %, 78.0 % | **−3.5** ± 0.5 |",
        "| MNIST, strided CNN | 512 | float32 | 20.0 ms | 5 % | 20 % | 70 % | 5 % | 50 | 25 % |",
    ):
        assert figure in text, figure
    assert "computed from 20 measured steps" in text
    assert "Skipped: cifar10 is not on this machine" in text


def test_every_row_of_the_results_is_on_the_page() -> None:
    text = page(FIXTURE)  # type: ignore[arg-type]
    titles = [row["title"] for fields in FIXTURE.values() for row in fields["rows"]]
    assert [title for title in titles if title not in text] == []


def test_a_page_of_one_kind_says_nothing_of_the_others() -> None:
    text = page({"screen": FIXTURE["screen"]})
    assert "## The screen" in text
    assert "## Images a second" not in text


def test_a_shipped_model_is_held_to_the_hardest_target_of_its_recipe() -> None:
    card = next(checkpoint.card for checkpoint in shipped() if checkpoint.card.name == "mnist-fast_cnn")
    row = next(curves([card]))
    assert (row.target, row.reach, row.epochs) == (0.994, 120, len(card.history))
    reached = next(done.epoch for done in card.history if done.val_accuracy >= 0.994)
    assert row.reached == pytest.approx(sum(done.seconds for done in card.history[:reached]))
    assert row.seconds == pytest.approx(sum(done.seconds for done in card.history))
    line = f"| {card.title} | {card.created[:10]} | {card.device} | {len(card.history)} |"
    assert line in page({}, [row])
    other = dataclasses.replace(card, config=dataclasses.replace(card.config, recipe="notebook"))
    assert list(curves([other, dataclasses.replace(card, history=())])) == []


def test_the_chart_has_a_bar_for_every_ratio() -> None:
    chart = documents(FIXTURE, [])[CHART]  # type: ignore[arg-type]
    ElementTree.fromstring(chart)
    assert "6.0×" in chart
    assert "45.8×" in chart
    assert chart.count('fill="#0072b2"') == sum(row["ratio"] is not None for row in FIXTURE["throughput"]["rows"])


def test_the_page_says_what_naive_is_and_how_to_measure() -> None:
    text = page(FIXTURE)  # type: ignore[arg-type]
    assert "**Naive** is the loop that courses teach" in text
    for command in main.commands:
        assert f"python -m benchmarks {command}" in text


def test_the_document_in_the_repository_is_what_the_report_makes_of_the_results() -> None:
    found = newest(FOLDER)
    if not found:
        assert not PAGE.exists(), "docs/speed.md has figures, but there are no results that they could come from"
        assert not CHART.exists()
        pytest.skip("no results have been kept yet, and so there is no page to compare")
    for path, text in documents(found, list(curves(checkpoint.card for checkpoint in shipped()))).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m benchmarks report"


def test_every_kept_result_can_be_reported() -> None:
    for path in FOLDER.glob("*.json"):
        fields = json.loads(path.read_text(encoding="utf-8"))
        assert fields["kind"] in KINDS
        assert path.name == f"{fields['date'][:10]}-{fields['kind']}.json"
        page({fields["kind"]: fields})


# The ablation


def test_every_variant_but_the_first_lacks_something_and_says_why() -> None:
    configs = [ablation.config_of(variant, seed=1, epochs=2, limit=600) for variant in ablation.VARIANTS]
    assert len({config.to_json() for config in configs}) == len(configs)
    assert all(variant.reason for variant in ablation.VARIANTS[1:])
    by_name = dict(zip([variant.name for variant in ablation.VARIANTS], configs, strict=True))
    assert [step.name for step in by_name["turns"].augmentation] == ["flip_horizontal", "crop", "erasing"]
    assert [step.name for step in by_name["shift"].augmentation] == ["flip_alternating", "erasing"]


def test_an_ablation_compares_seed_by_seed() -> None:
    row = Ablated(name="a", title="A", reason="", accuracies=(0.7, 0.9), whole=(0.8, 0.9), n=10, epochs=1, images=None)
    assert row.difference == pytest.approx(-0.05)
    assert row.spread == pytest.approx(0.05)


def test_an_ablation_trains_what_is_missing_and_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablation, "DATASET", "shapes")  # CIFAR-10 has to be decoded, and 5,000 images of it judged
    told: list[str] = []
    settings = {"precision": "fp32", "model_arguments": {"widths": (8, 8)}, "batch_size": 128}
    for _time in range(2):
        rows = ablation.measure(
            ablation.VARIANTS[:1], seeds=2, epochs=1, limit=256, log=tmp_path / "log", tell=told.append, **settings
        )
    assert [row.name for row in rows] == ["whole"]
    assert len(rows[0].accuracies) == 2
    assert sum(text.endswith("…") for text in told) == 2


# Every pair that is offered


def test_every_pair_that_the_page_offers_is_tried_with_every_recipe() -> None:
    offered = {f"{data}-{model}-{recipe}" for data in datasets for model in fitting_models(data) for recipe in RECIPES}
    assert {offer.name for offer in defaults.OFFERS} == offered
    assert [offer.dataset for offer in defaults.OFFERS if offer.is_default] == list(datasets)


@pytest.mark.parametrize(
    ("seconds", "epochs", "limit"),
    # Of 1,170 images, of which whole batches are 1,152, and 260 to judge, 1 ms each; 521 images are 512 in batches.
    [(100.0, 20, None), (11.6, 9, None), (1.3, 1, None), (0.6, 1, 521)],
)
def test_a_training_is_made_shorter_by_epochs_and_then_by_images(
    seconds: float, epochs: int, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defaults, "image_seconds", lambda *_args, **_settings: 0.001)
    config = recipe_config("modern", dataset="digits", model="lenet")
    data = load("digits")
    split = make_split(data)
    assert (len(split.train), len(split.validation)) == (1170, 260)
    short = defaults.shortened(config, data, split, seconds=seconds)
    assert (short.epochs, short.limit) == (epochs, limit)
    assert dataclasses.replace(short, epochs=config.epochs, limit=None) == config


def test_a_pair_that_is_measured_is_trained_once(tmp_path: Path) -> None:
    told: list[str] = []
    offer = defaults.Offer(dataset="digits", model="simple_nn", recipe="notebook")
    for _time in range(2):
        rows = defaults.measure([offer], seeds=1, seconds=0.05, log=tmp_path / "log", tell=told.append)
    assert sum(text.endswith("…") for text in told) == 1
    assert (rows[0].name, rows[0].chance, rows[0].is_default) == ("digits-simple_nn-notebook", 0.1, False)


def test_a_whole_training_that_ends_near_chance_is_marked() -> None:
    row = Tried(
        name="a",
        dataset="Shapes",
        model="Dense",
        recipe="modern",
        is_default=True,
        chance=1 / 6,
        accuracies=(0.95, 0.217),
        n=280,
        epochs=3,
        of_epochs=20,
        images=500,
    )
    assert row.learns is None
    assert dataclasses.replace(row, accuracies=(0.95, 0.38)).learns is True
    ships = dataclasses.replace(row, ships=0.91)
    assert ships.learns is True
    assert "| 95.0, 21.7 % | 91.0 % when trained to its end, as it ships | 3 of 20 | 500 |" in pairs_table(
        {"rows": [dataclasses.asdict(ships)]}
    )
    whole = dataclasses.replace(row, epochs=20, images=None)
    assert whole.learns is False
    table = pairs_table({"rows": [dataclasses.asdict(row), dataclasses.asdict(whole)]})
    assert (
        "| Shapes | Dense (default) | `modern` | 16.7 % | 95.0, 21.7 % | too short to tell | 3 of 20 | 500 |" in table
    )
    assert "| Shapes | Dense (default) | `modern` | 16.7 % | 95.0, 21.7 % | **near chance** | 20 | all |" in table


def test_what_the_page_begins_with_leaves_chance_far_behind() -> None:
    found = newest(FOLDER).get("defaults")
    if found is None:
        pytest.skip("the pairs have not been measured yet")
    begun = [row for row in found["rows"] if row["is_default"] and not row["skipped"]]
    assert len(begun) >= 5
    assert [row["name"] for row in begun if row["learns"] is not True] == []


# Where a step's time goes


def test_a_profile_shares_a_step_out_and_compares_its_arithmetic_with_a_large_product() -> None:
    seconds = {"batch": 0.01, "forward": 0.02, "backward": 0.06, "optimizer": 0.01}
    row = Profiled(name="a", title="A", batch=8, seconds=seconds, flops=8_000_000, product_flops=2e8)
    assert row.step_seconds == pytest.approx(0.1)
    assert row.shares == pytest.approx({"batch": 0.1, "forward": 0.2, "backward": 0.6, "optimizer": 0.1})
    assert row.flops_a_second == pytest.approx(1e8)
    assert row.of_product == pytest.approx(0.5)


def test_a_profile_counts_the_arithmetic_of_lenet_and_takes_real_steps() -> None:
    job = dataclasses.replace(LENET, dataset="shapes")
    trainer = step_profile.trainer_of(job, limit=256, precision="fp32")
    before = trainer.model.get_parameter("conv1.weight").detach().clone()
    row = step_profile.profile(job, trainer, seconds=0.01)
    first = 28 * 28 * 6 * 3 * 25  # multiplications of an image's first convolution
    rest = 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 6
    assert row.flops == 64 * 2 * (2 * first + 3 * rest)  # the input of the first one needs no gradient
    assert row.steps >= 1
    assert row.product_flops > 0
    assert not torch.equal(before, trainer.model.get_parameter("conv1.weight"))


def test_a_profile_of_judging_has_no_backward_pass() -> None:
    row = Profiled(
        name="a", title="A", batch=8, seconds={"batch": 0.01, "forward": 0.03}, flops=3_000, product_flops=2e5
    )
    assert row.shares == pytest.approx({"batch": 0.25, "forward": 0.75})
    assert row.flops_a_second == pytest.approx(1e5)
    fields = {"rows": [dataclasses.asdict(row)]}
    assert "| 25 % | 75 % | – | – |" in profile_table(fields)


def test_a_profile_of_the_head_takes_its_steps_on_kept_features() -> None:
    trainer = step_profile.trainer_of(jobs.HEAD)
    row = step_profile.profile(jobs.HEAD, trainer, seconds=0.01)
    assert row.flops == 64 * 512 * 2 * 2 * 2  # forward, and backward to the weights: features need no gradient
    assert set(row.shares) == {"batch", "forward", "backward", "optimizer"}
    assert row.steps >= 1


def test_a_profile_of_resnet18_judges_and_leaves_its_weights_and_statistics_alone() -> None:
    trainer = step_profile.trainer_of(dataclasses.replace(jobs.FORWARD, dataset="shapes", limit=4))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    row = step_profile.profile(jobs.FORWARD, trainer, seconds=0.01)
    assert set(row.shares) == {"batch", "forward"}
    assert row.batch == 4
    assert all(torch.equal(before[name], value) for name, value in trainer.model.state_dict().items())


# Cores of their own


def test_what_is_started_meanwhile_stays_on_its_cores() -> None:
    parts = halves()
    if parts is None:
        pytest.skip("this machine has a single core, or keeps no list of cores for a process")
    own = psutil.Process()
    before = own.cpu_affinity()
    assert sorted(parts[0] + parts[1]) == sorted(before)
    with confined(parts[1], own):
        code = "import psutil; print(*psutil.Process().cpu_affinity())"
        started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [int(core) for core in started.stdout.split()] == parts[1]
    assert own.cpu_affinity() == before


# The command line


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments)


def test_part_of_the_rows_is_printed_and_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.results.FOLDER", tmp_path / "results")
    done = run("throughput", "--only", "cifar10-lenet", "--pairs", "1", "--seconds", "0.01")
    assert done.exit_code == 0, done.output
    assert "CIFAR-10, LeNet" in done.output
    assert not (tmp_path / "results").exists()
    kept = tmp_path / "mine.json"
    assert run("throughput", "--only", "cifar10-lenet", "--out", str(kept)).exit_code == 0
    assert json.loads(kept.read_text(encoding="utf-8"))["rows"][0]["skipped"]


@pytest.mark.parametrize("command", ["throughput", "accuracy", "screen"])
def test_an_unknown_row_is_bad_usage_and_names_the_known_ones(command: str) -> None:
    done = run(command, "--only", "nothing")
    assert done.exit_code == 2
    assert "There is no row 'nothing'; there is" in done.output


def test_a_report_of_nothing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.__main__.FOLDER", tmp_path)
    done = run("report")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "measure first" in done.output


def test_every_command_and_option_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    calls = [call.split() for call in re.findall(r"python -m benchmarks ([^`\n|#]+)", text)]
    assert {words[0] for words in calls} == set(main.commands)
    for words in calls:
        command: click.Command = main.commands[words[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


# The screen


def test_a_page_that_does_not_answer_costs_its_own_rows_alone() -> None:
    from playwright.sync_api import Error

    from benchmarks.screen import looked

    def look() -> list[Seen]:
        raise Error("not seen after keydown in 180 s: atRest()\n    at a line of JavaScript")

    (row,) = looked("convolution", look)
    assert (row.name, row.skipped) == ("convolution", "not seen after keydown in 180 s: atRest()")


def test_the_runs_of_the_list_that_is_measured_are_as_workers_leave_them(tmp_path: Path) -> None:
    from benchmarks.screen.lists import EVERY, fill
    from core.checkpoints import figures
    from core.runs.store.listed import listed
    from core.runs.store.store import Store

    with contextlib.closing(Store(tmp_path / "lab.sqlite3")) as store:
        fill(store, 2 * EVERY)
        runs = listed(store)
        assert [run.name.split()[-1] for run in runs] == [str(number) for number in reversed(range(2 * EVERY))]
        assert all(store.get(run.id).config.to_json() == run.config for run in runs)
    ended = [run for run in runs if run.network is not None]
    assert [run.status for run in ended] == ["finished"] * 2
    assert all(run.epochs_done == run.epochs and (run.training_seconds or 0) > 0 for run in ended)
    assert all(figures(cast(Path, run.network)).metrics for run in ended)


def test_a_screen_row_shows_the_figure_that_its_target_is_about() -> None:
    slow = Seen(name="k", title="Kernel", unit="s", values=(0.1, 0.2), target=0.2, statistic="p95")
    watched = Seen(
        name="w",
        title="Watched",
        unit="img/s",
        values=(90.0,),
        without=(100.0,),
        target=0.05,
        slowdown=0.1,
        statistic="slowdown",
    )
    table = screen_table({"rows": [dataclasses.asdict(row) for row in (slow, watched)]})
    assert "| Kernel | 0.150 s | **0.200 s** | 2 | p95 ≤ 0.2 s |" in table
    assert "**10.0 %**" in table


@pytest.mark.parametrize(
    ("ratio", "seconds", "words"), [(3, 1, ("", "")), (5, 3, ("", "missed")), (2, 1, ("missed", ""))]
)
def test_a_goal_that_is_missed_is_said_to_be(ratio: float, seconds: float, words: tuple[str, str]) -> None:
    faster = Comparison(name="a", title="A", unit="img/s", batch=8, naive=(1,), ours=(ratio,), target_ratio=3)
    shorter = Comparison(name="b", title="B", unit="s", batch=8, naive=(9,), ours=(seconds,), target=2)
    lines = throughput_table({"rows": [dataclasses.asdict(row) for row in (faster, shorter)]}).splitlines()[2:]
    assert ["missed" if "**missed**" in line else "" for line in lines] == list(words)


def test_a_target_that_no_seed_or_not_every_seed_reaches_is_missed() -> None:
    reached = [Reached(target=0.9, reach=60, ours=ours, naive=()) for ours in ((50, 70, 55), (50, None, 55), (61,), ())]
    row = TimeToAccuracy(name="a", title="A", recipe="modern", targets=tuple(reached))
    lines = accuracy_table({"rows": [dataclasses.asdict(row)]}).splitlines()[2:]
    assert ["**missed**" in line for line in lines] == [False, True, True, False]
    curve = ShippedCurve(
        title="A",
        device="CPU",
        date="2026-01-01",
        epochs=3,
        seconds=90,
        best_validation=0.89,
        target=0.9,
        reach=60,
        reached=None,
    )
    assert "| never | ≤ 60 s, **missed** |" in shipped_table([curve])


def test_a_page_that_is_too_slow_or_too_heavy_is_said_to_be() -> None:
    rows = [
        Seen(name="a", title="A", unit="s", values=(1.0, 2.0, 9.0), target=2, statistic="median"),
        Seen(name="b", title="B", unit="s", values=(1.0, 2.0, 9.0), target=2, statistic="p95"),
        Seen(name="c", title="C", unit="img/s", values=(94.0,), target=0.05, statistic="slowdown", slowdown=0.06),
        Seen(name="d", title="D", unit="s", target=2, statistic="median", skipped="it is not here"),
    ]
    lines = screen_table({"rows": [dataclasses.asdict(row) for row in rows]}).splitlines()[2:6]
    assert ["**missed**" in line for line in lines] == [False, True, True, False]


def test_a_throughput_table_of_a_skipped_row_has_a_dash_for_every_figure() -> None:
    row = Comparison(name="x", title="X", unit="img/s", batch=4, skipped="it is not here", target_ratio=2)
    table = throughput_table({"rows": [dataclasses.asdict(row)]})
    assert "| X [1] | 4 | – | – | – | – | ≥ 2 |" in table
    assert "[1] Skipped: it is not here." in table
