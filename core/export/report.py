"""A run, a comparison or a classification as one HTML file (`core.export.page`): the figures that the lab shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PIL import Image

from core.checkpoints import Card, Checkpoint
from core.errors import ExportError
from core.export import page as html
from core.export.model_card import LIMITS, spec_of, training_time
from core.intervals import percent
from core.judging.calibration import calibration_error, error_by_chance
from core.judging.certainty import probability_words
from core.judging.comparison import compare, not_to_be_compared, same_test_images
from core.judging.doubtful import without_doubtful
from core.judging.evaluation import Evaluation, stored_evaluation
from core.models import models
from core.recipes.words import settings_beside_the_recipe

MOST_CLASSES = 20  # of a confusion matrix that fits a page


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A photo with its answer: ``picture`` None where it could not be opened, and ``error`` then says why.

    ``ranking`` holds classes with their probabilities, the likeliest first; ``notes`` say what was done to the photo.
    """

    name: str
    picture: Image.Image | None = None
    ranking: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


def training_report(checkpoint: Checkpoint) -> bytes:
    """Return what is known of one network: its figures, mistakes, curves and settings.

    Raises CheckpointError where the stored predictions are damaged.
    """
    card, evaluation = checkpoint.card, stored_evaluation(checkpoint)
    body = [_lead(card)]
    if evaluation is None:
        body.append(html.section("How good it is", html.paragraph("It has not been judged on test images.")))
    else:
        body.append(html.section("How good it is", *_verdict(card, evaluation)))
        body.append(html.section("By class", *_by_class(card, evaluation)))
    if card.history:
        body.append(html.section("Curves of training", *_curves([card])))
    settings = settings_beside_the_recipe(card.config)
    body.append(html.section("Settings", html.table(("setting", "value", "the recipe has"), settings)))
    body.append(html.section("What it is not for", html.paragraph(LIMITS)))
    return html.page(card.title, body)


def comparison_report(checkpoints: Sequence[Checkpoint], evaluations: Sequence[Evaluation | None]) -> bytes:
    """Return networks side by side, two by two where they were judged; ``evaluations`` are theirs, in order."""
    cards = [checkpoint.card for checkpoint in checkpoints]
    names = [f"{place}. {card.title}" for place, card in enumerate(cards, start=1)]
    rows = [_row(name, card, found) for name, card, found in zip(names, cards, evaluations, strict=True)]
    head = (
        "network",
        "data set",
        "right",
        "95 % interval",
        "images",
        "loss (nats)",
        "parameters",
        "training time",
        "seed",
    )
    body = [html.section("Figures", html.table(head, rows))]
    judged = [(n, c, e) for n, c, e in zip(names, cards, evaluations, strict=True) if e is not None]
    if judged:
        drawn = html.intervals([(n, e.accuracy, e.ci95) for n, _c, e in judged], alt="Accuracies with their intervals")
        body.append(html.section("Accuracy", html.figure(drawn, "Each with its 95 % interval.")))
    verdicts = []
    for (a_name, a_card, a), (b_name, b_card, b) in combinations(judged, 2):
        if why := not_to_be_compared(a_card, b_card, (a_name, b_name)):
            verdicts.append(html.paragraph(why))
            continue
        same = same_test_images(a_card, b_card) and np.array_equal(a.predictions.labels, b.predictions.labels)
        result = compare(a, b, same_images=same, names=(a_name, b_name))
        test = "exact McNemar test" if same else "Fisher's exact test"
        verdicts.append(html.paragraph(f"{result.verdict} ({test})"))
    if verdicts:
        body.append(html.section("Two by two", *verdicts))
    without = [(n, found) for n, c, e in judged if e.unseen and (found := without_doubtful(c, e.predictions))]
    if without:
        body.append(
            html.section(
                "Without the doubtful images", *(html.paragraph(f"{name}: {found.sentence}") for name, found in without)
            )
        )
    if judged:
        body.append(html.section("Calibration", *_calibration([(name, found) for name, _card, found in judged])))
    if any(card.history for card in cards):
        body.append(html.section("Curves of training", *_curves(cards, names)))
    return html.page("Comparison of trained networks", body)


def classification_report(card: Card, photos: Sequence[Answered], *, top: int = 5) -> bytes:
    """Return photos, each with its ``top`` likeliest classes, or with the sentence why it has none."""
    shown = []
    for photo in photos:
        if photo.picture is None:
            shown.append(f"<figure>{html.paragraph(f'{photo.name}: {photo.error}')}</figure>")
            continue
        ranking = ", ".join(f"{label} {probability_words(value)}" for label, value in photo.ranking[:top])
        notes = f" ({'; '.join(photo.notes)})" if photo.notes else ""
        shown.append(
            html.figure(html.picture(photo.picture, f"The photo {photo.name}"), f"{photo.name}: {ranking}{notes}")
        )
    always = f"It knows {len(card.classes)} classes and always names one of them, whatever a photo shows."
    grid = f'<div class="pictures">{"".join(shown)}</div>'
    return html.page(f"Photos as {card.title} sees them", [_lead(card), html.paragraph(always), grid])


def of_checkpoints(checkpoints: Sequence[Checkpoint]) -> bytes:
    """Return the report of one network, or of several side by side; raises ExportError where there is none."""
    if not checkpoints:
        raise ExportError("A report needs a network.")
    if len(checkpoints) == 1:
        return training_report(checkpoints[0])
    return comparison_report(checkpoints, [stored_evaluation(each) for each in checkpoints])


def _lead(card: Card) -> str:
    network = models.title_of(card.model)
    return html.paragraph(
        f"{network} on {_data(card)}, {card.parameters:,} parameters, seed {card.config.seed}, made on "
        f"{card.created[:10]} with CNN Lab.",
        soft=True,
    )


def _data(card: Card) -> str:
    spec = spec_of(card)
    return spec.title if spec else card.dataset


def _verdict(card: Card, evaluation: Evaluation) -> Iterator[str]:
    yield html.paragraph(evaluation.summary)
    if evaluation.unseen and (without := without_doubtful(card, evaluation.predictions)):
        yield html.paragraph(without.sentence)
    error = percent(calibration_error(evaluation.predictions), 1)
    yield html.figure(
        html.intervals([("accuracy", evaluation.accuracy, evaluation.ci95)], alt="Accuracy with its interval"),
        f"Expected calibration error {error}, in ten bins of confidence.",
    )


def _calibration(judged: Sequence[tuple[str, Evaluation]]) -> Iterator[str]:
    rows = [
        (
            name,
            percent(float(found.predictions.confidence.mean()), 1),
            percent(found.accuracy, 1),
            percent(calibration_error(found.predictions), 1),
            percent(error_by_chance(found.predictions), 1),
        )
        for name, found in judged
    ]
    yield html.table(("network", "sure, on average", "right", "calibration error", "by chance alone"), rows)
    yield html.paragraph("The expected calibration error, in ten bins of confidence.", soft=True)


def _by_class(card: Card, evaluation: Evaluation) -> Iterator[str]:
    rows = [
        (name, "none" if recall != recall else percent(recall, 1), count)
        for name, recall, count in zip(
            card.classes, evaluation.per_class, evaluation.confusion.sum(1).tolist(), strict=True
        )
    ]
    yield html.table(("class", "recognised", "test images"), rows)
    if len(card.classes) <= MOST_CLASSES:
        yield html.paragraph("Rows are what an image shows, columns what the network answered.", soft=True)
        matrix = evaluation.confusion.tolist()
        yield html.table(("", *card.classes), [(name, *row) for name, row in zip(card.classes, matrix, strict=True)])


def _curves(cards: Sequence[Card], names: Sequence[str] = ()) -> Iterator[str]:
    for field, title in (("loss", "Loss in nats"), ("accuracy", "Accuracy")):
        lines = []
        for place, card in enumerate(cards):
            epochs = [float(done.epoch) for done in card.history]
            for part, words in (("train", "training"), ("val", "validation")):
                name = f"{names[place]}, {words}" if names else words
                lines.append((name, epochs, [getattr(done, f"{part}_{field}") for done in card.history]))
        yield html.figure(html.line_chart(lines, alt=title, shares=field == "accuracy"), f"{title}, by epoch.")


def _row(name: str, card: Card, found: Evaluation | None) -> tuple[object, ...]:
    known: tuple[object, ...] = ("not judged", "", "", "")
    if found is not None:
        right = percent(found.accuracy, 2) + (f", on {found.doubt}" if found.doubt else "")
        known = (right, f"{percent(found.ci95[0], 2)} to {percent(found.ci95[1], 2)}", found.n, f"{found.loss:.3f}")
    return (name, _data(card), *known, f"{card.parameters:,}", training_time(card), card.config.seed)
