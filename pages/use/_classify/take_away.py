"""Answers that leave the page: a table for a spreadsheet, and a report to print."""

import io
from collections.abc import Sequence

from PIL import Image

from core.checkpoints import Checkpoint
from core.errors import PhotoError
from core.export.spreadsheet import csv_file
from pages.use._classify.answers import Classified, thumbnail


def as_csv(answers: Sequence[Classified], *, top: int) -> bytes:
    """Return a table for a spreadsheet: a row a photo, then class and probability in pairs, the likeliest first.

    Before them stands what it shows, as its sender says, what was wrong with what the network received, and whether the
    photo is of its world, as far as that is known.
    """
    pairs = [part for place in range(1, top + 1) for part in (f"class {place}", f"probability {place}")]
    rows = [
        [
            answer.name,
            answer.error,
            answer.shows or "",
            "; ".join(fault.kind for fault in answer.faults),
            "" if answer.strange is None else "no" if answer.foreign else "yes",
            *(part for label, value in answer.ranking[:top] for part in (label, f"{value:.6f}")),
        ]
        for answer in answers
    ]
    return csv_file([["photo", "error", "shows", "what is wrong", "in its world", *pairs], *rows])


def as_report(checkpoint: Checkpoint, answers: Sequence[Classified], *, top: int) -> bytes:
    """Return one HTML file with every photo and its answer."""
    from core.export.report import Answered, classification_report

    photos = []
    for answer in answers:
        error, picture = answer.error, None
        try:
            picture = Image.open(io.BytesIO(thumbnail(answer.photo))) if answer.photo is not None else None
        except PhotoError as gone:
            error = str(gone)
        photos.append(
            Answered(
                name=answer.name,
                picture=picture,
                ranking=answer.ranking,
                notes=(
                    *([answer.foreign] if answer.foreign else []),
                    *(fault.sentence.removesuffix(".") for fault in answer.faults),
                    *answer.notes,
                ),
                error=error,
            )
        )
    return classification_report(checkpoint.card, photos, top=top)
