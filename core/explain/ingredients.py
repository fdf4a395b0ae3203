"""What each ingredient of the fast network is worth, as `python -m benchmarks ablation` measured it."""

from dataclasses import dataclass
from pathlib import Path

from core.strict_json import read_object

RESULTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "results"


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """The same training without one ingredient: how much validation accuracy changes, and why the ingredient is there.

    ``difference`` is the mean over the seeds minus that of the whole recipe, 0.01 being one point, ``error`` its
    standard error, taken seed by seed (None for a single seed).
    """

    title: str
    reason: str
    difference: float
    error: float | None


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """Every ingredient, most valuable first, and what was trained: ``images`` (None: all), ``epochs``, ``seeds``.

    ``whole`` is the mean validation accuracy of the whole recipe on ``n`` images, ``date`` an ISO date.
    """

    ingredients: tuple[Ingredient, ...]
    whole: float
    images: int | None
    epochs: int
    seeds: int
    n: int
    date: str


def measured(folder: Path | None = None) -> Ablation | None:
    """Return the newest ablation in ``folder`` (the results that come with the lab), or None where there is none."""
    files = sorted((folder or RESULTS).glob("*-ablation.json"))
    if not files:
        return None
    fields = read_object(files[-1])
    whole, *rows = fields["rows"]
    ingredients = (
        Ingredient(
            title=row["title"],
            reason=row["reason"],
            difference=row["difference"],
            error=row["spread"],
        )
        for row in rows
    )
    return Ablation(
        ingredients=tuple(sorted(ingredients, key=lambda ingredient: ingredient.difference)),
        whole=whole["mean"],
        images=whole["images"],
        epochs=whole["epochs"],
        seeds=len(whole["accuracies"]),
        n=whole["n"],
        date=fields["date"][:10],
    )
