"""A training as code that needs torch, torchvision and datasets, and nothing of the lab: cells of text and Python.

On the CPU, in float32 and without augmentation it computes what the lab computes: the same split, random beginning,
order of batches and steps. torchvision's random augmentations are the lab's in distribution, not draw by draw.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from core.checkpoints import Card
from core.config import TrainingConfig, training_size
from core.data import builtin
from core.data.catalogue import datasets
from core.data.dataset_spec import DatasetSpec
from core.errors import ExportError
from core.export import training_cells as cells
from core.export.network_code import code_of
from core.models import models
from core.models.spec import no_preparation
from core.seeding import derive_seed
from core.training.assembly import PREPARATION_PIXELS
from core.transforms import chain_lines


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A paragraph of Markdown, then Python that goes with it."""

    text: str
    code: str


def training_cells(card: Card) -> tuple[Cell, ...]:
    """Return the cells that train a network as the one of this card was trained.

    What people have typed stands in them as literals of Python only. Raises ExportError, with a sentence, for a
    training on own pictures, whose split only the lab can make, and for one that repeats slips on purpose.
    """
    config = card.config
    if card.dataset not in datasets or datasets[card.dataset].count is not None:
        raise ExportError(
            "A training on the class's own pictures cannot be written as code: only the lab keeps near-copies on one "
            "side of a split. `python -m core data export` writes the pictures themselves."
        )
    if config.slips:
        raise ExportError("This training repeats slips on purpose; write one with the recipe 'notebook' instead.")
    if config.begins_from:
        raise ExportError("This training goes on from another one, whose weights only the lab has; export that one.")
    spec = datasets[card.dataset]
    source = code_of(card)
    prepare = models[card.model].prepare
    prepared = "" if prepare is no_preparation else source.add(prepare)
    source.add(derive_seed)
    made = "" if spec.hub_id else source.add(builtin.digits if spec.name == "digits" else builtin.shapes)
    source.imports |= set(cells.IMPORTS)
    source.imports |= set() if made else {"from datasets import load_dataset"}
    return (
        Cell(text=_beginning(config), code=f"{source.imports_text}\n\n{_facts(card, spec)}"),
        Cell(text="**The network**, and how its seeds are derived.", code=source.definitions_text),
        Cell(text="**The pictures**, decoded once.", code=_pictures(card, spec, made)),
        Cell(
            text="**Three splits**: validation from training data only, the test images for the end.", code=_split(spec)
        ),
        Cell(text="**What the network starts from.**", code="\n".join(_start(card, prepared))),
        Cell(text=_augmentation_text(config), code=_augmentation(card)),
        Cell(text="**The loop.**", code=_loop(config)),
        Cell(text="**The verdict** on the test images: the weights of the best epoch.", code=cells.VERDICT),
    )


def _beginning(config: TrainingConfig) -> str:
    near = "On the CPU it computes what CNN Lab computed with this seed"
    notes = []
    if config.augmentation:
        notes.append("augments by torchvision's transforms, which draw other numbers")
    if config.precision != "fp32":
        notes.append("computes in float32 where the lab may have computed in bfloat16")
    if models[config.model].transfers:
        notes.append("shows the frozen backbone every picture in every epoch, which the lab does once")
    other = f", but for this: it {'; it '.join(notes)}" if notes else ", up to the last digits of a float"
    return f"# A training of CNN Lab\n\nNeeds torch, torchvision and datasets. {near}{other}."


def _facts(card: Card, spec: DatasetSpec) -> str:
    config = card.config
    facts: list[tuple[str, object, str]] = [
        ("TITLE", card.title, ""),
        ("CLASSES", card.classes, ""),
        ("SIZE", card.image_size, "pixels a side"),
        ("MEAN", card.mean, "of each channel of the training images, or of the backbone's own"),
        ("STD", card.std, ""),
        ("SEED", config.seed, ""),
        ("EPOCHS", config.epochs, ""),
        ("BATCH", config.batch_size, ""),
        ("LIMIT", config.limit, "training images at most; None: all"),
        ("DEVICE", "cpu", "or cuda: faster, and other in the last digits"),
    ]
    if spec.hub_id:
        facts.insert(1, ("DATA", spec.hub_id, "on the Hugging Face Hub, or a folder with its Parquet files"))
    return "\n".join(f"{name} = {value!r}{'  # ' + why if why else ''}" for name, value, why in facts)


def _pictures(card: Card, spec: DatasetSpec, made: str) -> str:
    square = cells.SQUARE.format(mode="RGB" if spec.channels == 3 else "L")
    planes = ""
    if card.channels < spec.channels:
        planes = cells.GREY
    elif card.channels > spec.channels:
        planes = cells.THREE_PLANES
    batch = cells.BATCH.format(planes=planes)
    if made:
        return square + cells.MADE_HERE.format(make=made) + batch
    parts = ("train", "test") if spec.official_test else ("train",)
    return square + cells.FROM_THE_HUB.format(parts=parts, image=spec.image_column, label=spec.label_column) + batch


def _split(spec: DatasetSpec) -> str:
    seeds = {purpose: derive_seed(0, "split", purpose) % 2**32 for purpose in ("test", "validation")}
    if spec.official_test:
        return cells.OFFICIAL_SPLIT.format(**seeds) + cells.TENTH.format(**seeds) + cells.LIMITED
    if spec.writer_block is not None:
        return cells.WRITERS_SPLIT.format(block=spec.writer_block) + cells.LIMITED
    return cells.RANDOM_SPLIT.format(**seeds) + cells.TENTH.format(**seeds) + cells.LIMITED


def _start(card: Card, prepared: str) -> Iterator[str]:
    config = card.config
    yield "torch.manual_seed(SEED)\nnetwork = make_network()"
    weights = str(card.arguments.get("weights", "imagenet")) if models[card.model].transfers else "random"
    if weights == "imagenet" and card.model == "resnet18":
        yield cells.TORCHVISIONS_BACKBONE
    elif weights != "random":
        head_only = card.arguments.get("train", "head") == "head"
        other = "cifar10-resnet18" if card.model == "resnet18" else "cats_vs_dogs-efficientnet_lite0"
        whose = "this network: its backbone never learned" if head_only else f"{other}, which ships with CNN Lab"
        yield cells.EXPORTED_BACKBONE.format(whose=whose)
    if prepared:
        yield cells.PREPARED.format(wanted=max(1, PREPARATION_PIXELS // card.image_size**2), prepare=prepared)
    yield "network.to(DEVICE)\n"
    yield _optimizer(config)


def _optimizer(config: TrainingConfig) -> str:
    rate, decay = config.learning_rate, config.weight_decay
    if config.optimizer == "adamw":
        make = f"AdamW(groups, lr={rate})"
    else:
        make = f"SGD(groups, lr={rate}, momentum={config.momentum}, nesterov={config.nesterov})"
    quick = config.norm_shift_rate
    shifts = cells.SHIFTS if quick > 1 else "shifts = set()\n"
    groups = cells.GROUPS.format(decay=decay)
    if quick > 1:
        groups += cells.QUICK_GROUP.format(rate=rate * quick, decay=decay / quick)
    schedule = {
        "one_cycle": cells.ONE_CYCLE,
        "step": f"schedule = torch.optim.lr_scheduler.StepLR(optimizer, {config.step_size}, gamma={config.gamma})",
        "constant": "schedule = None",
    }[config.schedule]
    return f"{shifts}{groups}optimizer = torch.optim.{make}\n{schedule}"


def _augmentation_text(config: TrainingConfig) -> str:
    if not config.augmentation and config.start_size is None:
        return "**Training images** are seen as they are."
    return "**Training images** are changed at random, each in its own way; others never are."


def _augmentation(card: Card) -> str:
    config = card.config
    sides = [training_size(config, epoch) for epoch in range(config.epochs)]
    chains = []
    for side in sorted(set(sides)):
        lines = "".join(f"        {line}\n" for line in chain_lines(config.augmentation, size=side))
        chains.append(f"    {side}: v2.Compose([\n{lines}    ]),\n" if lines else f"    {side}: None,\n")
    return cells.AUGMENT.format(sides=sides, chains="".join(chains))


def _loop(config: TrainingConfig) -> str:
    return cells.LOOP.format(
        smoothing=config.label_smoothing,
        each_step="\n        schedule.step()" if config.schedule == "one_cycle" else "",
        each_epoch="\n    schedule.step()" if config.schedule == "step" else "",
        second="\n            logits = (network(images.flip(-1)) + logits) / 2" if config.mirror_at_test else "",
        patience=cells.PATIENCE.format(patience=config.patience) if config.patience else "",
    )


def training_script(card: Card) -> str:
    """Return the cells as one Python file, the text of each as a comment; raises ExportError as they do."""
    parts = []
    for cell in training_cells(card):
        words = "\n".join(f"# {line.strip('*# ')}".rstrip() for line in cell.text.replace("**", "").splitlines())
        parts.append(f"{words}\n{cell.code}")
    return "\n\n\n".join(parts) + "\n"


def training_notebook(card: Card) -> str:
    """Return the cells as a Jupyter notebook (nbformat 4.5); raises ExportError as they do."""
    written: list[dict[str, object]] = []
    for place, cell in enumerate(training_cells(card), start=1):
        written.append({"cell_type": "markdown", "id": f"text-{place}", "metadata": {}, "source": cell.text})
        about: dict[str, object] = {"metadata": {}, "execution_count": None, "outputs": []}
        written.append({"cell_type": "code", "id": f"code-{place}", "source": cell.code, **about})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=True) + "\n"
