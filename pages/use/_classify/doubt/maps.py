"""When not to trust a heat map: beside it that of another class, and that of networks that have learned nothing."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.doubt.sanity import ALIKE, UNTRAINED, Sanity, is_flat, sanity_check, untrained_network
from core.explain.inside.grad_cam import Heat
from core.judging.certainty import probability_words
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw.pictures import show
from pages._ui.frame import number, plain, problem, think
from pages._ui.glossary import term
from pages.use._classify.answers import Classified
from pages.use._classify.doubt.heat import SIDE, Shown, painted

FOLD = "doubt_maps"


def maps_section(checkpoint: Checkpoint, photo: Photo, answer: Classified, given: Received, shown: Shown) -> None:
    """Say where the heat map above is flat, and in a fold show it beside two others with what follows from each.

    The others ask for as many forward passes as five photos: they are made where somebody opens the fold.
    """
    if is_flat(shown.heat):
        st.warning(
            f"This map is flat: on average a place has {number(100 * float(shown.heat.values.mean()), 0)} % of its "
            "peak, so it tells no place from another. Choose another layer, or the other method.",
            icon=":material/blur_on:",
        )
    fold = st.expander("Can this map be trusted?", icon=":material/balance:", key=FOLD, on_change="rerun")
    if not fold.open:
        return
    with fold:
        _beside_others(checkpoint, photo, answer, given, shown)


def _beside_others(checkpoint: Checkpoint, photo: Photo, answer: Classified, given: Received, shown: Shown) -> None:
    card, chances = checkpoint.card, dict(answer.ranking)
    index = card.classes.index(shown.label)
    other = st.selectbox(
        "The other class",
        [name for name in chances if name != shown.label],
        format_func=lambda name: f"{name} ({probability_words(chances[name])})",
        key=f"doubt_other_{photo.sha256[:12]}_{card.identity[:12]}_{index}",
        help=f"A map that explains an answer looks otherwise for another class. {term('sanity check')}",
        width=SIDE,
    )
    try:
        found = _sanity(
            card.sha256, photo.sha256, given.notes, index, card.classes.index(other), checkpoint, given, shown.heat
        )
    except LabError as error:
        problem(error)
        return
    label, rival = plain(shown.label), plain(other)
    with st.grid(3, min_column_width=230) as grid:
        _map(grid.cell(), f"**{label}**, as above", found.heat, f"Heat map for {shown.label}", given, shown, "")
        _map(
            grid.cell(),
            f"**{rival}**, the other class",
            found.other,
            f"Heat map for {other}",
            given,
            shown,
            said_of_other(found, label, rival),
        )
        _map(
            grid.cell(),
            f"**{label}**, by an untrained network",
            found.untrained[0],
            f"Heat map for {shown.label} by an untrained network",
            given,
            shown,
            said_of_untrained(found, label),
        )
    think(
        "Why ask a network that knows nothing?",
        "It has the same layers with random weights. Edges and bright spots pass through any weights, so a map that it "
        "draws as well shows the picture. Only what training has changed says something about the trained network.",
    )


def _map(place: DeltaGenerator, title: str, heat: Heat, alt: str, given: Received, shown: Shown, said: str) -> None:
    with place:
        st.markdown(title)
        show(
            painted(given, heat, shown.opacity),
            at_least=SIDE,
            photo=True,
            alt=f"{alt}, {heat.method}, layer {heat.layer}",
        )
        where = plain(f"{heat.method}; {shown.titles[heat.layer]}.")
        st.caption(f"{said} {where}" if said else where)


def said_of_other(found: Sanity, label: str, rival: str) -> str:
    """Return what the other class's map says of this one."""
    if not found.other.values.any():
        return f"Nothing in this layer speaks for {rival}."
    likeness = found.like_other
    if likeness is None:
        return "The two cannot be compared: one of them is the same everywhere."
    if likeness >= ALIKE:
        return (
            f"Nearly the same map (correlation {number(likeness)}): it says where the network looks, not why it is "
            f"{label} rather than {rival}."
        )
    return f"Another map (correlation {number(likeness)}): it does depend on the class."


def said_of_untrained(found: Sanity, label: str) -> str:
    """Return what the untrained networks' maps say of this one."""
    likeness = found.like_untrained
    if likeness is None:
        return "The maps of untrained networks cannot be compared with this one: one of them is the same everywhere."
    of = f"correlation {number(likeness)}, mean of {len(found.untrained)} such networks"
    if likeness >= ALIKE:
        return f"Nearly the same map ({of}): do not trust it. It shows the picture, not what was learned of {label}."
    return f"Another map ({of}): what was learned has made the one above."


@st.cache_resource(max_entries=64, show_spinner=False)  # up to 0.4 MB each
def _sanity(
    sha256: str,
    photo_sha256: str,
    notes: tuple[str, ...],
    index: int,
    other: int,
    _checkpoint: Checkpoint,
    _given: Received,
    _heat: Heat,
) -> Sanity:
    untrained = [untrained_network(_checkpoint.card, seed=seed) for seed in range(UNTRAINED)]
    model = cached.model(_checkpoint)
    return sanity_check(model, _given.batch, _heat, index=index, other=other, untrained=untrained)
