"""A model card in the format of the Hugging Face Hub, with the figures that were measured. Nobody is named in it."""

import html
import re

from core.checkpoints import Card, Checkpoint
from core.checkpoints.backbones import backbones_seconds
from core.data.catalogue import DatasetSpec, datasets
from core.intervals import percent
from core.judging.claims import doubt_about
from core.judging.evaluation import stored_evaluation
from core.models import models
from core.recipes.words import settings_beside_the_recipe

LIMITS = (
    "It names one of its classes whatever a picture shows, and was judged on pictures from where its training pictures "
    "come from; on others it is wrong more often, and no less sure. It is made for learning how networks see, not for "
    "deciding about people."
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~&@:])")


def model_card(checkpoint: Checkpoint) -> str:
    """Return README.md for the Hub: the metadata that it reads, then what it is, how good, how trained, and its limits.

    Raises CheckpointError where the stored predictions are damaged.
    """
    from huggingface_hub import EvalResult, ModelCardData

    card = checkpoint.card
    spec = spec_of(card)
    measured = []
    if card.metrics is not None and not doubt_about(card):
        measured = [
            EvalResult(
                task_type="image-classification",
                dataset_type=spec.hub_id if spec and spec.hub_id else card.dataset.partition("@")[0],
                dataset_name=spec.title if spec else card.dataset,
                dataset_split="test",
                metric_type="accuracy",
                metric_value=round(card.metrics.test_accuracy, 6),
            )
        ]
    data = ModelCardData(
        library_name="pytorch",
        pipeline_tag="image-classification",
        tags=["image-classification", "cnn-lab", card.model],
        datasets=[spec.hub_id] if spec and spec.hub_id else None,
        metrics=["accuracy"],
        model_name=_clean(card.title),
        eval_results=measured or None,
    )
    return (
        f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(_text(checkpoint, spec.title if spec else card.dataset)) + "\n"
    )


def spec_of(card: Card) -> DatasetSpec | None:
    """What the catalogue knows of the data set that a network learned from; None where it is gone."""
    return datasets[card.dataset] if card.dataset in datasets else None  # noqa: SIM401  (a registry has no get)


def training_time(card: Card) -> str:
    """Return what a training took, and what its backbone had taken before, which is its own."""
    before = backbones_seconds(card.config)
    own = f"{card.seconds:.0f} s"
    if before is None:
        return f"{own}, after its backbone's, which is not known here"
    return f"{own}, after {before:.0f} s for its backbone" if before else own


def _text(checkpoint: Checkpoint, dataset: str) -> list[str]:
    card = checkpoint.card
    network = models.title_of(card.model)
    colour = "grey" if card.channels == 1 else "colour"
    classes = ", ".join(_escaped(name) for name in card.classes)
    settings = "\n".join(
        f"| {_escaped(name)} | {_escaped(value)} |" for name, value, _recipe in settings_beside_the_recipe(card.config)
    )
    size, last = card.image_size, card.config.epochs
    what = (
        f"{_escaped(network)} with {card.parameters:,} parameters, of which {card.trainable_parameters:,} learned from "
        f"{_escaped(dataset)} with CNN Lab."
    )
    goes_in = (
        f"{size}×{size} pixels, {colour}, each channel minus {list(card.mean)} and divided by {list(card.std)} (pixels "
        f"from 0 to 1). Out comes a logit for each of {len(card.classes)} classes: {classes}."
    )
    trained = (
        f"Seed {card.config.seed}, recipe {_escaped(card.config.recipe)}, on {_escaped(card.device)} in "
        f"{training_time(card)}; the weights are those of epoch {card.epoch} of {last}, chosen by the validation "
        "images."
    )
    return [
        f"# {_escaped(card.title)}",
        what,
        "## What goes in and what comes out",
        goes_in,
        "## How good it is",
        *_verdict(checkpoint),
        "## How it was trained",
        trained,
        f"| setting | value |\n|---|---|\n{settings}",
        f"Data {_escaped(card.data_fingerprint)}, split {_escaped(card.split_fingerprint)}. {_source(card)}",
        "## What it is not for",
        LIMITS,
    ]


def _verdict(checkpoint: Checkpoint) -> list[str]:
    card = checkpoint.card
    if card.metrics is None:
        return ["It has not been judged on test images."]
    low, high = card.metrics.test_ci95
    doubt = doubt_about(card)
    interval = f"95 % interval {percent(low, 2)} to {percent(high, 2)}"
    words = [
        f"**{percent(card.metrics.test_accuracy, 2)} right** ({interval}), n = "
        f"{card.metrics.test_n:,}, loss {card.metrics.test_loss:.4f} nats"
        + (f", but on {doubt}: this is no test accuracy." if doubt else ", on test images that it never learned from.")
    ]
    evaluation = stored_evaluation(checkpoint)
    if evaluation is not None:
        rows = zip(card.classes, evaluation.per_class, evaluation.confusion.sum(1).tolist(), strict=True)
        table = "\n".join(
            f"| {_escaped(name)} | {'none' if recall != recall else percent(recall, 1)} | {count:,} |"
            for name, recall, count in rows
        )
        words.append(f"| class | recognised | test images |\n|---|---|---|\n{table}")
    return words


def _source(card: Card) -> str:
    if card.dataset not in datasets:
        return "The data set is not here any more."
    spec = datasets[card.dataset]
    where = f"; its licence stands on https://huggingface.co/datasets/{spec.hub_id}" if spec.hub_id else ""
    return f"The pictures are from {_escaped(spec.source)}{where}. No licence is given for the weights: say yours."


def _clean(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _escaped(text: str) -> str:
    """What people have typed, so that Markdown and HTML show it as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", html.escape(_clean(text), quote=False)).replace("\\&", "&")
