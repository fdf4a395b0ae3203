"""What a run came to: its best epoch, its test accuracy with the interval, and where to go with it."""

import streamlit as st

from core.checkpoints import Card, Checkpoint, find
from core.errors import LabError
from core.judging.claims import doubt_about
from core.judging.doubtful import without_doubtful
from core.runs.records import Run
from pages._ui import state
from pages._ui.choose.take_home import take_home
from pages._ui.frame import PAGES, facts, problem
from pages._ui.glossary import term
from pages._ui.run_words import accuracy_with_interval
from pages.train._training.lesson.bet import how_near, may_show


def result(run: Run) -> None:
    """Show what the best network of a run that has ended can do, and the pages that use it."""
    try:
        checkpoint = find(run.id)
    except LabError as error:
        problem(error)
        return
    st.markdown("### What came out")
    shown = _figures(run, checkpoint)
    with st.container(horizontal=True, key=f"next_{run.id}"):
        _go("Classify photos with it", "classify", "image_search", {state.CHECKPOINT: run.id})
        _go("Look into its layers", "feature-maps", "layers", {state.CHECKPOINT: run.id})
        if shown:
            _go("Compare it", "compare", "balance", {state.COMPARED: run.id})
        _go("See the batches it was fed", "augmentation", "grid_view", {"look": "seen", state.CHECKPOINT: run.id})
        take_home(checkpoint)


def _figures(run: Run, checkpoint: Checkpoint) -> bool:
    """Show the figures; whether its test accuracy, if there is one, is among them."""
    card = checkpoint.card
    rows = [
        (
            "Best epoch",
            f"{card.epoch} of {card.config.epochs}",
            "The epoch with the best validation; its weights are kept.",
        ),
        ("Parameters", f"{card.parameters:,}", term("parameters")),
        ("Trained", f"{card.trainable_parameters:,}", f"Parameters that training changed. {term('frozen')}"),
    ]
    if card.metrics is None:
        facts(rows)
        st.caption("It has not been tested: only a run that ends by itself is judged on the test split.")
        return True
    if not may_show(run, card.metrics):
        facts(rows)
        return False
    facts([*rows, ("Test loss", f"{card.metrics.test_loss:.3f} nats", term("loss"))])
    st.markdown(_verdict(card))
    how_near(run, card.metrics)
    predictions = None if doubt_about(card) else checkpoint.predictions()
    if predictions is not None and (without := without_doubtful(card, predictions)):
        st.markdown(without.sentence)
    return True


def _verdict(card: Card) -> str:
    metrics = card.metrics
    if metrics is None:
        return ""
    figure = accuracy_with_interval(metrics.test_accuracy, metrics.test_ci95, metrics.test_n)
    doubt = doubt_about(card)
    if doubt:
        return f"**Right on {figure}**, but on {doubt}, so this is not a test accuracy."
    return (
        f"**Test accuracy {figure}.** The {metrics.test_n:,} test images were used once, at the end, "
        "and never to train or to choose."
    )


def _go(label: str, page: str, icon: str, address: dict[str, str]) -> None:
    """Offer a page that opens with this run's network; a link, because a switch leaves two entries in the history."""
    st.page_link(PAGES[page], label=label, icon=f":material/{icon}:", query_params=address)
