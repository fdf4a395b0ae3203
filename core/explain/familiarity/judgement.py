"""Whether a photo is of a network's world, as it is said on the page and by the command line."""

from dataclasses import dataclass

from torch import nn

from core.checkpoints import Checkpoint
from core.explain.familiarity.known import USUAL, Strangeness
from core.explain.familiarity.measuring import Familiarity
from core.explain.familiarity.watching import Watching
from core.intervals import percent


@dataclass(frozen=True, kw_only=True)
class World:
    """``foreign`` says that a photo is stranger by ``score`` than the threshold; ``stranger_than`` is the share in
    [0, 1] of validation images that are less strange.
    """

    score: str
    stranger_than: float
    foreign: bool

    @property
    def sentence(self) -> str:
        """In a few words, without a full stop."""
        stranger = f"stranger to it than {percent(self.stranger_than)} of its validation images"
        return f"not of its world: {stranger}" if self.foreign else stranger


class Judge:
    """Answers by ``network`` and judges what it was shown last; without a judgement where nothing was measured."""

    def __init__(self, checkpoint: Checkpoint, model: nn.Module, familiarity: Familiarity | None) -> None:
        self.familiarity, self._model = familiarity, model
        self._watching = Watching(model, mirrored=checkpoint.card.config.mirror_at_test) if familiarity else None
        self.network: nn.Module = self._watching or model

    def by(self, model: nn.Module, familiarity: Familiarity | None) -> bool:
        """Whether it answers by this very network, and judges by this very measurement."""
        return self._model is model and self.familiarity is familiarity

    def strangeness(self) -> Strangeness | None:
        """Return how strange the one image is that the network has answered since the last time."""
        if self.familiarity is None or self._watching is None:
            return None
        (found,) = self.familiarity.known.strangeness(*self._watching.take())
        return found

    def last(self) -> World | None:
        """Return the judgement on that image."""
        found = self.strangeness()
        return None if found is None or self.familiarity is None else world(found, self.familiarity)


def world(strange: Strangeness, familiarity: Familiarity) -> World:
    """Return the judgement by the score that tells foreign images best, as measured."""
    score = familiarity.outsiders.score
    return World(score=score, stranger_than=strange.shares[score], foreign=strange.shares[score] >= USUAL)
