"""Who answers and judges photos: a copy of the network, made once and lent to one look after the other."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.checkpoints import Checkpoint
from core.explain.familiarity.judgement import Judge
from core.explain.familiarity.measuring import Familiarity
from pages._ui import cached

_IDLE = 4  # of a network


@contextmanager
def judge_of(checkpoint: Checkpoint, familiarity: Familiarity | None) -> Iterator[Judge]:
    """Lend a judge to one look, which asks for its judgement, too; making one takes as long as a small network answers.

    Where the look fails it does not come back, so that nothing of it is taken for the next picture's.
    """
    model, idle = cached.model(checkpoint), _idle(identity=checkpoint.card.identity)
    try:
        judge = idle.pop()
    except IndexError:
        judge = None
    if judge is None or not judge.by(model, familiarity):
        judge = Judge(checkpoint, model, familiarity)
    yield judge
    idle.append(judge)


@st.cache_resource(max_entries=8, show_spinner=False)
def _idle(identity: str) -> deque[Judge]:
    return deque(maxlen=_IDLE)
