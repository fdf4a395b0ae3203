"""Labels of a box in which one is chosen: the browser sends a label back, so each must be the only one of its kind."""

from collections import Counter
from collections.abc import Mapping


def told_apart(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles by the ids or names of what they are of; those of one title have the end of that behind."""
    often = Counter(titles.values())
    return {name: f"{title} · {name[-6:]}" if often[title] > 1 else title for name, title in titles.items()}
