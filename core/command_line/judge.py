"""``evaluate`` and ``compare``: how good a checkpoint is on its test split, and whether another is better."""

import json
from typing import TYPE_CHECKING, Any

import click

from core.command_line.options import DatasetName, as_json, progress_lines
from core.errors import LabError

if TYPE_CHECKING:
    from core.judging.evaluation import Evaluation


@click.command()
@click.argument("checkpoint")
@click.option("--dataset", type=DatasetName(), help="Another data set with the same classes.")
@as_json
def evaluate(checkpoint: str, dataset: str | None, as_json: bool) -> None:
    """Judge CHECKPOINT (a shipped name, a run's id, a folder) on the test split."""
    from core.checkpoints import find
    from core.compute.devices import best_device
    from core.judging.doubtful import without_doubtful
    from core.judging.evaluation import evaluate_checkpoint

    found = find(checkpoint)
    evaluation = evaluate_checkpoint(
        found, dataset=dataset, device=best_device().type, progress=progress_lines(quiet=as_json)
    )
    without = without_doubtful(found.card, evaluation.predictions) if evaluation.unseen else None
    if as_json:
        fields = {"accuracy": without.accuracy, "n": without.n, "ci95": list(without.ci95)} if without else None
        click.echo(json.dumps({**_evaluation_fields(evaluation), "without_doubtful": fields}))
    else:
        click.echo(f"{evaluation.summary} {without.sentence}" if without else evaluation.summary)


def _evaluation_fields(evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "accuracy": evaluation.accuracy,
        "n": evaluation.n,
        "ci95": list(evaluation.ci95),
        "loss": evaluation.loss,
        "unseen": not evaluation.doubt,
    }


@click.command()
@click.argument("a")
@click.argument("b")
@as_json
def compare(a: str, b: str, as_json: bool) -> None:
    """Judge checkpoints A and B on the same test images, by the predictions stored with them where there are any."""
    from core.checkpoints import find
    from core.compute.devices import best_device
    from core.judging.comparison import compare as compare_evaluations
    from core.judging.comparison import not_to_be_compared, same_test_images
    from core.judging.evaluation import evaluate_checkpoint, stored_evaluation

    first, second = find(a), find(b)
    if why := not_to_be_compared(first.card, second.card, (f"'{a}'", f"'{b}'")):
        raise LabError(why)
    tell = progress_lines(quiet=as_json)
    device = best_device().type
    result = compare_evaluations(
        stored_evaluation(first) or evaluate_checkpoint(first, device=device, progress=tell),
        stored_evaluation(second) or evaluate_checkpoint(second, device=device, progress=tell),
        same_images=same_test_images(first.card, second.card),
    )
    if not as_json:
        click.echo(result.verdict)
        return
    fields = {
        "a": _evaluation_fields(result.a),
        "b": _evaluation_fields(result.b),
        "difference": result.difference,
        "ci95": list(result.ci95),
        "p_value": result.p_value,
    }
    click.echo(json.dumps(fields))
