"""Turn the checkpoint of a finished training into one that ships: ``python scripts/ship_checkpoint.py RUN NAME``.

The weights can be halved (``--half``), and a head on a frozen backbone that ships or can be fetched can go alone
(``--head-only``); the model is judged again, so that the card's figures are those of the file that ships. The data set
must be at hand. When the backbone is replaced, what refers to it must be trained and shipped again.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.checkpoints import find, save
from core.checkpoints.backbones import load_network, refer_to_backbone
from core.home import checkpoints_folder
from core.judging.evaluation import evaluate_checkpoint
from core.recipes.words import broken_words


def main() -> None:
    """Read the command line, judge, write ``checkpoints/NAME`` and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="folder of a finished training, or a run's id")
    parser.add_argument("name", help="folder name in checkpoints/")
    parser.add_argument("--title", required=True, help="what people see")
    parser.add_argument("--notes", default="", help="one or two sentences on how it was made")
    parser.add_argument("--half", action="store_true", help="store float16 weights")
    parser.add_argument("--head-only", action="store_true", help="leave out the frozen backbone, and refer to it")
    arguments = parser.parse_args()

    source = find(arguments.run)
    if source.card.config.slips:
        parser.error(f"{arguments.run} is {broken_words(source.card.config)}; only an honest training ships")
    model = load_network(source)
    card = dataclasses.replace(
        source.card,
        name=arguments.name,
        title=arguments.title,
        notes=arguments.notes,
        metrics=None,
        backbone=refer_to_backbone(model, source.card.config) if arguments.head_only else None,
    )
    folder = checkpoints_folder() / arguments.name
    written = save(folder, model, card, half=arguments.half)
    verdict = evaluate_checkpoint(written)
    card = dataclasses.replace(card, metrics=verdict.metrics)
    save(folder, load_network(written), card, verdict.predictions, half=arguments.half)
    print(f"{arguments.name}: {verdict.summary}")


if __name__ == "__main__":
    main()
