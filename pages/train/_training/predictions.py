"""Will validation end above or below training? Said before a run begins, answered by its last epoch."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.events import EpochDone
from core.intervals import percent
from core.runs.records import Run
from pages._ui.guidance.predict import verdict
from pages._ui.guidance.predicted import Said, count, predicted, say_of_run

_ANSWERS = _ABOVE, _SAME, _BELOW = "above", "about the same", "below"
_ALIKE = 0.01  # of accuracy: a point up or down is no difference
_SAID = "training_predicted"


def predict_run() -> None:
    """Offer to say how the next run will end."""
    with st.expander("Predict first", icon=":material/psychology_alt:"):
        st.pills(
            "When it ends: will the accuracy on the validation images be above or below that on the training images?",
            _ANSWERS,
            key=_SAID,
            help=f"About the same: not more than {_ALIKE * 100:.0f} point apart.",
        )


def keep_prediction(run_id: str) -> None:
    """Keep what was said for the run that has just been queued."""
    if said := st.session_state.get(_SAID):
        say_of_run(run_id, Said(answer=_ANSWERS.index(said)))


def how_it_ended(run: Run, epochs: Sequence[EpochDone]) -> None:
    """Say, where something was predicted of a run, whether it came true; of a run under way, what was said."""
    kept = predicted().runs.get(run.id)
    if kept is None or kept.answer >= len(_ANSWERS):
        return
    said = _ANSWERS[kept.answer]
    if run.live or not epochs:
        st.caption(f":material/psychology_alt: You said that validation will end {said} training. Watch.")
        return
    right, why = _outcome(epochs[-1], augmented=bool(run.config.augmentation))
    if not kept.counted:
        count(said == right)
        say_of_run(run.id, replace(kept, counted=True))
    st.markdown(verdict(said, right, why))


def _outcome(last: EpochDone, *, augmented: bool) -> tuple[str, str]:
    """Return how validation ended beside training, and both figures."""
    ahead = last.val_accuracy - last.train_accuracy
    right = _SAME if abs(ahead) <= _ALIKE else _ABOVE if ahead > 0 else _BELOW
    figures = f"validation {percent(last.val_accuracy, 2)}, training {percent(last.train_accuracy, 2)}"
    learning = "Training counts images while they are learned from"
    return right, f"In epoch {last.epoch}: {figures}. {learning}{', augmented' if augmented else ''}."
