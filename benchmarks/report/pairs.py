"""From the results of ``defaults`` to ``docs/pairs.md``: what every pair that is offered learns."""

from collections.abc import Callable, Sequence

from benchmarks.results import Fields
from benchmarks.rows import FAR

_HEAD = f"""# What every pair learns

Every pair of data set and network that the Training page offers, with every recipe and nothing changed: the best
accuracy on validation images. Written by `python -m benchmarks report` from what `python -m benchmarks defaults`
measured. The `modern` recipe of a built-in set was trained to its end, every other pair for as many epochs as fitted
into a few seconds of processor time, with its schedule made for so many, or on fewer images where none fitted; what the
page begins with, for several seeds and longer. So these figures say whether a pair learns, not how good it gets. Where
a network ships that was trained to its end with these very settings, its validation accuracy stands beside them.

**Near chance** stands where a whole training came less than {100 * FAR:.0f} % of the way from guessing to every image
right; such a pair is never what the page begins with. A short one that came no further was too short to tell: large
networks see only some hundred images in that time. A pair that is missing was not measured. With `as_written`
the validation images are among those trained on.
"""


def pairs_page(fields: Fields, *, origin: Callable[[Fields], str]) -> str:
    """Return docs/pairs.md; ``origin`` says where the figures of a result come from."""
    parts = fields.get("parts", [fields])
    said = [origin(part) for part in parts]
    if len(parts) > 1:
        said = [f"**{_what(part)}.** {words}" for part, words in zip(parts, said, strict=True)]
    return "\n\n".join([_HEAD + "\n" + said[0], *said[1:], pairs_table(fields)]) + "\n"


def _what(part: Fields) -> str:
    """The networks of a part and the data sets that they were trained on, in words."""
    networks: dict[str, dict[str, None]] = {}
    for row in part["rows"]:
        networks.setdefault(row["dataset"], {})[row["model"]] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for dataset, models in networks.items():
        together.setdefault(tuple(models), []).append(dataset)
    return "; ".join(f"{_and(models)} on {_and(data)}" for models, data in together.items())


def _and(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _in_order(rows: list[Fields]) -> list[Fields]:
    """By data set as they come, by network from A to Z, by recipe as they come."""
    data, recipes = (list(dict.fromkeys(row[name] for row in rows)) for name in ("dataset", "recipe"))
    return sorted(rows, key=lambda row: (data.index(row["dataset"]), row["model"], recipes.index(row["recipe"])))


def pairs_table(fields: Fields) -> str:
    """Return the pairs as a Markdown table, one line each; what was skipped is named below it."""
    lines = ["| data set | network | recipe | guessing | validation accuracy | | epochs | images |", "|" + "---|" * 8]
    skipped = set()
    for row in _in_order(fields["rows"]):
        if row["skipped"]:
            skipped.add(row["skipped"])
            continue
        accuracies = ", ".join(f"{100 * accuracy:.1f}" for accuracy in row["accuracies"]) + " %"
        network = row["model"] + (" (default)" if row["is_default"] else "")
        mark = {True: "", False: "**near chance**", None: "too short to tell"}[row["learns"]]
        if row.get("ships") is not None:
            mark = f"{100 * row['ships']:.1f} % when trained to its end, as it ships"
        epochs = f"{row['epochs']} of {row['of_epochs']}" if row["epochs"] < row["of_epochs"] else str(row["epochs"])
        images = "all" if row["images"] is None else f"{row['images']:,}"
        recipe, chance = f"`{row['recipe']}`", f"{100 * row['chance']:.1f} %"
        cells = (row["dataset"], network, recipe, chance, accuracies, mark, epochs, images)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *(f"\nNot measured: {sentence}." for sentence in sorted(skipped))])
