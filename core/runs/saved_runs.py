"""The runs of an own set in the zip that it is saved as, and out of it in another lab.

``runs.json`` says what people called them; beside it lie the files of each one's checkpoint. A frozen backbone that
comes with every lab is left out. Nothing that the zip says is believed: a network is loaded before it is kept, it must
have learned from a version that came with the set, and its figures must be those of the answers beside them.
"""

import contextlib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from core.checkpoints import CARD, Checkpoint, find, read, save, trainings
from core.checkpoints.backbones import load_network, refer_to_backbone, weights_choice
from core.checkpoints.card import Card
from core.checkpoints.networks import PREDICTIONS, WEIGHTS, largest_weights
from core.checkpoints.weight_sources import source_of
from core.data.own.manifests import Manifest
from core.data.own.records import OwnSetError
from core.data.own.versions import Versions, split_name
from core.data.own.ways_in.archive import BoundedReader, path_of
from core.data.own.ways_in.found import Skipped
from core.data.prepared import named_fingerprint
from core.errors import CheckpointError, LabError
from core.events import StepDone
from core.judging.claims import last_word
from core.names import printable
from core.photos.door import shown_name
from core.rights import Person
from core.runs.records import NAME_LENGTH, Run
from core.runs.store.adoption import BroughtRun, adopt
from core.runs.store.store import Store
from core.strict_json import NotStrictJsonError, parse_object, typed
from core.whole_files import write_folder

ABOUT = "runs.json"
SCHEMA = 1
MOST_RUNS, MOST_STEPS = 100, 50_000
MOST_WEIGHTS = 100 * 2**20  # bytes
_LONGEST_ABOUT, _LONGEST_CARD, _LONGEST_STEPS = 2**20, 2**20, 2**23  # bytes
_MOST_PREDICTIONS = 2**20  # bytes
_KEY = re.compile(r"run-\d{3}")
_OFF = 1e-6  # by which a figure may differ from what is counted


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run in ``runs.json``: its files begin with ``key``; ``ended`` in seconds since 1970."""

    key: str
    name: str
    note: str
    ended: float


@dataclass(frozen=True, kw_only=True)
class _About:
    """What ``runs.json`` says."""

    schema: int
    runs: tuple[_Run, ...]


@dataclass(frozen=True, kw_only=True)
class _Steps:
    """The steps of a run: step, epoch, loss (None: not a finite number), learning rate, images, seconds."""

    steps: tuple[tuple[int, int, float | None, float, int, float], ...]


def add_runs(archive: zipfile.ZipFile, store: Store, set_id: str) -> int:
    """Add what was trained on an own set to the zip that it is saved in; returns how many networks."""
    entries: list[_Run] = []
    for about, reference, steps in _trained_on(store, set_id):
        try:
            files = _files(find(reference))
        except CheckpointError:  # what cannot be opened here is of no use in another lab
            continue
        key = f"run-{len(entries) + 1:03d}"
        for name, data in files.items():
            archive.writestr(f"{key}.{name}", data)
        if 0 < len(steps) <= MOST_STEPS:
            archive.writestr(f"{key}.steps.json", _steps_text(steps), compress_type=zipfile.ZIP_DEFLATED)
        entries.append(replace(about, key=key))
        if len(entries) == MOST_RUNS:
            break
    if entries:
        text = json.dumps(asdict(_About(schema=SCHEMA, runs=tuple(entries))), ensure_ascii=False, indent=1)
        archive.writestr(ABOUT, text.encode(), compress_type=zipfile.ZIP_DEFLATED)
    return len(entries)


def bring_runs(
    archive: zipfile.ZipFile, store: Store, versions: Versions, set_id: str, *, by: Person
) -> tuple[list[Run], list[Skipped]]:
    """Keep the runs in a saved set's zip, as finished ones of ``by``'s; ``set_id`` is what the set is called here.

    Returns the runs, and what was left out with the sentence why.
    """
    entries = {"/".join(path_of(entry)): entry for entry in archive.infolist() if not entry.is_dir()}
    if ABOUT not in entries:
        return [], []
    zipped = _Zipped(BoundedReader(archive), entries)
    try:
        about = typed(_About, parse_object(zipped.read(ABOUT, at_most=_LONGEST_ABOUT)))
        if not 1 <= about.schema <= SCHEMA or len(about.runs) > MOST_RUNS:
            raise NotStrictJsonError(f"it is of another schema, or has more than {MOST_RUNS} runs")
    except (NotStrictJsonError, OwnSetError) as error:
        why = str(error).removesuffix(".")
        return [], [Skipped(file=ABOUT, error=f"What this zip says of its runs cannot be read: {why}.")]
    runs, skipped = [], []
    for number, each in enumerate(about.runs, start=1):
        try:
            runs.append(adopt(store, _checked(zipped, each, versions, set_id), owner=by.owner))
        except LabError as error:
            skipped.append(Skipped(file=f"network {number}", error=str(error)))
    return runs, skipped


def _trained_on(store: Store, set_id: str) -> Iterator[tuple[_Run, str, list[StepDone]]]:
    """The runs of a set and the trainings of the command line, oldest first: what each is called, and its steps."""
    for run in reversed(store.list(trained=True, which=lambda run: _is_of(run.config.dataset, set_id))):
        about = _Run(key="", name=run.name, note=run.note, ended=run.ended or run.created)
        yield about, str(run.checkpoint), list(store.steps(run.id, at_most=MOST_STEPS + 1))
    for name in reversed(trainings()):
        with contextlib.suppress(CheckpointError):
            checkpoint = find(name)
            if _is_of(checkpoint.card.dataset, set_id):
                ended = (checkpoint.folder / CARD).stat().st_mtime
                yield _Run(key="", name=name[:NAME_LENGTH], note="", ended=ended), name, []


def _is_of(dataset: str, set_id: str) -> bool:
    meant = split_name(dataset)
    return meant is not None and meant[0] == set_id


def _files(checkpoint: Checkpoint) -> dict[str, bytes]:
    """A checkpoint's files, without a backbone that every lab has."""
    model, card = load_network(checkpoint), checkpoint.card
    source = source_of(card.model, weights_choice(card.config))
    if card.backbone is None and source is not None and source.in_every_lab:
        try:
            card = replace(card, backbone=refer_to_backbone(model, card.config))
        except CheckpointError:  # more than the head has learned
            card = checkpoint.card
    with tempfile.TemporaryDirectory() as folder:
        saved = save(Path(folder) / "carried", model, card, checkpoint.predictions())
        return {path.name: path.read_bytes() for path in sorted(saved.folder.iterdir())}


@dataclass(frozen=True)
class _Zipped:
    """The files of a zip by their names."""

    reader: BoundedReader
    entries: dict[str, zipfile.ZipInfo]

    def read(self, name: str, *, at_most: int) -> bytes:
        if name not in self.entries:
            raise OwnSetError(f"Its file {shown_name(name)} is not in the zip.")
        return self.reader.read(self.entries[name], at_most=at_most)


def _checked(zipped: _Zipped, run: _Run, versions: Versions, set_id: str) -> BroughtRun:
    """A run of the zip, once all that it says has been looked at; raises LabError, one sentence."""
    if not _KEY.fullmatch(run.key):
        raise CheckpointError("Its files are not called as those of a run are.")
    card = _card(zipped.read(f"{run.key}.{CARD}", at_most=_LONGEST_CARD), run, set_id)
    meant = split_name(card.dataset)
    manifest = versions.get(set_id, meant[1] if meant else None)
    if card.classes != manifest.classes or card.data_fingerprint != named_fingerprint(manifest):
        raise CheckpointError("It learned from other pictures than those of the version that it names.")
    limit = min(MOST_WEIGHTS, largest_weights(card))
    files = {CARD: card.to_json().encode(), WEIGHTS: zipped.read(f"{run.key}.{WEIGHTS}", at_most=limit)}
    if f"{run.key}.{PREDICTIONS}" in zipped.entries:
        files[PREDICTIONS] = zipped.read(f"{run.key}.{PREDICTIONS}", at_most=_MOST_PREDICTIONS)
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder) / "carried", files)
        checkpoint = read(Path(folder) / "carried")
        load_network(checkpoint)
        _check_figures(checkpoint, manifest)
    split = manifest.split
    learned = 0 if split is None else min(len(split.train), card.config.limit or len(split.train))
    return BroughtRun(
        card=card,
        files=files,
        name=run.name,
        note=run.note,
        ended=run.ended,
        steps=_steps(zipped, run, card),
        steps_an_epoch=learned // card.config.batch_size,
        message=last_word(card),
    )


def _card(data: bytes, run: _Run, set_id: str) -> Card:
    """The card of a run that learned from a version of the set, as that is called here."""
    card = Card.from_json(data)
    meant = split_name(card.dataset)
    if meant is None or meant[1] is None or card.config.dataset != card.dataset:
        raise CheckpointError("It did not learn from a version of this set.")
    for text in (card.device, card.precision, card.created, card.notes):
        printable(text, what="card of this network", error=CheckpointError)
    here = f"own-{set_id}@{meant[1]}"
    return replace(
        card, name=run.key, title=run.name, dataset=here, config=replace(card.config, dataset=here), notes=""
    )


def _check_figures(checkpoint: Checkpoint, manifest: Manifest) -> None:
    """Raise CheckpointError where answers are not on the version's test pictures, or the card counts otherwise."""
    card, predictions = checkpoint.card, checkpoint.predictions()
    if card.metrics is None or predictions is None:
        if card.metrics is not None:
            raise CheckpointError("It has figures, and not the answers that they are counted from.")
        return
    right = float(np.mean(predictions.labels == predictions.predicted))
    labels = np.array([each.label for each in manifest.pictures])
    asked = manifest.split is None or labels[manifest.split.test].tolist() == predictions.labels.tolist()
    if abs(right - card.metrics.test_accuracy) > _OFF or (card.metrics.unseen and not asked):
        raise CheckpointError("Its figures are not those of its answers on the pictures that judge this version.")


def _steps(zipped: _Zipped, run: _Run, card: Card) -> list[StepDone]:
    """The steps of a run, in order; none where they were not carried."""
    name = f"{run.key}.steps.json"
    if name not in zipped.entries:
        return []
    try:
        rows = typed(_Steps, parse_object(zipped.read(name, at_most=_LONGEST_STEPS))).steps
        if len(rows) > MOST_STEPS or [row[0] for row in rows] != sorted({row[0] for row in rows}):
            raise NotStrictJsonError("its steps are not in order")
        if any(row[0] < 1 or not 1 <= row[1] <= card.config.epochs or row[4] < 1 for row in rows):
            raise NotStrictJsonError("a step is none")
    except NotStrictJsonError as error:
        raise CheckpointError(f"The steps of this run cannot be read: {error}.") from None
    return [
        StepDone(
            epoch=epoch,
            step=step,
            loss=float("nan") if loss is None else loss,
            learning_rate=rate,
            images=images,
            seconds=seconds,
        )
        for step, epoch, loss, rate, images, seconds in rows
    ]


def _steps_text(steps: list[StepDone]) -> str:
    rows = tuple((s.step, s.epoch, _finite(s.loss), s.learning_rate, s.images, s.seconds) for s in steps)
    return json.dumps(asdict(_Steps(steps=rows)))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
