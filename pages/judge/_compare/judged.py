"""A trained network with its verdict, and whether the pictures behind it are at hand. Cached for all students."""

from dataclasses import dataclass

import streamlit as st

from core.checkpoints import Checkpoint
from core.judging.doubtful import Doubtful, Without, doubtful_images, without_doubtful
from core.judging.evaluation import Evaluation, evaluate_checkpoint, stored_evaluation
from core.runs.whole_time import with_whole_time
from pages._ui import cached
from pages._ui.frame import plain


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One network on Compare: ``reference`` is what the address holds, ``title`` what people read.

    ``here`` says that the verdict was made on the images of this machine, not stored with the network.
    """

    reference: str
    title: str
    checkpoint: Checkpoint
    evaluation: Evaluation | None
    here: bool

    @property
    def doubtful(self) -> Doubtful | None:
        """What is odd about the test images that it was judged on, where they are those of its card."""
        return doubtful_images(self.checkpoint.card) if self.evaluation and self.evaluation.unseen else None

    @property
    def without_doubtful(self) -> Without | None:
        """Its accuracy without them."""
        if self.evaluation is None or not self.evaluation.unseen:
            return None
        return without_doubtful(self.checkpoint.card, self.evaluation.predictions)


def judged(reference: str, title: str) -> Judged:
    """Return a network with the verdict made here, or else the stored one; raises LabError where it is unreadable."""
    checkpoint = with_whole_time(cached.checkpoint(reference))
    made = _made_here().get(_which(checkpoint))
    evaluation = made or _stored(str(checkpoint.folder), checkpoint.card.created, checkpoint)
    known = checkpoint.card.title if checkpoint.folder.name == reference else title  # what ships needs no owner
    if checkpoint.card.config.slips and "broken on purpose" not in known:
        known += " · broken on purpose"
    return Judged(reference=reference, title=known, checkpoint=checkpoint, evaluation=evaluation, here=made is not None)


def judge_here(network: Judged) -> None:
    """Judge a network on the test split at hand, with a progress bar; the verdict is kept until the server stops."""
    bar = st.progress(0.0, text="Judging …")

    def tell(text: str, done: float) -> None:
        bar.progress(min(1.0, max(0.0, done)), text=plain(text))

    try:
        evaluation = evaluate_checkpoint(network.checkpoint, progress=tell)
    finally:
        bar.empty()
    kept = _made_here()
    kept[_which(network.checkpoint)] = evaluation
    while len(kept) > 64:
        kept.pop(next(iter(kept)))


def on_the_same_images(first: Judged, second: Judged) -> bool:
    """Say whether two verdicts are of one test split, image by image."""
    if first.evaluation is None or second.evaluation is None:
        return False
    if any(network.here and network.evaluation and not network.evaluation.unseen for network in (first, second)):
        return False  # judged on another copy than the one that its card names
    splits = {network.checkpoint.card.split_fingerprint for network in (first, second)}
    return len(splits) == 1 and splits != {""} and first.evaluation.n == second.evaluation.n


@st.cache_resource(max_entries=64, show_spinner=False)
def _stored(folder: str, created: str, _checkpoint: Checkpoint) -> Evaluation | None:
    return stored_evaluation(_checkpoint)


def _which(checkpoint: Checkpoint) -> str:
    """Which network a verdict is of: another one may be trained into its folder."""
    return f"{checkpoint.folder} {checkpoint.card.sha256}"


@st.cache_resource(show_spinner=False)
def _made_here() -> dict[str, Evaluation]:
    return {}
