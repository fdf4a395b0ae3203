"""Measure how well networks that ship tell images of something else: ``python scripts/measure_outsiders.py [NAME …]``.

Figures go into the card, the training features that they need beside it; the data sets must be at hand. Prints the rows
of docs/measured.md. A network that was shipped anew has neither until this is run.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.checkpoints import Card, find, shipped
from core.checkpoints.backbones import load_network
from core.explain.familiarity.known import SCORES
from core.explain.familiarity.measuring import measure, note_beside_card
from core.intervals import percent

HEAD = (
    f"| network | foreign images | {' | '.join(f'AUROC, {score}' for score in SCORES)} | its own as small | found "
    "| false alarms |"
)


def row(card: Card) -> str:
    """Return a network's row of the table; its card has been measured."""
    figures = card.outsiders
    if figures is None:
        raise ValueError(f"{card.name} has not been measured")
    areas = " | ".join(
        f"**{figures.auroc[score]:.3f}**" if score == figures.score else f"{figures.auroc[score]:.3f}"
        for score in SCORES
    )
    small = "" if figures.as_small is None else f"{figures.as_small:.3f}"
    shares = f"{small} | {percent(figures.caught, 1)} | {percent(figures.false_alarms, 1)}"
    return f"| `{card.name}` | {figures.images} | {areas} | {shares} |"


def rows(names: list[str]) -> Iterator[str]:
    """Measure each network, write what was found, and yield its row."""
    for name in names:
        checkpoint = find(name)
        yield row(note_beside_card(checkpoint, measure(checkpoint, load_network(checkpoint))).card)


def main() -> None:
    """Read the command line, measure, and print a row as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="folders in checkpoints/ (default: all)")
    arguments = parser.parse_args()
    print(HEAD)
    print("|---" * (HEAD.count("|") - 1) + "|")
    for line in rows(arguments.names or [checkpoint.folder.name for checkpoint in shipped()]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
