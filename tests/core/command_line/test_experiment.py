"""Experiments from a terminal: begun in one command, listed, shown, and filled."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.__main__ import main
from core.command_line import experiment
from core.runs.store.store import Store


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """No supervisor is started; the stores for which one was asked for."""
    asked: list[Store] = []
    monkeypatch.setattr(experiment, "ensure_supervisor", asked.append)
    return asked


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["experiment", *arguments])


def fields(*arguments: str) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_one_command_begins_an_experiment_and_queues_its_runs(store: Store, served: list[Store]) -> None:
    begun = fields("start", "--dataset", "digits", "--model", "lenet", "--images", "100,500", "--seeds", "2")
    assert {
        "points": 4,
        "open": 0,
        "finished": 0,
        "varied": "training images",
        "seeds": [0, 1],
    }.items() <= begun.items()
    assert [run.config.limit for run in store.list()] == [500, 100, 500, 100]
    assert len(served) == 1
    assert begun["id"] in call("list").stdout
    assert "4 waiting or at work" in call("show", begun["id"]).stdout
    shown = fields("show", begun["id"])
    assert [value["value"] for value in shown["values"]] == ["100", "500"]
    assert fields("go-on", begun["id"])["points"] == len(store.list())


def test_an_ingredient_is_left_out_of_every_network(store: Store) -> None:
    fields("start", "--dataset", "digits", "--model", "strided_cnn", "--without", "batch_norm", "--seeds", "1")
    assert [run.config.model_arguments["batch_norm"] for run in store.list()] == [False, True]


def test_a_chain_of_ones_own_is_what_is_there_or_left_out(store: Store) -> None:
    chain = '[{"name": "flip_vertical", "probability": 0.25, "settings": {}}]'
    about = ("--dataset", "digits", "--model", "lenet", "--set", f"augmentation={chain}", "--set", "momentum=0.5")
    fields("start", *about, "--without", "augmentation", "--seeds", "1")
    trained = {tuple(step.name for step in run.config.augmentation): run.config.momentum for run in store.list()}
    assert trained == {("flip_vertical",): 0.5, (): 0.5}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "either --images or --without"),
        (["--images", "1,x"], "write whole numbers"),
        (["--images", "100,99999"], "99,999 images: there are"),
        (["--without", "magic"], "has no 'magic' to go without; it has augmentation"),
    ],
)
def test_what_cannot_be_varied_is_a_sentence(store: Store, arguments: list[str], words: str) -> None:
    result = call("start", "--dataset", "digits", "--model", "lenet", *arguments)
    assert result.exit_code
    assert words in " ".join(result.output.split())
    assert not store.list()
