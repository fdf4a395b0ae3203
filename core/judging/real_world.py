"""How well a network does on photos from outside whose classes people gave: a test set of the real world.

Beside it stands how well it did on the test split, and what was wrong with what it received of the photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.checkpoints import Card
from core.errors import DataError
from core.intervals import Share, fisher, percent
from core.judging.claims import doubt_about
from core.judging.comparison import SIGNIFICANT
from core.models.faults import KINDS, Kind


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A photo with the class that people gave it, the network's answer, and what was wrong with what it received."""

    shows: str
    answer: str
    faults: tuple[Kind, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the network answered with the class that is on the photo."""
        return self.shows == self.answer


def in_words(share: Share) -> str:
    """Return a share of photos as people read it, with n and its interval."""
    low, high = share.ci95
    photos = "photo" if share.n == 1 else "photos"
    return f"{percent(share.accuracy)} of {share.n:,} {photos} (95 % interval {percent(low)} to {percent(high)})"


@dataclass(frozen=True, kw_only=True)
class RealWorld:
    """``all`` of the photos, those of each class, with each fault, and ``faultless`` those with none."""

    all: Share
    by_class: dict[str, Share]
    by_fault: dict[Kind, Share]
    faultless: Share | None

    def sentence(self, card: Card) -> str:
        """Say how well the network does here, and how well it did on its test split."""
        ours = f"{in_words(self.all)} from outside"
        if card.metrics is None:
            return f"Right on {ours}; it has not been judged on a test split."
        doubt = doubt_about(card)
        where = f"{card.metrics.test_n:,} images" if doubt else f"the {card.metrics.test_n:,} images of the test split"
        low, high = card.metrics.test_ci95
        there = f"{percent(card.metrics.test_accuracy)} on {where}"
        return f"{there} ({percent(low)} to {percent(high)}), {ours}. {self._verdict(card)}"

    def _verdict(self, card: Card) -> str:
        """Whether the two differ by more than chance would make of one and the same accuracy."""
        if card.metrics is None:
            return ""
        there = Share(right=round(card.metrics.test_accuracy * card.metrics.test_n), n=card.metrics.test_n)
        p = fisher(self.all.right, self.all.n, there.right, there.n)
        chance = f"Fisher's exact test, {'p < 0.001' if p < 0.001 else f'p = {p:.3f}'}"
        if p >= SIGNIFICANT:
            return f"Chance may have made the difference ({chance})."
        better = self.all.accuracy > there.accuracy
        return f"{'It does better here' if better else 'That is a drop'} beyond chance ({chance})."


def judge_photos(photos: Sequence[Labelled], classes: Sequence[str]) -> RealWorld:
    """Return how well a network does on photos; classes and faults without photos are left out.

    Raises DataError where there are none, or one has a class that the network does not know.
    """
    if not photos:
        raise DataError("There are no photos with a class to judge by.")
    unknown = next((photo.shows for photo in photos if photo.shows not in classes), None)
    if unknown is not None:
        raise DataError(f"The network does not know '{unknown}': it knows {', '.join(classes)}.")
    classified = {name: [photo for photo in photos if photo.shows == name] for name in classes}
    faulty = {kind: [photo for photo in photos if kind in photo.faults] for kind in KINDS}
    clean = [photo for photo in photos if not photo.faults]
    return RealWorld(
        all=_share(photos),
        by_class={name: _share(found) for name, found in classified.items() if found},
        by_fault={kind: _share(found) for kind, found in faulty.items() if found},
        faultless=_share(clean) if clean else None,
    )


def _share(photos: Sequence[Labelled]) -> Share:
    return Share(right=sum(photo.right for photo in photos), n=len(photos))
