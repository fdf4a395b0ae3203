"""A plan in a file, its points in the store: whoever trains one of its trainings has filled it in."""

import dataclasses
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.config import TrainingConfig
from core.errors import RunError
from core.rights import OPERATOR, Person, RightsError
from core.runs.experiments import kept
from core.runs.experiments.plan import Arm, Experiment, run_name
from core.runs.experiments.results import found, progress_words, spread_words
from core.runs.records import Run
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store

CONFIG = TrainingConfig(dataset="digits", model="lenet", image_size=32, epochs=2)


def arms(line: str = "LeNet", **fields: Any) -> list[Arm]:
    """Two arms: on 100 and on 1,000 images."""
    return [
        Arm(line=line, label=f"{n:,}", at=n, config=dataclasses.replace(CONFIG, limit=n, **fields)) for n in (100, 1000)
    ]


def begin(store: Store, *, seeds: tuple[int, ...] = (0, 1), lines: tuple[str, ...] = ("LeNet",)) -> Experiment:
    every = [arm for place, line in enumerate(lines) for arm in arms(line, learning_rate=0.1 + place / 10)]
    return kept.begin(store.home, name="How much?", owner="ada", varied="training images", arms=every, seeds=seeds)


def finish(store: Store, run: Run, status: Any = "finished") -> None:
    """Bring the next run of the queue, which is to be ``run``, to its end."""
    claim = Queue(store).claim(slots=1, threads=1)
    assert claim is not None
    assert claim.run_id == run.id
    lease = Lease(store, claim.run_id, claim.fence)
    lease.begin("{}")
    lease.end(status, reason="completed")
    (held,) = Queue(store).held()
    Queue(store).gone(held, log="", forced=False)


def test_an_experiment_is_read_back_as_it_was_kept(store: Store) -> None:
    experiment = begin(store)
    assert kept.get(store.home, experiment.id) == experiment
    assert kept.kept(store.home) == [experiment]
    assert json.loads((store.home / "experiments" / f"{experiment.id}.json").read_text())["name"] == "How much?"


def test_every_arm_gets_its_first_point_before_any_gets_its_second(store: Store) -> None:
    experiment = begin(store)
    points = kept.points(store, experiment)
    assert [(point.arm.label, point.arm.config.seed) for point in points] == [
        ("100", 0),
        ("1,000", 0),
        ("100", 1),
        ("1,000", 1),
    ]
    assert all(point.open and point.run is None for point in points)


def test_one_click_queues_what_is_open_and_a_second_one_nothing(store: Store) -> None:
    experiment = begin(store)
    runs = kept.train_open(store, experiment, owner="ada")
    assert [run.name for run in runs] == [f"How much?: {n}, seed {seed}" for seed in (0, 1) for n in ("100", "1,000")]
    assert kept.train_open(store, experiment, owner="ada") == []
    assert [point.run.id for point in kept.points(store, experiment) if point.run] == [run.id for run in runs]
    assert all(point.live for point in kept.points(store, experiment))


def test_a_run_that_was_there_before_is_a_point(store: Store) -> None:
    before = store.submit(dataclasses.replace(CONFIG, limit=1000, seed=1, learning_rate=0.1), "grace", "by hand")
    experiment = begin(store)
    (point,) = [point for point in kept.points(store, experiment) if point.run]
    assert (point.number, point.arm.config.seed, point.run and point.run.id) == (1, 1, before.id)


def test_students_who_ask_at_the_same_moment_get_different_points(store: Store) -> None:
    experiment = begin(store, seeds=(0, 1, 2, 3))
    threads = [
        threading.Thread(target=kept.train_open, args=(store, experiment), kwargs={"owner": f"s{n}", "at_most": 1})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = store.list()
    assert len({run.config.to_json() for run in runs}) == len(runs) == 8
    assert {run.owner for run in runs} == {f"s{n}" for n in range(8)}


def test_what_was_stopped_is_open_again_and_what_is_deleted_too(store: Store) -> None:
    experiment = begin(store, seeds=(0,))
    first, second = kept.train_open(store, experiment, owner="ada")
    store.request_stop(first.id, by=OPERATOR)
    store.request_stop(second.id, by=OPERATOR)
    store.delete(second.id, by=OPERATOR)
    assert [point.open for point in kept.points(store, experiment)] == [True, True]
    again = kept.train_open(store, experiment, owner="grace")
    assert [point.run and point.run.id for point in kept.points(store, experiment)] == [run.id for run in again]


def test_of_two_runs_of_one_training_the_one_that_has_ended_well_is_the_point(store: Store) -> None:
    experiment = begin(store, seeds=(0,))
    (first,) = kept.train_open(store, experiment, owner="ada", at_most=1)
    finish(store, first)
    store.submit(first.config, "grace", "the same again")
    assert kept.points(store, experiment)[0].run == store.get(first.id)


def figures(accuracies: dict[str, float]) -> Any:
    def of(run: Run) -> Any:
        right = accuracies.get(f"{run.config.limit}/{run.config.seed}")
        return None if right is None else SimpleNamespace(test_accuracy=right, test_n=300, test_ci95=(0.1, 0.9))

    return of


def filled(store: Store, accuracies: dict[str, float], **about: Any) -> tuple[list[Any], list[str], str]:
    """Train an experiment to these accuracies ("100/0" → 0.9): its arms, its sentences, and how far it is."""
    experiment = begin(store, **about)
    for run in kept.train_open(store, experiment, owner="ada", at_most=len(accuracies)):
        finish(store, run)
    points = kept.points(store, experiment)
    arms_found, contrasts = found(experiment, points, figures(accuracies))
    return arms_found, [contrast.sentence for contrast in contrasts], progress_words(points, arms_found)


def test_points_appear_as_they_finish(store: Store) -> None:
    arms_found, said, how_far = filled(store, {"100/0": 0.80, "1000/0": 0.90})
    assert [spread_words(arm) for arm in arms_found] == ["80.0 % (1 seed)", "90.0 % (1 seed)"]
    assert [arm.ci95 for arm in arms_found] == [(0.1, 0.9)] * 2, "for one seed that of its test images"
    (sentence,) = said
    assert sentence.startswith("1,000 against 100 training images: +10.00 points for one seed, which does not tell")
    assert how_far == "2 of 4 points, 2 open"


def test_mean_spread_and_the_test_are_named(store: Store) -> None:
    arms_found, said, how_far = filled(
        store,
        {"100/0": 0.80, "1000/0": 0.90, "100/1": 0.82, "1000/1": 0.91, "100/2": 0.81, "1000/2": 0.92},
        seeds=(0, 1, 2),
    )
    assert spread_words(arms_found[0]) == "81.0 % ± 1.0 (3 seeds)"
    assert said[0].startswith("1,000 against 100 training images: +10.00 points (95 % interval +7.5")
    assert said[0].endswith("3 seeds): a difference (p = 0.003, paired t test over the seeds).")
    assert how_far == "6 of 6 points"


def test_two_networks_are_set_against_each_other_at_both_ends(store: Store) -> None:
    experiment = begin(store, lines=("LeNet", "ResNet-18"))
    assert list(experiment.contrasts()) == [(1, 0), (3, 2), (0, 2), (1, 3)]
    assert run_name(experiment, experiment.arms[3]) == "How much?: ResNet-18, 1,000, seed 0"


def test_values_without_a_number_are_each_set_against_each_other(store: Store) -> None:
    chains = [
        Arm(line="LeNet", label=label, at=None, config=dataclasses.replace(CONFIG, learning_rate=0.1 * place))
        for place, label in enumerate(("your own", "the recipe's", "no"), start=1)
    ]
    experiment = kept.begin(store.home, name="n", owner="ada", varied="augmentation", arms=chains, seeds=(0,))
    assert list(experiment.contrasts()) == [(0, 1), (0, 2), (1, 2)]


def test_only_who_began_it_deletes_it_and_its_runs_stay(store: Store) -> None:
    experiment = begin(store)
    kept.train_open(store, experiment, owner="ada")
    with pytest.raises(RightsError, match="somebody else's"):
        kept.delete(store.home, experiment.id, by=Person(owner="grace"))
    kept.delete(store.home, experiment.id, by=Person(owner="ada"))
    assert kept.kept(store.home) == []
    assert len(store.list()) == 4
    assert not kept.is_there(store.home, experiment.id)
    with pytest.raises(RunError, match="may have been deleted"):
        kept.train_open(store, experiment, owner="ada")
    with pytest.raises(RunError, match="may have been deleted"):
        kept.get(store.home, experiment.id)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}', "\x00", '{"arms": {"a": [1]}}'])
def test_a_damaged_file_is_a_sentence_and_hides_no_other(store: Store, text: str) -> None:
    experiment = begin(store)
    path = store.home / "experiments" / "aaaaaaaaaa.json"
    path.write_text(text)
    with pytest.raises(RunError, match="'aaaaaaaaaa' cannot be read"):
        kept.get(store.home, "aaaaaaaaaa")
    assert kept.kept(store.home) == [experiment]


def test_a_file_under_another_name_is_refused(store: Store) -> None:
    path = store.home / "experiments" / f"{begin(store).id}.json"
    (path.parent / "aaaaaaaaaa.json").write_text(path.read_text())
    with pytest.raises(RunError, match="another one's"):
        kept.get(store.home, "aaaaaaaaaa")


@pytest.mark.parametrize("name", ["../../etc", "", "a" * 11, "AAAAAAAAAA"])
def test_what_is_no_id_is_no_path(home: Path, name: str) -> None:
    with pytest.raises(RunError, match="has ten characters"):
        kept.get(home, name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": ()}, "1 to 10 seeds"),
        ({"seeds": tuple(range(11))}, "1 to 10 seeds"),
        ({"arms": ()}, "1 to 30 values"),
        ({"arms": tuple(arms() * 2)}, "one and the same training"),
        ({"name": " "}, "is empty"),
        ({"name": "a\x07b"}, "control character"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    whole = {
        "id": "aaaaaaaaaa",
        "name": "n",
        "owner": "ada",
        "created": 0.0,
        "varied": "v",
        "arms": tuple(arms()),
        "seeds": (0,),
    }
    with pytest.raises(RunError, match=words):
        Experiment(**{**whole, **change})


def test_a_hundred_runs_are_the_most(store: Store) -> None:
    many = tuple(
        Arm(line="a", label=str(n), at=n, config=dataclasses.replace(CONFIG, limit=100 + n)) for n in range(1, 12)
    )
    with pytest.raises(RunError, match="110 runs; 100 may wait"):
        kept.begin(store.home, name="n", owner="ada", varied="v", arms=many, seeds=range(10))
