"""Every place that reads stored JSON, against every kind of text that it should not believe."""

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from core.checkpoints import TrainerState, load_state, save_state
from core.checkpoints import read as read_checkpoint
from core.compute import precision_probe as probe
from core.config import TrainingConfig
from core.data import load
from core.errors import LabError
from core.events import FeaturesKept
from core.models.resnet18 import FEATURES
from core.runs.executors.local import LocalExecutor
from core.runs.executors.processes import process_handle
from core.runs.store.store import STORE_NAME, Store
from core.training import feature_files as features
from core.transforms import chain_from_json
from tests.core.checkpoints.test_networks import card, network

CORE = Path(__file__).parents[2] / "core"
CONFIG = TrainingConfig(dataset="digits", model="lenet", image_size=32, epochs=2)

KINDS: dict[str, Callable[[str], bytes]] = {
    "nested too deep": lambda text: (text.rstrip()[:-1] + ', "x": ' + "[" * 100_000).encode(),
    "nested too deep, whole": lambda text: (text.rstrip()[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}").encode(),
    "a whole number of 5,000 digits": lambda text: (text.rstrip()[:-1] + ', "x": ' + "9" * 5_000 + "}").encode(),
    "a number beyond all": lambda text: (text.rstrip()[:-1] + ', "x": 1e999}').encode(),
    "not a number": lambda text: (text.rstrip()[:-1] + ', "x": NaN}').encode(),
    "a field that is unknown": lambda text: (text.rstrip()[:-1] + ', "x": 1}').encode(),
    "cut short": lambda text: text[: len(text) // 2].encode(),
    "empty": lambda text: b"",
    "not UTF-8": lambda text: text.replace('"', '"\xff', 1).encode("latin-1"),
    "half a character": lambda text: text.replace('"', '"\\ud800', 1).encode(),
    "a name twice": lambda text: (text.rstrip()[:-1] + ", " + text.strip()[1:]).encode(),
    "a list": lambda text: b"[1, 2, 3]",
    "a number": lambda text: b"7",
    "null": lambda text: b"null",
}
OTHERS: tuple[Any, ...] = (None, True, -7, 10**18, 0.5, "x", [], ["x"], {}, {"x": []})


class Place:
    """One place that keeps JSON: ``text`` is what stands there, ``put`` replaces it, ``read`` reads it again.

    ``fallback`` is what `read` returns for a text that it cannot use; a place without one raises a LabError.
    """

    def __init__(
        self, text: str, put: Callable[[bytes], object], read: Callable[[], object], *, fallback: object = LabError
    ) -> None:
        self.text, self.put, self.read, self.fallback = text, put, read, fallback

    def answers(self, data: bytes) -> bool:
        """Whether the reader took ``data``; what it refuses it must refuse in its own way."""
        self.put(data)
        if self.fallback is not LabError:
            return self.read() != self.fallback
        sentence = ""
        try:
            self.read()
        except LabError as error:
            sentence = str(error)
        assert not sentence or (sentence.endswith(".") and 20 < len(sentence) < 400)
        return not sentence


def a_file(path: Path, read: Callable[[], object], **kind: Any) -> Place:
    return Place(path.read_text(encoding="utf-8"), path.write_bytes, read, **kind)


def a_card(home: Path) -> Place:
    from core.checkpoints import save

    folder = save(home / "probe", network(), card()).folder
    return a_file(folder / "card.json", lambda: read_checkpoint(folder))


def a_state(home: Path) -> Place:
    folder = save_state(home / "state", TrainerState(tensors={"a": torch.zeros(2)}, values={"b": 1}), CONFIG)
    return a_file(folder / "state.json", lambda: load_state(folder))


def a_prepared_set(home: Path) -> Place:
    load("digits", size=8)
    (path,) = (home / "prepared").glob("*/about.json")
    return a_file(path, lambda: load("digits", size=8))


def kept_features(home: Path) -> Place:
    place = home / "features" / "key"
    place.parent.mkdir(parents=True)
    features._write(place, features.Kept(values=torch.zeros(3, FEATURES), seconds=1.5), "family", ("a", "b", "c"))
    return a_file(place / "about.json", lambda: features._open(place, (3, FEATURES)), fallback=None)


def precision_choices(home: Path) -> Place:
    probe._keep("key", probe.PrecisionChoice(precision="fp32", ratio=1.0, pairs=3, sentence="float32: so it is"))

    def read() -> object:
        probe._remembered.clear()
        return probe._known("key")

    return a_file(home / "precision.json", read, fallback=None)


def in_a_run(home: Path, column: str, text: str, read: Callable[[Store, str], object], **kind: Any) -> Place:
    store = Store(home / STORE_NAME)
    run = store.submit(CONFIG, "ada", "a run")

    def put(data: bytes) -> None:
        with store.database.writing() as connection:
            connection.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (data.decode("utf-8", "replace"), run.id))

    return Place(text, put, lambda: read(store, run.id), **kind)


def a_runs_configuration(home: Path) -> Place:
    return in_a_run(home, "config", CONFIG.to_json(), Store.get)


def a_runs_features(home: Path) -> Place:
    text = json.dumps(asdict(FeaturesKept(views=4, epoch_seconds=1.0, spent_seconds=2.0)))
    return in_a_run(home, "features", text, lambda store, run: store.get(run).features, fallback=None)


def a_handle(home: Path) -> Place:
    import os

    kept: list[bytes] = []
    text = process_handle(os.getpid())
    return Place(
        text,
        lambda data: kept.append(data),
        lambda: LocalExecutor().poll(kept[-1].decode("utf-8", "replace")),
        fallback=False,
    )


def a_configuration(home: Path) -> Place:
    kept: list[bytes] = []
    return Place(CONFIG.to_json(), kept.append, lambda: TrainingConfig.from_json(kept[-1].decode("utf-8", "replace")))


PLACES = (
    a_card,
    a_state,
    a_prepared_set,
    kept_features,
    precision_choices,
    a_runs_configuration,
    a_runs_features,
    a_handle,
    a_configuration,
)


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(features, "LEAVE_FREE", 0)
    yield request.param(home)
    probe._remembered.clear()


def test_what_was_written_is_read(place: Place) -> None:
    assert place.answers(place.text.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_strict_json_is_refused_in_a_sentence_or_worked_out_again(place: Place, kind: str) -> None:
    assert not place.answers(KINDS[kind](place.text))


def test_a_field_of_any_other_type_is_refused_or_read_but_never_raises_anything_else(place: Place) -> None:
    fields = json.loads(place.text)
    for name in fields:
        for other in OTHERS:
            place.answers(json.dumps(fields | {name: other}).encode())
        assert not place.answers(json.dumps(fields | {name: {"x": [{}]}}).encode()) or name in ("values", "choices")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pasted_chain_that_is_no_strict_json_is_refused_in_a_sentence(kind: str) -> None:
    text = '[{"name": "crop", "probability": 1.0, "settings": {"padding": 4}}]'
    assert len(chain_from_json(text)) == 1
    with pytest.raises(LabError):
        chain_from_json(KINDS[kind]('{"a": 1}').decode("utf-8", "replace"))


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, "1e999", "NaN", "{", '{"a": 1, "a": 2}', "null"])
def test_a_setting_on_the_command_line_is_bad_usage_and_no_traceback(home: Path, text: str) -> None:
    from core.command_line.program import main

    for name in ("batch_size", "model_arguments", "augmentation", "dataset", "slips"):
        result = CliRunner().invoke(
            main, ["train", "--dataset", "digits", "--model", "lenet", "--set", f"{name}={text}", "--epochs", "1"]
        )
        assert (result.exit_code, name) == (2, name)
        assert "Traceback" not in result.output


READERS = {
    "core/strict_json.py": "the reader itself",
    "core/runs/executors/warm.py": "orders from the supervisor that holds the other end of the pipe",
    "core/runs/store/listed.py": "four fields of each of 3,000 configurations; whoever opens a run reads it strictly",
    "core/command_line/runs.py": "what a configuration has just written",
    "pages/train/_training/in_address.py": "what a configuration has just written",
}


def test_nothing_else_in_the_core_and_the_pages_reads_json_by_itself() -> None:
    found = set()
    for path in [*CORE.rglob("*.py"), *(CORE.parent / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("json.loads", "json.load"):
                found.add(path.relative_to(CORE.parent).as_posix())
    assert found == set(READERS)
