"""Two networks, one question: is the difference more than chance? With what makes the question fair, or not."""

from collections.abc import Sequence

import streamlit as st

from core.checkpoints import Card
from core.config import TrainingConfig
from core.errors import LabError
from core.intervals import signed
from core.judging.comparison import Comparison, compare, not_to_be_compared
from core.recipes.changes import written_out
from core.recipes.words import setting_words
from pages._ui import address, state
from pages._ui.frame import facts, plain, problem
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages._ui.worksheet.shown import note_figures
from pages.judge._compare.judged import Judged, on_the_same_images

# What two trainings can differ in, for people: the settings that it is read from.
CIRCUMSTANCES = {
    "network": ("model", "model_arguments"),
    "seed": ("seed",),
    "recipe": ("recipe",),
    "what is broken on purpose": ("slips",),
    "the weights they began with": ("begins_from",),
    "number of epochs": ("epochs", "patience"),
    "number of training images": ("limit",),
    "augmentation": ("augmentation",),
    "size or colours of the images": ("image_size", "start_size", "greyscale"),
    "a second opinion on the mirror image": ("mirror_at_test",),
    "batch size": ("batch_size",),
    "learning rate": ("learning_rate", "norm_shift_rate"),
    "schedule": ("schedule", "step_size", "gamma"),
    "optimizer": ("optimizer", "momentum", "nesterov", "weight_decay"),
    "label smoothing": ("label_smoothing",),
}
_MACHINE = "what they were computed on"
_TESTS = {
    True: "McNemar's exact test, on the images that just one of the two gets right.",
    False: "Fisher's exact test, because they were judged on different images.",
}


def fair_play(networks: Sequence[Judged]) -> tuple[Judged, Judged] | None:
    """Compare two of the networks and say in a sentence who is better, or that nobody is.

    Returns the two where they were judged on the same images, so that more can be shown of them.
    """
    ready = [network for network in networks if network.evaluation is not None]
    if len(ready) < 2:
        st.info(
            "Choose a second network above, and a sentence here says which one is better.", icon=":material/balance:"
        )
        return None
    first, second = _pair(ready)
    if first.evaluation is None or second.evaluation is None or first.reference == second.reference:
        st.caption("Choose two different networks.")
        return None
    names, same = (first.title, second.title), on_the_same_images(first, second)
    if why := not_to_be_compared(first.checkpoint.card, second.checkpoint.card, names):
        st.warning(plain(why), icon=":material/balance:")
        return None
    try:
        result = compare(first.evaluation, second.evaluation, same_images=same, names=names)
    except LabError as error:
        problem(error)
        return None
    if same and address.read(state.COMPARED):
        progress.done("compare")
    _card(result, first, second)
    return (first, second) if same else None


def _pair(ready: Sequence[Judged]) -> tuple[Judged, Judged]:
    if len(ready) == 2:
        return ready[0], ready[1]
    titles = [network.title for network in ready]
    left, right = st.columns(2)
    a = left.selectbox("This one", range(len(ready)), format_func=titles.__getitem__, key="fair_a")
    b = right.selectbox("against", range(len(ready)), 1, format_func=titles.__getitem__, key="fair_b")
    return ready[a], ready[b]


def p_value_tip(result: Comparison) -> str:
    """Return what the p value of this comparison is, with the test that it comes from."""
    return f"{term('p value')} {_TESTS[result.same_images]}"


def _card(result: Comparison, first: Judged, second: Judged) -> None:
    winner = "No clear winner" not in result.verdict
    with st.container(border=True, key="fair_play"):
        st.markdown(f"## :material/{'emoji_events' if winner else 'balance'}: {plain(result.verdict)}")
        low, high = result.ci95
        rows = [
            ("Difference", signed(result.difference * 100, " points", 2), "First minus second, in percentage points."),
            ("95 % interval", f"{signed(low * 100, digits=1)} to {signed(high * 100, digits=1)}", term("interval")),
            ("p value", "< 0.001" if result.p_value < 0.001 else f"{result.p_value:.3f}", p_value_tip(result)),
        ]
        if result.same_images:
            alone = "Images that only the first, or only the second, gets right: the test looks at no others."
            rows.append(("Right alone", f"{result.only_a:,} : {result.only_b:,}", alone))
        facts(rows)
        note_figures([(label, value) for label, value, _tip in rows], result.verdict)
        st.caption(_fairness(result, first, second))


def _fairness(result: Comparison, first: Judged, second: Judged) -> str:
    if result.same_images:
        said = f"Fair play: both were judged on the same {result.a.n:,} test images, and compared image by image."
    else:
        said = "Not quite fair: they were judged on different test images, so only a large difference tells anything."
    a, b = (written_out(network.checkpoint.card.config) for network in (first, second))
    differences = (_difference(what, fields, a, b) for what, fields in CIRCUMSTANCES.items())
    unequal = [difference for difference in differences if difference]
    machines = [computed_on(network.checkpoint.card) for network in (first, second)]
    if unequal:
        said += f" They differ in {', '.join([*unequal, *([_MACHINE] if machines[0] != machines[1] else [])])}."
    else:
        said += " All settings of their trainings are alike."
        if machines[0] != machines[1]:
            said += f" But {machines[0]} and {machines[1]} round differently, which changes as much as another seed."
    return plain(said)


def _difference(what: str, fields: Sequence[str], a: TrainingConfig, b: TrainingConfig) -> str:
    """Say in what two trainings differ, by its own name and with both values where it is one number; "" where they do
    not."""
    odd = [name for name in fields if getattr(a, name) != getattr(b, name)]
    values = [getattr(config, name) for name in odd for config in (a, b)]
    if len(odd) == 1 and all(type(value) in (int, float) for value in values):
        return f"{setting_words(odd[0])} ({values[0]:,.6g} and {values[1]:,.6g})"
    return what if odd else ""


def computed_on(card: Card) -> str:
    """Return what a network was computed on and in: the same seed gives the same training on the same of both."""
    return f"{card.device}, {'bfloat16' if card.precision.startswith('bfloat16') else 'float32'}"
